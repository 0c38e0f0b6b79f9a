"""Whether a message and a discount say the same: no other percentage, amount or code, whoever wrote it.

A message may say nothing in numbers. What it does say must be what the customer will get.
"""

import re
from collections.abc import Collection
from decimal import Decimal
from typing import Final

from policies.actions.discount import Discount
from tools.figures_said import Figure, codes, figures, plain

_OURS: Final = re.compile(r"TH-?[A-Z2-7]{10,12}")
_OURS_SAID: Final = re.compile(r"(?<![\w-])TH-[A-Z2-7]{10,12}(?![\w-])")  # such a code may be letters only
_TIMES: Final = re.compile(r"(?<!\w)(\d+)\s?-?(minute|hour|day|week|month)s?(?!\w)", re.IGNORECASE)
_SOONER: Final = re.compile(
    r"\b(?:tomorrow|tonight|overnight|(?:same|next)[ -]day|at once|immediately)\b", re.IGNORECASE
)
_NAMED: Final = re.compile(r"[A-Z-](\d{1,2})")


def agree(message: object, discount: Discount, titles: Collection[str] = ()) -> bool:
    """Whether a message may be shown with a discount.

    Args:
        message: What the customer would read; `None` or "" when nothing is said. Anything but text disagrees.
        discount: What the customer would get.
        titles: Of the goods, which may carry figures of their own, such as a model's number.
    """
    if not _code_agrees(discount):
        return False
    if message is None or message == "":
        return True
    if not isinstance(message, str):
        return False
    named = {code for title in titles for code in codes(title)} | {discount.code, *map(str.upper, discount.skus)}
    if any(code not in named for code in _codes_said(message)):
        return False
    rest, on_time = _without_delivery(_without_names(message, discount, titles), discount)
    return on_time and all(_true(figure, discount) for figure in figures(rest))


def promises_nothing(message: str) -> bool:
    """Whether a message without a discount behind it promises none: no share, no amount, no code."""
    return not figures(message) and not _codes_said(message)


def _codes_said(message: str) -> set[str]:
    return {*codes(message), *_OURS_SAID.findall(plain(message))}


def _true(figure: Figure, discount: Discount) -> bool:
    share = Decimal(discount.percent.basis_points) / 100
    amount = discount.amount.decimal()
    if figure.kind == "share":
        return figure.value == share
    if figure.kind == "amount":
        return figure.value == amount
    return figure.kind == "bare" and figure.value in {share, amount}


def _code_agrees(discount: Discount) -> bool:
    """A code made by a person often says a figure itself, such as WELCOME10; one of ours says nothing."""
    said = None if _OURS.fullmatch(discount.code) else _NAMED.search(discount.code[-3:])
    if said is None or not discount.code.endswith(said[1]) or discount.code[-3:].isdigit():
        return True
    return _true(Figure("bare", Decimal(said[1])), discount)


def _without_delivery(message: str, discount: Discount) -> tuple[str, bool]:
    """The message of what is sent home without the times it names, and whether they are the one that is promised."""
    if not discount.within_days:
        return message, True
    said = _TIMES.findall(message)
    on_time = all((number, unit.lower()) == (str(discount.within_days), "day") for number, unit in said)
    return _TIMES.sub(" ; ", message), on_time and not _SOONER.search(message)


def _without_names(message: str, discount: Discount, titles: Collection[str]) -> str:
    """The message without the code and without the goods' names, unless a name promises something itself."""
    rest = plain(message)
    for name in sorted((discount.code, *titles), key=len, reverse=True):
        if name and not figures(name):
            rest = re.sub(rf"(?<!\w){re.escape(plain(name))}(?!\w)", " ; ", rest, flags=re.IGNORECASE)
    return rest
