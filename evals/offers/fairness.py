"""Whether cohorts that differ in nothing but a protected attribute are offered alike, at the made-up retailers.

Every customer gets an attribute the product is never told, by a coin: who has it differs from who has not in nothing
else, so any lasting gap would be the product's. Two gaps are looked at over the visits of each retailer: how often an
offer is made, and what it is worth to the customer, in minor units off per visit. Each is averaged over the retailers
with its 95 % interval. A row holds when the whole interval lies within what would matter; the baseline is the gap that
the same count finds where every tenth offer is kept from one cohort: a count that cannot see that would prove nothing.
What it cannot show is a proxy: an attribute that goes with how people buy goes with what they are offered, and for a
retailer's own customers `tillhand measure fairness` tells how much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from evals.offers.policies import Run
from evals.offers.retailer import Floats, Retailer, Truths
from evals.row import Row

_KEPT_BACK: Final = 10  # every so many offers, of the planted unfairness
_MATTERS: Final = 0.05  # of the average: half of what is planted


@dataclass(frozen=True, slots=True)
class Gaps:
    """Of one retailer: the cohort with the attribute less the one without, as shares of all customers' average.

    Attributes:
        planted_rate: The same with every tenth offer kept from the cohort, and `planted_value`.
    """

    rate: float
    value: float
    planted_rate: float
    planted_value: float


def gaps(retailer: Retailer, run: Run, seed: int) -> Gaps:
    """What the product's own run did to both cohorts; customers who are held out belong to neither."""
    cohort = np.random.default_rng((seed, 7)).random(retailer.hidden.size) < 0.5  # noqa: PLR2004  # a coin
    told = ~run.held_out[retailer.customer]
    has, offered = cohort[retailer.customer], run.arm > 0
    worth = np.zeros(offered.size)
    for form in np.unique(run.form[offered]):
        said = np.flatnonzero(offered & (run.form == form))
        worth[said] = retailer.off(said, run.which[said], run.arm[said], int(form))
    kept = offered.copy()
    kept[np.flatnonzero(offered & has)[::_KEPT_BACK]] = False
    return Gaps(
        _gap(offered.astype(np.float64), has, told),
        _gap(worth, has, told),
        _gap(kept.astype(np.float64), has, told),
        _gap(np.where(kept, worth, 0.0), has, told),
    )


def fairness(found: Sequence[Gaps], quantile: float) -> list[Row]:
    """Both gaps over the retailers.

    Args:
        found: One for each.
        quantile: Student's, for as many.
    """
    return [
        _row(
            "offers_rate_gap_between_cohorts",
            [one.rate for one in found],
            [one.planted_rate for one in found],
            quantile,
        ),
        _row(
            "offers_value_gap_between_cohorts",
            [one.value for one in found],
            [one.planted_value for one in found],
            quantile,
        ),
    ]


def _gap(what: Floats, has: Truths, told: Truths) -> float:
    return float((what[told & has].mean() - what[told & ~has].mean()) / what[told].mean())


def _row(name: str, found: Sequence[float], planted: Sequence[float], quantile: float) -> Row:
    mean, half = float(np.mean(found)), quantile * float(np.std(found, ddof=1)) / len(found) ** 0.5
    unit = f"share of the average, {mean - half:+.3f} to {mean + half:+.3f}"
    return Row(
        name,
        round(mean, 4),
        unit,
        f"all within {_MATTERS}",
        round(float(np.mean(planted)), 4),
        abs(mean) + half < _MATTERS,
    )
