"""Families made of labeled people: the same name, the same door, another person. Whoever links them has merged two."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

from evals.identity.labeled import Labeled
from knowledge.identity.likeness import CLOSE, given_likeness
from knowledge.identity.record import Record

_SEED: Final = 11


def families(labeled: Labeled) -> Labeled:
    """Each person once, with one relative: a spouse, a twin, a parent of the same name, or one with no birth told.

    Relatives have the surname and the address. A spouse has another given name and birth, a twin another given name, a
    parent another birth; the last kind has another given name, and nobody told when either was born.
    """
    chance = Random(_SEED)
    first = {owner: record for record, owner in zip(reversed(labeled.records), reversed(labeled.owners), strict=True)}
    people = [each for each in first.values() if each.names and each.places and each.births and _whole(each)]
    records: list[Record] = []
    for number, person in enumerate(people):
        other = chance.choice(people)
        surname = person.names[0]["surname"]
        given = {"given": other.names[0]["given"], "surname": surname}
        relative = (
            replace(person, names=(given,), births=other.births),
            replace(person, names=(given,)),
            replace(person, births=other.births),
            replace(person, names=(given,), births=()),
        )[number % 4]
        own = replace(person, births=()) if number % 4 == 3 else person  # noqa: PLR2004  # the last of the four kinds
        if relative != own and (number % 4 == 2 or not _one_name(person, other)):  # noqa: PLR2004  # parents share it
            records += [replace(own, ref=f"{number}-own"), replace(relative, ref=f"{number}-relative")]
    owners = [record.ref for record in records]
    return Labeled(records, owners, owners)


def homes(labeled: Labeled) -> Sequence[str]:
    """The home of each record: those who share one are relatives."""
    return [record.ref.partition("-")[0] for record in labeled.records]


def _one_name(one: Record, other: Record) -> bool:
    """Whether two given names may be one: a Ben born on the day Benjamin was, at his door, is Benjamin."""
    return given_likeness(one.names[0]["given"], other.names[0]["given"]) >= CLOSE


def _whole(record: Record) -> bool:
    return {"given", "surname"} <= {*record.names[0]} and {"number", "street", "postcode"} <= {*record.places[0]}
