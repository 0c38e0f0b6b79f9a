"""From records to links: blocked, compared, weighed; then a household is told from a person, whatever the weight."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import log2
from typing import Final, Literal

from knowledge.identity.blocking import candidates
from knowledge.identity.comparison import Comparer, Levels, agreeing, contradict, household, level_of, personal
from knowledge.identity.graph import pair_of
from knowledge.identity.likeness import CLOSE, SAME
from knowledge.identity.record import FIELDS, Field, Record
from knowledge.identity.weights import Frequencies, Weights, bits

TOGETHER: Final = 2  # independent groups that have to agree: one alone is a namesake, or a neighbor
SURE: Final = 0.999  # chance that a link is right: one person among so many records, by Bayes from the bits
_KEYS: Final[frozenset[Field]] = frozenset({"email", "phone"})


Verdict = Literal["link", "ask", "household"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Two customers that are one person, as far as figures can say.

    Attributes:
        one: The smaller reference.
        bits: Weight of the evidence.
        agreed: Fields that agree but for a slip; names of fields, no values.
        hard: Whether an identifier of both is the same.
        verdict: `link`; `ask`, where a person has to look, for it may be twins, or a parent and child of one name; or
            `household`, where nothing that is a person's own agrees, and nobody is bothered.
    """

    one: str
    other: str
    bits: float
    agreed: tuple[Field, ...]
    hard: bool
    verdict: Verdict


def bar(records: int) -> float:
    """Bits two records need, so that a link is right with chance `SURE`: the more people, the more namesakes.

    Each record is taken to have one partner among the others, which is what Bayes' rule starts from.
    """
    return log2(max(records, 2)) + log2(SURE / (1 - SURE))


def find(records: Sequence[Record], weights: Weights, *, changed: AbstractSet[str] | None = None) -> list[Finding]:
    """Every pair that clears the bar, weightiest first.

    Args:
        records: All there are; each reference once.
        weights: What agreements say.
        changed: Only pairs with one of these references; all pairs when it is `None`.
    """
    comparer, frequencies, least = Comparer(), Frequencies(records, weights.u), bar(len(records))
    found: list[Finding] = []
    for left, right in candidates(records, changed=changed):
        one, other = records[left], records[right]
        levels = comparer.compare(one, other)
        said = bits(levels, weights, one, other, frequencies)
        groups = [group for group in agreeing(levels) if said[group] > 0]
        total = sum(said.values())
        if total >= least and len(groups) >= TOGETHER:
            found.append(_finding(one.ref, other.ref, total, levels))
    return sorted(found, key=lambda each: (-each.bits, each.one, each.other))


def cannot_be_one(one: Record, other: Record) -> bool:
    """Whether two customers contradict each other: no chain of links joins them."""
    return contradict(Comparer().compare(one, other))


def _finding(one: str, other: str, total: float, levels: Levels) -> Finding:
    agreed: tuple[Field, ...] = tuple(field for field in FIELDS if level_of(levels, field) >= CLOSE)
    hard = any(level_of(levels, field) == SAME for field in _KEYS)
    verdict: Verdict = "link"
    if household(levels):
        verdict = "household"
    elif not personal(levels):
        verdict = "ask"
    return Finding(*pair_of(one, other), round(total, 2), agreed, hard, verdict)
