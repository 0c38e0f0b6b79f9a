"""Queries cost what Shopify's rules say, and the bucket holds back what it cannot afford."""

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as st

from evals.retailer.shopify.admin import admin_schema
from evals.retailer.shopify.bucket import Bucket
from evals.retailer.shopify.cost import plan_of, requested
from tests.contract.simulator.small_shop import RealTime, open_shop

OPS = Path(__file__).parents[4] / "shared" / "specs" / "shopify" / "ops"
LOCATIONS = "query L($n: Int!) { locations(first: $n) { nodes { id address { city } } } }"  # 2 points for each


@pytest.mark.parametrize(
    ("name", "variables", "cost"),
    [
        ("orders_search", {"first": 10}, 580),
        ("customer_history", {"orders": 10, "lines": 10}, 552),
        ("order_detail", {}, 356),
        ("inventory_by_sku", {"items": 5, "locations": 20}, 335),
    ],
)
def test_an_operation_costs_what_the_published_rules_give(name: str, variables: dict[str, int], cost: int):
    path = OPS / f"{name}.graphql"
    if not path.exists():
        pytest.skip("the operations are not beside the repository")
    (operation,) = parse(path.read_text("utf-8")).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert requested(plan_of(admin_schema(), operation, {}), variables) == cost


def test_a_fragment_costs_what_it_selects():
    document = parse("{ locations(first: 3) { nodes { ...place } } } fragment place on Location { address { city } }")
    operation, fragment = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    plans = plan_of(admin_schema(), operation, {"place": fragment})  # pyright: ignore[reportArgumentType] - the fragment
    assert requested(plans, {}) == 6


@pytest.mark.anyio
async def test_an_answer_reports_what_it_asked_for_and_what_it_used():
    async with open_shop(bucket_size=1000.0, restore_rate=100.0) as shop:
        places = len(shop.shop.index.locations)
        body = (await shop.post(LOCATIONS, n=50)).json()
    assert body["extensions"]["cost"] == {
        "requestedQueryCost": 100,
        "actualQueryCost": 2 * places,
        "throttleStatus": {
            "maximumAvailable": 1000.0,
            "currentlyAvailable": 1000 - 2 * places,
            "restoreRate": 100.0,
        },
    }


@pytest.mark.anyio
async def test_an_empty_bucket_throttles_until_time_has_filled_it():
    async with open_shop(bucket_size=100.0, restore_rate=50.0) as shop:
        places = len(shop.shop.index.locations)
        assert (await shop.post(LOCATIONS, n=50)).json()["data"]
        throttled = await shop.post(LOCATIONS, n=50)
        assert throttled.json()["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert throttled.json()["extensions"]["cost"]["actualQueryCost"] is None
        assert "data" not in throttled.json()
        assert throttled.headers["Retry-After"] == "1"
        shop.time.pass_by((2 * places - 1) / 50)
        assert await shop.errors(LOCATIONS, n=50) == ["THROTTLED"]
        shop.time.pass_by(1 / 50)
        assert (await shop.post(LOCATIONS, n=50)).json()["data"]


@pytest.mark.anyio
async def test_a_query_may_cost_a_thousand_and_not_one_object_more():
    async with open_shop() as shop:
        nested = "query N($n: Int!) { locations(first: 4) { nodes { inventoryLevels(first: $n) { nodes { id } } } } }"
        assert (await shop.post(nested, n=249)).json()["extensions"]["cost"]["requestedQueryCost"] == 1000
        assert await shop.errors(nested, n=250) == ["MAX_COST_EXCEEDED"]


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 20)), max_size=30))
def test_a_bucket_never_lends_nor_overflows(steps: list[tuple[int, float]]):
    time = RealTime()
    bucket = Bucket(1000.0, 100.0, time.monotonic)
    for points, seconds in steps:
        before = bucket.status()["currentlyAvailable"]
        wait = bucket.take(points)
        after = bucket.status()["currentlyAvailable"]
        assert 0 <= after <= 1000
        assert (wait > 0) == (points > before) or abs(points - before) < 1  # the status is cut to whole points
        time.pass_by(seconds)
