"""The ways of forecasting that ours is held against: what a retailer without any of this does."""

from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Final

import numpy as np

from evals.forecast.stream import HORIZON
from knowledge.demand.counts import quantile
from knowledge.demand.outline import Floats

_WEEK: Final = 7
_WINDOW: Final = 56  # days


def naive(past: Floats) -> Floats:
    """Yesterday again."""
    return np.repeat(past[:, -1:], HORIZON, 1)


def seasonal_naive(past: Floats) -> Floats:
    """Last week again."""
    return np.tile(past[:, -_WEEK:], (1, HORIZON // _WEEK))


def mean_of_56_days(past: Floats) -> Floats:
    """The mean of eight weeks."""
    return np.repeat(past[:, -_WINDOW:].mean(1, keepdims=True), HORIZON, 1)


RIVALS: Final[Mapping[str, Callable[[Floats], Floats]]] = {
    "naive": naive,
    "seasonal_naive": seasonal_naive,
    "mean_56_days": mean_of_56_days,
}


def normal_week(past: Floats, share: float) -> Floats:
    """The textbook's quantile of a week: mean and standard deviation of 56 days, as if demand were normal."""
    recent = past[:, -_WINDOW:]
    factor = NormalDist().inv_cdf(share)
    return np.maximum(recent.mean(1) * _WEEK + factor * recent.std(1) * _WEEK**0.5, 0.0)


def poisson_week(expected: Floats, share: float) -> Floats:
    """Poisson's quantile around our own mean: what is lost when demand is taken to be no more than random."""
    return quantile(share, expected, np.zeros_like(expected)).astype(np.float64)
