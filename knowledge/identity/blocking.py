"""Which pairs are compared at all: those that share two fields, found through an index whose blocks are bounded."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import Final

from knowledge.identity.record import Field, Record

MOST: Final = 40  # records in a block; what more people share tells nobody apart, and pairs grow as the square
_PAIRED: Final[tuple[Field, ...]] = ("given", "surname", "number", "street", "locality", "postcode", "birth")
_ALONE: Final[tuple[Field, ...]] = ("birth", "email", "phone", "street", "premises")
_SHORTENED: Final[frozenset[Field]] = frozenset({"given", "surname"})
_LETTERS: Final = 4  # of a name: most slips are made later in the word

Pair = tuple[int, int]
"""Places of two records, the smaller first."""


def candidates(records: Sequence[Record], *, changed: AbstractSet[str] | None = None) -> Iterator[Pair]:
    """Every pair worth comparing, once, in order.

    One kind of key after the other, so that memory holds the index of one.

    Args:
        records: All there are.
        changed: Only pairs with one of these references; all pairs when it is `None`.
    """
    seen: set[Pair] = set()
    fresh = None if changed is None else {place for place, record in enumerate(records) if record.ref in changed}
    for kind in _kinds():
        blocks: dict[tuple[str, ...], list[int]] = {}
        for place, record in enumerate(records):
            for key in _keys(record, kind):
                blocks.setdefault(key, []).append(place)
        for block in blocks.values():
            if len(block) <= MOST:
                for pair in combinations(block, 2):
                    if fresh is None or pair[0] in fresh or pair[1] in fresh:
                        seen.add(pair)
    yield from sorted(seen)


def _kinds() -> list[tuple[Field, ...]]:
    return [*((field,) for field in _ALONE), *combinations(_PAIRED, 2)]


def _keys(record: Record, kind: tuple[Field, ...]) -> Iterable[tuple[str, ...]]:
    first, *others = ({_short(field, value) for value in record.values(field)} for field in kind)
    return {(one,) for one in first} if not others else {(one, other) for one in first for other in others[0]}


def _short(field: Field, value: str) -> str:
    return value.replace(" ", "")[:_LETTERS] if field in _SHORTENED else value
