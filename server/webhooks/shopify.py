"""Shopify's deliveries: five headers, and a signature over the body exactly as received.

https://shopify.dev/docs/apps/build/webhooks/subscribe/https
"""

import base64
import binascii
from collections.abc import Mapping, Sequence

from policies.errors import Refused
from server.webhooks.delivery import Delivery, Read, signed

_REQUIRED = (
    "x-shopify-topic",
    "x-shopify-hmac-sha256",
    "x-shopify-shop-domain",
    "x-shopify-api-version",
    "x-shopify-webhook-id",
)
_LONGEST = 255  # characters of a header that we keep


def shopify_reader(secrets: Sequence[str], shop_domain: str) -> Read:
    """Reads deliveries of one shop.

    Args:
        secrets: The app's, newest first; a replaced one stays valid for up to an hour.
        shop_domain: Deliveries of other shops are refused even when they are signed.
    """

    def read(headers: Mapping[str, str], body: bytes) -> Delivery:
        found = {name: headers.get(name, "") for name in _REQUIRED}
        missing = [name for name in _REQUIRED if not found[name] or len(found[name]) > _LONGEST]
        if missing:
            raise Refused(f"The header {missing[0]} is missing.", code="signature.missing", field=missing[0])
        try:
            signature = base64.b64decode(found["x-shopify-hmac-sha256"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused("The signature is not readable.", code="signature.wrong") from error
        signed(body, signature, secrets)
        if found["x-shopify-shop-domain"].lower() != shop_domain.lower():
            raise Refused("This delivery is of another shop.", code="webhook.foreign")
        return Delivery("shopify", found["x-shopify-topic"], found["x-shopify-webhook-id"], body)

    return read
