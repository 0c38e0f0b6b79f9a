"""Offers at made-up retailers whose customers' true answers are known: what they earn, and whether they keep promises.

Every seed is another retailer over 26 weeks. Ours starts from its priors, holds out and explores, learns each week from
its own log, and pays for all of that. The constants of learning were chosen on seeds 0 to 9; these are others. Money is
the true expectation, so a lucky week is worth nothing; rivals keep the same margin floor and caps. A tenth to three
tenths of what is wanted is not on the shelf: rivals cannot sell it, ours offers to send it home, and offers pairs;
beside it stands the same without both (`shelf_alone`). Whether cohorts are offered alike says `fairness`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from evals.offers.claims import grounding
from evals.offers.fairness import Gaps, fairness, gaps
from evals.offers.policies import (
    best_single_offer,
    best_to_everyone,
    earned,
    knowing_all,
    offered_share,
    ours,
    weekly_promotion,
)
from evals.offers.retailer import make
from evals.offers.till import consistency_and_caps
from evals.offers.words import kept_words
from evals.row import Row

SEEDS: Final = range(100, 120)
_T95: Final = 2.093  # Student's quantile for 95 % and 19 degrees of freedom


@dataclass(frozen=True, slots=True)
class _Seed:
    """Minor units over saying nothing, as thousandths of what knowing everything would earn.

    Attributes:
        offered: Share of visits on which ours says something,
        worth_offering: and of those on which somebody who knows everything would.
        gaps: Between cohorts that differ in an attribute alone.
    """

    ours: float
    shelf: float
    priors: float
    weekly: float
    single: float
    everyone: float
    offered: float
    worth_offering: float
    gaps: Gaps


async def measure() -> list[Row]:
    """Value against rivals over twenty seeds, then the promises of the text and of the till."""
    seeds = [_measured(seed) for seed in SEEDS]
    rows = [
        _beats("offers_over_weekly_promotion", seeds, [each.weekly for each in seeds]),
        _beats("offers_over_best_single_offer", seeds, [each.single for each in seeds]),
        _beats("offers_over_best_percentage_for_everybody", seeds, [each.everyone for each in seeds]),
        _beats("offers_over_the_shelf_alone", seeds, [each.shelf for each in seeds]),
        _beats("offers_over_never_learning", seeds, [each.priors for each in seeds], goal=False),
        _plain("offers_of_what_could_be_earned", _average([each.ours for each in seeds])),
        _plain("offers_of_what_could_be_earned_shelf_alone", _average([each.shelf for each in seeds])),
        _plain(
            "offers_seeds_over_both_rivals", float(sum(each.ours > max(each.weekly, each.single) for each in seeds))
        ),
    ]
    offered = float(np.mean([each.offered for each in seeds]))
    worth = float(np.mean([each.worth_offering for each in seeds]))
    # an offer where nobody should speak costs attention and teaches customers to wait for one
    rows.append(Row("offers_share_of_visits", round(offered, 3), "", "", round(worth, 3), None))
    rows += fairness([each.gaps for each in seeds], _T95)
    return [*rows, *grounding(), *await consistency_and_caps(), *await kept_words()]


def _measured(seed: int) -> _Seed:
    retailer = make(seed)
    known = knowing_all(retailer)
    most = float(known.sum()) / 1_000
    run = ours(retailer, seed)
    return _Seed(
        earned(retailer, run) / most,
        earned(retailer, ours(retailer, seed, forms=False)) / most,
        earned(retailer, ours(retailer, seed, learns=False)) / most,
        weekly_promotion(retailer) / most,
        best_single_offer(retailer) / most,
        best_to_everyone(retailer) / most,
        offered_share(retailer, run),
        float((known > 0).mean()),
        gaps(retailer, run, seed),
    )


def _beats(name: str, seeds: Sequence[_Seed], rival: Sequence[float], *, goal: bool = True) -> Row:
    """The lower end of the 95 % interval of what ours earns more, beside what the rival earns."""
    apart = np.asarray([each.ours for each in seeds]) - np.asarray(rival)
    low = float(apart.mean() - _T95 * apart.std(ddof=1) / np.sqrt(apart.size))
    high = 2 * float(apart.mean()) - low
    unit = f"per mille, low end of {low:.0f} to {high:.0f}"
    return Row(
        name, round(low, 1), unit, "> 0" if goal else "", round(float(np.mean(rival)), 1), low > 0 if goal else None
    )


def _average(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 1)


def _plain(name: str, value: float) -> Row:
    return Row(name, value, "", "", None, None)
