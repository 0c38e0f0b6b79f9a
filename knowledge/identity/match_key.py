"""Identifiers as keyed hashes: equal people meet, nobody can be read back.

A plain hash of a phone number can be undone by trying every number; a keyed one cannot without the retailer's key. A
till may send a plain hash all the same: it is keyed at once, and meets the key of the identifier it was made of.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final

from knowledge.events.families import KeyedHash
from knowledge.identity.card import card_refused, looks_like_card
from knowledge.identity.normal import Kind, normalize
from policies.errors import Refused

FIRST: Final = "1"  # the key id that digests of an installation's first secret do not name
_SECRET_BYTES: Final = 32
_HASHED: Final = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})", re.ASCII)
_KEYED: Final = re.compile(r"hmac:((?:([0-9a-z]{1,8})\.)?[0-9a-f]{32})", re.ASCII)
_MISTAKEN: Final = frozenset(
    {"loyalty", "phone", "email", "payment", "check_in"}
)  # platforms' own ids are as long as cards
_PHONE_DIGITS: Final = 15  # E.164: nothing longer is a phone number


class MatchKeys:
    """Makes match keys. Another secret gives other keys: the retailer's never leaves its network.

    Args:
        secrets: One secret, or what gives the secrets in use by key id, the present one first; those after it are
            still read while customers are brought under the present one.
        country: Two letters, of phone numbers told without a country code at a place that names none.
        strict: Whether tills and assistants may send hashed identifiers only.
    """

    def __init__(
        self, secrets: bytes | Callable[[], Mapping[str, bytes]], *, country: str = "US", strict: bool = False
    ) -> None:
        self.strict = strict
        self._country = country
        if isinstance(secrets, bytes):
            known = {FIRST: secrets}
            self._secrets: Callable[[], Mapping[str, bytes]] = lambda: known
        else:
            self._secrets = secrets
        if any(len(secret) < _SECRET_BYTES for secret in self._secrets().values()):
            raise ValueError("the match-key secret needs 32 bytes or more")

    def key(self, kind: Kind, value: str | None, region: str = "") -> KeyedHash | None:
        """The key of an identifier, or `None` when it cannot be one: absent, masked or malformed.

        Args:
            kind: What the identifier is; the same text of another kind gives another key.
            value: As the platform or the till sent it; a hash as `sha256:` and 64 hexadecimal digits of the
                normalized identifier, or `hmac:` and a key made by a relay of the retailer's under the same secret.
            region: Two-letter country for phone numbers without a country code: the location's; "" for the chain's.

        Raises:
            Refused: A card number was sent.
        """
        return next(iter(self.readings(kind, value, region)), None)

    def readings(self, kind: Kind, value: str | None, region: str = "") -> tuple[KeyedHash, ...]:
        """The key under every secret in use, the present one first; nothing when it cannot be an identifier.

        Raises:
            Refused: A card number was sent.
        """
        text = (value or "").strip()
        if keyed := _KEYED.fullmatch(text):
            known = (keyed[2] or FIRST) in self._secrets()
            return (KeyedHash(kind=kind, digest=keyed[1]),) if known else ()
        if hashed := _HASHED.fullmatch(text):
            return self.of_fingerprint(kind, hashed[1].lower())
        normal = self.normal(kind, text, region)
        return self.of_fingerprint(kind, fingerprint(normal)) if normal else ()

    def normal(self, kind: Kind, value: str | None, region: str = "") -> str:
        """The one way to write a raw identifier; "" when it is absent, hashed already, or cannot be one.

        Raises:
            Refused: A card number was sent.
        """
        text = (value or "").strip()
        if not text or is_hashed(text):
            return ""
        if kind in _MISTAKEN and looks_like_card(text) and (kind != "phone" or _digits(text) > _PHONE_DIGITS):
            raise card_refused(kind)
        return normalize(kind, text, region or self._country)

    def of_fingerprint(self, kind: Kind, plain: str) -> tuple[KeyedHash, ...]:
        """The key, under every secret in use, of an identifier whose SHA-256 is known.

        Args:
            kind: What the identifier is.
            plain: 64 small hexadecimal digits.
        """
        message = f"{kind}\0{plain}".encode()
        return tuple(
            KeyedHash(kind=kind, digest=_named(key_id, hmac.digest(secret, message, "sha256").hex()[:32]))
            for key_id, secret in self._secrets().items()
        )

    def refuse_raw(self, value: str | None, field: str) -> None:
        """In strict mode, refuse an identifier that is not hashed.

        Raises:
            Refused: `identifier.raw`.
        """
        if self.strict and value and not is_hashed(value):
            raise Refused(
                "Raw identifiers of customers are not taken here; send a hash.",
                code="identifier.raw",
                hint="Send sha256: and the hash of the normalized identifier, or hmac: and your relay's key.",
                field=field,
            )


def fingerprint(normal: str) -> str:
    """The plain hash of a normalized identifier: what a till may send, and what a match key is made of."""
    return hashlib.sha256(normal.encode()).hexdigest()


def is_hashed(value: str) -> bool:
    """Whether a told identifier is a hash already."""
    text = value.strip()
    return bool(_HASHED.fullmatch(text) or _KEYED.fullmatch(text))


def key_id(digest: str) -> str:
    """Under which secret a digest was made."""
    named, point, _ = digest.partition(".")
    return named if point else FIRST


def _named(key_id: str, digest: str) -> str:
    return digest if key_id == FIRST else f"{key_id}.{digest}"


def _digits(text: str) -> int:
    return sum(letter.isdigit() for letter in text)
