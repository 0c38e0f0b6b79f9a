"""Card numbers: they belong to nobody here, so they are refused wherever they are seen, and never repeated."""

import re
import unicodedata
from typing import Any, Final

from policies.errors import Refused

_LENGTHS: Final = range(13, 20)  # ISO/IEC 7812-1: a card number has 13 to 19 digits
# Inside other text only the beginnings that issuers use count: an article number or a parcel's number passes the check
# digit one time in ten. Shorter ones than 15 digits are left out, for the platforms' own ids are as long.
_ISSUED: Final = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|6(?:011|5\d\d|4[4-9]\d|2\d\d)\d{12}(?:\d{3})?",
    re.ASCII,
)
_RUN: Final = re.compile(r"(?<![\d/])\d(?:[ .\-]?\d){14,18}(?!\d)", re.ASCII)
_SHORTEST: Final = 15  # characters of a text in which a run can stand
_NOT_DIGITS: Final = re.compile(r"\D", re.ASCII)


def looks_like_card(value: str) -> bool:
    """Whether a text is a card number: the right count of digits, and its check digit holds (ISO/IEC 7812-1)."""
    digits = re.sub(r"[ .\-]", "", value)
    if not digits.isascii() or not digits.isdigit() or len(digits) not in _LENGTHS:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number  # noqa: PLR2004
    return total % 10 == 0


def holds_card(text: str) -> bool:
    """Whether a card number stands anywhere in a text, however it is spaced."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    for found in _RUN.finditer(plain):
        digits = _NOT_DIGITS.sub("", found[0])
        if _ISSUED.fullmatch(digits) and looks_like_card(digits):
            return True
    return False


def refuse_cards(value: Any, field: str = "") -> None:
    """Refuse JSON with a card number in any of its texts; numbers are left alone, for platforms count their ids so.

    Raises:
        Refused: `payment.card_number`; what was sent is not repeated.
    """
    texts: list[str] = []
    _gather(value, texts)
    if texts and holds_card("\n".join(texts)):  # a number does not go on from one line to the next
        raise card_refused(field)


def card_refused(field: str = "payment") -> Refused:
    """The one refusal of a card number."""
    return Refused(
        "A card number was sent; send the payment provider's token instead.",
        code="payment.card_number",
        hint="Nothing of the message was kept. Take the number out and send it again.",
        field=field,
    )


def _gather(value: Any, texts: list[str]) -> None:
    """Every text that is long enough; one sign may stand for several digits where it is not ASCII."""
    if isinstance(value, str):
        if len(value) >= _SHORTEST or not value.isascii():
            texts.append(value)
    elif isinstance(value, dict):
        for name, each in value.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
            _gather(name, texts)
            _gather(each, texts)
    elif isinstance(value, list | tuple):
        for each in value:  # pyright: ignore[reportUnknownVariableType]  # JSON
            _gather(each, texts)
