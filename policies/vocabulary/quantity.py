"""Counted units that cannot become negative by accident."""

from dataclasses import dataclass

from policies.errors import Refused


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """Whole units of one variant, zero or more."""

    units: int

    def __post_init__(self) -> None:
        if self.units < 0:
            raise Refused("A quantity is zero or more.", code="quantity.negative")

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.units + other.units)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.units - other.units)
