"""Orders promise: goods leave a till at once and a warehouse when fulfilled, and refunds add up exactly."""

from datetime import timedelta

import pytest

from evals.retailer import actions
from evals.retailer.world import Change, CodeDiscount, Order, World
from tests.unit.evals.retailer.conftest import START

TEE = "PROD_001"  # $29.99


def _sell(world: World, place: str = "STORE_123", units: int = 1, *, pickup: str = "", code: str = "") -> Order:
    return actions.sell(
        world,
        place=place,
        customer_key=None,
        lines=[(TEE, units)],
        channel="online" if place == "ONLINE" else "pos",
        occurred_at=START,
        codes=[code] if code else [],
        pickup_place=pickup,
    )


def _heard(world: World) -> list[str]:
    topics: list[str] = []

    def hear(change: Change) -> None:
        topics.append(change.topic)

    world.listeners.append(hear)
    return topics


def test_goods_sold_at_a_till_leave_its_shelf_at_once(world: World):
    topics, before = _heard(world), world.levels[TEE, "STORE_123"].on_hand
    order = _sell(world, units=2)
    assert world.levels[TEE, "STORE_123"].on_hand == before - 2
    assert order.fulfilled_at == START
    assert topics == ["order.created", "inventory.updated"]


@pytest.mark.parametrize(("pickup", "origin"), [("", "WAREHOUSE"), ("STORE_NYC", "STORE_NYC")])
def test_goods_sold_online_are_committed_until_they_are_fulfilled(world: World, pickup: str, origin: str):
    level = world.levels[TEE, origin]
    before = level.on_hand
    order = _sell(world, "ONLINE", 2, pickup=pickup)
    assert (level.on_hand, level.committed) == (before, 2)
    actions.fulfill(world, order)
    assert (level.on_hand, level.committed) == (before - 2, 0)
    with pytest.raises(actions.WrongState):
        actions.fulfill(world, order)


def test_the_last_unit_can_be_sold_and_no_more(world: World):
    have = world.levels[TEE, "STORE_SEA"].available
    _sell(world, "STORE_SEA", have)
    topics = _heard(world)
    with pytest.raises(actions.OutOfStock):
        _sell(world, "STORE_SEA")
    assert not topics


def test_goods_committed_to_a_pickup_are_not_sold_to_somebody_else(world: World):
    have = world.levels[TEE, "STORE_NYC"].available
    _sell(world, "ONLINE", have, pickup="STORE_NYC")
    with pytest.raises(actions.OutOfStock):
        _sell(world, "STORE_NYC")


def test_the_online_shop_cannot_promise_goods_on_the_other_platform(world: World):
    with pytest.raises(actions.WrongState):
        _sell(world, "ONLINE", pickup="STORE_SEA")


def test_a_cancelled_online_order_frees_its_goods_and_a_shipped_one_cannot_be_cancelled(world: World):
    level = world.levels[TEE, "WAREHOUSE"]
    order, shipped = _sell(world, "ONLINE"), _sell(world, "ONLINE")
    actions.fulfill(world, shipped)
    actions.cancel(world, order)
    assert level.committed == 0
    for done in (order, shipped):
        with pytest.raises(actions.WrongState):
            actions.cancel(world, done)


def test_a_voided_lightspeed_sale_puts_its_goods_back(world: World):
    before = world.levels[TEE, "STORE_SEA"].on_hand
    actions.cancel(world, _sell(world, "STORE_SEA"))
    assert world.levels[TEE, "STORE_SEA"].on_hand == before


def test_refunds_of_a_discounted_line_add_up_to_exactly_what_was_paid(world: World):
    actions.create_discount(
        world, CodeDiscount("", "shopify", "TEN", "Ten", 0, 1_000, (), None, START, None, usage_limit=None)
    )
    order = _sell(world, units=3, code="TEN")
    for _ in range(3):
        actions.refund(world, order, {TEE: 1})
    assert sum(refund.amount for refund in order.refunds) == order.total == 3 * 2999 - 1_000
    with pytest.raises(actions.Unknown):
        actions.refund(world, order, {TEE: 1})


def test_a_shopify_return_may_come_back_at_another_shop(world: World):
    before = world.levels[TEE, "STORE_BOS"].on_hand
    actions.refund(world, _sell(world), {TEE: 1}, place="STORE_BOS")
    assert world.levels[TEE, "STORE_BOS"].on_hand == before + 1
    with pytest.raises(actions.WrongState):
        actions.refund(world, _sell(world), {TEE: 1}, place="STORE_SEA")


def test_a_lightspeed_return_is_a_sale_with_negative_quantities(world: World):
    sold = _sell(world, "STORE_SEA", 2)
    before = world.levels[TEE, "STORE_SEA"].on_hand
    given = actions.refund(world, sold, {TEE: 1})
    assert (given.return_of, given.total, given.lines[0].quantity) == (sold.id, -2999, -1)
    assert world.levels[TEE, "STORE_SEA"].on_hand == before + 1
    with pytest.raises(actions.WrongState):
        actions.refund(world, given, {TEE: 1})


def test_a_refund_before_shipping_only_frees_what_was_committed(world: World):
    level = world.levels[TEE, "WAREHOUSE"]
    before = level.on_hand
    order = _sell(world, "ONLINE", 2)
    actions.refund(world, order, {TEE: 1})
    assert (level.on_hand, level.committed) == (before, 1)
    actions.fulfill(world, order)
    assert (level.on_hand, level.committed) == (before - 1, 0)


def test_a_late_till_reports_when_it_sold_and_when_that_was_heard_of(world: World):
    earlier = START - timedelta(hours=2)
    order = actions.sell(
        world, place="STORE_BOS", customer_key=None, lines=[(TEE, 1)], channel="pos", occurred_at=earlier
    )
    assert (order.occurred_at, order.updated_at) == (earlier, START)


@pytest.mark.parametrize("lines", [[], [("NOTHING", 1)], [(TEE, 0)], [(TEE, -1)]])
def test_a_sale_of_nothing_or_of_what_does_not_exist_is_refused(world: World, lines: list[tuple[str, int]]):
    with pytest.raises(actions.Unknown):
        actions.sell(world, place="STORE_123", customer_key=None, lines=lines, channel="pos", occurred_at=START)
