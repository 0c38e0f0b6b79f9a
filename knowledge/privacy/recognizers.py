"""The personal data a shop's text carries: where it stands and of what kind. Patterns only, fast enough for a call."""

import re
from typing import Any, NamedTuple

import phonenumbers

_EMAIL = re.compile(
    r"[\w.+%'-]{1,64}\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}(?:\s?(?:\.|\(dot\)|\[dot\])\s?[\w-]{2,63}){0,4}",
    re.IGNORECASE,
)
# Any long run of digits, whatever stands between them: a card number need not pass its check digit to be one with a
# typing error, and a number behind another number is still a number. Skus of nine digits and more are the price.
_LONG_NUMBER = re.compile(r"\+?\(?\d(?:[ .()/\-]{0,3}\d){8,}")
_CARD_DIGITS = 13
_PHONE_DIGITS = 7
_LOYALTY = re.compile(r"\b(?:cust|loy|card|member|vip)[-_# ]?\d{3,}\b", re.IGNORECASE)
_SSN = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")
_IP = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_REGIONS = ("US", "GB", "CA")


KINDS = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "LOYALTY_ID", "US_SSN", "IP_ADDRESS")


class Span(NamedTuple):
    """A stretch of a text, end excluded, and what it is."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Span]:
    """Every stretch that may be personal data; stretches may overlap."""
    spans: list[Span] = []
    for kind, pattern in (
        ("EMAIL_ADDRESS", _EMAIL),
        ("LOYALTY_ID", _LOYALTY),
        ("US_SSN", _SSN),
        ("IP_ADDRESS", _IP),
    ):
        spans += [Span(kind, match.start(), match.end()) for match in pattern.finditer(text)]
    for match in _LONG_NUMBER.finditer(text):
        kind = "CREDIT_CARD" if _digits(match.group()) >= _CARD_DIGITS else "PHONE_NUMBER"
        spans.append(Span(kind, match.start(), match.end()))
    for region in _REGIONS:
        matcher: Any = phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.POSSIBLE)
        spans += [
            Span("PHONE_NUMBER", found.start, found.end)
            for found in matcher
            if _digits(found.raw_string) >= _PHONE_DIGITS
        ]
    return spans


def _digits(text: str) -> int:
    return sum(letter.isdigit() for letter in text)
