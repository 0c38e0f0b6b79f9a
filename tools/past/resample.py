"""Intervals for sums over days: the days are drawn again, many times, as if each could have come any number of times.

Whole days are drawn, all locations together, because what happens hangs together within a day and across shops. The
draw is seeded: the same days give the same interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

FEW: Final = 10  # days. With fewer, the interval is itself hardly known
_DRAWS: Final = 2_000
_SEED: Final = 7
_LOW, _HIGH = 2.5, 97.5


@dataclass(frozen=True, slots=True)
class Interval:
    """Where 95 % of the redrawn sums lie."""

    low: int
    high: int


def resample(days: Sequence[int]) -> Interval | None:
    """The interval of a sum over days; `None` for a single day, of which nothing can be redrawn."""
    if len(days) < 2:  # noqa: PLR2004
        return None
    draws = np.random.default_rng(_SEED).multinomial(len(days), [1 / len(days)] * len(days), size=_DRAWS)
    sums = draws.astype(np.int64) @ np.asarray(days, dtype=np.int64)
    low, high = np.percentile(sums, [_LOW, _HIGH], method="nearest")
    return Interval(int(low), int(high))
