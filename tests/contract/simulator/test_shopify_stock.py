"""Stock is changed once per key, and only from the count the caller believed in."""

import asyncio
from typing import Any

import pytest

from evals.retailer.world import Change
from tests.contract.simulator.small_shop import SKU, SmallShop, open_shop

pytestmark = pytest.mark.anyio

ADJUST = """mutation A($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes { name delta quantityAfterChange } } userErrors { field code } } }"""
UNKEYED = ADJUST.replace(", $key: String!", "").replace(" @idempotent(key: $key)", "")
SET = """mutation S($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes(quantityNames: ["available"]) { delta quantityAfterChange } }
    userErrors { code } } }"""


def adjusting(shop: SmallShop, delta: int, **more: Any) -> dict[str, Any]:
    change = {"delta": delta, "inventoryItemId": shop.item, "locationId": shop.location(), "changeFromQuantity": None}
    return {"name": "available", "reason": "correction", "changes": [change | more]}


async def adjust(shop: SmallShop, key: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return (await shop.admin(ADJUST, input=wanted, key=key))["inventoryAdjustQuantities"]


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def test_an_adjustment_moves_available_and_on_hand_and_is_announced():
    heard: list[Change] = []
    async with open_shop() as shop:
        before = shop.level().on_hand
        shop.world.listeners.append(heard.append)
        payload = await adjust(shop, "k", adjusting(shop, 3))
        assert shop.level().on_hand == before + 3
    assert payload["userErrors"] == []
    assert payload["inventoryAdjustmentGroup"]["changes"] == [
        {"name": "available", "delta": 3, "quantityAfterChange": shop.level().available},
        {"name": "on_hand", "delta": 3, "quantityAfterChange": before + 3},
    ]
    assert [(change.topic, change.subject) for change in heard] == [("inventory.updated", (SKU, "STORE_123"))]


async def test_without_the_directive_nothing_moves():
    async with open_shop() as shop:
        before = shop.level().on_hand
        assert await shop.errors(UNKEYED, input=adjusting(shop, 3)) == ["BAD_REQUEST"]
        assert await shop.errors(ADJUST, input=adjusting(shop, 3), key="  ") == ["BAD_REQUEST"]
        assert shop.level().on_hand == before


async def test_the_same_key_answers_the_same_and_moves_once():
    async with open_shop() as shop:
        before = shop.level().on_hand
        first = await adjust(shop, "k", adjusting(shop, 3))
        await adjust(shop, "other", adjusting(shop, 10))
        assert await adjust(shop, "k", adjusting(shop, 3)) == first
        assert shop.level().on_hand == before + 13


async def test_a_key_used_with_other_arguments_is_a_mismatch():
    async with open_shop() as shop:
        await adjust(shop, "k", adjusting(shop, 3))
        before = shop.level().on_hand
        assert codes(await adjust(shop, "k", adjusting(shop, 4))) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
        assert shop.level().on_hand == before


async def test_a_key_still_in_use_by_another_request_is_refused_and_then_replays():
    async with open_shop() as shop:
        before = shop.level().on_hand
        shop.faults.slow_s = 0.05
        answers = await asyncio.gather(*(adjust(shop, "k", adjusting(shop, 3)) for _ in range(2)))
        shop.faults.slow_s = 0.0
        assert sorted(map(codes, answers)) == [[], ["IDEMPOTENCY_CONCURRENT_REQUEST"]]
        assert codes(await adjust(shop, "k", adjusting(shop, 3))) == []
        assert shop.level().on_hand == before + 3


async def test_a_key_whose_request_was_refused_may_be_used_again():
    async with open_shop() as shop:
        stale = adjusting(shop, 3, changeFromQuantity=-5)
        assert codes(await adjust(shop, "k", stale)) == ["CHANGE_FROM_QUANTITY_STALE"]
        assert codes(await adjust(shop, "k", adjusting(shop, 3))) == []


async def test_a_stale_count_is_refused_and_the_true_one_accepted():
    async with open_shop() as shop:
        now = shop.level().available
        for wrong in (now - 1, now + 1):
            payload = await adjust(shop, f"k{wrong}", adjusting(shop, 3, changeFromQuantity=wrong))
            assert payload["userErrors"] == [
                {"field": ["input", "changes", "0", "changeFromQuantity"], "code": "CHANGE_FROM_QUANTITY_STALE"}
            ]
        assert shop.level().available == now
        assert codes(await adjust(shop, "right", adjusting(shop, 3, changeFromQuantity=now))) == []
        assert shop.level().available == now + 3


async def test_the_count_must_be_said_even_when_it_is_null():
    async with open_shop() as shop:
        unsaid = adjusting(shop, 3)
        del unsaid["changes"][0]["changeFromQuantity"]
        before = shop.level().on_hand
        assert await shop.errors(ADJUST, input=unsaid, key="k") == ["INVALID_FIELD_ARGUMENTS"]
        assert shop.level().on_hand == before


async def test_several_changes_happen_all_or_not_at_all():
    async with open_shop() as shop:
        wanted = adjusting(shop, 3)
        wanted["changes"].append(adjusting(shop, 1, locationId="gid://shopify/Location/1")["changes"][0])
        before = shop.level().on_hand
        assert codes(await adjust(shop, "k", wanted)) == ["INVALID_LOCATION"]
        assert shop.level().on_hand == before


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"reason": "because"}, "INVALID_REASON"),
        ({"name": "on_hand"}, "INVALID_QUANTITY_NAME"),
        ({"name": "nonsense"}, "INVALID_QUANTITY_NAME"),
    ],
)
async def test_an_adjustment_names_a_known_reason_and_the_available_quantity(wanted: dict[str, str], code: str):
    async with open_shop() as shop:
        assert codes(await adjust(shop, "k", adjusting(shop, 3) | wanted)) == [code]


async def test_an_unknown_item_is_refused():
    async with open_shop() as shop:
        wanted = adjusting(shop, 3, inventoryItemId="gid://shopify/InventoryItem/1")
        assert codes(await adjust(shop, "k", wanted)) == ["INVALID_INVENTORY_ITEM"]


def setting(shop: SmallShop, quantity: int, expected: int | None = None) -> dict[str, Any]:
    entry = {
        "quantity": quantity,
        "inventoryItemId": shop.item,
        "locationId": shop.location(),
        "changeFromQuantity": expected,
    }
    return {"name": "available", "reason": "correction", "quantities": [entry]}


async def test_a_count_is_set_outright_with_the_same_guards():
    async with open_shop() as shop:
        now = shop.level().available
        stale = (await shop.admin(SET, input=setting(shop, 7, now + 1), key="a"))["inventorySetQuantities"]
        assert codes(stale) == ["CHANGE_FROM_QUANTITY_STALE"]
        done = (await shop.admin(SET, input=setting(shop, 7, now), key="b"))["inventorySetQuantities"]
        assert done["inventoryAdjustmentGroup"]["changes"] == [{"delta": 7 - now, "quantityAfterChange": 7}]
        assert shop.level().available == 7


async def test_a_count_is_never_set_below_zero_nor_twice_in_one_request():
    async with open_shop() as shop:
        below = (await shop.admin(SET, input=setting(shop, -1), key="a"))["inventorySetQuantities"]
        assert codes(below) == ["INVALID_QUANTITY_NEGATIVE"]
        twice = setting(shop, 7)
        twice["quantities"] *= 2
        again = (await shop.admin(SET, input=twice, key="b"))["inventorySetQuantities"]
        assert codes(again) == ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"]
        assert codes((await shop.admin(SET, input=setting(shop, 0), key="c"))["inventorySetQuantities"]) == []
