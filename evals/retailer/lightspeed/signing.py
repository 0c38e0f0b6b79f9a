"""How Lightspeed signs a webhook: `X-Signature` over the body exactly as sent, with the app's client secret.

https://x-series-api.lightspeedhq.com/docs/webhooks
"""

import hashlib
import hmac

FORM = "application/x-www-form-urlencoded"


def headers(body: bytes, secret: str) -> dict[str, str]:
    """The headers of a webhook request; Lightspeed sends no delivery id."""
    return {"Content-Type": FORM, "X-Signature": f"signature={digest(body, secret)},algorithm=HMAC-SHA256"}


def digest(body: bytes, secret: str) -> str:
    """HMAC-SHA256 of the raw body, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
