"""Locations, items and stock levels, as the Admin API shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import GraphQLError

from evals.retailer.shopify.matching import Field, matcher
from evals.retailer.shopify.page import Connection, Key, Paging, sorted_connection
from evals.retailer.shopify.search_syntax import value_of
from evals.retailer.shopify.search_warnings import note_unknown_fields
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import gid, integer, money, timestamp
from evals.retailer.world import Level, Place, Variant

QUANTITY_NAMES = (
    "available",
    "committed",
    "damaged",
    "incoming",
    "on_hand",
    "quality_control",
    "reserved",
    "safety_stock",
)


@dataclass(frozen=True, slots=True)
class LevelAt:
    """The stock of one variant at one location."""

    variant: Variant
    place: Place
    level: Level


ITEM_FIELDS = {
    "created_at": Field("time", lambda one: one.updated_at),
    "id": Field("number", lambda one: one.shopify_item_id),
    "sku": Field("text", lambda one: one.sku),
    "updated_at": Field("time", lambda one: one.updated_at),
}
LEVEL_FIELDS = {
    "inventory_item_id": Field("number", lambda one: one.variant.shopify_item_id),
    "updated_at": Field("time", lambda one: one.level.updated_at),
}


def location_row(place: Place, call: Call) -> dict[str, Any]:
    """`Location`."""
    pickup = {"instructions": "Bring your order number.", "pickupTime": "TWO_HOURS"}
    return {
        "address": {"city": place.name, "countryCode": "US", "provinceCode": place.region},
        "fulfillsOnlineOrders": True,
        "id": gid("Location", place.shopify_id),
        "inventoryLevels": partial(_levels_at, place, call),
        "isActive": True,
        "localPickupSettingsV2": pickup if place.kind == "shop" else None,
        "name": place.name,
        "shipsInventory": place.kind == "warehouse",
    }


def item_row(variant: Variant, call: Call) -> dict[str, Any]:
    """`InventoryItem`."""
    return {
        "id": gid("InventoryItem", variant.shopify_item_id),
        "inventoryLevels": partial(_levels_of, variant, call),
        "sku": variant.sku,
        "tracked": True,
        "unitCost": None if variant.cost is None else money(variant.cost, call.currency),
        "variants": partial(_variants_of, variant),
    }


def level_row(found: LevelAt, _call: Call) -> dict[str, Any]:
    """`InventoryLevel`."""
    return {
        "id": level_id(found),
        "item": found.variant,
        "location": found.place,
        "quantities": partial(_quantities, found),
        "updatedAt": timestamp(found.level.updated_at or found.variant.updated_at),
    }


def level_id(found: LevelAt) -> str:
    """`InventoryLevel` has no number of its own at Shopify; its id names location and item."""
    item = found.variant.shopify_item_id
    return f"{gid('InventoryLevel', found.place.shopify_id)}?inventory_item_id={item}"


def quantity(level: Level, name: str) -> int:
    """Units in one state; states the world does not count are zero."""
    counted = {
        "available": level.available,
        "committed": level.committed,
        "incoming": level.incoming,
        "on_hand": level.on_hand,
        "reserved": level.reserved,
    }
    return counted.get(name, 0)


def location(call: Call, *, id: str | None = None) -> Place | None:  # noqa: A002 - Shopify's word
    """`QueryRoot.location`; without an id the shop's primary location."""
    places = call.index.locations
    return next(iter(places.values()), None) if id is None else places.get(integer(id, "Location"))


def locations(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.locations`."""
    note_unknown_fields(call, page.query, _LOCATION_FIELDS)
    found = filter(matcher(page.query, _LOCATION_FIELDS), call.index.locations.values())
    return sorted_connection(found, _LOCATION_ORDERS[page.sort_key], page)


def inventory_items(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.inventoryItems`."""
    note_unknown_fields(call, page.query, ITEM_FIELDS)
    wanted = call.index.variants.by_sku.get(value_of(page.query, "sku"))
    found = filter(matcher(page.query, ITEM_FIELDS), [wanted] if wanted else call.index.variants.by_sku.values())
    return sorted_connection(found, _by_item, page)


def _levels_at(place: Place, call: Call, *, page: Paging) -> Connection:
    stocked = (
        (variant, call.world.levels.get((variant.sku, place.code))) for variant in call.index.variants.by_sku.values()
    )
    found = (LevelAt(variant, place, level) for variant, level in stocked if level)
    return _level_page(call, found, page)


def _levels_of(variant: Variant, call: Call, *, page: Paging) -> Connection:
    stocked = ((place, call.world.levels.get((variant.sku, place.code))) for place in call.index.locations.values())
    found = (LevelAt(variant, place, level) for place, level in stocked if level)
    return _level_page(call, found, page)


def _level_page(call: Call, found: Iterable[LevelAt], page: Paging) -> Connection:
    note_unknown_fields(call, page.query, LEVEL_FIELDS)
    return sorted_connection(filter(matcher(page.query, LEVEL_FIELDS), found), _by_level, page)


def _variants_of(variant: Variant, *, page: Paging) -> Connection:
    return sorted_connection([variant], _by_item, page)


def _quantities(found: LevelAt, *, names: list[str]) -> list[dict[str, Any]]:
    unknown = [name for name in names if name not in QUANTITY_NAMES]
    if unknown:
        raise GraphQLError(f"Invalid quantity name: {unknown[0]}", extensions={"code": "BAD_REQUEST"})
    at = timestamp(found.level.updated_at or found.variant.updated_at)
    place, item = found.place.shopify_id, found.variant.shopify_item_id
    return [
        {
            "id": f"{gid('InventoryQuantity', place)}?inventory_item_id={item}&name={name}",
            "name": name,
            "quantity": quantity(found.level, name),
            "updatedAt": at,
        }
        for name in names
    ]


def _by_item(variant: Variant) -> Key:
    return (variant.shopify_item_id,)


def _by_level(found: LevelAt) -> Key:
    return (found.variant.shopify_item_id, found.place.shopify_id)


def _by_location(place: Place) -> Key:
    return (place.shopify_id,)


def _by_name(place: Place) -> Key:
    return (place.name, place.shopify_id)


_LOCATION_FIELDS = {
    "active": Field("text", lambda _place: "true"),
    "id": Field("number", lambda place: place.shopify_id),
    "name": Field("words", lambda place: place.name),
}
_LOCATION_ORDERS = {"ID": _by_location, "NAME": _by_name}
