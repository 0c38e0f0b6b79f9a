"""Mutations of transfers: a draft moves nothing, ready reserves, shipping takes away, receiving puts there."""

from dataclasses import replace
from typing import Any

from evals.retailer import actions
from evals.retailer.shopify.shop import Call, Shipment
from evals.retailer.shopify.transfers import goods_of, shipment_line_id
from evals.retailer.shopify.wire import gid, integer, number, refused, user_error
from evals.retailer.world import Place, Transfer

Payload = dict[str, Any]


def inventory_transfer_create(call: Call, *, input: dict[str, Any]) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.inventoryTransferCreate`: a draft."""
    origin = _place(call, input.get("origin_location_id"))
    destination = _place(call, input.get("destination_location_id"))
    if origin is None or destination is None:
        field = "originLocationId" if origin is None else "destinationLocationId"
        return refused(user_error("LOCATION_NOT_FOUND", "The location selected can't be found.", "input", field))
    if origin is destination:
        code = "TRANSFER_ORIGIN_CANNOT_BE_THE_SAME_AS_DESTINATION"
        message = "The origin location can't be the same as the destination location."
        return refused(user_error(code, message, "input", "destinationLocationId"))
    lines: dict[str, int] = {}
    for place, entry in enumerate(input["line_items"]):
        error = _add_line(call, lines, entry, ("input", "lineItems", str(place)))
        if error:
            return refused(error)
    reference = input.get("reference_name") or ""
    made = actions.create_transfer(call.world, "shopify", origin.code, destination.code, lines, reference, "DRAFT")
    # A replay answers what was true then, so it keeps a copy of its own.
    return {"inventoryTransfer": replace(made, lines=dict(made.lines)), "userErrors": []}


def inventory_transfer_mark_as_ready_to_ship(call: Call, *, id: str) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.inventoryTransferMarkAsReadyToShip`: sets the goods aside at the origin."""
    transfer = call.index.transfer(number(id, "InventoryTransfer"))
    if transfer is None:
        return _not_found()
    if transfer.status != "DRAFT":
        return _wrong_status("Only a draft transfer can be marked as ready to ship.")
    if not transfer.lines:
        return refused(user_error("ITEMS_EMPTY", "The transfer has no items.", "id"))
    return _moved(call, transfer, "READY_TO_SHIP")


def inventory_transfer_cancel(call: Call, *, id: str) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.inventoryTransferCancel`, until something has shipped."""
    transfer = call.index.transfer(number(id, "InventoryTransfer"))
    if transfer is None:
        return _not_found()
    if call.shop.shipment_of(transfer.id):
        return refused(user_error("SHIPMENT_EXISTS", "The transfer has a shipment and can't be canceled.", "id"))
    if transfer.status not in {"DRAFT", "READY_TO_SHIP"}:
        return _wrong_status("The transfer can't be canceled in its current status.")
    return _moved(call, transfer, "CANCELED")


def inventory_transfer_delete(call: Call, *, id: str) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.inventoryTransferDelete`, of a draft."""
    transfer = call.index.transfer(number(id, "InventoryTransfer"))
    if transfer is None:
        return _not_found()
    if transfer.status != "DRAFT":
        return _wrong_status("Only a draft transfer can be deleted.")
    actions.delete_transfer(call.world, transfer)
    return {"deletedId": gid("InventoryTransfer", transfer.id), "userErrors": []}


def inventory_shipment_create_in_transit(call: Call, *, input: dict[str, Any]) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.inventoryShipmentCreateInTransit`: the whole transfer leaves its origin."""
    transfer = call.index.transfer(number(input["movement_id"], "InventoryTransfer"))
    if transfer is None:
        return refused(user_error("TRANSFER_NOT_FOUND", "The transfer can't be found.", "input", "movementId"))
    if transfer.status != "READY_TO_SHIP":
        message = "The transfer must be ready to ship."
        return refused(user_error("INVALID_TRANSFER_STATUS", message, "input", "movementId"))
    if not input["line_items"]:
        return refused(user_error("ITEMS_EMPTY", "The shipment has no items.", "input", "lineItems"))
    shipped: dict[str, int] = {}
    for place, entry in enumerate(input["line_items"]):
        error = _add_line(call, shipped, entry, ("input", "lineItems", str(place)), missing="INVALID_ITEM")
        if error:
            return refused(error)
    if shipped != transfer.lines:
        message = "The simulated shop ships a transfer whole: all of its items, each with its full quantity."
        return refused(user_error("INVALID_QUANTITY", message, "input", "lineItems"))
    shipment = Shipment(call.shop.next_number(), transfer.id)
    call.shop.shipments[shipment.id] = shipment
    actions.move_transfer(call.world, transfer, "IN_PROGRESS")
    return {"inventoryShipment": shipment, "userErrors": []}


def inventory_shipment_receive(
    call: Call,
    *,
    id: str,  # noqa: A002 - Shopify's word
    line_items: list[dict[str, Any]] | None = None,
    bulk_receive_action: str | None = None,
) -> Payload:
    """`Mutation.inventoryShipmentReceive`: all of it, accepted, arrives at the destination."""
    shipment = call.shop.shipments.get(integer(id, "InventoryShipment"))
    if shipment is None:
        return refused(user_error("SHIPMENT_NOT_FOUND", "The shipment can't be found.", "id"))
    transfer = call.world.transfers[shipment.transfer]
    if transfer.status != "IN_PROGRESS":
        return refused(user_error("INVALID_SHIPMENT_STATUS", "The shipment is not in transit.", "id"))
    expected = {shipment_line_id(goods): goods.units for goods in goods_of(transfer, call)}
    received = {entry["shipment_line_item_id"]: entry["quantity"] for entry in line_items or []}
    if received.keys() - expected.keys():
        return refused(user_error("ITEM_NOT_FOUND", "The shipment has no such line item.", "lineItems"))
    whole = bulk_receive_action == "ACCEPTED" if line_items is None else received == expected
    if not whole or any(entry["reason"] != "ACCEPTED" for entry in line_items or []):
        message = "The simulated shop receives a shipment whole and accepted."
        return refused(user_error("INVALID_QUANTITY", message, "lineItems"))
    actions.move_transfer(call.world, transfer, "TRANSFERRED")
    return {"inventoryShipment": shipment, "userErrors": []}


def _place(call: Call, id: str | None) -> Place | None:  # noqa: A002 - Shopify's word
    return call.index.locations.get(integer(id, "Location")) if id else None


def _add_line(
    call: Call, lines: dict[str, int], entry: dict[str, Any], path: tuple[str, ...], *, missing: str = "ITEM_NOT_FOUND"
) -> dict[str, object] | None:
    variant = call.index.variants.by_item.get(integer(entry["inventory_item_id"], "InventoryItem"))
    if variant is None:
        return user_error(missing, "The inventory item can't be found.", *path, "inventoryItemId")
    if variant.sku in lines:
        return user_error("DUPLICATE_ITEM", "An item can be on a transfer only once.", *path, "inventoryItemId")
    if entry["quantity"] < 1:
        return user_error("INVALID_QUANTITY", "The quantity must be greater than 0.", *path, "quantity")
    lines[variant.sku] = entry["quantity"]
    return None


def _moved(call: Call, transfer: Transfer, status: str) -> Payload:
    actions.move_transfer(call.world, transfer, status)
    return {"inventoryTransfer": transfer, "userErrors": []}


def _not_found() -> Payload:
    return refused(user_error("TRANSFER_NOT_FOUND", "The transfer can't be found.", "id"))


def _wrong_status(message: str) -> Payload:
    return refused(user_error("INVALID_TRANSFER_STATUS", message, "id"))
