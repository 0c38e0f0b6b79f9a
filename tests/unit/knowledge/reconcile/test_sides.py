"""Transfers and adjustments of ours explain counts in the hourly look; what is left is told with its cause."""

from datetime import UTC, datetime, timedelta

import pytest

from knowledge.reconcile.books import Books, Change, Moves, Moving
from knowledge.reconcile.causes import Cause, Joined
from knowledge.reconcile.documents import Cell
from knowledge.reconcile.settled import Settled
from knowledge.reconcile.sides import OVERDUE, Untold, sides

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
HERE: Cell = ("TEE", "HERE")
THERE: Cell = ("TEE", "THERE")
HAT: Cell = ("HAT", "HERE")


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def doc(cell: Cell, units: int, hours: float, cause: str = "order", name: str = "") -> Moves:
    """What happened and was told so many hours ago."""
    return Moves(cell, name or f"{cause} {units}", cause, units, 0, ago(hours), ago(hours))


def told(cell: Cell, delta: int, hours: float) -> Change:
    return Change(cell, f"change {delta}", delta, ago(hours), ago(hours))


def van(units: int, *, sent: float | None, arrived: bool = False) -> Moving:
    """Tees of ours from here to there."""
    at = None if sent is None else ago(sent)
    return Moving("van", "HERE", "THERE", (("TEE", units),), ago((sent or 10) + 1), at, arrived)


def why(books: Books, untold: tuple[Untold, ...] = ()) -> dict[Cell, tuple[int, Cause]]:
    """By cell: ours less theirs, and why."""
    found = sides(books, untold, {}, at=NOW, platform_at=NOW)
    joined = Joined(found.documents, pending_since=ago(3))
    return {
        cell: (apart, joined.why(cell, apart).cause)
        for cell, apart in found.apart.items()
        if apart or cell in joined.cells
    }


def test_an_adjustment_of_ours_explains_the_count_it_made():
    assert why(Books([doc(HERE, -3, 5, "adjustment")], [told(HERE, -3, 5)])) == {}
    assert why(Books([doc(HERE, 4, 5, "adjustment")], [told(HERE, 4, 5)])) == {}


def test_an_adjustment_explains_no_more_than_it_adjusted():
    assert why(Books([doc(HERE, -3, 5, "adjustment")], [told(HERE, -4, 5)])) == {HERE: (1, Cause.BY_HAND)}


def test_an_adjustment_no_count_ever_showed_is_told():
    assert why(Books([doc(HERE, -3, 5, "adjustment")])) == {HERE: (-3, Cause.LOST)}


@pytest.mark.parametrize("beside", [0, -2])
def test_a_transfer_explains_what_left_and_what_came_beside_sales(beside: int):
    sales = [doc(HERE, beside, 30), doc(THERE, beside, 5)] if beside else []
    documents = [doc(HERE, -6, 30, "transfer", "van"), doc(THERE, 6, 5, "transfer", "van"), *sales]
    books = Books(documents, [told(HERE, -6 + beside, 30), told(THERE, 6 + beside, 5)])
    books.moving.append(van(6, sent=30, arrived=True))
    assert why(books) == {}


def test_a_transfer_of_which_less_came_is_told_as_one():
    documents = [doc(HERE, -6, 30, "transfer", "van"), doc(THERE, 6, 5, "transfer", "van")]
    books = Books(documents, [told(HERE, -6, 30), told(THERE, 4, 5)], moving=[van(6, sent=30, arrived=True)])
    assert why(books) == {THERE: (2, Cause.TRANSFER)}


@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=1)])
def test_what_does_not_arrive_is_waited_for_four_days_and_then_told(late: timedelta):
    hours = (OVERDUE + late) / timedelta(hours=1)
    books = Books([doc(HERE, -6, hours, "transfer", "van")], [told(HERE, -6, hours)], moving=[van(6, sent=hours)])
    assert why(books) == ({THERE: (6, Cause.TRANSFER)} if late else {})


@pytest.mark.parametrize(("hours", "expected"), [(110, {THERE: (6, Cause.TRANSFER)}), (90, {})])
def test_goods_that_came_before_the_van_left_are_not_what_it_brought(
    hours: float, expected: dict[Cell, tuple[int, Cause]]
):
    books = Books([doc(HERE, -6, 100, "transfer", "van")], [told(HERE, -6, 100)], moving=[van(6, sent=100)])
    books.gains.append(told(THERE, 6, hours))
    assert why(books) == expected


def test_goods_sent_and_as_many_booked_in_within_one_count_are_no_fault():
    books = Books([doc(HERE, -6, 30, "transfer", "van")], moving=[van(6, sent=30)])
    assert why(books) == {}


def test_a_transfer_nobody_told_had_left_explains_its_loss():
    assert why(Books([], [told(HERE, -6, 5)], moving=[van(6, sent=None)])) == {}


def test_a_count_of_another_sku_at_the_time_is_the_sale_s_and_not_a_loss():
    books = Books([doc(HERE, -1, 5)], [told(HAT, -1, 5)])
    assert why(books) == {HERE: (-1, Cause.MAPPING), HAT: (1, Cause.MAPPING)}


def test_an_order_only_the_platform_has_explains_no_loss_from_before_it():
    order = Untold(HERE, "order", -2, ago(5))
    assert why(Books([], [told(HERE, -2, 5)]), (order,)) == {HERE: (2, Cause.LOST)}
    assert why(Books([], [told(HERE, -2, 9)]), (order,)) == {HERE: (2, Cause.BY_HAND)}


def test_a_sale_told_twice_is_told_where_it_was_counted_twice_and_else_not():
    def books(counted: int) -> Books:
        sold = [doc(HERE, -2, 5, name="first"), doc(HERE, -2, 5, name="again")]
        return Books(sold, [told(HERE, counted, 5)], twice={"again": "first"})

    assert why(books(-4)) == {HERE: (2, Cause.DUPLICATE)}
    assert why(books(-2)) == {}


def settled(cell: Cell, hours: float, untold: int = 0) -> dict[Cell, Settled]:
    """A person settled it so many hours ago, when the platform counted so much more than we had heard of."""
    return {cell: Settled("settling", ago(hours), untold)}


def test_of_a_settled_count_only_what_came_later_is_told():
    books = Books([doc(HERE, -2, 30)], [told(HERE, -5, 20), told(HERE, -1, 6)])
    assert why(books) == {HERE: (4, Cause.SEVERAL)}
    books.settled = settled(HERE, 8)
    assert why(books) == {HERE: (1, Cause.BY_HAND)}
    books.settled = settled(HERE, 5)
    assert why(books) == {}


def test_the_change_a_settlement_made_is_no_news_even_where_no_count_showed_it():
    books = Books([doc(HERE, -3, 4, "adjustment", "settling")], settled=settled(HERE, 5))
    assert why(books) == {}


def test_goods_that_came_to_a_settled_count_still_excuse_those_that_left_another():
    books = Books(tellings=[told(HERE, -6, 30)], gains=[told(THERE, 6, 20)], settled=settled(THERE, 10))
    assert why(books) == {}


def test_a_line_on_another_sku_is_told_of_the_count_that_is_not_settled_and_only_of_it():
    books = Books([doc(HERE, -2, 20)], [told(HAT, -2, 20)], settled=settled(HERE, 10))
    assert {cell: apart for cell, (apart, _) in why(books).items()} == {HAT: 2}


@pytest.mark.parametrize(("hours", "left"), [(7.0, {}), (6.9, {HERE: (2, Cause.BY_HAND)})])
def test_what_a_platform_had_counted_at_a_settlement_may_be_heard_of_for_three_hours(
    hours: float, left: dict[Cell, tuple[int, Cause]]
):
    assert why(Books(tellings=[told(HERE, -2, hours)], settled=settled(HERE, 10, untold=-2))) == left


def test_a_telling_that_never_came_is_told_but_for_what_was_settled_of_it():
    books = Books(settled=settled(HERE, 10, untold=-2))
    found = sides(books, (), {HERE: -5}, at=NOW, platform_at=ago(3))
    assert [(each.system, each.change) for each in found.documents] == [("theirs", -3)]
    assert found.apart == {HERE: -2}, "what is settled of it is in the platform's count, and not in the one we keep"


def test_a_transfer_given_up_on_is_not_told_again():
    books = Books(moving=[van(6, sent=OVERDUE / timedelta(hours=1) + 1)])
    assert why(books) == {THERE: (6, Cause.TRANSFER)}
    books.settled = settled(THERE, 1)
    assert why(books) == {}
