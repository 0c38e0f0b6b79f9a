"""Whether a shelf needs more, and which other shelf can best spare it: arithmetic, no questions asked."""

from collections.abc import Iterable
from dataclasses import dataclass

from knowledge.demand.safety_stock import Replenishment
from knowledge.demand.shelf import Shelf

SLOWEST = 0.15  # units a day, about four in four weeks. What sells slower is not worth a van on an event's notice


@dataclass(frozen=True, slots=True)
class Refill:
    """Units of one variant from one shelf to another.

    Attributes:
        reorder_point: Of the shelf that runs low.
        spare: Units the origin had above its own reorder point and what it must keep.
    """

    low: Shelf
    origin: Shelf
    units: int
    reorder_point: int
    spare: int


def runs_low(shelf: Shelf, plan: Replenishment) -> bool:
    """Whether what is there and on its way is below the reorder point of something that sells."""
    return shelf.velocity.mean >= SLOWEST and shelf.available + shelf.incoming < plan.reorder_point(shelf.velocity)


def refill(low: Shelf, others: Iterable[tuple[Shelf, int]], plan: Replenishment, *, most: int) -> Refill | None:
    """The refill from whoever can spare most; `None` when nobody can spare a unit.

    Args:
        low: The shelf that runs low.
        others: Shelves of the same variant that may send to it, each with the units it may not send on top of its own
            reorder point: those promised already, and those it must keep.
        plan: How refilling works.
        most: Units one transfer may move.
    """
    best: tuple[int, Shelf] | None = None
    for shelf, held in sorted(others, key=lambda other: other[0].location):
        spare = shelf.available - held - plan.reorder_point(shelf.velocity)
        if spare >= 1 and (best is None or spare > best[0]):
            best = (spare, shelf)
    wanted = plan.target(low.velocity) - low.available - low.incoming
    if best is None or wanted < 1:
        return None
    return Refill(low, best[1], min(wanted, best[0], most), plan.reorder_point(low.velocity), best[0])
