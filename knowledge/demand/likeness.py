"""What goods like a new one sold when they were new: its first forecast, before it has sales of its own.

Two products are alike as far as they share words of their titles, rare words counting more, and their category. What
the likest sold in their first four weeks, weighed by likeness and drawn towards what new goods sell on the whole, is
what a new one is expected to sell.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from knowledge.demand.history import WEEK, History
from knowledge.demand.outline import Floats

LAUNCH: Final = 4 * WEEK  # days
_LIKEST: Final = 20
_DRAWN: Final = 2.0  # likeness that weighs as much as what new goods sell on the whole
_scipy: Any = scipy  # reads its matrices when the first is made: a start need not wait
_WORDS: Final = re.compile(r"[a-z]{3,}")


class Likeness:
    """Titles and categories of a chain's variants, compared.

    Args:
        titles: By sku, in the history's order.
        categories: The same; "" where there is none.
    """

    def __init__(self, titles: Sequence[str], categories: Sequence[str]) -> None:
        found = [
            {*_WORDS.findall(title.lower()), *([f"in:{category}"] if category else [])}
            for title, category in zip(titles, categories, strict=True)
        ]
        often = Counter(word for words in found for word in words)
        column = {word: at for at, word in enumerate(sorted(often))}
        rare = {word: math.log(len(found) / count) + 1e-3 for word, count in often.items()}
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for row, words in enumerate(found):
            length = math.sqrt(sum(rare[word] ** 2 for word in words)) or 1.0
            rows += [row] * len(words)
            columns += [column[word] for word in sorted(words)]
            values += [rare[word] / length for word in sorted(words)]
        self._words: Any = _scipy.sparse.csr_array((values, (rows, columns)), shape=(len(found), max(len(column), 1)))

    def like(self, history: History, profile: Floats) -> Floats:
        """Units a day of each sku younger than four weeks, as goods like it sold; NaN of those that are older.

        Args:
            history: Up to now.
            profile: Weekday factors by sku.
        """
        age = history.days - history.known_from
        told = np.full(len(age), np.nan)
        launches = np.flatnonzero((age >= LAUNCH) & (history.known_from > WEEK))  # what was there at first is not new
        fresh = np.flatnonzero(age < LAUNCH)
        if not len(fresh) or not len(launches):
            return told
        first = self._first_weeks(history, launches, profile)
        usual = float(first.mean())
        alike: Floats = (self._words[fresh] @ self._words[launches].T).toarray()
        likest = np.argsort(-alike, axis=1)[:, :_LIKEST]
        weights: NDArray[np.float64] = np.take_along_axis(alike, likest, 1)
        told[fresh] = ((weights * first[likest]).sum(1) + _DRAWN * usual) / (weights.sum(1) + _DRAWN)
        return told

    def _first_weeks(self, history: History, launches: NDArray[np.intp], profile: Floats) -> Floats:
        """Units a day over each one's first four weeks; whole weeks hold every weekday alike."""
        total = history.by_sku(history.units)[launches]
        columns = history.known_from[launches, None] + np.arange(1, LAUNCH)
        days = np.minimum(columns, history.days - 1)
        factors = np.take_along_axis(profile[launches], history.weekdays(0, history.days)[days], 1)
        return np.take_along_axis(total, days, 1).sum(1) / np.maximum(factors.sum(1), 1e-6)
