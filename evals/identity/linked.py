"""Records linked as the product links them, and what that is worth: precision and recall over pairs of one person."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.identity.labeled import Labeled, Pair, pairs
from knowledge.identity.comparison import Comparer
from knowledge.identity.graph import Basis, Edge, people
from knowledge.identity.linker import Verdict, cannot_be_one, find
from knowledge.identity.record import FIELDS, Field, Record
from knowledge.identity.weights import Shares, Weights, learn_m, learn_u


@dataclass(frozen=True, slots=True)
class Quality:
    """Pairs said to be one person, against the truth."""

    said: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        """Share of what was said that is right; 1 where nothing was said."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Share of the truth that was said."""
        return self.right / self.true

    def __add__(self, other: "Quality") -> "Quality":
        """Both together, pair by pair."""
        return Quality(self.said + other.said, self.right + other.right, self.true + other.true)


def judged(said: frozenset[Pair], labeled: Labeled) -> Quality:
    """What these pairs are worth."""
    truth = labeled.truth
    return Quality(len(said), len(said & truth), len(truth))


def m_of(files: Sequence[Labeled]) -> dict[Field, Shares]:
    """From the pairs these files' strong key joins; the strong key itself is in no comparison."""
    comparer = Comparer()
    return learn_m(
        comparer.compare(each.records[one], each.records[other])
        for each in files
        for one, other in sorted(pairs(each.hard))
    )


def weights_for(labeled: Labeled, learned_on: Sequence[Labeled]) -> Weights:
    """`m` of other files; `u` of this one's own records, which needs no labels."""
    return Weights(m_of(learned_on), learn_u(labeled.records))


@dataclass(frozen=True, slots=True)
class Told:
    """Pairs said to be one person, by places.

    Attributes:
        weighed: By the weights alone.
        asked: Without those that are nothing but a household.
        linked: As the product links them by itself, contradictions kept apart.
    """

    weighed: frozenset[Pair]
    asked: frozenset[Pair]
    linked: frozenset[Pair]


def told(labeled: Labeled, weights: Weights) -> Told:
    """Who is said to be one person."""
    found = find(labeled.records, weights)
    by_ref = {record.ref: record for record in labeled.records}
    place = {record.ref: number for number, record in enumerate(labeled.records)}

    def joined(*verdicts: Verdict) -> list[Edge]:
        kept = (each for each in found if each.verdict in verdicts)
        return [Edge(each.one, each.other, Basis.PROBABLE, each.bits) for each in kept]

    linked = people(joined("link"), contradicts=lambda one, other: cannot_be_one(by_ref[one], by_ref[other]))
    return Told(
        _places(people(joined("link", "ask", "household")), place),
        _places(people(joined("link", "ask")), place),
        _places(linked, place),
    )


def cascade(records: Sequence[Record], keys: Sequence[tuple[Field, ...]]) -> frozenset[Pair]:
    """What equal fields alone would join, one set of fields after the other: what shops do without a linker."""
    found: set[Pair] = set()
    for key in keys:
        assert set(key) <= {*FIELDS}  # noqa: S101  # our own names
        groups = ["\0".join(values) if all(values) else "" for values in (_values(each, key) for each in records)]
        found |= pairs(groups)
    return frozenset(found)


def _values(record: Record, key: tuple[Field, ...]) -> list[str]:
    return [next(iter(record.values(field)), "") for field in key]


def _places(together: dict[str, tuple[str, ...]], place: dict[str, int]) -> frozenset[Pair]:
    return frozenset(
        (min(place[ref], place[other]), max(place[ref], place[other]))
        for ref, others in together.items()
        for other in others
        if ref < other
    )
