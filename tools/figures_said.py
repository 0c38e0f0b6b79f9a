"""Figures a text promises, however they are written: "15 %", "fifteen percent", "$15", "half price".

Pure and deterministic. Where a text speaks of a share or of money and the figure cannot be read, it is an unreadable
figure, never silence: whoever compares then has something to object to.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

_UNITS: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS: Final = (
    {word: value for value, word in enumerate(_UNITS)}
    | {word: 10 * value for value, word in enumerate(_TENS, 2)}
    | {"a": 1, "an": 1, "fourty": 40, "hundred": 100}
)
_SIMPLE: Final = "|".join(sorted(set(_WORDS) - {"a", "an", "hundred"}, key=len, reverse=True))
_UP_TO_99: Final = rf"(?:{'|'.join(_TENS)})[\s-]+(?:{_SIMPLE})|{_SIMPLE}"
_SPELLED: Final = rf"(?:(?:{_SIMPLE}|an?)[\s-]+)?hundred(?:[\s-]+(?:and[\s-]+)?(?:{_UP_TO_99}))?|{_UP_TO_99}"
_DIGITS: Final = r"\d+(?:[.,']\d+)*"
NUMBER: Final = rf"(?:{_DIGITS}|\b(?:{_SPELLED})\b)"
"""A number in digits or in words, as a pattern for lower-case text."""
_SHARE: Final = (
    r"(?:%|\b(?:percent(?:age)?|per[\s-]+cent|pct|pc|prozent|procent|pour\s+cent|por\s+ciento|per\s+cento)\b)"
)
_CENTS: Final = r"(?:¢|\b(?:cents?|pence|pennies)\b)"
_SIGN: Final = r"[$€£¥₹₩₽₺₪]"
_NAME: Final = r"\b(?:usd|us\s?dollars?|dollars?|bucks?|eur|euros?|gbp|pounds?|quid|chf|francs?|jpy|yen|cad|aud)\b"
_MONEY: Final = rf"(?:{_SIGN}|{_NAME})"
_OFF: Final = r"(?:\b(?:off|discount|cheaper|less|reduction|reduced|saved|savings?|rebate)\b)"

# In the order they are looked for: what one pattern has read, no later one sees.
_PATTERNS: Final[tuple[tuple[str, str], ...]] = (
    ("range", rf"{NUMBER}\s*{_SHARE}?\s*(?:-|–|—|/|\bto\b|\bor\b|\band\b)\s*{NUMBER}\s*{_SHARE}"),  # noqa: RUF001
    ("share", rf"(?P<share>{NUMBER})[\s-]*{_SHARE}"),
    ("half", r"\b(?:half|halve[ds]?|50\s?/\s?50|1\s?/\s?2|one[\s-]half)(?:[\s-]+(?:the\s+)?(?:price|off|cost))?\b|½"),
    ("third", r"\b(?:a|one)?[\s-]*third\s+(?:off|cheaper|less)\b"),
    ("quarter", r"\b(?:a|one)?[\s-]*quarter\s+(?:off|cheaper|less)\b"),
    ("whole", r"\b(?:for\s+free|free|gratis|on\s+the\s+house|bogo|two\s+for\s+one|2\s+for\s+1|no\s+charge)\b"),
    ("cents", rf"(?P<cents>{NUMBER})[\s-]*{_CENTS}"),
    ("money", rf"{_MONEY}\s*(?P<after>{NUMBER})|(?P<before>{NUMBER})[\s-]*{_MONEY}"),
    ("bare", rf"(?P<bare>{NUMBER})[\s-]*{_OFF}|\b(?:save|saves|saving|minus)\s+(?P<saved>{NUMBER})"),
    ("unread", rf"{_SHARE}|{_SIGN}|{_CENTS}|‰|٪|−\d"),  # noqa: RUF001  # a minus sign as people type it
)
_THIRD: Final = Decimal("33.33")


@dataclass(frozen=True, slots=True)
class Figure:
    """One promise in numbers.

    Attributes:
        kind: A `share` in percent, an `amount` in major units, a `bare` number that may be either, or `unreadable`.
    """

    kind: Literal["share", "amount", "bare", "unreadable"]
    value: Decimal = Decimal(0)


def figures(text: str) -> list[Figure]:
    """Every share and amount of money a text speaks of, in no particular order."""
    rest = plain(text).lower()
    found: list[Figure] = []
    for name, pattern in _PATTERNS:
        found += [_figure(name, match) for match in re.finditer(pattern, rest)]
        rest = re.sub(pattern, " ; ", rest)
    return found


def plain(text: str) -> str:
    """As a reader sees it: one form of each letter and digit, and nothing invisible."""
    seen = unicodedata.normalize("NFKC", text.replace("½", " half "))
    return "".join(
        _shown(sign) for sign in seen if unicodedata.category(sign) not in {"Cf", "Mn", "Cc"} or sign.isspace()
    )


def codes(text: str) -> Iterator[str]:
    """What a reader would type in as a code: capitals and digits together, or whatever stands after the word code."""
    seen = plain(text)
    for match in re.finditer(r"\b(?:[Cc]ode|CODE)\b\s*[:#]?\s*[\"'“‘«]?([A-Za-z0-9][A-Za-z0-9-]{2,31})", seen):  # noqa: RUF001  # quotation marks as people type them
        word = match[1]
        if word.upper() == word or any(sign.isdigit() for sign in word):
            yield word.upper()
    for match in re.finditer(r"(?<![\w-])[A-Z0-9]+(?:-[A-Z0-9]+)*(?![\w-])", seen):
        word = match[0]
        if len(word) > 3 and any(sign.isdigit() for sign in word) and any(sign.isalpha() for sign in word):  # noqa: PLR2004
            yield word


def _figure(name: str, match: "re.Match[str]") -> Figure:
    if name in {"half", "third", "quarter", "whole"}:
        shares = {"half": Decimal(50), "third": _THIRD, "quarter": Decimal(25), "whole": Decimal(100)}
        return Figure("share", shares[name])
    if name in {"range", "unread"}:
        return Figure("unreadable")
    said = next(group for group in match.groups() if group is not None)
    value = number(said)
    if value is None:
        return Figure("unreadable")
    if name == "share":
        return Figure("share", value)
    if name == "bare":
        return Figure("bare", value)
    return Figure("amount", value / 100 if name == "cents" else value)


def number(said: str) -> Decimal | None:
    """What `NUMBER` matched, as a number; `None` when it cannot be read."""
    if said[0].isdigit():
        return _decimal(said)
    total = 0
    for word in re.split(r"[\s-]+(?:and[\s-]+)?", said):
        total = (total or 1) * 100 if word == "hundred" else total + _WORDS[word]
    return Decimal(total)


def _decimal(said: str) -> Decimal | None:
    """Digits with a point or a comma, either of which may group thousands."""
    whole = re.fullmatch(r"\d{1,3}(?:[,.']\d{3})+", said)
    grouped = re.fullmatch(r"(\d{1,3}(?:[,.']\d{3})*)[.,](\d{1,2})", said)
    if whole:
        text = re.sub(r"[,.']", "", said)
    elif grouped:
        text = f"{re.sub(r'[,.]', '', grouped[1])}.{grouped[2]}".replace("'", "")
    else:
        text = said.replace(",", ".")
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _shown(sign: str) -> str:
    if sign.isspace():
        return " "
    value = unicodedata.digit(sign, None)
    return sign if value is None else str(value)
