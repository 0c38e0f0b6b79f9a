"""Faults on demand: down, failing, slow, and the lost answer that makes exactly-once hard."""

import json
from typing import Any

import pytest

from tests.contract.simulator.small_shop import SmallShop, open_shop

pytestmark = pytest.mark.anyio

SHOP = "{ shop { name } }"
ADJUST = """mutation A($input: InventoryAdjustQuantitiesInput!) { inventoryAdjustQuantities(input: $input)
  @idempotent(key: "k") { inventoryAdjustmentGroup { id } userErrors { code } } }"""


def three_more(shop: SmallShop) -> dict[str, Any]:
    change = {"delta": 3, "inventoryItemId": shop.item, "locationId": shop.location(), "changeFromQuantity": None}
    return {"name": "available", "reason": "correction", "changes": [change]}


async def test_a_platform_that_is_down_answers_503_everywhere_until_it_is_back():
    async with open_shop() as shop:
        shop.faults.down = True
        assert (await shop.post(SHOP)).status_code == 503
        assert (await shop.token(grant_type="client_credentials")).status_code == 503
        shop.faults.down = False
        assert await shop.admin(SHOP)


async def test_the_next_requests_fail_and_change_nothing():
    async with open_shop() as shop:
        before = shop.level().on_hand
        shop.faults.fail_next = 2
        statuses = [(await shop.post(ADJUST, input=three_more(shop))).status_code for _ in range(3)]
        assert statuses == [503, 503, 200]
        assert shop.level().on_hand == before + 3


async def test_a_write_whose_answer_is_lost_is_done_once_however_often_it_is_repeated():
    async with open_shop() as shop:
        before = shop.level().on_hand
        shop.faults.lose_answer_next = 1
        assert (await shop.post(ADJUST, input=three_more(shop))).status_code == 502
        assert shop.level().on_hand == before + 3
        replayed = await shop.admin(ADJUST, input=three_more(shop))
        assert replayed["inventoryAdjustQuantities"]["userErrors"] == []
        assert shop.level().on_hand == before + 3


async def test_a_read_does_not_lose_the_answer_meant_for_a_write():
    async with open_shop() as shop:
        shop.faults.lose_answer_next = 1
        assert await shop.admin(SHOP)
        assert shop.faults.lose_answer_next == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"query": 5}', b'{"query": "{ shop { id } }", "variables": 3}', b"\xff\xfe"]
)
async def test_a_malformed_request_is_the_callers_fault(body: bytes):
    async with open_shop() as shop:
        headers = shop.headers | {"Content-Type": "application/json"}
        answer = await shop.http.post("/admin/api/2026-07/graphql.json", content=body, headers=headers)
    assert answer.status_code == 400
    assert "errors" in answer.json()


@pytest.mark.parametrize("query", ["{", "{ nothing }", "query A { shop { id } } query B { shop { id } }", "x" * 60_000])
async def test_a_query_that_cannot_be_run_is_answered_with_errors_and_no_data(query: str):
    async with open_shop() as shop:
        body = (await shop.post(query)).json()
    assert body["errors"]
    assert "data" not in body


async def test_a_named_operation_is_chosen_from_several():
    query = "query A { shop { id } } query B { shop { name } }"
    async with open_shop() as shop:
        body = json.dumps({"query": query, "operationName": "B"})
        answer = await shop.http.post("/admin/api/2026-10/graphql.json", content=body, headers=shop.headers)
    assert answer.json()["data"] == {"shop": {"name": shop.settings.shop_name}}
    assert answer.headers["X-Shopify-API-Version"] == "2026-10"
