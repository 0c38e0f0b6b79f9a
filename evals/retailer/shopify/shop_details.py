"""The shop itself, as the Admin API shows it."""

from typing import Any
from zoneinfo import ZoneInfo

from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import gid


def shop(call: Call) -> dict[str, Any]:
    """`QueryRoot.shop`."""
    settings = call.shop.settings
    offset = call.world.now().astimezone(ZoneInfo(settings.timezone)).utcoffset()
    return {
        "currencyCode": call.currency,
        "ianaTimezone": settings.timezone,
        "id": gid("Shop", 1),
        "myshopifyDomain": settings.shop_domain,
        "name": settings.shop_name,
        "plan": {"partnerDevelopment": True, "publicDisplayName": "Development", "shopifyPlus": False},
        "taxesIncluded": False,
        "timezoneOffsetMinutes": int(offset.total_seconds() // 60) if offset else 0,
    }
