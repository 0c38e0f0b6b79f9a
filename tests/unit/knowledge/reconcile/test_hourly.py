"""Exceptions only: noise is held, a fault is told once, with both values, its cause and its money."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.reconcile.causes import Cause
from knowledge.reconcile.documents import Cell, Document, Sync, System
from knowledge.reconcile.hourly import LATE, SETTLES, SILENT, Discrepancy, Memory, look

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CELL: Cell = ("TEE", "S")


def line(system: System, print_: str, change: int = -1, **more: Any) -> Document:
    """A day old, of a tee, unless told otherwise."""
    at = START - more.get("ago", 24) * HOUR
    name = more.get("name", f"{system}-{print_}")
    return Document(system, name, print_, more.get("sku", "TEE"), "S", change, at)


def sync(at: datetime, ours: int, theirs: int, documents: Sequence[Document] = (), **more: Any) -> Sync:
    """Of one shelf whose location was just heard of, with nothing on its way, unless told otherwise."""
    on_the_way: dict[Cell, int] = {CELL: more.get("on_the_way", 0)}
    heard: dict[str, datetime] = {"S": more.get("heard", at)}
    return Sync(at, {CELL: ours}, {CELL: theirs}, documents, on_the_way, heard, {"TEE": 1200, "HAT": 500})


def twice(ours: int, theirs: int, documents: Sequence[Document] = ()) -> list[Discrepancy]:
    memory = Memory()
    assert look(sync(START, ours, theirs, documents), memory) == []
    return look(sync(START + HOUR, ours, theirs, documents), memory)


def test_a_difference_is_told_at_the_second_look_and_only_then():
    memory = Memory()
    told = [look(sync(START + hours * HOUR, 9, 10), memory) for hours in range(4)]
    assert [len(each) for each in told] == [0, 1, 0, 0]
    (one,) = told[1]
    assert (one.ours, one.theirs, one.units, one.money, one.since) == (9, 10, -1, 1200, START)


def test_a_difference_that_passes_is_never_told():
    memory = Memory()
    assert not look(sync(START, 9, 10), memory)
    assert not look(sync(START + HOUR, 9, 9), memory)
    assert not look(sync(START + 2 * HOUR, 9, 10), memory)


def test_a_difference_that_grows_is_a_new_one():
    memory = Memory()
    for hours, ours in ((0, 9), (1, 9)):
        look(sync(START + hours * HOUR, ours, 10), memory)
    assert not look(sync(START + 2 * HOUR, 8, 10), memory)
    (told,) = look(sync(START + 3 * HOUR, 8, 10), memory)
    assert told.units == -2


def test_goods_on_their_way_are_no_difference():
    memory = Memory()
    for hours in range(3):
        assert not look(sync(START + hours * HOUR, 5, 9, on_the_way=4), memory)


def test_a_silent_location_is_waited_for_until_its_backlog_is_in():
    memory = Memory()
    at = START
    for _ in range(5):
        assert not look(sync(at, 5, 9, heard=START - SILENT - HOUR), memory)
        at += HOUR
    back = at - HOUR
    while at - back < SETTLES:
        assert not look(sync(at, 5, 9), memory)
        at += HOUR
    assert not look(sync(at, 5, 9), memory)
    assert look(sync(at + HOUR, 5, 9), memory)


def test_a_location_heard_within_the_limit_is_not_waited_for():
    memory = Memory()
    look(sync(START, 5, 9, heard=START - SILENT), memory)
    assert look(sync(START + HOUR, 5, 9, heard=START + HOUR - SILENT), memory)


@pytest.mark.parametrize(("age", "told"), [(LATE - 2 * HOUR, 0), (LATE, 1)])
def test_a_line_is_given_time_to_come(age: timedelta, told: int):
    sale = line("ours", "1", ago=age / HOUR)
    memory = Memory()
    look(sync(START, 9, 10, [sale]), memory)
    assert len(look(sync(START + HOUR, 9, 10, [sale]), memory)) == told


CASES: list[tuple[Cause, int, int, list[Document]]] = [
    (Cause.LOST, 9, 10, [line("ours", "1")]),
    (Cause.DUPLICATE, 9, 8, [line("ours", "1"), line("theirs", "1"), line("theirs", "1", name="again")]),
    (Cause.MAPPING, 9, 10, [line("ours", "1"), line("theirs", "1", sku="HAT")]),
    (Cause.UNITS, 4, 9, [line("ours", "1", -6), line("theirs", "1", -1)]),
    (Cause.BY_HAND, 8, 9, [line("ours", "1"), line("theirs", "1")]),
    (Cause.BY_HAND, 8, 9, []),
    (Cause.SEVERAL, 5, 9, [line("ours", "1")]),
]


@pytest.mark.parametrize(("cause", "ours", "theirs", "documents"), CASES)
def test_the_cause_is_the_one_that_explains_the_difference_to_the_unit(
    cause: Cause, ours: int, theirs: int, documents: list[Document]
):
    (told,) = twice(ours, theirs, documents)
    assert told.cause is cause
    assert told.fix


def test_two_faults_that_hide_each_other_are_told():
    (told,) = twice(9, 9, [line("ours", "1"), line("theirs", "1"), line("theirs", "1", name="again")])
    assert told.cause is Cause.SEVERAL
    assert told.money == 1200


def test_a_line_on_the_wrong_sku_shows_at_both():
    documents = [line("ours", "1"), line("theirs", "1", sku="HAT")]
    memory = Memory()
    both = {CELL: 9, ("HAT", "S"): 10}, {CELL: 10, ("HAT", "S"): 9}
    told: list[Discrepancy] = []
    for hours in range(2):
        at = START + hours * HOUR
        told = look(Sync(at, *both, documents, {}, {"S": at}, {}), memory)
    assert {(each.sku, each.cause) for each in told} == {("TEE", Cause.MAPPING), ("HAT", Cause.MAPPING)}


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-9, 9))
def test_agreeing_counts_are_never_told_and_money_is_what_differs_at_cost(ours: int, theirs: int, on_the_way: int):
    memory = Memory()
    look(sync(START, ours, theirs, on_the_way=on_the_way), memory)
    told = look(sync(START + HOUR, ours, theirs, on_the_way=on_the_way), memory)
    difference = ours - (theirs - on_the_way)
    assert [each.money for each in told] == ([abs(difference) * 1200] if difference else [])
