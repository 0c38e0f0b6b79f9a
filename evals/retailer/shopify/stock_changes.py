"""Mutations of stock counts, with Shopify's compare-and-swap: `changeFromQuantity` must be said, and may be null."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import GraphQLError

from evals.retailer import actions
from evals.retailer.shopify.inventory import QUANTITY_NAMES, quantity
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import gid, integer, refused, timestamp, user_error
from evals.retailer.world import Level, Place, Variant

Payload = dict[str, Any]
MAX_QUANTITY = 1_000_000_000

# https://shopify.dev/docs/apps/build/orders-fulfillment/inventory-management-apps/manage-quantities-states
REASONS = frozenset(
    {
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
        "movement_updated",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    }
)


@dataclass(frozen=True, slots=True)
class _Change:
    """One checked change, not yet made."""

    variant: Variant
    place: Place
    level: Level
    delta: int


def inventory_adjust_quantities(call: Call, *, input: dict[str, Any]) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.inventoryAdjustQuantities`: all changes or none.

    Raises:
        GraphQLError: A change leaves `changeFromQuantity` out.
    """
    if input["name"] != "available":
        if input["name"] in QUANTITY_NAMES:
            message = "The simulated shop adjusts only the available quantity."
        else:
            message = "The specified quantity name is invalid."
        return refused(user_error("INVALID_QUANTITY_NAME", message, "input", "name"))
    return _change(call, input, "changes", by_delta=True)


def inventory_set_quantities(call: Call, *, input: dict[str, Any]) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.inventorySetQuantities`: all counts or none, of `available` or `on_hand`.

    Raises:
        GraphQLError: A count leaves `changeFromQuantity` out.
    """
    if input["name"] not in {"available", "on_hand"}:
        message = "The quantity name must be either 'available' or 'on_hand'."
        return refused(user_error("INVALID_NAME", message, "input", "name"))
    named = [(entry["inventory_item_id"], entry["location_id"]) for entry in input["quantities"]]
    if len(set(named)) < len(named):
        message = "The combination of inventoryItemId and locationId must be unique."
        code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
        return refused(user_error(code, message, "input", "quantities"))
    return _change(call, input, "quantities", by_delta=False)


def _change(call: Call, wanted: dict[str, Any], entries: str, *, by_delta: bool) -> Payload:
    if wanted["reason"] not in REASONS:
        return refused(user_error("INVALID_REASON", "The specified reason is invalid.", "input", "reason"))
    checked = [
        _checked(call, entry, wanted["name"], by_delta=by_delta, path=("input", entries, str(place)))
        for place, entry in enumerate(wanted[entries])
    ]
    errors = [one for one in checked if isinstance(one, dict)]
    if errors:
        return refused(*errors)
    made = [one for one in checked if isinstance(one, _Change)]
    for one in made:
        if one.delta:
            actions.adjust(call.world, one.variant.sku, one.place.code, one.delta, expected=None)
    return {"inventoryAdjustmentGroup": _group(call, wanted, made), "userErrors": []}


def _checked(
    call: Call, entry: dict[str, Any], name: str, *, by_delta: bool, path: tuple[str, ...]
) -> _Change | dict[str, object]:
    if "change_from_quantity" not in entry:
        message = "changeFromQuantity must be given; null skips the comparison."
        raise GraphQLError(message, extensions={"code": "INVALID_FIELD_ARGUMENTS"})
    variant = call.index.variants.by_item.get(integer(entry["inventory_item_id"], "InventoryItem"))
    place = call.index.locations.get(integer(entry["location_id"], "Location"))
    level = call.world.levels.get((variant.sku, place.code)) if variant and place else None
    if variant is None:
        message = "The specified inventory item could not be found."
        return user_error("INVALID_INVENTORY_ITEM", message, *path, "inventoryItemId")
    if place is None or level is None:
        return user_error("INVALID_LOCATION", "The specified location could not be found.", *path, "locationId")
    now = quantity(level, name)
    expected = entry["change_from_quantity"]
    if expected is not None and expected != now:
        message = "The changeFromQuantity argument no longer matches the persisted quantity."
        return user_error("CHANGE_FROM_QUANTITY_STALE", message, *path, "changeFromQuantity")
    delta = entry["delta"] if by_delta else entry["quantity"] - now
    return _in_range(delta, now, path, by_delta=by_delta) or _Change(variant, place, level, delta)


def _in_range(delta: int, now: int, path: tuple[str, ...], *, by_delta: bool) -> dict[str, object] | None:
    after = now + delta
    field = "delta" if by_delta else "quantity"
    if not by_delta and after < 0:
        return user_error("INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative.", *path, field)
    if after > MAX_QUANTITY:
        return user_error("INVALID_QUANTITY_TOO_HIGH", "The quantity can't be higher than 1,000,000,000.", *path, field)
    if after < -MAX_QUANTITY:
        return user_error("INVALID_QUANTITY_TOO_LOW", "The quantity can't be lower than -1,000,000,000.", *path, field)
    return None


def _group(call: Call, wanted: dict[str, Any], made: list[_Change]) -> dict[str, Any]:
    # Available and on hand move together; Shopify reports both.
    names = (wanted["name"], "on_hand" if wanted["name"] == "available" else "available")
    changes = [_shown(one, name) for one in made for name in names]
    return {
        "changes": partial(_selected, changes),
        "createdAt": timestamp(call.world.now()),
        "id": gid("InventoryAdjustmentGroup", call.shop.next_number()),
        "reason": wanted["reason"],
        "referenceDocumentUri": wanted.get("reference_document_uri"),
    }


def _shown(one: _Change, name: str) -> dict[str, Any]:
    return {
        "delta": one.delta,
        "item": one.variant,
        "location": one.place,
        "name": name,
        "quantityAfterChange": quantity(one.level, name),
    }


def _selected(
    changes: list[dict[str, Any]],
    *,
    inventory_item_ids: list[str] | None = None,
    location_ids: list[str] | None = None,
    quantity_names: list[str] | None = None,
) -> list[dict[str, Any]]:
    return [
        change
        for change in changes
        if (inventory_item_ids is None or gid("InventoryItem", change["item"].shopify_item_id) in inventory_item_ids)
        and (location_ids is None or gid("Location", change["location"].shopify_id) in location_ids)
        and (quantity_names is None or change["name"] in quantity_names)
    ]
