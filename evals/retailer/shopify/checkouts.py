"""Checkouts begun online and not paid, as the Admin API shows them: the only carts it shows at all."""

import hashlib
from functools import partial
from typing import Any

from evals.retailer.shopify.matching import Field, matcher
from evals.retailer.shopify.page import Connection, Key, Paging, sorted_connection
from evals.retailer.shopify.search_warnings import note_unknown_fields
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import gid, money_bag, optional_timestamp, timestamp
from evals.retailer.world import Cart


def checkout_row(cart: Cart, call: Call) -> dict[str, Any]:
    """`AbandonedCheckout`."""
    order = call.world.orders.get(cart.order) if cart.order is not None else None
    total = sum(call.world.variants[sku].price * units for sku, units in cart.lines.items())
    return {
        "abandonedCheckoutUrl": f"https://{call.shop.settings.shop_domain}/checkouts/{cart.token}/recover",
        "completedAt": optional_timestamp(order.occurred_at if order else None),
        "createdAt": timestamp(cart.checkout_at or cart.created_at),
        "customer": call.index.people.get(cart.customer),
        "id": gid("AbandonedCheckout", cart_checkout_number(cart.token)),
        "lineItems": partial(_lines, cart, call),
        "totalPriceSet": money_bag(total, call.currency),
    }


def cart_checkout_number(token: str) -> int:
    """The numeric id of a cart's checkout, from the cart's token."""
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=6).digest())


def abandoned_checkouts(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.abandonedCheckouts`."""
    note_unknown_fields(call, page.query, _FIELDS)
    holds = matcher(page.query, _FIELDS)
    found = (cart for cart in call.world.carts.values() if cart.checkout_at and holds(cart))
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def _lines(cart: Cart, call: Call, *, page: Paging) -> Connection:
    number = cart_checkout_number(cart.token)
    rows = [
        {
            "id": gid("AbandonedCheckoutLineItem", f"{number}{place:03d}"),
            "product": call.world.variants[sku],
            "quantity": units,
            "sku": sku,
            "title": call.world.variants[sku].product_title,
            "variant": call.world.variants[sku],
        }
        for place, (sku, units) in enumerate(cart.lines.items())
    ]
    return sorted_connection(rows, lambda row: (str(row["id"]),), page)


def _by_created(cart: Cart) -> Key:
    return ((cart.checkout_at or cart.created_at).isoformat(), cart.token)


def _by_id(cart: Cart) -> Key:
    return (cart_checkout_number(cart.token),)


_FIELDS = {
    "created_at": Field("time", lambda cart: cart.checkout_at),
    "id": Field("number", lambda cart: cart_checkout_number(cart.token)),
    "recovery_state": Field("text", lambda cart: "not_recovered" if cart.order is None else "recovered"),
    "status": Field("text", lambda cart: "open" if cart.order is None else "closed"),
    "updated_at": Field("time", lambda cart: cart.updated_at),
}
_ORDERS = {"CREATED_AT": _by_created, "ID": _by_id}
