"""The personal data a shop's text carries: where it stands and of what kind. Patterns only, fast enough for a call.

Every pattern is bounded: no part of it repeats without a limit next to another that could match the same letters, so
the time it takes grows with the text and no faster. `find` still watches its time, and whoever calls it withholds
what took too long.
"""

import re
import time
from typing import Final

from knowledge.privacy import addresses, phones
from knowledge.privacy.spans import Span

WITHIN: Final = 0.5  # seconds for one text of 4,000 letters, which takes a tenth of that
KINDS: Final = (
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "LOYALTY_ID",
    "US_SSN",
    "IP_ADDRESS",
    "IBAN",
    "ADDRESS",
    "HANDLE",
    "TRACKING_ID",
    "GIFT_CARD",
    "ID_NUMBER",
    "BIRTH_DATE",
    "CONTACT_CARD",
)
_CARD_DIGITS: Final = 13
_AT_ONCE: Final = 8  # patterns between two looks at the clock, which cost more than a pattern
_ID_WORDS: Final = (
    r"(?:licen[cs]e|licen[cs]ia|passport|identity card|national id|driver'?s? id|dl|ssn|social security|tax id)"
)
_EMAIL: Final = (
    r"[\w.+%'-]{1,64}[^\x00-\x7f]{0,2}\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}"
    r"(?:\s?(?:\.|\(dot\)|\[dot\])\s?[\w-]{2,63}){0,4}"
)
_ACCOUNT: Final = (
    r"\b(?:customer|client|loyalty|membership|member|rewards?|account|acct)(?:[ _-](?:card|id|no|nr|number))?"
    r"[ .:#-]{1,3}(?=[\w-]{0,6}\d)[a-z]{0,5}[-_]?\d{3,}\b"
)
_HEX_GROUPS: Final = r"(?::[0-9a-f]{1,4}){0,6}"
_CAR: Final = (
    r"\b(?:car|plate|vehicle|van|truck|kennzeichen|number plate)\b[ :#]{1,3}(?:is |no |number )?"
    r"(?=[A-Z -]{0,8}\d)(?=[0-9 -]{0,8}[A-Z])[A-Z0-9][A-Z0-9 -]{3,8}[A-Z0-9]\b"
)
_BIRTH: Final = (
    r"\b(?:born|birth ?day|birth ?date|date of birth|d\.?o\.?b\.?|geboren|n[ée]e? le)\b[^\n\d]{0,20}"
    r"\d{1,4}[./\- ](?:\d{1,2}|[a-z]{3,9})[./\-, ]{1,2}\d{2,4}\b"
)
_PATTERNS: Final = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("CONTACT_CARD", r"\bBEGIN:VCARD\b[^\0]{0,2000}?\bEND:VCARD\b|\bMECARD:[^\n]{0,400}"),
        ("EMAIL_ADDRESS", r"\b(?:mailto|matmsg|smsto|sms|tel):[^\s)\]>\"']{3,200}"),
        ("EMAIL_ADDRESS", _EMAIL),
        ("HANDLE", r"(?<![\w@.])@[a-z_][\w.]{2,30}"),
        ("LOYALTY_ID", r"\b(?:cust|loy|card|member|vip)[-_# ]?\d{3,}\b"),
        ("LOYALTY_ID", _ACCOUNT),
        ("US_SSN", r"(?<![\d-])\d{3}[- .]\d{2}[- .]\d{4}(?![\d-])"),
        ("IP_ADDRESS", r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]\d)"),
        ("IP_ADDRESS", r"(?<![\w:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{0,4}(?![\w:])"),
        ("IP_ADDRESS", rf"(?<![\w:])[0-9a-f]{{1,4}}{_HEX_GROUPS}::(?:[0-9a-f]{{1,4}}{_HEX_GROUPS})?(?![\w:])"),
        ("IBAN", r"\b[A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]{4}){2,7}(?:[ .-]?[A-Z0-9]{1,3})?\b"),
        ("TRACKING_ID", r"\b1Z[ -]?(?:[0-9A-Z][ -]?){14,16}\b"),
        ("TRACKING_ID", r"\b[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}\b"),
        ("GIFT_CARD", r"(?<![\w-])(?=[A-Z-]{0,20}\d)[A-Z0-9]{4}(?:-[A-Z0-9]{4}){2,4}(?![\w-])"),
        ("CREDIT_CARD", r"(?<!\d)\d{4}(?:[ .\-/\n]{1,2}\d{4}){2}[ .\-/\n]{1,2}\d{1,7}(?!\d)"),
        ("CREDIT_CARD", r"(?<!\d)\d{4}[ .\-\n]{1,2}\d{6}[ .\-\n]{1,2}\d{5}(?!\d)"),
        ("ID_NUMBER", r"(?<![\w-])[A-Z]{1,2}\d{7,14}(?![\w-])"),
        ("ID_NUMBER", rf"\b{_ID_WORDS}\b[^\n\d]{{0,25}}?(?=[a-z-]{{0,6}}\d)[a-z]{{0,3}}[\d-]{{5,18}}\b"),
        ("ID_NUMBER", _CAR),
        ("BIRTH_DATE", _BIRTH),
        ("CREDIT_CARD", r"\b(?:ends?|ending|last (?:four|4)(?: digits)?)(?: (?:in|with|on|are))?[ :]{1,2}\d{4}(?!\d)"),
    )
)
_LONG_NUMBER: Final = re.compile(r"\+?\(?\d(?:[ .()/\-]{0,3}\d){8,40}")
_OURS: Final = (  # dates, and short numbers that a word before them says to be the shop's
    re.compile(r"(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?:[ T][0-2]\d(?::[0-5]\d){1,2}(?:\.\d{1,6})?)?(?!\d)"),
    re.compile(
        r"\b(?:order|invoice|receipt|ticket|case|sku|transfer)(?: no\.?| number)?[ :#]{1,3}\d{3,8}(?![\d-])",
        re.IGNORECASE,
    ),
)


def find(text: str, *, until: float | None = None) -> list[Span]:
    """Every stretch that may be personal data; stretches may overlap.

    Args:
        text: Of 4,000 letters at most.
        until: `time.thread_time()` by which it must be done; half a second from now when not given.

    Raises:
        TimeoutError: It was not.
    """
    end = time.thread_time() + WITHIN if until is None else until
    spans: list[Span] = []
    for number, (kind, pattern) in enumerate(_PATTERNS):
        spans += [Span(kind, match.start(), match.end()) for match in pattern.finditer(text)]
        if number % _AT_ONCE == 0:
            _watch(end)
    numbers = text
    for pattern in _OURS:  # no part of a number beside them
        numbers = pattern.sub(lambda match: "_" * len(match.group()), numbers)
    for match in _LONG_NUMBER.finditer(numbers):
        kind = "CREDIT_CARD" if phones.digits(match.group()) >= _CARD_DIGITS else "PHONE_NUMBER"
        spans.append(Span(kind, match.start(), match.end()))
    spans += phones.find(numbers)
    _watch(end)
    spans += addresses.find(text)
    _watch(end)
    return spans


def _watch(end: float) -> None:
    if time.thread_time() > end:
        raise TimeoutError("a text took too long to check")
