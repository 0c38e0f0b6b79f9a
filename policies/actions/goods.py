"""Goods an action names line by line, as its sentence says them."""

from collections.abc import Sequence
from typing import Final, Protocol

from policies.vocabulary.ids import Sku

_SAID: Final = 3  # lines; the rest is counted


class Line(Protocol):
    """Units of one variant."""

    @property
    def sku(self) -> Sku:
        """Which."""
        ...

    @property
    def units(self) -> int:
        """How many."""
        ...


def goods_said(lines: Sequence[Line]) -> str:
    """The first lines by name, and how many more there are."""
    goods = ", ".join(f"{line.units} x {line.sku}" for line in lines[:_SAID])
    return f"{goods} and {len(lines) - _SAID} more" if len(lines) > _SAID else goods
