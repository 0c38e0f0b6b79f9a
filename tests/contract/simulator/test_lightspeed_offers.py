"""Promotions and promo codes of the simulated Lightspeed: priced before they are used, counted, and ended."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from evals.retailer.actions import CodeRefused, sell
from evals.retailer.world import Order, Variant
from tests.contract.simulator.small_lightspeed import SmallLightspeed, small_lightspeed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop() -> AsyncGenerator[SmallLightspeed]:
    async with small_lightspeed() as running:
        yield running


def promotion(**more: Any) -> dict[str, Any]:
    return {
        "name": "Thanks",
        "start_time": "2026-11-23T14:00:00",
        "end_time": "2026-11-24T14:00:00",
        "use_promo_code": True,
        "add_promo_code": [{"code": "Thanks-15", "limit": 1}],
        "condition": {"type": "product_set"},
        "action": {"type": "basic_percent_discount", "value": 15},
        **more,
    }


async def price(shop: SmallLightspeed, variant: Variant, units: int = 2, **more: Any) -> Any:
    line: dict[str, Any] = {
        "handle": "h",
        "product_id": variant.lightspeed_product_id,
        "product_brand_id": "",
        "product_supplier_id": "",
        "product_type_id": "",
        "product_tag_ids": [],
        "quantity": units,
        "unit_price": variant.price / 100,
        "unit_tax_discount": 0,
    }
    sale = {"line_items": [line], "sale_date": "2026-11-23", "total_price": 1, "total_tax": 0}
    body = {"channel": "Register", "customer": {}, "outlet_id": shop.seattle.outlet_id, "sale": sale, **more}
    return (await shop.call("POST", "/discount", json=body))["data"]


def buy(shop: SmallLightspeed, variant: Variant, code: str, place: str = "STORE_SEA") -> Order:
    return sell(
        shop.world,
        place=place,
        customer_key=None,
        lines=[(variant.sku, 2)],
        channel="pos",
        occurred_at=shop.clock.now(),
        codes=[code],
    )


async def test_the_dry_run_price_is_what_the_till_takes_off(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    await shop.call("POST", "/promotions", 201, json=promotion())
    priced = await price(shop, variant, promo_code="thanks-15")
    order = buy(shop, variant, "THANKS-15")
    assert priced["promo_code_validation"]["status"] == "valid"
    assert priced["sale"]["total_price"] == Decimal(order.total) / 100
    assert priced["sale"]["line_items"][0]["promotion_ids"] == [priced["promotions"][0]["id"]]


async def test_pricing_uses_nothing_up(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    await shop.call("POST", "/promotions", 201, json=promotion())
    for _ in range(3):
        await price(shop, variant, promo_code="THANKS-15")
    assert buy(shop, variant, "THANKS-15").discount_codes == ("THANKS-15",)


async def test_a_code_used_as_often_as_its_limit_is_invalid(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    made = await shop.call("POST", "/promotions", 201, json=promotion())
    buy(shop, variant, "THANKS-15")
    priced = await price(shop, variant, promo_code="THANKS-15")
    assert priced["promo_code_validation"]["status"] == "invalid"
    assert priced["sale"]["total_price"] == Decimal(2 * variant.price) / 100
    codes = await shop.call("GET", f"/promotions/{made['data']['id']}/promocodes")
    assert [(row["code"], row["redeemed"]) for row in codes["data"]["promo_codes"]] == [("THANKS-15", 1)]


async def test_a_sale_names_the_promotion_of_its_code(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    made = await shop.call("POST", "/promotions", 201, json=promotion())
    order = buy(shop, variant, "THANKS-15")
    row = (await shop.call("GET", f"/sales/{order.id}"))["data"]
    named = row["line_items"][0]["promotions"][0]
    assert (named["id"], named["promo_code"]) == (made["data"]["id"], "THANKS-15")
    assert named["amount"] == Decimal(order.lines[0].discount) / 100


async def test_a_code_exists_once(shop: SmallLightspeed) -> None:
    await shop.call("POST", "/promotions", 201, json=promotion())
    await shop.call("POST", "/promotions", 409, json=promotion(add_promo_code=[{"code": "THANKS-15"}]))
    assert len(shop.account.promotions) == 1


async def test_a_promotion_is_ended_by_an_end_time(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    made = await shop.call("POST", "/promotions", 201, json=promotion())
    path = f"/promotions/{made['data']['id']}"
    await shop.call("PUT", path, json=promotion(end_time="2026-11-23T15:00:00", add_promo_code=[]))
    assert (await price(shop, variant, promo_code="THANKS-15"))["promo_code_validation"]["status"] == "invalid"
    with pytest.raises(CodeRefused):
        buy(shop, variant, "THANKS-15")


async def test_an_end_in_the_future_is_kept_to_the_second(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    made = await shop.call("POST", "/promotions", 201, json=promotion(end_time=None))
    ends = promotion(end_time="2026-11-23T15:10:00", add_promo_code=[])
    await shop.call("PUT", f"/promotions/{made['data']['id']}", json=ends)
    shop.clock.advance_to(shop.clock.now() + timedelta(minutes=9, seconds=59))
    assert (await price(shop, variant, promo_code="THANKS-15"))["promo_code_validation"]["status"] == "valid"
    shop.clock.advance_to(shop.clock.now() + timedelta(seconds=1))
    assert (await price(shop, variant, promo_code="THANKS-15"))["promo_code_validation"]["status"] == "invalid"


async def test_only_codes_nobody_used_can_be_deleted(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    codes = [{"code": "ONE", "limit": 1}, {"code": "TWO", "limit": 1}]
    made = await shop.call("POST", "/promotions", 201, json=promotion(add_promo_code=codes))
    path = f"/promotions/{made['data']['id']}/promocodes"
    rows = (await shop.call("GET", path))["data"]["promo_codes"]
    used, free = (next(row["id"] for row in rows if row["code"] == code) for code in ("ONE", "TWO"))
    buy(shop, variant, "ONE")
    kept = await shop.call("DELETE", "/promocode/bulk", json=[used, free, "unknown"])
    assert kept["data"] == [used, "unknown"]
    with pytest.raises(CodeRefused):
        buy(shop, variant, "TWO")


async def test_a_promotion_for_some_products_at_some_outlets_stays_there(shop: SmallLightspeed) -> None:
    covered, other = shop.variant(0), shop.variant(1)
    include = [{"field": "product_id", "value": covered.lightspeed_product_id}]
    limited = promotion(
        outlet_ids=[shop.seattle.outlet_id],
        action={"type": "basic_fixed_discount", "value": 5, "include": include},
        add_promo_code=[{"code": "FIVE"}],
    )
    await shop.call("POST", "/promotions", 201, json=limited)
    assert (await price(shop, covered, promo_code="FIVE"))["sale"]["total_price"] == Decimal(
        2 * covered.price - 500
    ) / 100
    assert (await price(shop, other, promo_code="FIVE"))["promo_code_validation"]["status"] == "invalid"
    elsewhere = await price(shop, covered, promo_code="FIVE", outlet_id=shop.portland.outlet_id)
    assert elsewhere["promo_code_validation"]["status"] == "invalid"


async def test_the_best_promotion_without_a_code_is_applied_by_itself(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    for value in (10, 20):
        body = promotion(
            use_promo_code=False, add_promo_code=[], action={"type": "basic_percent_discount", "value": value}
        )
        await shop.call("POST", "/promotions", 201, json=body)
    priced = await price(shop, variant)
    each = (variant.price * 2000 + 5000) // 10000
    assert priced["sale"]["total_price"] == Decimal(2 * (variant.price - each)) / 100


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"start_time": "tomorrow"},
        {"use_promo_code": False},
        {"condition": {"type": "weather"}},
        {"action": {"type": "percent_discount", "value": 100.01}},
        {"action": {"type": "percent_discount", "value": 0}},
        {"action": {"type": "free", "value": 1}},
        {"add_promo_code": [{"code": " "}]},
        {"add_promo_code": [{"code": "A", "limit": 0}]},
        {"outlet_ids": ["unknown"]},
        {"action": {"type": "percent_discount", "value": 5, "include": [{"field": "mood", "value": "x"}]}},
    ],
)
async def test_a_wrong_promotion_is_refused_and_leaves_no_code(shop: SmallLightspeed, change: dict[str, Any]) -> None:
    before = len(shop.world.discounts)
    await shop.call("POST", "/promotions", 422, json=promotion(**change))
    assert (len(shop.account.promotions), len(shop.world.discounts)) == (0, before)
