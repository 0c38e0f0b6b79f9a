"""Which pairs are compared at all: those that share two fields, found through an index whose blocks are bounded."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.identity.record import Field, Record

MOST: Final = 40  # records in a block; what more people share tells nobody apart, and pairs grow as the square
_PAIRED: Final[tuple[Field, ...]] = ("given", "surname", "number", "street", "locality", "postcode", "birth")
_ALONE: Final[tuple[Field, ...]] = ("birth", "email", "phone", "street", "premises")
_SHORTENED: Final[frozenset[Field]] = frozenset({"given", "surname"})
_LETTERS: Final = 4  # of a name: most slips are made later in the word

Pair = tuple[int, int]
"""Places of two records, the smaller first."""

_Codes = NDArray[np.int64]
_HALF: Final = 32  # bits of a place; a pair is one number, the smaller place in its upper half
_AT_ONCE: Final = 500_000  # pairs gathered before they are put with those known: 4 MB


def candidates(records: Sequence[Record], *, changed: AbstractSet[str] | None = None) -> Iterator[Pair]:
    """Every pair worth comparing, once, in order.

    One kind of key after the other, so that memory holds the index of one; pairs found are eight bytes each.

    Args:
        records: All there are.
        changed: Only pairs with one of these references; all pairs when it is `None`.
    """
    found = np.empty(0, dtype=np.int64)
    fresh = None if changed is None else {place for place, record in enumerate(records) if record.ref in changed}
    for kind in _kinds():
        blocks: dict[tuple[str, ...], list[int]] = {}
        for place, record in enumerate(records):
            for key in _keys(record, kind):
                blocks.setdefault(key, []).append(place)
        waiting: list[int] = []
        for block in blocks.values():
            if not 1 < len(block) <= MOST or (fresh is not None and fresh.isdisjoint(block)):
                continue
            waiting += [
                one << _HALF | other
                for one, other in combinations(block, 2)
                if fresh is None or one in fresh or other in fresh
            ]
            if len(waiting) >= _AT_ONCE:
                found, waiting = _with(found, waiting), []
        found = _with(found, waiting)
    for start in range(0, len(found), _AT_ONCE):
        for code in found[start : start + _AT_ONCE].tolist():
            yield code >> _HALF, code & (1 << _HALF) - 1


def _with(found: _Codes, more: Sequence[int]) -> _Codes:
    return np.union1d(found, np.asarray(more, dtype=np.int64)) if more else found


def _kinds() -> list[tuple[Field, ...]]:
    return [*((field,) for field in _ALONE), *combinations(_PAIRED, 2)]


def _keys(record: Record, kind: tuple[Field, ...]) -> Iterable[tuple[str, ...]]:
    first, *others = ({_short(field, value) for value in record.values(field)} for field in kind)
    return {(one,) for one in first} if not others else {(one, other) for one in first for other in others[0]}


def _short(field: Field, value: str) -> str:
    return value.replace(" ", "")[:_LETTERS] if field in _SHORTENED else value
