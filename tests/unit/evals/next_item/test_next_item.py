"""The measure of foretelling: nothing of the future is learned from, and every hidden variant is looked for once."""

import pytest

from evals.next_item.recorded import FILE, Order, Recorded, read_recorded
from evals.next_item.suite import Hits, ahead, complete, periods
from knowledge.offers.next_item import NextItemModel, learn

NEEDS_DATA = pytest.mark.skipif(not FILE.exists(), reason="the recorded orders are not beside this checkout")


def recorded() -> Recorded:
    """Four weeks in which tea goes with a cup, and Ada buys paint every third day."""
    orders: list[Order] = []
    for number in range(280):
        held = (("tea", "cup"), ("paint", "brush"), (f"odd-{number % 9}", "bag"))[number % 3]
        orders.append(Order(number / 10, "ada" if held[0] == "paint" and number % 30 == 1 else "", held))
    return Recorded(tuple(orders), start=None)  # pyright: ignore[reportArgumentType]  # no date is asked for


def test_a_week_is_foretold_from_what_was_over_when_it_began():
    asked: list[float] = []

    def train(baskets: list[tuple[float, tuple[str, ...]]]) -> NextItemModel | None:
        asked.extend(age for age, _ in baskets)
        return learn(baskets)

    told = periods(recorded(), 14.0, 28.0, train)
    assert min(asked) > 0
    assert [len(period.orders) for period in told] == [70, 70]
    assert all(14.0 <= order.at < 28.0 for period in told for order in period.orders)


def test_company_is_found_and_popularity_alone_finds_less():
    hits = Hits()
    for period in periods(recorded(), 14.0, 28.0):
        complete(period, hits)
    assert hits.share("ease") == 1.0
    assert len(hits.told["ease"]) == 140


def test_only_who_bought_before_has_a_next_order():
    hits = Hits()
    ahead(recorded(), periods(recorded(), 14.0, 28.0), hits)
    assert hits.share("ours_next") == 1.0
    assert len(hits.told["ours_next"]) == len(
        [order for order in recorded().orders if order.customer and order.at >= 14]
    )


@NEEDS_DATA
def test_the_log_is_read_in_its_order_without_views_and_returns():
    read = read_recorded()
    assert len(read.orders) == 12_274
    assert [order.at for order in read.orders] == sorted(order.at for order in read.orders)
    assert read.day(2011, 8) == 243.0
    assert all(len({*order.skus}) == len(order.skus) for order in read.orders)
