"""Every name an event is called by, and the topic it means.

Retailers, their integrators and both platforms name the same thing differently; some of the names in use are no
platform's. A name that is not here is not refused: what it told is parked for a person to see.
"""

from typing import Final

from knowledge.events.event import Topic

_NAMES: Final[dict[Topic, tuple[str, ...]]] = {
    Topic.ORDER_CREATED: (
        "order.created",
        "order.create",
        "orders/create",
        "sale.create",
        "sale.created",
        "bopis.reserved",
        "bopis.reservation",
        "pickup.reserved",
    ),
    Topic.ORDER_UPDATED: ("order.updated", "order.update", "orders/updated", "sale.update", "sale.updated"),
    Topic.ORDER_FULFILLED: (
        "order.fulfilled",
        "order.fulfillment",
        "online_order.fulfilled",
        "online.order.fulfillment",
        "orders/fulfilled",
        "fulfillments/create",
    ),
    Topic.ORDER_CANCELLED: ("order.cancelled", "order.canceled", "orders/cancelled", "sale.voided"),
    Topic.RETURN_CREATED: (
        "return.created",
        "return.create",
        "returns/create",
        "refund.created",
        "refunds/create",
        "in_store.return",
        "instore.return",
    ),
    Topic.CUSTOMER_UPDATED: (
        "customer.updated",
        "customer.update",
        "customer.created",
        "customers/create",
        "customers/update",
    ),
    Topic.INVENTORY_UPDATED: (
        "inventory.updated",
        "inventory.update",
        "inventory_level",
        "inventory_level.update",
        "inventory_level.updated",
        "inventory_levels/update",
    ),
    Topic.PRODUCT_VIEWED: ("product.viewed", "product_viewed", "product.view"),
    Topic.CART_UPDATED: ("cart.updated", "cart.update", "cart/update", "carts/create", "carts/update"),
    Topic.WISHLIST_UPDATED: ("wishlist.updated", "wishlist.update", "wishlist_updated"),
    Topic.TICKET_UPDATED: ("ticket.updated", "ticket.update", "ticket.created", "ticket.closed"),
    Topic.CHECKOUT_STARTED: ("checkout.started", "checkout.start", "checkouts/create"),
    Topic.CHECK_IN: (
        "check_in",
        "checkin",
        "check.in",
        "customer.check_in",
        "customer.checked_in",
        "app.check_in",
        "wifi.check_in",
    ),
    Topic.LOYALTY_SCANNED: (
        "loyalty.scanned",
        "loyalty.scan",
        "loyalty.lookup",
        "phone.lookup",
        "customer.lookup",
    ),
    Topic.OFFER_SHOWN: ("offer.shown", "offer_shown", "offer.displayed"),
    Topic.REGISTER_CLOSED: ("register.closed", "register.closure", "register_closure.create"),
}


def _plain(name: str) -> str:
    return name.strip().lower().replace("/", ".").replace("-", "_")


ALIASES: Final[dict[str, Topic]] = {_plain(name): topic for topic, names in _NAMES.items() for name in names}


def topic_of(name: str) -> Topic:
    """The topic a name means; `UNKNOWN` when nobody here understands it."""
    return ALIASES.get(_plain(name), Topic.UNKNOWN)
