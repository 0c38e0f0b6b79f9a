"""From a score to a chance: how often baskets with such a score held the variant, on days not learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.offers.next_item import NextItemModel

HELD_OUT_DAYS: Final = 7.0  # the newest days, on which scores are compared with what was bought
LEAST_BASKETS: Final = 200  # that show it; fewer, and counting pairs is more honest than a model
_SHOWN: Final = 50  # best scores of each basket that are looked at: an offer is never made further down
_BINS: Final = 40
_SEED: Final = 17

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """A rising line through scores and the share of baskets that held the variant."""

    scores: Floats
    chances: Floats

    def chance(self, score: float) -> float:
        """Between 0 and 1."""
        return float(np.interp(score, self.scores, self.chances))


def calibrate(model: NextItemModel, baskets: Sequence[Sequence[str]]) -> Curve | None:
    """The curve, from baskets the model has not seen; `None` when they are too few.

    Each basket is split in two by lot; what one half says is compared with the other, as at a till where a customer
    may still go back for something.
    """
    number = {sku: place for place, sku in enumerate(model.skus)}
    chance = Random(_SEED)  # noqa: S311  # a sample, not a secret
    scores: list[NDArray[np.float32]] = []
    bought: list[NDArray[np.bool_]] = []
    shown = 0
    for skus in baskets:
        rows = [number[sku] for sku in skus if sku in number]
        if len(rows) < 2:  # noqa: PLR2004  # one to know, one to find
            continue
        shown += 1
        chance.shuffle(rows)
        middle = len(rows) // 2
        for known, hidden in ((rows[:middle], rows[middle:]), (rows[middle:], rows[:middle])):
            found = model.scores(known)
            found[known] = -np.inf
            best = np.argpartition(-found, min(_SHOWN, len(found) - 1))[:_SHOWN]
            best = best[np.isfinite(found[best])]
            scores.append(found[best])
            bought.append(np.isin(best, hidden))
    if shown < LEAST_BASKETS:
        return None
    return _rising(np.concatenate(scores).astype(np.float64), np.concatenate(bought))


def _rising(scores: Floats, bought: NDArray[np.bool_]) -> Curve:
    """Shares in bins of equal numbers, each no lower than the one before."""
    order = np.argsort(scores, kind="stable")
    bins = np.array_split(order, _BINS)
    middles = np.array([scores[each].mean() for each in bins])
    shares = np.array([(bought[each].sum() + 0.5) / (len(each) + 1.0) for each in bins])
    return Curve(middles, np.maximum.accumulate(shares))
