"""What one simulated Lightspeed retailer and the app connected to it are called, and how much the app may do."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

API_VERSION = "2026-07"

ALL_SCOPES = frozenset(
    {
        "business_rules:read",
        "business_rules:write",
        "consignments:read",
        "consignments:write:stock_order",
        "consignments:write:stock_transfer",
        "customers:read",
        "customers:write",
        "inventory:read",
        "inventory:write",
        "outlets:read",
        "products:read",
        "promotions:read",
        "promotions:write",
        "registers:read",
        "remote_rules:read",
        "remote_rules:write",
        "retailer:read",
        "sales:read",
        "sales:write",
        "suppliers:read",
        "webhooks",
    }
)


def _random() -> str:
    return secrets.token_hex(20)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class LightspeedSettings:
    """One retailer with one connected app. The secrets are drawn afresh unless given.

    Attributes:
        client_secret: Signs webhooks, as at Lightspeed.
        authorization_code: What the consent page hands over; good for one exchange.
        personal_token: A token that does not expire and holds every granted scope; "" means the plan has none.
        registers: For the request allowance: 300 for each register and 50 more in five minutes.
        scopes: What the retailer granted.
        access_token_lives: Seconds until an access token expires.
        retry_after: How a 429 says when to come back; Lightspeed's documents name both.
        now: For the expiry of tokens and the date in `Retry-After`; real time, because both travel to programs in it.
        monotonic: Seconds for the request allowance.
    """

    domain_prefix: str = "tillhanddemo"
    retailer_name: str = "Tillhand Demo"
    client_id: str = "tillhand-demo-app"
    client_secret: str = field(default_factory=_random)
    authorization_code: str = field(default_factory=_random)
    personal_token: str = ""
    registers: int = 4
    scopes: frozenset[str] = ALL_SCOPES
    access_token_lives: int = 86_400
    retry_after: Literal["seconds", "date"] = "seconds"
    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
