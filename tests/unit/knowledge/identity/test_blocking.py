"""Candidates are exactly the pairs that share a key in a block that is not too large, each once, in order."""

from collections import defaultdict
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.identity import blocking
from knowledge.identity.blocking import MOST, candidates
from knowledge.identity.record import Field, Record

_FEW = st.sampled_from(["", "ada", "bo"])
_RECORDS = st.lists(st.tuples(_FEW, _FEW, _FEW, _FEW), max_size=9)


def record(place: int, told: tuple[str, str, str, str]) -> Record:
    given_name, surname, street, birth = told
    name: dict[Field, str] = {"given": given_name, "surname": surname}
    home: dict[Field, str] = {"street": street}
    return Record(f"c{place}", (name,), (home,), (birth,) if birth else ())


def shared(records: list[Record]) -> set[tuple[int, int]]:
    """The same by the plainest means: every pair with a street or birth in common, or two of four fields."""
    blocks: dict[Any, list[int]] = defaultdict(list)
    fields: tuple[Field, ...] = ("given", "surname", "street", "birth")
    for place, each in enumerate(records):
        for kind in [("street",), ("birth",), *combinations(fields, 2)]:
            values = [each.values(field) for field in kind]  # pyright: ignore[reportArgumentType]  # names of fields
            if all(value and value[0] for value in values):
                blocks[kind, tuple(value[0] for value in values)].append(place)
    return {pair for block in blocks.values() if len(block) <= MOST for pair in combinations(block, 2)}


@given(_RECORDS, st.sampled_from([1, 3, 500_000]))
def test_every_pair_that_shares_enough_is_a_candidate_once_however_few_are_held_at_a_time(told: Any, at_once: int):
    records = [record(place, each) for place, each in enumerate(told)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocking, "_AT_ONCE", at_once)
        assert list(candidates(records)) == sorted(shared(records))
        some = {each.ref for each in records[::2]}
        assert list(candidates(records, changed=some)) == [
            pair for pair in sorted(shared(records)) if any(records[place].ref in some for place in pair)
        ]


def test_what_more_people_share_than_a_block_holds_makes_nobody_a_candidate():
    at, over = ([record(place, ("", "", "", "19630303")) for place in range(count)] for count in (MOST, MOST + 1))
    assert len(list(candidates(at))) == MOST * (MOST - 1) // 2
    assert list(candidates(over)) == []
