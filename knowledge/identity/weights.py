"""How much each agreement says: Fellegi and Sunter's weights, learned from pairs known to be one person.

`m` is how often a field has a level in two records of one person, `u` how often in records of two people. The bits of a
pair are the sum of log2(m/u); a rare name that agrees says more than a common one. Fellegi & Sunter 1969; term
frequencies after Winkler 1989.
"""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log2
from pathlib import Path
from random import Random
from typing import Any, Final

from knowledge.identity.comparison import Comparer, Levels
from knowledge.identity.likeness import LEVELS, SAME, UNTOLD
from knowledge.identity.record import FIELDS, GROUPS, Field, Group, Record
from policies.errors import Misconfigured

FILE: Final = Path(__file__).with_name("linking.toml")
_IMAGINED: Final = 40.0  # pairs that a shipped weight counts for beside those of the retailer's own customers
_RANDOM: Final = 20_000  # pairs of two people that `u` is counted over
_BY_FREQUENCY: Final[tuple[Field, ...]] = ("given", "surname", "street", "locality", "premises")
_USUAL: Final = 1_000  # records with usual values imagined beside: among few people, everybody's name looks rare
_SEED: Final = 7

Shares = tuple[float, ...]
"""Per level, from `OTHER` to `SAME`; they sum to one."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What a comparison is judged by.

    Attributes:
        m: Of one person's records, per field.
        u: Of two people's.
    """

    m: Mapping[Field, Shares]
    u: Mapping[Field, Shares]

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that change with any weight."""
        told = repr([(field, self.m[field], self.u[field]) for field in FIELDS])
        return hashlib.sha256(told.encode()).hexdigest()[:8]


class Frequencies:
    """How common each value is among the records that are compared; raw, so kept for one run.

    Args:
        records: All that are compared.
        usual: How often two people have the same value, per field.
    """

    def __init__(self, records: Sequence[Record], usual: Mapping[Field, Shares]) -> None:
        self._usual = {field: usual[field][SAME] for field in _BY_FREQUENCY}
        self._of: dict[Field, Counter[str]] = {}
        for field in _BY_FREQUENCY:
            told = ({*record.values(field)} for record in records)
            self._of[field] = Counter(value for values in told for value in values)
        self._sum = {field: sum(counted.values()) + _USUAL for field, counted in self._of.items()}

    def share(self, field: Field, one: Record, other: Record) -> float | None:
        """Share of the commonest value both have; `None` where frequency says nothing."""
        counted = self._of.get(field)
        if counted is None:
            return None
        both = {*one.values(field)} & {*other.values(field)}
        if not both:
            return None
        return (max(counted[value] for value in both) + _USUAL * self._usual[field]) / self._sum[field]


def bits(levels: Levels, weights: Weights, one: Record, other: Record, frequencies: Frequencies) -> dict[Group, float]:
    """What the levels say for one person, in bits per group; against it when negative."""
    found: dict[Group, float] = {}
    for group, fields in GROUPS.items():
        total = 0.0
        for field in fields:
            level = levels[FIELDS.index(field)]
            if level == UNTOLD:
                continue
            u = weights.u[field][level]
            if level == SAME:
                u = frequencies.share(field, one, other) or u
            total += log2(weights.m[field][level] / u)
        found[group] = total
    return found


def learn_m(levels: Iterable[Levels], prior: Mapping[Field, Shares] | None = None) -> dict[Field, Shares]:
    """From pairs known to be one person; shipped weights count for some pairs beside them."""
    return _shares(levels, prior, _IMAGINED)


def learn_u(
    records: Sequence[Record], prior: Mapping[Field, Shares] | None = None, *, pairs: int = _RANDOM
) -> dict[Field, Shares]:
    """From pairs drawn at random, of which hardly one is one person twice."""
    chance, comparer = Random(_SEED), Comparer()  # noqa: S311  # a sample, not a secret
    drawn: list[Levels] = []
    for _ in range(min(pairs, len(records) * (len(records) - 1) // 2)):
        one, other = chance.sample(records, 2)
        drawn.append(comparer.compare(one, other))
    return _shares(drawn, prior, _IMAGINED)


@cache
def shipped() -> Weights:
    """Those of `linking.toml`, which `python -m evals.identity.choose` writes.

    Raises:
        Misconfigured: The file cannot be read as such.
    """
    return read(FILE)


def read(file: Path) -> Weights:
    """From a file.

    Raises:
        Misconfigured: It is not there, or not whole.
    """
    try:
        told: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        m, u = (_told(told[name]) for name in ("m", "u"))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise Misconfigured(f"{file.name} cannot be read.", code="identity.weights") from error
    if any(len(shares) != LEVELS or min(shares) <= 0 for each in (m, u) for shares in each.values()):
        raise Misconfigured(f"{file.name} needs four shares per field.", code="identity.weights")
    return Weights(m, u)


def _told(table: Mapping[str, Sequence[float]]) -> dict[Field, Shares]:
    return {field: tuple(map(float, table[field])) for field in FIELDS}


def _shares(levels: Iterable[Levels], prior: Mapping[Field, Shares] | None, imagined: float) -> dict[Field, Shares]:
    counts = {field: [0.0] * LEVELS for field in FIELDS}
    for each in levels:
        for field, level in zip(FIELDS, each, strict=True):
            if level != UNTOLD:
                counts[field][level] += 1
    found: dict[Field, Shares] = {}
    for field in FIELDS:
        start = [imagined * share for share in prior[field]] if prior else [0.5] * LEVELS
        both = [a + b for a, b in zip(counts[field], start, strict=True)]
        found[field] = tuple(each / sum(both) for each in both)
    return found
