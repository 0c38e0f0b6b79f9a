"""Lightspeed's deliveries: a form with JSON in its field `payload`, signed over the raw form.

The documentation does not say whether the signature is hexadecimal or base64, so both are accepted. Deliveries have
no name of their own: a retry carries the same bytes, so their digest names them.
https://x-series-api.lightspeedhq.com/docs/webhooks
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from policies.errors import Refused
from server.webhooks.delivery import Delivery, Read, signed

_HEX = re.compile(r"^[0-9a-fA-F]{64}$")
_FIELDS = 20  # in one form, at most


def lightspeed_reader(secrets: Sequence[str], domain_prefix: str) -> Read:
    """Reads deliveries of one retailer.

    Args:
        secrets: The app's client secrets, newest first.
        domain_prefix: The retailer's; a delivery that names another one is refused. Empty: not compared.
    """

    def read(headers: Mapping[str, str], body: bytes) -> Delivery:
        check_signature(headers, body, secrets)
        form = _form(body)
        named = form.get("domain_prefix", "")
        if domain_prefix and named and named != domain_prefix:
            raise Refused("This delivery is of another retailer.", code="webhook.foreign")
        payload, topic = form.get("payload", ""), form.get("type", "")
        if not payload or not topic:
            raise Refused("The form lacks its payload or its type.", code="body.malformed")
        return Delivery("lightspeed", topic, hashlib.sha256(body).hexdigest(), payload.encode())

    return read


def check_signature(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> None:
    """Check `X-Signature: signature=...,algorithm=HMAC-SHA256`.

    Raises:
        Refused: It is missing, names another algorithm, or does not match.
    """
    header = headers.get("x-signature", "")
    named = (part.strip().partition("=") for part in header.split(","))
    parts = {name: value for name, _, value in named}
    signature, algorithm = parts.get("signature", ""), parts.get("algorithm", "")
    if not signature or algorithm.upper() != "HMAC-SHA256":
        raise Refused(
            "The header X-Signature is missing or names another algorithm.",
            code="signature.missing",
            field="x-signature",
        )
    signed(body, _decoded(signature), secrets)


def _decoded(signature: str) -> bytes:
    if _HEX.match(signature):
        return bytes.fromhex(signature)
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("The signature is not readable.", code="signature.wrong") from error


def _form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("utf-8"), strict_parsing=True, max_num_fields=_FIELDS)
    except ValueError as error:
        raise Refused("The body is not a readable form.", code="body.malformed") from error
    if any(len(values) > 1 for values in fields.values()):
        raise Refused("The form names a field twice.", code="body.malformed")
    return {name: values[0] for name, values in fields.items()}
