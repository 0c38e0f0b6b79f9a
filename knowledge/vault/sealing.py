"""Bytes nobody reads without the key, and that say under which key they are sealed: AES-256-GCM."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from policies.errors import Misconfigured

KEY_BYTES: Final = 32
_NONCE: Final = 12  # bytes; random ones may be drawn 2^32 times under one key, and chain keys are rotated


def seal(key_id: str, key: bytes, plain: bytes, about: str) -> bytes:
    """The key's id, a point, the nonce and the ciphertext; `about` is bound to it and has to be said to open it."""
    nonce = os.urandom(_NONCE)
    return key_id.encode() + b"." + nonce + AESGCM(key).encrypt(nonce, plain, about.encode())


def sealed_under(sealed: bytes) -> str:
    """The id of the key that opens it."""
    return sealed.partition(b".")[0].decode("ascii", "replace")


def unseal(key: bytes, sealed: bytes, about: str) -> bytes:
    """What was sealed.

    Raises:
        Misconfigured: It was sealed under another key, or altered (`vault.unreadable`).
    """
    body = sealed.partition(b".")[2]
    try:
        return AESGCM(key).decrypt(body[:_NONCE], body[_NONCE:], about.encode())
    except (InvalidTag, ValueError) as error:
        raise Misconfigured(
            "A record of the customer vault cannot be opened with the keys there are.",
            code="vault.unreadable",
            hint="Restore the vault's key file; without it, poll the platforms again to fill the vault anew.",
        ) from error
