"""Inventory transfers and shipments, as the Admin API shows them."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from evals.retailer.shopify.matching import Field, matcher
from evals.retailer.shopify.page import Connection, Key, Paging, sorted_connection
from evals.retailer.shopify.search_warnings import note_unknown_fields
from evals.retailer.shopify.shop import Call, Shipment
from evals.retailer.shopify.wire import gid, number, timestamp
from evals.retailer.world import Transfer, Variant

_STATUSES = {"DRAFT", "READY_TO_SHIP", "IN_PROGRESS", "TRANSFERRED", "CANCELED"}


@dataclass(frozen=True, slots=True)
class GoodsOf:
    """One variant on a transfer or its shipment."""

    transfer: Transfer
    place: int  # among the transfer's lines
    variant: Variant
    units: int


def transfer_row(transfer: Transfer, call: Call) -> dict[str, Any]:
    """`InventoryTransfer`."""
    total = sum(transfer.lines.values())
    shipment = call.shop.shipment_of(transfer.id)
    return {
        "dateCreated": timestamp(transfer.created_at),
        "destination": _snapshot(call, transfer.destination),
        "id": gid("InventoryTransfer", transfer.id),
        "lineItems": partial(_page, goods_of(transfer, call)),
        "name": transfer.name,
        "note": None,
        "origin": _snapshot(call, transfer.origin),
        "receivedQuantity": total if transfer.status == "TRANSFERRED" else 0,
        "referenceName": transfer.reference or None,
        "shipments": partial(_page, [shipment] if shipment else []),
        "status": transfer.status if transfer.status in _STATUSES else "OTHER",
        "tags": [],
        "totalQuantity": total,
    }


def transfer_line_row(goods: GoodsOf, _call: Call) -> dict[str, Any]:
    """`InventoryTransferLineItem`."""
    shipped = goods.transfer.status in {"IN_PROGRESS", "TRANSFERRED"}
    return {
        "id": gid("InventoryTransferLineItem", _line_number(goods)),
        "inventoryItem": goods.variant,
        "processableQuantity": 0 if shipped or goods.transfer.status == "CANCELED" else goods.units,
        "shippedQuantity": goods.units if shipped else 0,
        "totalQuantity": goods.units,
    }


def shipment_row(shipment: Shipment, call: Call) -> dict[str, Any]:
    """`InventoryShipment`."""
    transfer = call.world.transfers[shipment.transfer]
    return {
        "id": gid("InventoryShipment", shipment.id),
        "lineItems": partial(_page, goods_of(transfer, call)),
        "status": "RECEIVED" if transfer.status == "TRANSFERRED" else "IN_TRANSIT",
    }


def shipment_line_row(goods: GoodsOf, _call: Call) -> dict[str, Any]:
    """`InventoryShipmentLineItem`."""
    return {
        "id": shipment_line_id(goods),
        "inventoryItem": goods.variant,
        "quantity": goods.units,
    }


def shipment_line_id(goods: GoodsOf) -> str:
    """The id of a line on the shipment of a transfer."""
    return gid("InventoryShipmentLineItem", _line_number(goods))


def goods_of(transfer: Transfer, call: Call) -> list[GoodsOf]:
    """The lines of a transfer."""
    return [
        GoodsOf(transfer, place, call.world.variants[sku], units)
        for place, (sku, units) in enumerate(transfer.lines.items())
    ]


def inventory_transfer(call: Call, *, id: str) -> Transfer | None:  # noqa: A002 - Shopify's word
    """`QueryRoot.inventoryTransfer`."""
    return call.index.transfer(number(id, "InventoryTransfer"))


def inventory_transfers(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.inventoryTransfers`."""
    places = call.world.places
    fields = _FIELDS | {
        "destination_id": Field("number", lambda found: places[found.destination].shopify_id),
        "origin_id": Field("number", lambda found: places[found.origin].shopify_id),
    }
    note_unknown_fields(call, page.query, fields)
    found = filter(matcher(page.query, fields), call.index.transfers())
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def _snapshot(call: Call, code: str) -> dict[str, Any] | None:
    place = call.world.places.get(code)
    return {"location": place, "name": place.name} if place else None


def _line_number(goods: GoodsOf) -> str:
    return f"{goods.transfer.id}{goods.place:03d}"


def _page(things: list[Any], *, page: Paging) -> Connection:
    return sorted_connection(things, _place, page)


def _place(thing: GoodsOf | Shipment) -> Key:
    return (thing.place,) if isinstance(thing, GoodsOf) else (thing.id,)


def _by_created(found: Transfer) -> Key:
    return (found.created_at.isoformat(), found.id)


def _by_id(found: Transfer) -> Key:
    return (found.id,)


def _by_name(found: Transfer) -> Key:
    return (found.name, found.id)


def _by_status(found: Transfer) -> Key:
    return (found.status, found.id)


_FIELDS = {
    "created_at": Field("time", lambda found: found.created_at),
    "default": Field("words", lambda found: f"{found.name} {found.reference}"),
    "id": Field("number", lambda found: found.id),
    "status": Field("text", lambda found: found.status),
    "tag": Field("text", lambda _found: ""),
}
_ORDERS = {"CREATED_AT": _by_created, "ID": _by_id, "NAME": _by_name, "STATUS": _by_status}
