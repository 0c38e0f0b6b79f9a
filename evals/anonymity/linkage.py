"""Linkage: two halves of what is known of a person, joined through what was released."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.anonymity.risk import Risk
from evals.anonymity.table import NUMBERS, Value, Wider
from knowledge.anonymity.habits import Habits

ONE: Final = ("place", "when", "recency", "orders", "online")
OTHER: Final = ("category", "basket", "discounts", "frequency", "units", "discounted")
_CANDIDATES: Final = 300  # people among whom the attacker looks for the other half of one

Row = Mapping[str, Value]


def linkage(released: Sequence[Row], people: Sequence[Habits], known: Wider, tries: int, chance: Random) -> Risk:
    """An attacker knows `ONE` of somebody, and `OTHER` of some hundred people among whom that somebody is.

    The released row nearest to what is known is taken for theirs; then the candidate nearest to that row. Luck is the
    same guess with nothing released: any candidate.
    """
    hits = 0
    first = _Nearness(released, ONE, known)
    for _ in range(tries):
        candidates = chance.sample(range(len(people)), _CANDIDATES)
        target = chance.choice(candidates)
        row = released[first.nearest(_row(people[target]), chance)]
        second = _Nearness([_row(people[one]) for one in candidates], OTHER, known)
        hits += candidates[second.nearest(row, chance)] == target
    return Risk(hits, tries, tries // _CANDIDATES, tries)


class _Nearness:
    """How near rows are in some columns: a trait fits or does not, a number by its distance over the spread of all."""

    def __init__(self, rows: Sequence[Row], columns: Sequence[str], known: Wider) -> None:
        self._known = known
        self._count = len(rows)
        self._traits = {one: [str(row[one]) for row in rows] for one in columns if one not in NUMBERS}
        self._numbers: dict[str, NDArray[np.float64]] = {
            one: np.array([float(row[one]) for row in rows]) for one in columns if one in NUMBERS
        }

    def nearest(self, row: Row, chance: Random) -> int:
        """The nearest row's place; any of several equally near ones."""
        far = np.zeros(self._count)
        for column, values in self._traits.items():
            own = str(row[column])
            distance = {value: self._distance(column, own, value) for value in set(values)}
            far += np.array([distance[value] for value in values])
        for column, numbers in self._numbers.items():
            spread = float(numbers.std()) or 1.0
            far += np.minimum(1.0, np.abs(numbers - float(row[column])) / (3 * spread))
        best = np.flatnonzero(far <= far.min() + 1e-9)
        return int(best[chance.randrange(len(best))])

    def _distance(self, column: str, one: str, other: str) -> float:
        """0 for the same, little where one is the other made wider, more where nothing is said, 1 otherwise."""
        if one == other:
            return 0.0
        if not one or not other:
            return 0.5
        nobody = frozenset[str]()
        wide = one in self._known.get((column, other), nobody) or other in self._known.get((column, one), nobody)
        return 0.25 if wide else 1.0


def _row(one: Habits) -> Row:
    return {**one.traits._asdict(), **{name: float(getattr(one.share, name)) for name in NUMBERS}}
