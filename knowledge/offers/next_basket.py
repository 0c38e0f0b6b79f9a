"""What a returning customer will buy: what they bought before, what goes with it, what sells now; not ten alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.offers.next_item import NextItemModel

_DEPTH: Final = 40  # best variants among which likeness is looked at


@dataclass(frozen=True, slots=True)
class Constants:
    """What is weighed against what; a variant bought once counts 1.

    Attributes:
        recently: Weight of what was bought lately, beside how often it ever was.
        recent_days: Days after which that counts half.
        taste: Weight of what goes with all they bought.
        taste_days: Days after which a purchase counts half in that taste.
        last: Weight of what goes with their last basket.
        unknown: Of a variant neither bought before nor near it.
        selling: Power of what sells now.
        alike: What a variant loses for each one above it that is bought with it anyway.
    """

    recently: float = 0.3
    recent_days: float = 60.0
    taste: float = 4.0
    taste_days: float = 180.0
    last: float = 2.0
    unknown: float = 0.003
    selling: float = 0.7
    alike: float = 1.0


CHOSEN: Final = Constants()
"""One constant after the other, on orders of April to July 2011 (`python -m evals.next_item.choose`)."""


def next_basket(
    model: NextItemModel, past: Sequence[tuple[float, Sequence[str]]], *, most: int = 10, by: Constants = CHOSEN
) -> list[tuple[str, float]]:
    """Variants the next order will hold, likeliest first, with their scores; nothing for who never bought.

    Args:
        model: Learned from everybody's baskets.
        past: The customer's orders: age in days, and the variants, each once.
        most: How many.
        by: What is weighed against what.
    """
    number = {sku: place for place, sku in enumerate(model.skus)}
    times = np.zeros(len(model.skus), dtype=np.float32)
    recent, taste = np.zeros_like(times), np.zeros_like(times)
    newest: tuple[float, list[int]] = (np.inf, [])
    for age, skus in past:
        rows = [number[sku] for sku in skus if sku in number]
        times[rows] += 1
        recent[rows] += 0.5 ** (age / by.recent_days)
        taste[rows] += 0.5 ** (age / by.taste_days)
        if rows and age < newest[0]:
            newest = age, rows
    bought = np.flatnonzero(taste)
    if not len(bought):
        return []
    length = float(np.sqrt((taste**2).sum()))
    near = model.scores(bought.tolist(), (taste[bought] / length).tolist())
    last = model.scores(newest[1]) / np.sqrt(len(newest[1]))
    own = (1 - by.recently / 2) * times + by.recently * recent  # a purchase of today counts a little more than one
    liked = own + by.taste * np.maximum(near, 0.0) + by.last * np.maximum(last, 0.0) + by.unknown
    scores = (np.log(liked) + by.selling * np.log(model.lately + 0.5)).astype(np.float32)
    return [(model.skus[row], float(scores[row])) for row in _varied(model, scores, most, by.alike)]


def _varied(model: NextItemModel, scores: NDArray[np.float32], most: int, alike: float) -> list[int]:
    """The best, each less by what those already taken say anyway: ten colors of one mug are one guess."""
    left = {int(row): float(scores[row]) for row in np.argsort(-scores, kind="stable")[:_DEPTH]}
    taken: list[int] = []
    while left and len(taken) < most:
        best = max(left, key=lambda row: (left[row], -row))
        del left[best]
        taken.append(best)
        for other, together in zip(model.others[best].tolist(), model.together[best].tolist(), strict=True):
            if other in left:
                left[other] -= alike * together / float(np.sqrt(float(model.own[best]) * float(model.own[other])))
    return taken
