"""Identifiers as keyed hashes: equal people meet, nobody can be read back.

A plain hash of a phone number can be undone by trying every number; a keyed one cannot without the retailer's key.
"""

import hmac
import re
from typing import Literal, get_args

import phonenumbers

from knowledge.events.families import KeyedHash
from policies.errors import Refused

Kind = Literal["loyalty", "phone", "email", "payment", "shopify", "lightspeed", "replay"]
KINDS: tuple[str, ...] = get_args(Kind)

_EMAIL = re.compile(r"^[^\s@\[\]<>\"]+@[^\s@\[\]<>\"]+\.[^\s@\[\]<>\"]{2,}$")
_NORTH_AMERICAN = re.compile(r"\+1[2-9]\d{9}", re.ASCII)  # is E.164 already, and most are: parsing takes 0.3 ms
_CARD_DIGITS = range(13, 20)  # ISO/IEC 7812: a card number has 13 to 19 digits


class MatchKeys:
    """Makes match keys under one secret. Another secret gives other keys: the retailer's never leaves its network."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:  # noqa: PLR2004
            raise ValueError("the match-key secret needs 32 bytes or more")
        self._secret = secret

    def key(self, kind: Kind, value: str | None, region: str = "US") -> KeyedHash | None:
        """The key of an identifier, or `None` when it cannot be one: absent, masked or malformed.

        Args:
            kind: What the identifier is; the same text of another kind gives another key.
            value: As the platform or the till sent it.
            region: Two-letter country for phone numbers without a country code.

        Raises:
            Refused: A card number was sent where a payment token belongs.
        """
        normal = _normalize(kind, (value or "").strip(), region)
        if not normal:
            return None
        digest = hmac.digest(self._secret, f"{kind}\0{normal}".encode(), "sha256").hex()[:32]
        return KeyedHash(kind=kind, digest=digest)


def looks_like_card(value: str) -> bool:
    """Whether a text is a card number: the right count of digits, and its check digit holds (ISO/IEC 7812-1)."""
    digits = re.sub(r"[ -]", "", value)
    if not digits.isascii() or not digits.isdigit() or len(digits) not in _CARD_DIGITS:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number  # noqa: PLR2004
    return total % 10 == 0


def _normalize(kind: Kind, value: str, region: str) -> str:
    if kind == "payment" and looks_like_card(value):
        raise Refused(
            "A card number was sent; send the payment provider's token instead.",
            code="payment.card_number",
            field="payment",
        )
    if kind == "email":
        lowered = value.lower()
        return lowered if _EMAIL.match(lowered) else ""
    if kind == "phone":
        return _phone(value, region)
    if kind == "loyalty":
        return re.sub(r"\s", "", value).upper()
    return value


def _phone(value: str, region: str) -> str:
    if _NORTH_AMERICAN.fullmatch(value):
        return value
    if not re.search(r"\d{6}", re.sub(r"\D", "", value)):
        return ""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
