"""Webhook bodies in Shopify's REST shape, one or more for each change of the world."""

import json
from collections.abc import Callable
from typing import Any

from evals.retailer.shopify.order_payloads import order_body, refund_body
from evals.retailer.shopify.record_payloads import (
    cart_body,
    checkout_body,
    customer_record_body,
    discount_body,
    level_body,
    product_body,
    transfer_body,
)
from evals.retailer.world import Change, World

Body = dict[str, Any]
_TRANSFER_TOPICS = {
    "CANCELED": "inventory_transfers/cancel",
    "READY_TO_SHIP": "inventory_transfers/ready_to_ship",
    "TRANSFERRED": "inventory_transfers/complete",
}


def webhook(change: Change, world: World) -> list[tuple[str, bytes]]:
    """The webhooks Shopify sends for a change, as (topic, body); none for what is not Shopify's.

    Render them when the change is announced: a retry carries the body as it was.
    """
    if change.platform != "shopify":
        return []
    make = _MAKE.get(change.topic)
    made = make(change, world) if make else []
    return [(topic, json.dumps(body, separators=(",", ":")).encode()) for topic, body in made]


def _created(change: Change, world: World) -> list[tuple[str, Body]]:
    return [("orders/create", order_body(change.subject, world))]


def _updated(change: Change, world: World) -> list[tuple[str, Body]]:
    body = order_body(change.subject, world)
    if change.subject.cancelled_at:
        return [("orders/cancelled", body), ("orders/updated", body)]
    return [("orders/updated", body)]


def _fulfilled(change: Change, world: World) -> list[tuple[str, Body]]:
    body = order_body(change.subject, world)
    return [("orders/fulfilled", body), ("orders/updated", body)]


def _refunded(change: Change, world: World) -> list[tuple[str, Body]]:
    order = change.subject
    return [
        ("refunds/create", refund_body(order, order.refunds[-1], world)),
        ("orders/updated", order_body(order, world)),
    ]


def _level(change: Change, world: World) -> list[tuple[str, Body]]:
    sku, place = change.subject
    return [("inventory_levels/update", level_body(sku, place, world))]


def _transfer(change: Change, world: World) -> list[tuple[str, Body]]:
    topic = _TRANSFER_TOPICS.get(change.subject.status, "inventory_transfers/updated")
    return [(topic, transfer_body(change.subject, world))]


def _one(topic: str, body: Callable[[Any, World], Body]) -> Callable[[Change, World], list[tuple[str, Body]]]:
    return lambda change, world: [(topic, body(change.subject, world))]


_MAKE: dict[str, Callable[[Change, World], list[tuple[str, Body]]]] = {
    "cart.updated": _one("carts/update", cart_body),
    "checkout.created": _one("checkouts/create", checkout_body),
    "customer.created": _one("customers/create", customer_record_body),
    "customer.updated": _one("customers/update", customer_record_body),
    "discount.created": _one("discounts/create", discount_body),
    "discount.updated": _one("discounts/update", discount_body),
    "inventory.updated": _level,
    "order.created": _created,
    "order.fulfilled": _fulfilled,
    "order.refunded": _refunded,
    "order.updated": _updated,
    "product.updated": _one("products/update", product_body),
    "transfer.updated": _transfer,
}
