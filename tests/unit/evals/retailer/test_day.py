"""The trading day promises: the whole mix at its hours, the same for the same seed, and best sellers that run out."""

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from evals.retailer import actions
from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.day import Step, TradingDay
from evals.retailer.day_plan import MIX
from evals.retailer.world import Change, CodeDiscount, World
from tests.unit.evals.retailer.conftest import START

SAMPLE = Path(__file__).parents[5] / "shared" / "specs" / "till" / "checkout_started.request.json"


def _live(world: World, clock: VirtualClock, steps: int = 400) -> list[Step]:
    return list(TradingDay(world, clock, seed=1, steps=steps).steps())


def _small(seed: int = 4) -> tuple[World, VirtualClock]:
    return build_world(seed=seed, start=START, variants=300, customers=500, history_days=7)


def _sample(day: TradingDay) -> Step:
    return next(step for step in day.steps() if step.transaction == "TXN_XYZ789")


def test_the_same_seed_lives_the_same_day():
    days = [_small(), _small()]
    first, second = (_live(*day) for day in days)
    assert first == second
    assert days[0][0].levels == days[1][0].levels
    assert days[0][0].orders == days[1][0].orders


def test_a_day_has_as_many_steps_as_asked_for_and_every_kind_of_them():
    steps = _live(*_small(), steps=800)
    kinds = Counter(step.kind for step in steps)
    assert len(steps) == 800 + kinds["close"]
    assert kinds["close"] == 6
    assert kinds.keys() == {*MIX, "close", "late_sale"}


def test_steps_come_in_order_and_move_the_clock():
    world, clock = _small()
    moments = [(step.at, world.now()) for step in TradingDay(world, clock, seed=1, steps=200).steps()]
    assert moments == sorted(moments)
    assert all(at == now for at, now in moments)
    assert moments[-1][0] - START < timedelta(days=1)


def test_an_offline_till_reports_its_sales_later_than_they_happened():
    late = [step for step in _live(*_small(), steps=1_200) if step.kind == "late_sale"]
    assert len(late) > 5
    orders = [step.order for step in late if step.order]
    assert {order.place for order in orders} == {"STORE_BOS"}
    assert all(order.occurred_at < order.updated_at for order in orders)
    assert max(order.updated_at - order.occurred_at for order in orders) > timedelta(hours=1)


def test_the_samples_checkout_is_sent_as_the_sample_has_it():
    if not SAMPLE.exists():
        pytest.skip("the till's sample is not beside this checkout")
    world, clock = _small()
    step = _sample(TradingDay(world, clock, seed=1, steps=200))
    sent, sample = (json.loads(text, parse_float=Decimal) for text in (step.payload, SAMPLE.read_bytes()))
    assert sent == sample


def test_a_checkout_is_paid_with_the_code_it_was_given_once():
    world, clock = _small()
    day = TradingDay(world, clock, seed=1, steps=200)
    step = _sample(day)
    actions.create_discount(
        world,
        CodeDiscount("", "shopify", "TEE10", "Ten off", 1_000, 0, ("PROD_001",), 1, START, None, usage_limit=1),
    )
    order = day.complete(step, "TEE10")
    assert order is not None
    assert (order.total, order.transaction, order.discount_codes) == (2699, "TXN_XYZ789", ("TEE10",))
    assert day.complete(step, "TEE10") is order


@pytest.mark.parametrize("code", ["", "NOBODY"])
def test_a_checkout_without_a_valid_code_is_paid_in_full(code: str):
    world, clock = _small()
    day = TradingDay(world, clock, seed=1, steps=200)
    order = day.complete(_sample(day), code)
    assert order is not None
    assert order.total == 2999


def test_a_checkout_left_alone_is_paid_before_the_next_step():
    world, clock = _small()
    steps = TradingDay(world, clock, seed=1, steps=200).steps()
    step = next(step for step in steps if step.kind == "checkout")
    assert step.order is None
    next(steps)
    assert step.order is not None


def test_a_checkout_whose_last_unit_somebody_else_took_is_not_paid():
    world, clock = _small()
    day = TradingDay(world, clock, seed=1, steps=200)
    step = _sample(day)
    level = world.levels["PROD_001", "STORE_123"]
    actions.adjust(world, "PROD_001", "STORE_123", -level.available, expected=None)
    assert day.complete(step) is None


def test_every_checkout_names_its_customer_and_sums_its_basket():
    world, clock = _small()
    checkouts = [step for step in _live(world, clock) if step.kind == "checkout"]
    assert len({step.transaction for step in checkouts}) == len(checkouts) > 50
    for step in checkouts:
        sent = json.loads(step.payload, parse_float=Decimal)
        assert sent["customer"]
        assert sent["total_amount"] == sum(line["price"] * line["quantity"] for line in sent["basket"])
        assert [(line["sku"], line["quantity"]) for line in sent["basket"]] == list(step.basket)


def test_best_sellers_run_low_in_a_day_while_another_shop_of_the_platform_has_plenty():
    world, clock = build_world(seed=7, start=START)
    before = {key: level.available for key, level in world.levels.items()}
    heard: list[Change] = []
    world.listeners.append(heard.append)
    _live(world, clock, steps=1_200)
    places = world.places
    rescued: Counter[str] = Counter()
    for (sku, place), level in world.levels.items():
        if places[place].kind == "shop" and level.available <= 2 < before[sku, place]:
            others = [
                other.code
                for other in places.values()
                if other.platform == places[place].platform and other.kind == "shop" and other.code != place
            ]
            levels = [world.levels[sku, other].available for other in others if (sku, other) in world.levels]
            rescued[places[place].platform] += max(levels, default=0) >= 20
    assert rescued["shopify"] >= 5
    assert rescued["lightspeed"] >= 3
    assert all(level.available >= 0 for level in world.levels.values())
    assert {change.platform for change in heard if change.topic == "order.created"} == {"shopify", "lightspeed"}


def test_a_day_that_starts_after_closing_is_the_next_one():
    evening = START + timedelta(hours=16)  # midnight in New York; the shops in the west have closed too
    world, clock = build_world(seed=4, start=evening, variants=60, customers=100, history_days=0)
    steps = _live(world, clock, steps=50)
    assert steps[0].at > evening + timedelta(hours=8)
