"""Recognizers for the personal data a shop's text carries, as Presidio runs them.

They are written here rather than taken from Presidio's defaults: its e-mail recognizer opens network connections and
drops addresses without a public suffix, and its pattern recognizers skip a text silently when they time out.
"""

import re
from typing import Any

import phonenumbers
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

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
_SURE = 1.0


class RetailRecognizer(EntityRecognizer):
    """Finds e-mail addresses, phone numbers, card numbers, loyalty ids, social security numbers and IP addresses."""

    ENTITIES = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "LOYALTY_ID", "US_SSN", "IP_ADDRESS")

    def __init__(self) -> None:
        super().__init__(supported_entities=list(self.ENTITIES), name="retail")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
    ) -> list[RecognizerResult]:
        """Every span found; overlaps are Presidio's to settle."""
        spans: list[tuple[str, int, int]] = []
        for name, pattern in (
            ("EMAIL_ADDRESS", _EMAIL),
            ("LOYALTY_ID", _LOYALTY),
            ("US_SSN", _SSN),
            ("IP_ADDRESS", _IP),
        ):
            spans += [(name, match.start(), match.end()) for match in pattern.finditer(text)]
        for match in _LONG_NUMBER.finditer(text):
            name = "CREDIT_CARD" if _digits(match.group()) >= _CARD_DIGITS else "PHONE_NUMBER"
            spans.append((name, match.start(), match.end()))
        for region in _REGIONS:
            matcher: Any = phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.POSSIBLE)
            spans += [
                ("PHONE_NUMBER", found.start, found.end)
                for found in matcher
                if _digits(found.raw_string) >= _PHONE_DIGITS
            ]
        return [RecognizerResult(name, start, end, _SURE) for name, start, end in spans if name in entities]


def _digits(text: str) -> int:
    return sum(letter.isdigit() for letter in text)
