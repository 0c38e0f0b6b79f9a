"""Phone numbers, as people write them: national and international, with extensions, with letters for digits."""

import re
from typing import Any, Final

import phonenumbers

from knowledge.privacy.spans import Span

_LEAST_DIGITS: Final = 7
_REGIONS: Final = ("US", "GB")  # what they write matches most others' shapes; an international number needs none
_CALLED: Final = (
    r"\b(?:tel|phone|ph|call|ring|text|cell|mobile|fax|contact|number|whatsapp|telefon|teléfono|handy)\b"
    r"[^\d\n]{0,20}\(?\d[\d ().\-/]{4,18}\d"
)
_LETTERED: Final = (
    r"(?<!\w)(?=[OolISB-]{0,4}\d)(?=[\dOolISB. -]{8,14}(?!\w))"
    r"[\dOolISB]{3}[-. ][\dOolISB]{3}[-. ][\dOolISB]{4}(?!\w)"
)
_SHAPES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\w-])\d{3}[-.\n ]\d{3}[-.\n ]\d{4}(?!\w)",
        r"(?<![\w#-])\d{3}[-–]\d{4}(?![\w-])",  # a neighbor's number
        r"(?<![\w-])(?:\d{2,4}[ .-]){3,5}\d{2,4}(?![\w-])",
        r"(?<![\w-])\(\d{2,5}\)[ -]?\d[\d -]{4,12}\d(?!\w)",
        r"(?<![\w-])0\d{1,4}[ /-]\d{2,4}(?:[ -]\d{2,4}){1,3}(?![\w-])",
        r"(?:\+|\b00)\d{1,3}[ .-]?(?:\(0\))?(?:[ .-]?\d{1,4}){2,6}",
        _CALLED,
        _LETTERED,
    )
)
_EXTENSION: Final = re.compile(r"[ ,;]{0,2}(?:ext(?:ension)?\.?|x|#|durchwahl)[ .:]{0,2}\d{1,6}\b", re.IGNORECASE)
_CARRIES: Final = re.compile(r"\d\D{0,3}\d\D{0,3}\d\D{0,3}\d\D{0,3}\d")
_SIGN: Final = re.compile(r"[\d+(]")
_MONEY: Final = re.compile(r"[$£€]\s?\d{1,3}(?:[., ]\d{3}){0,3}(?:[.,]\d{2})?")


def find(text: str) -> list[Span]:
    """Every stretch that may be a phone number."""
    if not _CARRIES.search(text):
        return []
    amounts = _MONEY.sub(lambda match: "$" * len(match.group()), text)
    spans: list[Span] = []
    for shape in _SHAPES:
        for match in shape.finditer(amounts):
            if digits(match.group()) >= _LEAST_DIGITS - 1:
                first = _SIGN.search(match.group())
                start = match.start() + (first.start() if first and match.group()[0].isalpha() else 0)
                spans.append(Span("PHONE_NUMBER", start, match.end()))
    for region in _REGIONS:
        matcher: Any = phonenumbers.PhoneNumberMatcher(
            amounts, region, leniency=phonenumbers.Leniency.POSSIBLE, max_tries=20
        )
        spans += [
            Span("PHONE_NUMBER", found.start, found.end)
            for found in matcher
            if digits(found.raw_string) >= _LEAST_DIGITS
        ]
    return [_with_extension(text, span) for span in spans]


def digits(text: str) -> int:
    """How many digits a text has."""
    return sum(letter.isdecimal() for letter in text)


def _with_extension(text: str, span: Span) -> Span:
    more = _EXTENSION.match(text, span.end)
    return span._replace(end=more.end()) if more else span
