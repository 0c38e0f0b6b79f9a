"""What an attacker holds: a released table, and predicates over it that may fit exactly one human being."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.anonymity.habits import Habits, Traits
from knowledge.anonymity.rollup import Widening
from knowledge.store.places import Places

NUMBERS: Final = ("basket", "orders", "units", "online", "discounted")
COLUMNS: Final = (*Traits._fields, *NUMBERS)
Value = str | float
Mask = NDArray[np.bool_]
Wider = Mapping[tuple[str, str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Test:
    """One condition: `is` for a trait or an exact number, `least` and `most` for numbers."""

    column: str
    how: str
    value: Value


class People:
    """Humans as they are, to check a guess against. A trait fits when the human's own is the same or narrower."""

    def __init__(self, people: Sequence[Habits], places: Places) -> None:
        self.count = len(people)
        self._numbers = {name: np.array([getattr(one.share, name) for one in people]) for name in NUMBERS}
        known = wider(people, places)
        self._fitting: dict[tuple[str, str], Mask] = {}
        for column in Traits._fields:
            own = [getattr(one.traits, column) for one in people]
            for value in {each for one in own for each in known[column, one]}:
                self._fitting[column, value] = np.array([value in known[column, one] for one in own])

    def matching(self, tests: Sequence[Test]) -> Mask:
        """Who fits all of them."""
        fitting: Mask = np.ones(self.count, dtype=bool)
        for test in tests:
            fitting &= self._mask(test)
        return fitting

    def _mask(self, test: Test) -> Mask:
        if test.column in self._numbers:
            numbers, value = self._numbers[test.column], float(test.value)
            if test.how == "is":
                return np.isclose(numbers, value, rtol=0, atol=1e-9)
            return numbers <= value if test.how == "most" else numbers >= value
        found = self._fitting.get((test.column, str(test.value)))
        return np.zeros(self.count, dtype=bool) if found is None else found


def rows(people: Sequence[Habits], *, rounded: int = 0) -> list[Mapping[str, Value]]:
    """What releasing pseudonymous rows would give away: everything but the name; spending rounded when asked for."""
    return [
        {
            **one.traits._asdict(),
            **{name: float(getattr(one.share, name)) for name in NUMBERS},
            **({"basket": float(round(one.share.basket / rounded) * rounded)} if rounded else {}),
        }
        for one in people
    ]


def wider(people: Sequence[Habits], places: Places) -> Wider:
    """Every trait that occurs, and what it is widened to on the way to a group."""
    found: dict[tuple[str, str], set[str]] = {}
    widening = Widening(places)
    for own in {one.traits for one in people}:
        wide = own
        for step in range(widening.steps):
            wide = widening.widen(wide, step)
            for column, narrow, broad in zip(Traits._fields, own, wide, strict=True):
                found.setdefault((column, narrow), {narrow}).add(broad)
    return {key: frozenset(values) for key, values in found.items()}
