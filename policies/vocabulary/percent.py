"""Shares as whole basis points, so that 12.5 % is exact."""

from dataclasses import dataclass

from policies.errors import Refused


@dataclass(frozen=True, slots=True, order=True)
class Percent:
    """A share between 0 and 100 %, in basis points: 10 % is 1000."""

    basis_points: int

    def __post_init__(self) -> None:
        if not 0 <= self.basis_points <= 10_000:  # noqa: PLR2004
            raise Refused("A percentage lies between 0 and 100.", code="percent.range")

    @classmethod
    def whole(cls, percent: int) -> "Percent":
        """From whole percent."""
        return cls(percent * 100)

    def __str__(self) -> str:
        whole, rest = divmod(self.basis_points, 100)
        return f"{whole}%" if not rest else f"{whole}.{rest:02d}".rstrip("0") + "%"
