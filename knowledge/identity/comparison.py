"""Two customers compared field by field, and what keeps them apart however alike they are: households and twins."""

from collections.abc import Mapping
from typing import Final

from knowledge.identity.likeness import (
    ALIKE,
    CLOSE,
    OTHER,
    SAME,
    UNTOLD,
    Likeness,
    code_likeness,
    date_likeness,
    given_likeness,
    mail_likeness,
    text_likeness,
)
from knowledge.identity.record import FIELDS, GROUPS, Field, Fields, Group, Record

Levels = tuple[int, ...]
"""One level per field of `FIELDS`."""

_OF: Final[Mapping[Field, Likeness]] = {
    "given": given_likeness,
    "surname": text_likeness,
    "number": code_likeness,
    "street": text_likeness,
    "premises": text_likeness,
    "locality": text_likeness,
    "postcode": code_likeness,
    "birth": date_likeness,
    "email": mail_likeness,
    "phone": code_likeness,
}
_PLACE: Final[Mapping[Field, int]] = {field: place for place, field in enumerate(FIELDS)}
_REMEMBERED: Final = 200_000  # pairs of values, some 40 MB; those of one block meet soon after each other
_OWN: Final[tuple[Field, ...]] = ("given", "birth", "email", "phone")  # of one person, not of all who live there
_EXCHANGED: Final[tuple[tuple[Field, Field], ...]] = (("given", "surname"), ("street", "premises"))


def level_of(levels: Levels, field: Field) -> int:
    """The level of one field."""
    return levels[_PLACE[field]]


class Comparer:
    """Compares records, and remembers the last pairs of values for as long as it lives: one run, for they are raw."""

    def __init__(self) -> None:
        self._known: dict[tuple[Field, str, str], int] = {}

    def compare(self, one: Record, other: Record) -> Levels:
        """The level of each field, of the best pair of alternatives."""
        found: dict[Field, int] = {}
        self._best(one.names, other.names, GROUPS["name"], found)
        self._best(one.places, other.places, GROUPS["place"], found)
        for field in ("birth", "email", "phone"):
            told = [(a, b) for a in one.values(field) for b in other.values(field)]
            found[field] = max((self._level(field, a, b) for a, b in told), default=UNTOLD)
        return tuple(found[field] for field in FIELDS)

    def _best(
        self, ones: tuple[Fields, ...], others: tuple[Fields, ...], fields: tuple[Field, ...], found: dict[Field, int]
    ) -> None:
        """Of several addresses or names, the two that agree most: parts of different ones are never mixed."""
        best: dict[Field, int] = dict.fromkeys(fields, UNTOLD)
        for one in ones or ({},):
            for other in others or ({},):
                levels: dict[Field, int] = {field: self._told(field, one, other) for field in fields}
                for first, second in _EXCHANGED:
                    if first in levels:
                        self._exchange(first, second, one, other, levels)
                if sum(levels.values()) > sum(best.values()):
                    best = levels
        found.update(best)

    def _exchange(self, first: Field, second: Field, one: Fields, other: Fields, levels: dict[Field, int]) -> None:
        """Two fields filled in the wrong way round are as close as a slip."""
        if max(levels[first], levels[second]) > ALIKE or not {first, second} <= {*one} & {*other}:
            return
        crossed = min(self._level(second, one[first], other[second]), self._level(second, one[second], other[first]))
        if crossed >= CLOSE:
            levels[first] = levels[second] = CLOSE

    def _told(self, field: Field, one: Fields, other: Fields) -> int:
        a, b = one.get(field), other.get(field)
        return self._level(field, a, b) if a and b else UNTOLD

    def _level(self, field: Field, one: str, other: str) -> int:
        if one == other:
            return SAME
        key = (field, one, other) if one < other else (field, other, one)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = _OF[field](key[1], key[2])
        return known


def contradict(levels: Levels) -> bool:
    """Whether two records cannot be of one person: another given name, or born on another day."""
    return level_of(levels, "given") == OTHER or level_of(levels, "birth") == OTHER


def agreeing(levels: Levels) -> list[Group]:
    """The independent groups in which the two are the same but for a slip."""
    found: list[Group] = []
    for group, fields in GROUPS.items():
        told = [level_of(levels, field) for field in fields]
        if max(told) >= CLOSE and (group != "place" or sum(level >= CLOSE for level in told) > 1):
            found.append(group)
    return found


def household(levels: Levels) -> bool:
    """Whether nothing that is a person's own agrees: they live together, and that is all."""
    return all(level_of(levels, field) < CLOSE for field in _OWN)


def personal(levels: Levels) -> bool:
    """Whether it is the person that agrees, and not only the household they live in.

    The given name letter by letter; or a birth or a contact of one's own, where the given name is untold or has a slip.
    A given name or birth that is only alike is a sibling's, or a parent's of the same name.
    """
    if any(level_of(levels, field) in {OTHER, ALIKE} for field in ("given", "birth")):
        return False
    if level_of(levels, "given") == SAME:
        return True
    return any(level_of(levels, field) >= CLOSE for field in _OWN[1:])
