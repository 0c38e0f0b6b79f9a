"""What happens online before an order: pages seen, carts filled, checkouts begun."""

import hashlib
from typing import Literal

from evals.retailer.refusals import Unknown, WrongState
from evals.retailer.world import Cart, Change, World

VIEWS_KEPT = 50  # pages per customer; the oldest are forgotten


def view(world: World, customer_key: int, sku: str) -> None:
    """A signed-in customer sees a product page.

    Raises:
        Unknown: No such customer or sku.
    """
    if customer_key not in world.people or sku not in world.variants:
        raise Unknown("No such customer or sku.")
    seen = world.views.setdefault(customer_key, [])
    seen.append((sku, world.now()))
    del seen[:-VIEWS_KEPT]


def open_cart(world: World, customer_key: int | None) -> Cart:
    """An empty cart, of a customer or of somebody not signed in. Not announced before it holds something."""
    serial = world.next_serial("cart")
    token = hashlib.blake2b(f"{world.seed}/cart/{serial}".encode(), digest_size=16).hexdigest()
    now = world.now()
    cart = world.carts[token] = Cart(token, customer_key, {}, now, now)
    return cart


def put_in_cart(world: World, cart: Cart, sku: str, units: int) -> Cart:
    """Set how many units of a sku a cart holds; 0 takes it out.

    Raises:
        Unknown: No such sku, or fewer than no units.
        WrongState: The cart has been paid.
    """
    if sku not in world.variants or units < 0:
        raise Unknown(f"A cart cannot hold {units} of {sku}.")
    if cart.order is not None:
        raise WrongState("The cart has been paid.")
    if units:
        cart.lines[sku] = units
    else:
        cart.lines.pop(sku, None)
    _announce(world, "cart.updated", cart)
    return cart


def begin_checkout(world: World, cart: Cart) -> Cart:
    """The customer of a cart goes to pay.

    Raises:
        WrongState: The cart is empty or paid.
    """
    if not cart.lines or cart.order is not None:
        raise WrongState("Only an unpaid cart with goods can go to checkout.")
    cart.checkout_at = world.now()
    _announce(world, "checkout.created", cart)
    return cart


def _announce(world: World, topic: Literal["cart.updated", "checkout.created"], cart: Cart) -> None:
    cart.updated_at = world.now()
    world.announce(
        Change(
            topic,
            cart.updated_at,
            "shopify",
            {
                "token": cart.token,
                "customer": cart.customer,
                "lines": dict(cart.lines),
                "created_at": cart.created_at,
                "updated_at": cart.updated_at,
            },
        )
    )
