"""Who is one person, from links: chains are followed only so far, and never past a contradiction."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST: Final = 8  # customers one person is; a longer chain of likenesses is a mistake that feeds itself
STRENGTH: Final = ("person", "hard_key", "probable")  # of a link, the strongest first

Pair = tuple[str, str]


class Basis(StrEnum):
    """What a link rests on, the strongest first."""

    PERSON = "person"  # somebody of the retailer's looked, and confirmed it
    HARD_KEY = "hard_key"  # both are known by one identifier, and by more
    PROBABLE = "probable"  # names, addresses and contacts alike enough


@dataclass(frozen=True, slots=True)
class Edge:
    """A link in force.

    Attributes:
        bits: Weight of the evidence; 0 where a person said so.
        place: Its place in the history: of two equally strong links, the earlier holds.
    """

    one: str
    other: str
    basis: Basis
    bits: float = 0.0
    place: int = 0


def pair_of(one: str, other: str) -> Pair:
    """Two references in their one order."""
    return (one, other) if one < other else (other, one)


def people(
    edges: Iterable[Edge],
    *,
    apart: frozenset[Pair] = frozenset(),
    contradicts: Callable[[str, str], bool] = lambda _one, _other: False,
    most: int = MOST,
) -> dict[str, tuple[str, ...]]:
    """For each linked customer, all customers that are the same person, in order; who is alone is left out.

    The strongest links are followed first. Two groups are joined only if nobody in the one must be kept apart from
    anybody in the other, and, unless a person confirmed it, no two of them contradict each other and they are no more
    than `most` together.

    Args:
        edges: Links in force.
        apart: Pairs somebody unlinked: they never meet again, not by a detour either.
        contradicts: Whether two customers cannot be one person.
        most: Customers a person may be without anybody having looked.
    """
    group: dict[str, list[str]] = {}
    ranked = sorted(edges, key=lambda edge: (STRENGTH.index(edge.basis), -edge.bits, edge.place, edge.one, edge.other))
    for edge in ranked:
        left, right = group.setdefault(edge.one, [edge.one]), group.setdefault(edge.other, [edge.other])
        if left is right or not _may_meet(left, right, edge, apart, contradicts, most):
            continue
        left.extend(right)
        for ref in right:
            group[ref] = left
    told: Mapping[int, tuple[str, ...]] = {id(each): tuple(sorted(each)) for each in group.values()}
    return {ref: told[id(each)] for ref, each in sorted(group.items()) if len(each) > 1}


def _may_meet(  # noqa: PLR0913, PLR0917  # two sides and what may keep them apart
    left: list[str],
    right: list[str],
    edge: Edge,
    apart: frozenset[Pair],
    contradicts: Callable[[str, str], bool],
    most: int,
) -> bool:
    pairs = [(one, other) for one in left for other in right]
    if any(pair_of(*pair) in apart for pair in pairs):
        return False
    if edge.basis is Basis.PERSON:
        return True
    return len(left) + len(right) <= most and not any(contradicts(*pair) for pair in pairs)
