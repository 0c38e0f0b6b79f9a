"""Equal facts are written as equal bytes, and what cannot be written exactly is refused."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import Refused
from tools.audit.entry import Entry, canonical, digest, link

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, JSON, max_size=6))
def test_a_value_is_written_the_same_however_its_keys_are_ordered(value: dict[str, Any]):
    turned = dict(reversed(value.items()))
    if "\\u0000" not in json.dumps(value):
        assert canonical(value) == canonical(turned)
        assert digest(value) == digest(turned)
        assert json.loads(canonical(value)) == value


@given(st.dictionaries(TEXT, JSON, max_size=6), TEXT, TEXT, st.integers(1, 10**9))
def test_a_record_is_the_canonical_text_of_all_it_says(body: dict[str, Any], action: str, story: str, seq: int):
    if "\\u0000" in json.dumps([body, action, story]):
        return
    written = Entry("note", AT, body, action, story).text(seq)
    told = json.loads(written)
    assert told == {
        "action": action,
        "at": AT.isoformat(),
        "body": body,
        "correlation": story,
        "kind": "note",
        "seq": seq,
    }
    assert written == canonical(told)


def test_a_record_is_the_same_in_whatever_time_zone_it_was_made():
    east = AT.astimezone(timezone(timedelta(hours=9)))
    assert Entry("note", AT, {}).text(1) == Entry("note", east, {}).text(1)


@pytest.mark.parametrize(
    "value",
    [1.0, {"a": [1.5]}, {"a": float("nan")}, {1: "a"}, {"a": {1, 2}}, b"a", {"a": AT}, "\0", {"a\0": 1}, "\ud800"],
)
def test_floats_bytes_and_text_that_cannot_be_stored_are_refused(value: object):
    with pytest.raises(Refused):
        canonical(value)


def test_a_record_with_a_story_that_cannot_be_stored_is_refused():
    with pytest.raises(Refused):
        Entry("note", AT, {}, correlation="\0").text(1)


@given(TEXT, TEXT)
def test_the_hash_of_a_record_depends_on_the_one_before(one: str, other: str):
    assert (link("0" * 64, one) == link("0" * 64, other)) == (one == other)
    assert link("0" * 64, one) != link("1" * 64, one)
