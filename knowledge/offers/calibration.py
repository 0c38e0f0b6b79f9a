"""From a score to a chance: how often baskets with such a score held the variant, on days not learned from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.offers.cold import ColdShelf
from knowledge.offers.next_item import NextItemModel
from knowledge.offers.siblings import Siblings

HELD_OUT_DAYS: Final = 7.0  # the newest days, on which scores are compared with what was bought
LEAST_BASKETS: Final = 200  # that show it; fewer, and counting pairs is more honest than a model
_SHOWN: Final = 50  # best scores of each basket that are looked at: an offer is never made further down
_BINS: Final = 40
_LEAST_TOLD: Final = 100  # scores in a bin; fewer say nothing of what they mean
_PAIR: Final = 2  # variants: one to know, one to find
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
    """The curve, from baskets the model has not seen; `None` when those of two variants or more are too few.

    Each basket is split in two by lot; what one half says is compared with the other, as at a till where a customer
    may still go back for something. A basket of one variant says that nothing more was bought: without it every chance
    would be that of customers who do buy more.
    """
    number = {sku: place for place, sku in enumerate(model.skus)}
    if sum(len(number.keys() & {*skus}) >= _PAIR for skus in baskets) < LEAST_BASKETS:
        return None
    told = _Told()
    for known, hidden in _halves(baskets):
        rows = [number[sku] for sku in known if sku in number]
        if rows:
            scores = model.scores(rows)
            scores[rows] = -np.inf
            told.add(scores, [number[sku] for sku in hidden if sku in number])
    return told.curve()


def calibrate_titles(model: NextItemModel, shelf: ColdShelf, baskets: Sequence[Sequence[str]]) -> Curve | None:
    """The same of what titles say: how often baskets got a variant that was hardly sold before, by its score.

    A title's score ranks beside the model's, and means far less: most of what nobody buys goes on not being bought.
    """
    number = {sku: place for place, sku in enumerate(model.skus)}
    cold = {sku: place for place, sku in enumerate(shelf.skus)}
    told = _Told()
    for known, hidden in _halves(baskets):
        rows = [number[sku] for sku in known if sku in number]
        if rows and cold:
            scores = shelf.scores(rows)
            scores[[cold[sku] for sku in known if sku in cold]] = -np.inf
            scores[scores <= 0] = -np.inf
            told.add(scores, [cold[sku] for sku in hidden if sku in cold])
    return told.curve()


def chance_of_another(siblings: Siblings, baskets: Sequence[Sequence[str]]) -> float:
    """How often a basket with a variant also gets a given other size or color of it, from the same halves of baskets.

    0 while fewer than a hundred could have been.
    """
    shown = bought = 0
    for known, hidden in _halves(baskets):
        others = {other for sku in known for other in siblings.of(sku)} - {*known}
        shown += len(others)
        bought += len(others.intersection(hidden))
    return (bought + 0.5) / (shown + 1.0) if shown >= _LEAST_TOLD else 0.0


class _Told:
    """Scores, and whether what had them was bought."""

    def __init__(self) -> None:
        self._scores: list[NDArray[np.float32]] = []
        self._bought: list[NDArray[np.bool_]] = []

    def add(self, scores: NDArray[np.float32], hidden: Sequence[int]) -> None:
        """The best scores of one half of a basket, and the places of what the other half holds."""
        best = np.argpartition(-scores, min(_SHOWN, len(scores) - 1))[:_SHOWN]
        best = best[np.isfinite(scores[best])]
        self._scores.append(scores[best])
        self._bought.append(np.isin(best, hidden))

    def curve(self) -> Curve | None:
        """Rising; `None` where hardly anything was told."""
        bins = min(_BINS, sum(map(len, self._scores)) // _LEAST_TOLD)
        if not bins:
            return None
        return _rising(np.concatenate(self._scores).astype(np.float64), np.concatenate(self._bought), bins)


def _halves(baskets: Sequence[Sequence[str]]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """What is known and what is hidden; each half once, and an empty one never as what is known."""
    chance = Random(_SEED)  # noqa: S311  # a sample, not a secret
    for skus in baskets:
        rows = [*skus]
        chance.shuffle(rows)
        middle = len(rows) // 2
        for known, hidden in ((rows[:middle], rows[middle:]), (rows[middle:], rows[:middle])):
            if known:
                yield known, hidden


def _rising(scores: Floats, bought: NDArray[np.bool_], count: int) -> Curve:
    """Shares in bins of equal numbers; bins that fall are pooled, or the luckiest would speak for all above it."""
    order = np.argsort(scores, kind="stable")
    bins = np.array_split(order, count)
    middles = np.array([scores[each].mean() for each in bins])
    level: list[tuple[float, float, int]] = []  # bought, told, bins pooled
    for each in bins:
        level.append((float(bought[each].sum()) + 0.5, len(each) + 1.0, 1))
        while len(level) > 1 and level[-2][0] * level[-1][1] >= level[-1][0] * level[-2][1]:
            (found, told, pooled), (more, again, others) = level[-2:]
            level[-2:] = [(found + more, told + again, pooled + others)]
    return Curve(middles, np.concatenate([np.full(pooled, found / told) for found, told, pooled in level]))
