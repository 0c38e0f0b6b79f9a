"""One way to write each identifier, so that equal ones are equal; what cannot be one is nothing."""

import re
import unicodedata
from typing import Final, Literal, get_args

import idna
import phonenumbers

Kind = Literal["loyalty", "phone", "email", "payment", "check_in", "shopify", "lightspeed", "replay"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)

_EMAIL: Final = re.compile(r"[^\s@\[\]<>\"]{1,64}@[^\s@\[\]<>\"]+\.[^\s@\[\]<>\"]{2,}")
_NORTH_AMERICAN: Final = re.compile(r"\+1[2-9]\d{9}", re.ASCII)  # is E.164 already, and most are: parsing takes 0.3 ms
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def normalize(kind: Kind, value: str, region: str) -> str:
    """The one way to write an identifier; "" when it cannot be one.

    Args:
        kind: What it is said to be.
        value: As it was sent.
        region: Two-letter country for phone numbers without a country code: that of the location.
    """
    value = _UNSEEN.sub("", unicodedata.normalize("NFKC", value)).strip() if not value.isascii() else value.strip()
    if kind == "email":
        return _email(value)
    if kind == "phone":
        return _phone(value, region)
    if kind == "loyalty":
        return re.sub(r"\s", "", value).upper()
    return value


def _email(value: str) -> str:
    """Letters small, the domain in its ASCII form. Dots and tags stay: to drop them would make two people one."""
    if not _EMAIL.fullmatch(value):
        return ""
    local, _, domain = value.casefold().rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            return ""
    return f"{local}@{domain}"


def _phone(value: str, region: str) -> str:
    """E.164 without its extension. Whether a number is given to anybody is left to the world: plans grow."""
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
