"""Bodies of the three privacy topics, which no subscription asks for: an app declares them, and Shopify sends them.

https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
"""

from collections.abc import Sequence
from typing import Any

from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.world import Person

Body = dict[str, Any]
SHOP_ID = 954889


def data_request(person: Person, shop: ShopifySettings, *, orders: Sequence[int] = (), request: int = 9999) -> Body:
    """`customers/data_request`: a customer wants to see what is kept of them."""
    return {
        **_shop(shop),
        "orders_requested": list(orders),
        "customer": _customer(person),
        "data_request": {"id": request},
    }


def redact(person: Person, shop: ShopifySettings, *, orders: Sequence[int] = (), by: Sequence[str] = ()) -> Body:
    """`customers/redact`: a customer wants to be forgotten.

    Args:
        person: The customer.
        shop: Where they bought.
        orders: Their orders.
        by: Which of `id`, `email` and `phone` are told; Shopify leaves out what it no longer has. None: all.
    """
    told = _customer(person)
    kept = {name: value for name, value in told.items() if not by or name in by}
    return {**_shop(shop), "customer": kept, "orders_to_redact": list(orders)}


def shop_redact(shop: ShopifySettings) -> Body:
    """`shop/redact`: 48 hours after the app was uninstalled."""
    return _shop(shop)


def _shop(shop: ShopifySettings) -> Body:
    return {"shop_id": SHOP_ID, "shop_domain": shop.shop_domain}


def _customer(person: Person) -> Body:
    return {"id": person.shopify_id, "email": person.email or None, "phone": person.phone or None}
