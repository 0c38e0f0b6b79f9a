"""Discount codes promise: a code works once if it is single-use, and only when, where, and for whom it is meant."""

from datetime import timedelta

import pytest

from evals.retailer import actions
from evals.retailer.world import CodeDiscount, World
from tests.unit.evals.retailer.conftest import START

TEE = "PROD_001"  # $29.99


def _code(world: World, **facts: object) -> CodeDiscount:
    terms: dict[str, object] = {
        "id": "",
        "platform": "shopify",
        "code": "WELCOME10",
        "title": "Welcome",
        "basis_points": 1_000,
        "amount": 0,
        "skus": (),
        "customer": None,
        "starts_at": START,
        "ends_at": START + timedelta(hours=1),
        "usage_limit": 1,
    }
    return actions.create_discount(world, CodeDiscount(**{**terms, **facts}))  # pyright: ignore[reportArgumentType] - the test names the fields


def test_a_single_use_code_works_once(world: World):
    _code(world)
    assert actions.apply_code(world, "welcome10", [(TEE, 1)], None, START) == 300
    with pytest.raises(actions.CodeRefused, match="has been used"):
        actions.apply_code(world, "WELCOME10", [(TEE, 1)], None, START)
    assert world.discounts["WELCOME10"].used == 1


def test_a_single_use_code_is_used_up_by_a_sale(world: World):
    _code(world)
    facts = {"place": "STORE_123", "customer_key": 1, "lines": [(TEE, 1)], "channel": "pos", "occurred_at": START}
    order = actions.sell(world, **facts, codes=["WELCOME10"])  # pyright: ignore[reportArgumentType] - facts of a sale
    assert (order.total, order.discount_codes) == (2699, ("WELCOME10",))
    before = world.levels[TEE, "STORE_123"].on_hand
    with pytest.raises(actions.CodeRefused):
        actions.sell(world, **facts, codes=["WELCOME10"])  # pyright: ignore[reportArgumentType] - facts of a sale
    assert world.levels[TEE, "STORE_123"].on_hand == before


def test_a_sale_that_is_out_of_stock_does_not_use_its_code(world: World):
    _code(world)
    have = world.levels[TEE, "STORE_123"].available
    with pytest.raises(actions.OutOfStock):
        actions.sell(
            world,
            place="STORE_123",
            customer_key=None,
            lines=[(TEE, have + 1)],
            channel="pos",
            occurred_at=START,
            codes=["WELCOME10"],
        )
    assert world.discounts["WELCOME10"].used == 0


@pytest.mark.parametrize("after", [timedelta(seconds=-1), timedelta(hours=1)])
def test_a_code_is_refused_before_its_first_and_from_its_last_moment(world: World, after: timedelta):
    _code(world)
    with pytest.raises(actions.CodeRefused, match="not valid at this time"):
        actions.apply_code(world, "WELCOME10", [(TEE, 1)], None, START + after)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(hours=1, microseconds=-1)])
def test_a_code_works_from_its_first_and_until_its_last_moment(world: World, after: timedelta):
    _code(world)
    assert actions.apply_code(world, "WELCOME10", [(TEE, 1)], None, START + after) == 300


@pytest.mark.parametrize(
    ("facts", "customer", "place"),
    [
        ({"customer": 2}, 1, ""),
        ({"customer": 2}, None, ""),
        ({"places": ("STORE_NYC",)}, None, "STORE_123"),
        ({"platform": "lightspeed"}, None, "STORE_123"),
        ({"skus": ("another",)}, None, ""),
        ({"extra": {"minimum_cents": 6_000}}, None, ""),
        ({"extra": {"minimum_units": 3}}, None, ""),
        ({"extra": {"once_per_customer": True}}, None, ""),
    ],
)
def test_a_code_is_refused_for_others_elsewhere_and_for_too_little(
    world: World, facts: dict[str, object], customer: int | None, place: str
):
    _code(world, **facts)
    with pytest.raises(actions.CodeRefused):
        actions.apply_code(world, "WELCOME10", [(TEE, 2)], customer, START, place=place)
    assert world.discounts["WELCOME10"].used == 0


def test_a_code_once_per_customer_works_once_for_each(world: World):
    _code(world, usage_limit=None, extra={"once_per_customer": True})
    for customer in (1, 2):
        assert actions.apply_code(world, "WELCOME10", [(TEE, 1)], customer, START) == 300
    with pytest.raises(actions.CodeRefused, match="each customer"):
        actions.apply_code(world, "WELCOME10", [(TEE, 1)], 1, START)


def test_an_amount_off_is_never_more_than_the_goods_cost(world: World):
    _code(world, basis_points=0, amount=10_000)
    assert actions.apply_code(world, "WELCOME10", [(TEE, 1)], None, START) == 2999


def test_cents_off_an_order_are_spread_over_its_lines_without_losing_one(world: World):
    _code(world, basis_points=0, amount=1_001, usage_limit=None)
    others = [sku for sku, place in world.levels if place == "STORE_123" and sku != TEE][:2]
    order = actions.sell(
        world,
        place="STORE_123",
        customer_key=None,
        lines=[(sku, 1) for sku in (TEE, *others)],
        channel="pos",
        occurred_at=START,
        codes=["WELCOME10"],
    )
    assert sum(line.discount for line in order.lines) == 1_001
    assert all(line.discount > 0 for line in order.lines)


def test_a_code_exists_once_in_any_case_of_letters(world: World):
    _code(world)
    with pytest.raises(actions.CodeTaken):
        _code(world, code="Welcome10 ")


def test_a_code_taken_back_works_no_more(world: World):
    _code(world)
    actions.deactivate_discount(world, "welcome10")
    with pytest.raises(actions.CodeRefused):
        actions.apply_code(world, "WELCOME10", [(TEE, 1)], None, START)


def test_an_unknown_code_is_unknown(world: World):
    with pytest.raises(actions.Unknown):
        actions.apply_code(world, "NOBODY", [(TEE, 1)], None, START)
