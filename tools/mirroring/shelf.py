"""What a shelf holds when two platforms count it, and what each of them ought to show. Pure.

Neither count is repeated to the other. Each is compared with what was last taken in of it; the difference happened
there, whatever it was and however often we were told. Our own writes are taken in as we make them, so an echo of one is
no difference, and a loop has nothing to begin with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from policies.actions.stock_sync import MOST_COUNTED

MOST: Final = 10_000  # units one write may move a count by; the rest follows in the next


@dataclass(frozen=True, slots=True)
class Side:
    """One platform's count of the shelf.

    Attributes:
        place: Our name of the location there.
        counted: What was last taken in of it; `None` before the first time.
        reading: What it says now.
    """

    place: str
    counted: int | None
    reading: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """One variant on one shelf.

    Attributes:
        units: That can be sold, by all that was taken in; `None` before the first time. Below zero: sold beyond it.
        own: The count of the shelf's own platform.
        mirror: The other one's.
        reserved: Units promised to baskets and carts, by the side they will be rung up at.
        buffer: Units the mirror is never told of.
    """

    units: int | None
    own: Side
    mirror: Side
    reserved: Mapping[str, int]
    buffer: int

    def settled(self) -> "Shelf":
        """With both readings taken in. Before the first time the shelf's own platform is right."""
        return replace(
            self,
            units=self.own.reading if self.units is None else self.units + _happened(self.own) + _happened(self.mirror),
            own=replace(self.own, counted=self.own.reading),
            mirror=replace(self.mirror, counted=self.mirror.reading),
        )

    @property
    def promised(self) -> int:
        """Units promised to baskets and carts, at either side."""
        return sum(self.reserved.values())

    def ought(self, side: Side) -> int:
        """What a side ought to show: what is there less what the other side has promised, the mirror less its buffer.

        Never less than nothing, but for a platform that counted itself below it: that is left for it to put right.
        """
        units = self.units or 0
        free = units - (self.promised - self.reserved.get(side.place, 0))
        shown = free - (self.buffer if side is self.mirror else 0)
        return shown if shown > 0 else min(0, side.reading)

    @property
    def shows_too_much(self) -> bool:
        """Whether units can be sold at a side that are not there for it."""
        return any(ought < side.reading for side, ought in self.writes())

    def writes(self) -> list[tuple[Side, int]]:
        """Which sides have to be told, and what: those that show too much first, for they can be sold from."""
        found = [(side, self.ought(side)) for side in (self.own, self.mirror)]
        told = [(side, _within(side.reading, ought)) for side, ought in found]
        wrong = [(side, ought) for side, ought in told if ought != side.reading]
        return sorted(wrong, key=lambda each: each[1] - each[0].reading)


def after_unknown_end(counted: int, delta: int, reading: int) -> tuple[int, bool]:
    """What to take in of a side when nobody can tell whether our write reached it, and whether that is certain.

    Where the reading does not tell, the answer is the one by which fewer units are left: nothing is oversold by it.
    """
    if reading in {counted, counted + delta}:
        return reading, True
    return max(counted, counted + delta), False


def _happened(side: Side) -> int:
    return 0 if side.counted is None else side.reading - side.counted


def _within(reading: int, ought: int) -> int:
    return max(reading - MOST, -MOST_COUNTED, min(reading + MOST, MOST_COUNTED, ought))
