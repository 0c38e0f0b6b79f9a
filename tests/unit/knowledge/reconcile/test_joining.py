"""A count is explained by documents of its time, whole or not at all, and no change takes the reason of the next."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from knowledge.reconcile.books import Change, Moves
from knowledge.reconcile.documents import Cell
from knowledge.reconcile.joining import join
from knowledge.reconcile.settled import Settled

START = datetime(2026, 3, 10, 8, tzinfo=UTC)
CELL: Cell = ("TEE", "S")


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def told(hour: float, delta: int, name: str = "") -> Change:
    """A count taken and told then."""
    return Change(CELL, name or f"count {hour}", delta, at(hour), at(hour))


def doc(hour: float, units: int, *, seen: float | None = None, name: str = "", cause: str = "order") -> Moves:
    """What happened then, and was told then or later."""
    heard = at(hour if seen is None else seen)
    return Moves(CELL, name or f"document {hour} {units}", cause, units, 0, at(hour), heard)


def left(
    tellings: list[Change], documents: list[Moves], settled: float | None = None
) -> tuple[list[tuple[str, int]], list[str]]:
    """Changes without a reason, and documents no count showed; the cell may have been settled at an hour."""
    last = {} if settled is None else {CELL: Settled("settling", at(settled), 0)}
    changes = join(tellings, documents, last)
    return [(each.name, each.delta) for each in changes], [each.reference for each in documents if each.left]


def test_a_reason_told_hours_late_explains_its_own_count_and_not_the_next_one():
    sale = doc(1, -2, seen=3)
    assert left([told(1, -2), told(5, -2, "by hand")], [sale]) == ([("by hand", -2)], [])


def test_a_sale_of_an_offline_till_is_shown_when_the_till_came_back_and_not_by_a_loss_before():
    assert left([told(2, -1, "by hand"), told(9, -1)], [doc(1, -1, seen=9)]) == ([("by hand", -1)], [])


def test_a_loss_put_right_before_an_offline_sale_was_told_is_not_that_sale():
    assert left([told(1, -1), told(6, 1), told(20, -1)], [doc(1, -1, seen=20)]) == ([], [])


def test_a_sale_counted_together_with_goods_that_came_leaves_the_goods():
    assert left([told(1, 18)], [doc(1, -2)]) == ([("count 1", 20)], [])


def test_a_sale_no_count_showed_is_not_shown_by_the_next_sale_s_count():
    assert left([told(7, -1)], [doc(1, -1, name="lost"), doc(7, -1)]) == ([], ["lost"])


def test_a_document_is_shown_whole_or_not_at_all():
    changes = [told(1, -6)]
    assert left(changes, [doc(1, -1, name="sold")]) == ([("count 1", -5)], [])
    assert [each.reference for each in changes[0].beside] == ["sold"]


def test_a_count_may_follow_a_sale_by_some_hours():
    assert left([told(3.9, -3)], [doc(1, -1), doc(3.9, -2)]) == ([], [])


def test_a_till_s_clock_may_be_minutes_ahead():
    assert left([told(1, -1)], [doc(1.1, -1, seen=1)]) == ([], [])


def test_documents_that_cancel_each_other_within_one_count_are_shown_by_its_silence():
    assert left([], [doc(1, -1), doc(1, -1, name="again"), doc(1, 2, cause="transfer")]) == ([], [])


def test_what_was_put_right_is_gone_even_where_one_count_righted_two():
    assert left([told(1, -2), told(2, -1), told(9, 3)], []) == ([], [])


def test_a_sale_that_hid_a_count_being_put_right_is_no_fault():
    assert left([told(1, -1)], [doc(6, -1)]) == ([], [])


def test_goods_that_came_excuse_no_later_loss():
    assert left([told(1, 3), told(9, -3, "by hand")], []) == ([("count 1", 3), ("by hand", -3)], [])


@given(st.integers(0, 10_000))
def test_a_day_without_a_fault_leaves_nothing_whatever_was_late(seed: int):
    chance = random.Random(seed)
    documents: list[Moves] = []
    counted: dict[int, int] = {}
    for number in range(chance.randint(1, 12)):
        hour, units = chance.randint(0, 12), chance.choice([-3, -2, -1, -1, -1, 1])
        offline, late = chance.random() < 0.15, chance.random() < 0.15
        seen = hour + chance.randint(3, 9) if offline else hour + chance.randint(1, 3) if late else hour
        documents.append(doc(hour, units, seen=seen, name=f"document {number}"))
        shown = seen if offline else hour
        counted[shown] = counted.get(shown, 0) + units
    tellings = [told(hour, delta) for hour, delta in counted.items() if delta]
    changes, missed = left(tellings, documents)
    units = {each.reference: each.units for each in documents}
    assert sum(delta for _, delta in changes) == sum(units[name] for name in missed)  # never a unit from nowhere
    if not any(each.seen > each.occurred_at for each in documents):
        assert (changes, missed) == ([], [])


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_in_which_rows_are_read_changes_nothing(seed: int, order: random.Random):
    def day() -> tuple[list[Change], list[Moves]]:
        chance = random.Random(seed)
        documents = [doc(chance.randint(0, 9), -chance.randint(1, 3), name=f"{number}") for number in range(6)]
        return [told(hour, chance.randint(-4, 3) or 1) for hour in chance.sample(range(10), 5)], documents

    tellings, documents = day()
    once = left(tellings, documents)
    tellings, documents = day()
    order.shuffle(tellings)
    order.shuffle(documents)
    again = left(tellings, documents)
    assert (once[0], sorted(once[1])) == (again[0], sorted(again[1]))


def test_a_reason_told_after_a_settlement_still_explains_the_count_it_belongs_to():
    sale = doc(1, -2, seen=6)
    assert left([told(1, -2), told(9, -2, "by hand")], [sale], settled=5) == ([("by hand", -2)], [])


def test_what_was_settled_neither_puts_right_what_came_later_nor_is_put_right_by_it():
    lost, later = doc(1, -1, name="lost"), doc(8, -3, name="later")
    found = left([told(2, -3, "by hand"), told(9, -1, "new"), told(20, 3, "back")], [lost, later], settled=7)
    assert found == ([("by hand", -3), ("new", -1), ("back", 3)], ["lost", "later"])
