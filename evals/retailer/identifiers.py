"""Identifiers in the platforms' own shapes, the same in every world of one seed."""

import hashlib
import uuid

_SHOPIFY_FIRST = {
    "customer": 6_900_000_000_000,
    "discount": 1_200_000_000_000,
    "inventory item": 45_100_000_000_000,
    "line": 13_400_000_000_000,
    "location": 71_000_000_000,
    "order": 5_400_000_000_000,
    "product": 8_100_000_000_000,
    "refund": 980_000_000_000,
    "transfer": 3_100_000_000,
    "variant": 43_700_000_000_000,
}


def shopify_number(kind: str, serial: int) -> int:
    """The numeric id of the `serial`-th thing of a kind, as Shopify counts: growing, never shared between kinds."""
    return _SHOPIFY_FIRST[kind] + 32_768 * serial


def lightspeed_uuid(seed: int, kind: str, serial: int) -> str:
    """The uuid of the `serial`-th thing of a kind, as Lightspeed gives them: shapeless to the reader."""
    digest = hashlib.blake2b(f"{seed}/{kind}/{serial}".encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))
