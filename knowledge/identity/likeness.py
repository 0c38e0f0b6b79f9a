"""How alike two values of one field are, in four levels: a slip of the pen is not another person."""

from collections.abc import Callable
from typing import Final

from knowledge.privacy.nicknames import NICKNAMES
from knowledge.words.spelling import slips

SAME: Final = 3
CLOSE: Final = 2  # a slip: one letter, two swapped, a short form
ALIKE: Final = 1
OTHER: Final = 0
UNTOLD: Final = -1  # one of the two is not told: it says nothing
LEVELS: Final = 4

_CLOSE_TEXT: Final = 0.92  # Jaro-Winkler, as the record-linkage literature sets the two bars
_ALIKE_TEXT: Final = 0.80
_LONG: Final = 8  # letters of a given name; from here on two slips are forgiven
_PREFIX: Final = 4
_BOOST: Final = 0.1  # Winkler's, for each equal first letter
_DATE_DIGITS: Final = 8

Likeness = Callable[[str, str], int]


def jaro_winkler(one: str, other: str) -> float:
    """0 to 1: letters in common, in their order, with equal beginnings counting more (Winkler 1990)."""
    if one == other:
        return 1.0
    if not one or not other:
        return 0.0
    reach = max(0, max(len(one), len(other)) // 2 - 1)
    taken = [False] * len(other)
    found: list[str] = []
    for place, letter in enumerate(one):
        for against in range(max(0, place - reach), min(len(other), place + reach + 1)):
            if not taken[against] and other[against] == letter:
                taken[against] = True
                found.append(letter)
                break
    if not found:
        return 0.0
    matched = [letter for letter, here in zip(other, taken, strict=True) if here]
    swapped = sum(a != b for a, b in zip(found, matched, strict=True)) / 2
    common = len(found)
    jaro = (common / len(one) + common / len(other) + (common - swapped) / common) / 3
    start = 0
    for a, b in zip(one[:_PREFIX], other[:_PREFIX], strict=False):
        if a != b:
            break
        start += 1
    return jaro + start * _BOOST * (1 - jaro)


def text_likeness(one: str, other: str) -> int:
    """Of words: streets, towns, family names. Spaces are nobody's, so they do not count."""
    left, right = one.replace(" ", ""), other.replace(" ", "")
    if left == right:
        return SAME if one == other else CLOSE
    score = jaro_winkler(left, right)
    if score >= _CLOSE_TEXT:
        return CLOSE
    return ALIKE if score >= _ALIKE_TEXT else OTHER


def given_likeness(one: str, other: str) -> int:
    """Of given names: a short form or a slip is close; Olivia and Oliver, or an initial, are only alike."""
    if one == other:
        return SAME
    if other in NICKNAMES.get(one, ()) or slips(one, other) <= 1 + (min(len(one), len(other)) >= _LONG):
        return CLOSE if min(len(one), len(other)) > 1 else ALIKE
    if (len(one) == 1 or len(other) == 1) and one[0] == other[0]:
        return ALIKE
    return ALIKE if jaro_winkler(one, other) >= _ALIKE_TEXT else OTHER


def code_likeness(one: str, other: str) -> int:
    """Of postcodes, house numbers and phone numbers: one slip is close, the same signs in another order alike."""
    if one == other:
        return SAME
    if min(len(one), len(other)) > 1 and slips(one, other) == 1:
        return CLOSE
    return ALIKE if len(one) > 1 and sorted(one) == sorted(other) else OTHER


def date_likeness(one: str, other: str) -> int:
    """Of dates as `YYYYMMDD`: one slip or day and month exchanged is close, two of the three parts equal is alike."""
    if one == other:
        return SAME
    if slips(one, other) == 1 or (one[:4] == other[:4] and one[4:6] == other[6:] and one[6:] == other[4:6]):
        return CLOSE
    if len(one) == len(other) == _DATE_DIGITS:
        parts = sum(one[part] == other[part] for part in (slice(0, 4), slice(4, 6), slice(6, 8)))
        return ALIKE if parts == 2 else OTHER  # noqa: PLR2004  # of the three
    return OTHER


def mail_likeness(one: str, other: str) -> int:
    """Of e-mail addresses: the same name elsewhere is close."""
    if one == other:
        return SAME
    left, right = one.partition("@")[0], other.partition("@")[0]
    if left == right or slips(one, other) <= 1:
        return CLOSE
    return ALIKE if jaro_winkler(one, other) >= _CLOSE_TEXT else OTHER
