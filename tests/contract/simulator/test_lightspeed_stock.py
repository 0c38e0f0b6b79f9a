"""Stock at the simulated Lightspeed: adjustments whose sign fits their reason, and the life of a consignment."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from evals.retailer.world import Place, Variant
from tests.contract.simulator.small_lightspeed import SmallLightspeed, small_lightspeed

pytestmark = pytest.mark.anyio
CUSTOM_REASON = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


@pytest.fixture
async def shop() -> AsyncGenerator[SmallLightspeed]:
    async with small_lightspeed() as running:
        yield running


def entry(shop: SmallLightspeed, variant: Variant, quantity: Any, reason: str, **more: str) -> dict[str, Any]:
    product, outlet = variant.lightspeed_product_id, shop.seattle.outlet_id
    return {"product_id": product, "outlet_id": outlet, "quantity": quantity, "reason": reason, **more}


async def open_transfer(shop: SmallLightspeed, variant: Variant, units: int = 5) -> str:
    body = {
        "name": "Refill",
        "type": "OUTLET",
        "status": "OPEN",
        "outlet_id": shop.seattle.outlet_id,
        "source_outlet_id": shop.backroom.outlet_id,
    }
    made = await shop.call("POST", "/consignments", 201, json=body)
    path = f"/consignments/{made['data']['id']}"
    await shop.call("POST", f"{path}/bulk", json=[{"product_id": variant.lightspeed_product_id, "count": str(units)}])
    return path


def stock(shop: SmallLightspeed, variant: Variant, place: Place) -> tuple[int, int]:
    level = shop.world.levels[(variant.sku, place.code)]
    return level.on_hand, level.incoming


@pytest.mark.parametrize(
    ("quantity", "reason", "more"),
    [
        ("-3", "DAMAGE", {}),
        ("-3.00000", "THEFT", {}),
        ("4", "STOCK_FOUND", {}),
        ("-2", "CUSTOM", {"custom_inventory_adjustment_reason_id": CUSTOM_REASON}),
        ("2", "CUSTOM", {"custom_inventory_adjustment_reason_id": CUSTOM_REASON}),
    ],
)
async def test_an_adjustment_changes_the_count(
    shop: SmallLightspeed, quantity: str, reason: str, more: dict[str, str]
) -> None:
    variant = shop.variant()
    body = {"stock_adjustments": [entry(shop, variant, quantity, reason, **more)]}
    made = await shop.call("POST", "/stock_adjustments", 201, json=body)
    assert shop.on_hand(variant, shop.seattle) == 20 + int(float(quantity))
    assert made["data"][0]["reason"] == reason


@pytest.mark.parametrize(
    ("quantity", "reason", "more"),
    [
        ("3", "DAMAGE", {}),
        ("-4", "STOCK_FOUND", {}),
        ("0", "CUSTOM", {"custom_inventory_adjustment_reason_id": CUSTOM_REASON}),
        ("2", "CUSTOM", {}),
        ("-2", "DAMAGE", {"custom_inventory_adjustment_reason_id": CUSTOM_REASON}),
        (-2, "DAMAGE", {}),
        ("-1.5", "DAMAGE", {}),
        ("many", "DAMAGE", {}),
        ("-2", "SHRINK", {}),
        ("-2", "DAMAGE", {"note": "unknown field"}),
    ],
)
async def test_a_wrong_adjustment_is_refused_and_takes_its_whole_batch_with_it(
    shop: SmallLightspeed, quantity: Any, reason: str, more: dict[str, str]
) -> None:
    variant = shop.variant()
    batch = [entry(shop, variant, "-1", "DAMAGE"), entry(shop, variant, quantity, reason, **more)]
    await shop.call("POST", "/stock_adjustments", 422, json={"stock_adjustments": batch})
    assert shop.on_hand(variant, shop.seattle) == 20


async def test_a_batch_holds_1_to_1000_adjustments(shop: SmallLightspeed) -> None:
    one = entry(shop, shop.variant(), "1", "STOCK_FOUND")
    await shop.call("POST", "/stock_adjustments", 422, json={"stock_adjustments": []})
    await shop.call("POST", "/stock_adjustments", 201, json={"stock_adjustments": [one] * 1000})
    await shop.call("POST", "/stock_adjustments", 422, json={"stock_adjustments": [one] * 1001})


async def test_adjustments_are_listed_by_version(shop: SmallLightspeed) -> None:
    one = entry(shop, shop.variant(), "1", "STOCK_FOUND")
    await shop.call("POST", "/stock_adjustments", 201, json={"stock_adjustments": [one] * 3})
    first = await shop.call("GET", "/stock_adjustments", params={"page_size": 2})
    rest = await shop.call("GET", "/stock_adjustments", params={"after": first["version"]["max"]})
    end = await shop.call("GET", "/stock_adjustments", params={"after": rest["version"]["max"]})
    assert (len(first["data"]), len(rest["data"]), end) == (2, 1, {"data": [], "version": {"min": None, "max": None}})


async def test_a_transfer_moves_no_goods_before_it_is_sent(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    await open_transfer(shop, variant)
    assert stock(shop, variant, shop.backroom) == (20, 0)
    assert stock(shop, variant, shop.seattle) == (20, 0)


async def test_a_transfer_leaves_when_sent_and_arrives_when_received(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    path = await open_transfer(shop, variant)
    await shop.call("PUT", path, json={"status": "SENT"})
    assert (stock(shop, variant, shop.backroom), stock(shop, variant, shop.seattle)) == ((15, 0), (20, 5))
    done = await shop.call("PUT", path, json={"status": "RECEIVED"})
    assert (stock(shop, variant, shop.backroom), stock(shop, variant, shop.seattle)) == ((15, 0), (25, 0))
    assert done["data"]["received_at"] == "2026-11-23T15:00:00+00:00"


async def test_fewer_units_can_be_received_than_were_sent(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    path = await open_transfer(shop, variant)
    await shop.call("PUT", path, json={"status": "SENT"})
    await shop.call("POST", f"{path}/bulk", json=[{"product_id": variant.lightspeed_product_id, "received": "4"}])
    await shop.call("PUT", path, json={"status": "RECEIVED"})
    assert stock(shop, variant, shop.seattle) == (24, 0)
    rows = await shop.call("GET", f"{path}/products")
    assert (rows["data"][0]["count"], rows["data"][0]["received"]) == ("5.00000", "4.00000")


async def test_a_cancelled_transfer_comes_back(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    path = await open_transfer(shop, variant)
    await shop.call("PUT", path, json={"status": "SENT"})
    await shop.call("PUT", path, json={"status": "CANCELLED"})
    assert (stock(shop, variant, shop.backroom), stock(shop, variant, shop.seattle)) == ((20, 0), (20, 0))
    await shop.call("PUT", path, 409, json={"status": "SENT"})


async def test_only_an_open_consignment_can_be_deleted_or_change_its_counts(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    path = await open_transfer(shop, variant)
    await shop.call("PUT", path, json={"status": "SENT"})
    await shop.call("DELETE", path, 409)
    await shop.call("POST", f"{path}/bulk", 409, json=[{"product_id": variant.lightspeed_product_id, "count": "6"}])
    other = await open_transfer(shop, variant)
    await shop.call("DELETE", other, 204)
    await shop.call("GET", other, 404)


async def test_a_consignment_takes_500_products_at_once_and_no_more(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    path = await open_transfer(shop, variant)
    line = {"product_id": variant.lightspeed_product_id, "count": "1"}
    await shop.call("POST", f"{path}/bulk", json=[line] * 500)
    await shop.call("POST", f"{path}/bulk", 422, json=[line] * 501)


async def test_a_purchase_order_brings_goods_from_outside(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    body = {"name": "Order", "type": "SUPPLIER", "status": "OPEN", "outlet_id": shop.backroom.outlet_id}
    made = await shop.call("POST", "/consignments", 201, json={"data": body})
    path = f"/consignments/{made['data']['id']}"
    await shop.call("PUT", path, 422, json={"status": "SENT"})  # it holds nothing yet
    await shop.call("POST", f"{path}/bulk", json=[{"product_id": variant.lightspeed_product_id, "count": "7"}])
    await shop.call("PUT", path, json={"status": "SENT"})
    assert stock(shop, variant, shop.backroom) == (20, 7)
    await shop.call("PUT", path, json={"status": "DISPATCHED"})
    await shop.call("PUT", path, json={"status": "RECEIVED"})
    assert stock(shop, variant, shop.backroom) == (27, 0)
    await shop.call("PUT", path, 409, json={"status": "CANCELLED"})


async def test_consignments_are_listed_by_type_status_and_outlet(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    sent, opened = await open_transfer(shop, variant), await open_transfer(shop, variant)
    await shop.call("PUT", sent, json={"status": "SENT"})
    found = await shop.call("GET", "/consignments", params={"type": "OUTLET", "status": "OPEN"})
    assert [row["id"] for row in found["data"]] == [opened.rpartition("/")[2]]
    assert (await shop.call("GET", "/consignments", params={"outlet_id": shop.portland.outlet_id}))["data"] == []
    assert (await shop.call("GET", "/consignments", params={"type": "SUPPLIER"}))["data"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"type": "STOCKTAKE"},
        {"status": "SENT"},
        {"name": ""},
        {"outlet_id": "no outlet"},
        {"source_outlet_id": None},
    ],
)
async def test_a_wrong_consignment_is_refused(shop: SmallLightspeed, change: dict[str, Any]) -> None:
    outlets = {"outlet_id": shop.seattle.outlet_id, "source_outlet_id": shop.backroom.outlet_id}
    await shop.call("POST", "/consignments", 422, json={"name": "x", "type": "OUTLET", **outlets, **change})
    assert shop.world.transfers == {}


async def test_new_words_are_a_new_version_and_move_nothing(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    path = await open_transfer(shop, variant)
    seen = (await shop.call("GET", path))["data"]["version"]
    await shop.call("PUT", path, json={"reference": "t-2", "status": "OPEN"})
    changed = await shop.call("GET", "/consignments", params={"after": seen})
    assert [row["reference"] for row in changed["data"]] == ["t-2"]
    assert stock(shop, variant, shop.backroom) == (20, 0)


async def test_goods_do_not_move_from_an_outlet_to_itself(shop: SmallLightspeed) -> None:
    outlets = {"outlet_id": shop.seattle.outlet_id, "source_outlet_id": shop.seattle.outlet_id}
    await shop.call("POST", "/consignments", 422, json={"name": "x", "type": "OUTLET", **outlets})


async def test_levels_are_listed_for_the_products_and_outlets_named(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    named = {"product_ids": [variant.lightspeed_product_id], "location_ids": [shop.portland.outlet_id]}
    levels = await shop.call("POST", "/inventory_levels", json=named)
    assert [(row["location_id"], row["current_inventory_level"]) for row in levels] == [(shop.portland.outlet_id, 20)]
    records = await shop.call("GET", f"/inventory/{variant.lightspeed_product_id}")
    assert {row["outlet_id"] for row in records} == set(shop.account.index.outlets)
    await shop.call("POST", "/inventory_levels", 422, json={"size": 10_001})
    await shop.call("GET", "/inventory/unknown", 404)


async def test_a_poller_sees_only_the_records_that_changed(shop: SmallLightspeed) -> None:
    variant = shop.variant()
    seen = shop.world.version
    await shop.call("GET", "/inventory")
    body = {"stock_adjustments": [entry(shop, variant, "-1", "DAMAGE")]}
    await shop.call("POST", "/stock_adjustments", 201, json=body)
    changed = await shop.call("GET", "/inventory", params={"after": seen})
    assert [(row["product_id"], row["inventory_level"]) for row in changed["data"]] == [
        (variant.lightspeed_product_id, 19)
    ]
