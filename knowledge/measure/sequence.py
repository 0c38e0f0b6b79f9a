"""Confidence sequences: intervals for a mean that hold at every look at once, so that nobody has to wait for the end.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas ("Time-uniform central limit
theory and asymptotic confidence sequences", Annals of Statistics 2024, theorem 2.2): Robbins' normal mixture around
the running mean, with the running deviation in place of the unknown one.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ALPHA: Final = 0.05
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One interval per look.

    Attributes:
        n: Values seen at each look.
        mean: Of those.
        half: Half the interval's width.
        deviation: Of the values.
    """

    n: NDArray[np.intp]
    mean: Floats
    half: Floats
    deviation: Floats

    @property
    def low(self) -> Floats:
        """Lower ends."""
        return self.mean - self.half

    @property
    def high(self) -> Floats:
        """Upper ends."""
        return self.mean + self.half

    @property
    def excludes_zero(self) -> bool:
        """Whether some look shows an effect."""
        return bool(((self.low > 0) | (self.high < 0)).any())


def confidence_sequence(values: Floats, looks: NDArray[np.intp], *, planned: int, alpha: float = ALPHA) -> Sequence:
    """Intervals for the mean of `values` after each of `looks` values.

    Args:
        values: In the order in which they became known; each unbiased for the mean given those before it.
        looks: How many values are known at each look, 2 or more.
        planned: At how many the sequence is to be tightest.
        alpha: Chance that any interval, ever, misses.
    """
    n = np.asarray(looks, dtype=np.float64)
    mean = np.cumsum(values)[looks - 1] / n
    # the deviation about the running mean; a sum of squares less a square loses digits, so values are centered first
    centered = values - values.mean()
    second = np.cumsum(centered * centered)[looks - 1] / n
    first = np.cumsum(centered)[looks - 1] / n
    deviation = np.sqrt(np.maximum(second - first * first, 0.0) * n / (n - 1))
    return Sequence(np.asarray(looks), mean, deviation * half_width(n, planned=planned, alpha=alpha), deviation)


def half_width(n: Floats, *, planned: int, alpha: float = ALPHA) -> Floats:
    """Half the width after n values of deviation 1."""
    rho2 = _spread(planned, alpha)
    return np.sqrt((n * rho2 + 1) / (n * n * rho2) * np.log((n * rho2 + 1) / (alpha * alpha)))


def _spread(planned: int, alpha: float) -> float:
    """The mixture's variance that makes the interval tightest after `planned` values; the paper's appendix B.2."""
    return (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned
