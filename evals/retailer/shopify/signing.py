"""The headers of a webhook request, signed over its raw body.

https://shopify.dev/docs/apps/build/webhooks
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from evals.retailer.shopify.settings import API_VERSION


def signature(body: bytes, secret: str) -> str:
    """`X-Shopify-Hmac-Sha256`: base64 of an HMAC-SHA256 over the bytes as sent, keyed with the app's secret."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def headers(  # noqa: PLR0913, PLR0917 - Shopify sends this many facts
    topic: str,
    body: bytes,
    secret: str,
    shop_domain: str,
    webhook_id: str,
    event_id: str,
    triggered_at: datetime,
) -> dict[str, str]:
    """All headers of one delivery. A retry repeats the webhook id; deliveries of one event share the event id."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-API-Version": API_VERSION,
        "X-Shopify-Event-Id": event_id,
        "X-Shopify-Hmac-Sha256": signature(body, secret),
        "X-Shopify-Shop-Domain": shop_domain,
        "X-Shopify-Topic": topic,
        "X-Shopify-Triggered-At": triggered_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "X-Shopify-Webhook-Id": webhook_id,
    }
