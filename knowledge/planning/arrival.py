"""What a shelf lacks after an order has come, when customers do not wait: what is missed before is lost, not owed.

A shelf that is empty before its order arrives loses those sales, so the order need not cover them. Who orders up to a
level for lead time and review together orders too much just where stock is short. The longer formula is exact for small
counts; for large ones a shelf is as good as sure to run on, and what the lead time leaves is told by mean and variance.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.demand.counts import at_most, short_by, shorts
from knowledge.demand.outline import Floats

_EXACT: Final = 64  # units on a shelf, arriving or wanted, up to which every outcome is added up
_CHUNK: Final = 20_000
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Demand:
    """Demand over some days, by line: negative binomial of this mean and dispersion."""

    mean: Floats
    dispersion: Floats

    def of(self, lines: NDArray[np.intp]) -> "Demand":
        """Of some lines."""
        return Demand(self.mean[lines], self.dispersion[lines])


def short_after(on_hand: Whole, until: Demand, arriving: Whole, after: Demand) -> Floats:
    """Units of the time after an arrival that are expected not to be served, `[lines, counts]`.

    Args:
        on_hand: Units that can be sold now, by line.
        until: Demand from now to the arrival.
        arriving: How many might arrive, `[lines, counts]`.
        after: Demand from the arrival to the next.
    """
    here = np.maximum(on_hand, 0)
    told = np.empty(arriving.shape)
    exact = np.max([here, arriving.max(1), until.mean, after.mean], axis=0) <= _EXACT
    for begin in range(0, len(here), _CHUNK):
        rows = begin + np.flatnonzero(exact[begin : begin + _CHUNK])
        if len(rows):
            told[rows] = _added_up(here[rows], until.of(rows), arriving[rows], after.of(rows))
    rest = np.flatnonzero(~exact)
    if len(rest):
        told[rest] = _by_moments(here[rest], until.of(rest), arriving[rest], after.of(rest))
    return told


def _added_up(here: Whole, until: Demand, arriving: Whole, after: Demand) -> Floats:
    """Over every number of units that may be left when the order comes."""
    lines = np.arange(len(here))
    short = shorts(int((here[:, None] + arriving).max()), after.mean, after.dispersion)
    nothing = 1 - at_most((here - 1).astype(np.float64), until.mean, until.dispersion)
    told = nothing[:, None] * short[arriving, lines[:, None]]
    for left in range(1, int(here.max(initial=0)) + 1):
        some = lines[here >= left]
        wanted = (here[some] - left).astype(np.float64)
        mean, dispersion = until.mean[some], until.dispersion[some]
        chance = at_most(wanted, mean, dispersion) - at_most(wanted - 1, mean, dispersion)
        told[some] += chance[:, None] * short[arriving[some] + left, some[:, None]]
    return told


def _by_moments(here: Whole, until: Demand, arriving: Whole, after: Demand) -> Floats:
    left = np.rint(np.maximum(here - until.mean, 0)).astype(np.int64)
    strays = until.mean + until.dispersion * until.mean**2  # carried on as doubt about what is left
    mean = np.maximum(after.mean, 1e-9)
    dispersion = after.dispersion + np.where(left > 0, strays, 0.0) / mean**2
    return short_by(arriving + left[:, None], mean, dispersion)
