"""How much of what a maker's overrides changed came true: learned from those that ended, careful while they are few."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PRIOR: Final = 3.0  # as much evidence as three overrides of a fifth on fifty units; chosen, not fitted
DISPERSION: Final = 2.0  # variance of a sum of days over its mean; a plain figure, for it only weighs overrides


@dataclass(frozen=True, slots=True)
class Ended:
    """One override that has ended: units the forecast alone said, with the override, and that were sold."""

    said: float
    overridden: float
    sold: int


def came_true(ended: Sequence[Ended]) -> float:
    """The share of their changes that came true: 1 for all of them, 0 for none or the contrary; 1 when nothing ended.

    It is the multiple of the changes that would have been nearest to what sold, by least squares, each weighed by how
    much it could tell from chance, beside `PRIOR` that says they come true whole. Below a half the squared error was
    larger with the overrides than without any.
    """
    told = weight = 0.0
    for each in ended:
        change, variance = each.overridden - each.said, DISPERSION * max(each.said, 1.0)
        told += change * (each.sold - each.said) / variance
        weight += change * change / variance
    return min(1.0, max(0.0, (PRIOR + told) / (PRIOR + weight)))
