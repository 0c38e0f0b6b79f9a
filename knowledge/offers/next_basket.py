"""What a returning customer will buy: what they bought before, what goes with it, and what sells now; not ten alike."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.offers.next_item import NextItemModel

# chosen on orders of April to July 2011 (`python -m evals.next_item.choose`)
_TASTE: Final = 2.0  # weight of what goes with the past, beside how often a variant was bought
_UNKNOWN: Final = 0.01  # of a variant neither bought before nor near it
_SELLING: Final = 0.7  # power of what sells now
_ALIKE: Final = 1.0  # what a variant loses for each one above it that is bought with it anyway
_HALF_LIFE: Final = 60.0  # days of a customer's past taste
_DEPTH: Final = 40  # best variants among which likeness is looked at


def next_basket(
    model: NextItemModel, past: Sequence[tuple[float, Sequence[str]]], *, most: int = 10
) -> list[tuple[str, float]]:
    """Variants the next order will hold, likeliest first, with their scores; nothing for who never bought.

    Args:
        model: Learned from everybody's baskets.
        past: The customer's orders: age in days, and the variants, each once.
        most: How many.
    """
    number = {sku: place for place, sku in enumerate(model.skus)}
    times = np.zeros(len(model.skus), dtype=np.float32)
    taste = np.zeros_like(times)
    for age, skus in past:
        rows = [number[sku] for sku in skus if sku in number]
        times[rows] += 1
        taste[rows] += 0.5 ** (age / _HALF_LIFE)
    bought = np.flatnonzero(taste)
    if not len(bought):
        return []
    length = float(np.sqrt((taste**2).sum()))
    near = model.scores(bought.tolist(), (taste[bought] / length).tolist())
    liked = times + _TASTE * np.maximum(near, 0.0) + _UNKNOWN
    scores = (np.log(liked) + _SELLING * np.log(model.lately + 0.5)).astype(np.float32)
    return [(model.skus[row], float(scores[row])) for row in _varied(model, scores, most)]


def _varied(model: NextItemModel, scores: NDArray[np.float32], most: int) -> list[int]:
    """The best, each less by what those already taken say anyway: ten colors of one mug are one guess."""
    left = {int(row): float(scores[row]) for row in np.argsort(-scores, kind="stable")[:_DEPTH]}
    taken: list[int] = []
    while left and len(taken) < most:
        best = max(left, key=lambda row: (left[row], -row))
        del left[best]
        taken.append(best)
        for other, together in zip(model.others[best].tolist(), model.together[best].tolist(), strict=True):
            if other in left:
                left[other] -= _ALIKE * together / float(np.sqrt(float(model.own[best]) * float(model.own[other])))
    return taken
