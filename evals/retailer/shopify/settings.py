"""What one simulated Shopify shop and the app installed on it are called, and how much the app may do."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

API_VERSION = "2026-07"
SERVED_VERSIONS = ("2026-07", "2026-10")

ALL_SCOPES = frozenset(
    {
        "read_all_orders",
        "read_customers",
        "read_store_credit_accounts",
        "read_discounts",
        "read_inventory",
        "read_inventory_shipments",
        "read_inventory_transfers",
        "read_locations",
        "read_merchant_managed_fulfillment_orders",
        "read_orders",
        "read_products",
        "read_returns",
        "write_discounts",
        "write_inventory",
        "write_inventory_shipments",
        "write_inventory_shipments_received_items",
        "write_inventory_transfers",
    }
)


def _random() -> str:
    return secrets.token_hex(16)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ShopifySettings:
    """One shop with one custom app. The secrets are drawn afresh unless given.

    Attributes:
        client_secret: Signs session tokens and webhooks, as at Shopify.
        storefront_token: The public Storefront API token.
        restore_rate: Cost points given back per second: 100 on a standard plan.
        bucket_size: Cost points a full bucket holds.
        scopes: What the merchant granted.
        access_token_lives: Seconds until an access token from client credentials or an online exchange expires.
        now: For the expiry of tokens; real time, because the tokens travel to programs that live in it.
        monotonic: Seconds for the cost bucket.
    """

    shop_domain: str = "tillhand-demo.myshopify.com"
    shop_name: str = "Tillhand Demo"
    timezone: str = "America/New_York"
    client_id: str = "tillhand-demo-app"
    client_secret: str = field(default_factory=_random)
    storefront_token: str = field(default_factory=_random)
    restore_rate: float = 100.0
    bucket_size: float = 2000.0
    scopes: frozenset[str] = ALL_SCOPES
    access_token_lives: int = 86_399
    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
