"""A draft moves nothing; ready reserves; shipping takes away; receiving puts there; cancelling puts back."""

from typing import Any

import pytest

from tests.contract.simulator.small_shop import SKU, SmallShop, open_shop

pytestmark = pytest.mark.anyio

CREATE = """mutation C($input: InventoryTransferCreateInput!, $key: String!) {
  inventoryTransferCreate(input: $input) @idempotent(key: $key) {
    inventoryTransfer { id status totalQuantity } userErrors { code } } }"""
READY = """mutation R($id: ID!) { inventoryTransferMarkAsReadyToShip(id: $id) {
  inventoryTransfer { status } userErrors { code } } }"""
CANCEL = (
    "mutation X($id: ID!) { inventoryTransferCancel(id: $id) { inventoryTransfer { status } userErrors { code } } }"
)
DELETE = "mutation X($id: ID!) { inventoryTransferDelete(id: $id) { deletedId userErrors { code } } }"
SHIP = """mutation S($input: InventoryShipmentCreateInput!, $key: String!) {
  inventoryShipmentCreateInTransit(input: $input) @idempotent(key: $key) {
    inventoryShipment { id status lineItems(first: 5) { nodes { id quantity } } } userErrors { code } } }"""
RECEIVE = """mutation V($id: ID!, $lines: [InventoryShipmentReceiveItemInput!], $key: String!) {
  inventoryShipmentReceive(id: $id, lineItems: $lines) @idempotent(key: $key) {
    inventoryShipment { status } userErrors { code } } }"""
GET = """query G($id: ID!) { inventoryTransfer(id: $id) { status referenceName totalQuantity receivedQuantity
  origin { location { id } } destination { location { id } } shipments(first: 5) { nodes { status } }
  lineItems(first: 5) { nodes { totalQuantity shippedQuantity processableQuantity inventoryItem { sku } } } } }"""


def counts(shop: SmallShop) -> tuple[int, int, int, int, int]:
    """At the warehouse: on hand, reserved, available; at the shop: on hand, incoming."""
    origin, destination = shop.level("WAREHOUSE"), shop.level()
    return origin.on_hand, origin.reserved, origin.available, destination.on_hand, destination.incoming


def wanted(shop: SmallShop, **changes: Any) -> dict[str, Any]:
    line = {"inventoryItemId": shop.item, "quantity": 4}
    places = {"originLocationId": shop.location("WAREHOUSE"), "destinationLocationId": shop.location()}
    return {"lineItems": [line], "referenceName": "plan-1", **places, **changes}


async def draft(shop: SmallShop, key: str = "t") -> str:
    payload = (await shop.admin(CREATE, input=wanted(shop), key=key))["inventoryTransferCreate"]
    return payload["inventoryTransfer"]["id"]


async def ship(shop: SmallShop, transfer: str, quantity: int = 4) -> dict[str, Any]:
    lines = [{"inventoryItemId": shop.item, "quantity": quantity}]
    made = await shop.admin(SHIP, input={"movementId": transfer, "lineItems": lines}, key=f"ship {transfer} {quantity}")
    return made["inventoryShipmentCreateInTransit"]


async def receive(shop: SmallShop, shipment: dict[str, Any], quantity: int = 4) -> dict[str, Any]:
    line = shipment["lineItems"]["nodes"][0]["id"]
    lines = [{"shipmentLineItemId": line, "quantity": quantity, "reason": "ACCEPTED"}]
    done = await shop.admin(RECEIVE, id=shipment["id"], lines=lines, key=f"receive {quantity}")
    return done["inventoryShipmentReceive"]


async def test_each_step_moves_what_it_should_and_no_more():
    async with open_shop() as shop:
        held, reserved, free, there, coming = counts(shop)
        transfer = await draft(shop)
        assert counts(shop) == (held, reserved, free, there, coming)
        await shop.admin(READY, id=transfer)
        assert counts(shop) == (held, reserved + 4, free - 4, there, coming)
        shipment = (await ship(shop, transfer))["inventoryShipment"]
        assert counts(shop) == (held - 4, reserved, free - 4, there, coming + 4)
        assert (await receive(shop, shipment))["inventoryShipment"] == {"status": "RECEIVED"}
        assert counts(shop) == (held - 4, reserved, free - 4, there + 4, coming)
        assert (await shop.admin(GET, id=transfer))["inventoryTransfer"] == {
            "status": "TRANSFERRED",
            "referenceName": "plan-1",
            "totalQuantity": 4,
            "receivedQuantity": 4,
            "origin": {"location": {"id": shop.location("WAREHOUSE")}},
            "destination": {"location": {"id": shop.location()}},
            "shipments": {"nodes": [{"status": "RECEIVED"}]},
            "lineItems": {
                "nodes": [
                    {
                        "totalQuantity": 4,
                        "shippedQuantity": 4,
                        "processableQuantity": 0,
                        "inventoryItem": {"sku": SKU},
                    }
                ]
            },
        }


async def test_cancelling_a_ready_transfer_puts_everything_back():
    async with open_shop() as shop:
        before = counts(shop)
        transfer = await draft(shop)
        await shop.admin(READY, id=transfer)
        cancelled = (await shop.admin(CANCEL, id=transfer))["inventoryTransferCancel"]
        assert cancelled == {"inventoryTransfer": {"status": "CANCELED"}, "userErrors": []}
        assert counts(shop) == before
        again = (await shop.admin(CANCEL, id=transfer))["inventoryTransferCancel"]
        assert again["userErrors"] == [{"code": "INVALID_TRANSFER_STATUS"}]


async def test_a_transfer_that_has_shipped_can_be_neither_cancelled_nor_deleted():
    async with open_shop() as shop:
        transfer = await draft(shop)
        await shop.admin(READY, id=transfer)
        await ship(shop, transfer)
        cancelled = (await shop.admin(CANCEL, id=transfer))["inventoryTransferCancel"]
        deleted = (await shop.admin(DELETE, id=transfer))["inventoryTransferDelete"]
    assert cancelled["userErrors"] == [{"code": "SHIPMENT_EXISTS"}]
    assert deleted["userErrors"] == [{"code": "INVALID_TRANSFER_STATUS"}]


async def test_only_a_draft_can_be_deleted_and_then_it_is_gone():
    async with open_shop() as shop:
        transfer = await draft(shop)
        assert (await shop.admin(DELETE, id=transfer))["inventoryTransferDelete"]["deletedId"] == transfer
        assert (await shop.admin(GET, id=transfer))["inventoryTransfer"] is None
        missing = (await shop.admin(READY, id=transfer))["inventoryTransferMarkAsReadyToShip"]
        assert missing["userErrors"] == [{"code": "TRANSFER_NOT_FOUND"}]


async def test_creating_with_the_same_key_makes_one_transfer_and_answers_the_draft_it_was():
    async with open_shop() as shop:
        first = await draft(shop)
        await shop.admin(READY, id=first)
        again = (await shop.admin(CREATE, input=wanted(shop), key="t"))["inventoryTransferCreate"]
        assert again["inventoryTransfer"] == {"id": first, "status": "DRAFT", "totalQuantity": 4}
        assert len(shop.world.transfers) == 1


@pytest.mark.parametrize("quantity", [3, 5])
async def test_a_transfer_ships_and_is_received_whole(quantity: int):
    async with open_shop() as shop:
        transfer = await draft(shop)
        await shop.admin(READY, id=transfer)
        before = counts(shop)
        assert (await ship(shop, transfer, quantity))["userErrors"] == [{"code": "INVALID_QUANTITY"}]
        assert counts(shop) == before
        shipment = (await ship(shop, transfer))["inventoryShipment"]
        assert (await receive(shop, shipment, quantity))["userErrors"] == [{"code": "INVALID_QUANTITY"}]
        assert (await receive(shop, shipment))["userErrors"] == []


async def test_a_draft_does_not_ship():
    async with open_shop() as shop:
        refused = await ship(shop, await draft(shop))
    assert refused["userErrors"] == [{"code": "INVALID_TRANSFER_STATUS"}]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"originLocationId": "gid://shopify/Location/1"}, "LOCATION_NOT_FOUND"),
        ({"destinationLocationId": None}, "LOCATION_NOT_FOUND"),
        ({"lineItems": [{"inventoryItemId": "gid://shopify/InventoryItem/1", "quantity": 1}]}, "ITEM_NOT_FOUND"),
    ],
)
async def test_a_transfer_needs_known_places_and_items(changes: dict[str, Any], code: str):
    async with open_shop() as shop:
        payload = (await shop.admin(CREATE, input=wanted(shop, **changes), key="t"))["inventoryTransferCreate"]
        assert payload["userErrors"] == [{"code": code}]
        assert shop.world.transfers == {}


async def test_a_transfer_needs_two_places_and_each_item_once_and_at_least_one_unit():
    async with open_shop() as shop:
        line = {"inventoryItemId": shop.item, "quantity": 4}
        for changes, code in (
            (
                {"destinationLocationId": shop.location("WAREHOUSE")},
                "TRANSFER_ORIGIN_CANNOT_BE_THE_SAME_AS_DESTINATION",
            ),
            ({"lineItems": [line, line]}, "DUPLICATE_ITEM"),
            ({"lineItems": [line | {"quantity": 0}]}, "INVALID_QUANTITY"),
        ):
            payload = (await shop.admin(CREATE, input=wanted(shop, **changes), key=code))["inventoryTransferCreate"]
            assert payload["userErrors"] == [{"code": code}]


async def test_transfers_are_listed_by_status():
    query = "query L($q: String) { inventoryTransfers(first: 5, query: $q) { nodes { id } } }"
    async with open_shop() as shop:
        one, other = await draft(shop, "a"), await draft(shop, "b")
        await shop.admin(READY, id=other)
        drafts = await shop.admin(query, q="status:DRAFT")
        ready = await shop.admin(query, q="status:ready_to_ship")
    assert drafts["inventoryTransfers"]["nodes"] == [{"id": one}]
    assert ready["inventoryTransfers"]["nodes"] == [{"id": other}]
