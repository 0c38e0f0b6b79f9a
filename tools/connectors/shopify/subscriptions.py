"""The webhooks we need, each with the fields we read: what is not sent cannot leak.

https://shopify.dev/docs/apps/build/webhooks/customize/modify_payloads
"""

from typing import Any

from policies.errors import Misconfigured
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify import operations
from tools.connectors.shopify.answers import codes_of
from tools.connectors.shopify.graphql import Admin

PATH = "/webhooks/shopify"

_ORDER = [
    "id",
    "created_at",
    "updated_at",
    "processed_at",
    "cancelled_at",
    "source_name",
    "source_identifier",
    "checkout_token",
    "location_id",
    "currency",
    "total_price",
    "current_total_price",
    "discount_codes",
    "discount_applications",
    "fulfillment_status",
    "email",
    "phone",
    "customer",
    "line_items",
    "shipping_lines",
    "note_attributes",
]
_CUSTOMER = [
    "id",
    "created_at",
    "updated_at",
    "email",
    "phone",
    "currency",
    "orders_count",
    "total_spent",
    "email_marketing_consent",
    "sms_marketing_consent",
    "metafields",
]
_CART = ["id", "token", "created_at", "updated_at", "line_items"]
_TRANSFER = ["id", "admin_graphql_api_id", "status", "reference_name", "destination", "updated_at"]

TOPICS: dict[str, list[str]] = {
    "ORDERS_CREATE": _ORDER,
    "ORDERS_UPDATED": _ORDER,
    "ORDERS_FULFILLED": _ORDER,
    "ORDERS_CANCELLED": _ORDER,
    "REFUNDS_CREATE": ["id", "order_id", "created_at", "processed_at", "refund_line_items", "transactions"],
    "CUSTOMERS_CREATE": _CUSTOMER,
    "CUSTOMERS_UPDATE": _CUSTOMER,
    "INVENTORY_LEVELS_UPDATE": ["inventory_item_id", "location_id", "available", "updated_at"],
    "PRODUCTS_UPDATE": ["id", "title", "body_html", "vendor", "product_type", "tags", "updated_at", "variants"],
    "CARTS_UPDATE": _CART,
    "CHECKOUTS_CREATE": [*_CART, "email", "phone", "customer", "currency", "total_price"],
    "INVENTORY_TRANSFERS_UPDATED": _TRANSFER,
    "INVENTORY_TRANSFERS_READY_TO_SHIP": _TRANSFER,
    "INVENTORY_TRANSFERS_COMPLETE": _TRANSFER,
    "INVENTORY_TRANSFERS_CANCEL": _TRANSFER,
}


class ShopifySubscriptions:
    """Registers webhooks."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def ensure(self, base_url: str) -> list[str]:
        """Register what is missing at `{base_url}/webhooks/shopify`; returns the topics added.

        Raises:
            Misconfigured: Shopify does not take the address.
        """
        uri = f"{base_url.rstrip('/')}{PATH}"
        known = await self._admin.ask(operations.SUBSCRIPTIONS, {}, Priority.READ)
        there = {node["topic"] for node in known["webhookSubscriptions"]["nodes"] if node["uri"] == uri}
        added: list[str] = []
        for topic, fields in TOPICS.items():
            if topic in there:
                continue
            subscription: dict[str, Any] = {"uri": uri, "format": "JSON", "includeFields": fields}
            if topic.startswith("CUSTOMERS"):
                subscription["metafieldNamespaces"] = ["tillhand"]
            data = await self._admin.ask(
                operations.SUBSCRIBE, {"topic": topic, "subscription": subscription}, Priority.READ
            )
            if codes_of(data["webhookSubscriptionCreate"]):
                raise Misconfigured(
                    f"Shopify does not send {topic} to this address.",
                    code="shopify.webhook_address",
                    hint="It needs a public https address.",
                )
            added.append(topic)
        return added
