"""One spelling for what is the same to a reader: case, accents, plurals, units and the ways a model's number is cut."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

_NUMBER: Final = r"\d+(?:[.,]\d+)?"
# Unit as written -> unit as kept, and how many of it one is. Inches stay inches: screens are sold by them.
_UNITS: Final[dict[str, tuple[str, int]]] = {
    **dict.fromkeys(('"', "''", "\u2032\u2032", "\u201d", "inch", "inches", "zoll"), ("in", 1)),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), ("mm", 1)),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), ("mm", 10)),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), ("mm", 1000)),
    **dict.fromkeys(("ml", "milliliter", "milliliters", "millilitre", "millilitres"), ("ml", 1)),
    **dict.fromkeys(("cl", "centiliter", "centilitre"), ("ml", 10)),
    **dict.fromkeys(("l", "liter", "liters", "litre", "litres", "ltr"), ("ml", 1000)),
    **dict.fromkeys(("g", "gr", "gram", "grams"), ("g", 1)),
    **dict.fromkeys(("kg", "kilo", "kilos", "kilogram", "kilograms"), ("g", 1000)),
    **dict.fromkeys(("oz", "ounce", "ounces"), ("oz", 1)),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), ("oz", 16)),
    **dict.fromkeys(("ft", "foot", "feet"), ("ft", 1)),
    **dict.fromkeys(("w", "watt", "watts"), ("w", 1)),
    **dict.fromkeys(("v", "volt", "volts"), ("v", 1)),
    **dict.fromkeys(("mah",), ("mah", 1)),
    **dict.fromkeys(("mb", "megabyte", "megabytes"), ("mb", 1)),
    **dict.fromkeys(("gb", "gigabyte", "gigabytes", "gig"), ("gb", 1)),
    **dict.fromkeys(("tb", "terabyte", "terabytes"), ("gb", 1000)),
    **dict.fromkeys(("mhz",), ("mhz", 1)),
    **dict.fromkeys(("ghz",), ("mhz", 1000)),
    **dict.fromkeys(("mp", "megapixel", "megapixels"), ("mp", 1)),
    **dict.fromkeys(("pcs", "pc(s)", "pieces", "pack", "packs"), ("pk", 1)),
}
_QUANTITY: Final = re.compile(
    rf"(?<![\w.,])({_NUMBER})[\s-]?({'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?![\w(])"
)
# letters and digits, and runs of them that a maker joins with marks, such as TN-2110 or 802.11b/g
_RUN: Final = re.compile(r"[a-z0-9]+(?:[-./_][a-z0-9]+)*")
_PART: Final = re.compile(r"[a-z0-9]+")
_LIGATURES: Final = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l"})
_LEAST: Final = 4  # letters of a word whose plural is taken back


def terms(text: str) -> list[str]:
    """The terms of a text in their order; a joined model number also as one, right after its parts."""
    found: list[str] = []
    for run in _runs(text):
        if run.isalnum():
            found.append(singular(run))
            continue
        parts = _PART.findall(run)
        found += map(singular, parts)
        if any(map(str.isdigit, run)):
            found.append("".join(parts))
    return found


def asked_words(text: str) -> list[str]:
    """The words of a question as they are written: parts only, for whoever reads it joins them where the texts do."""
    return [part for run in _runs(text) for part in _PART.findall(run)]


def fold(text: str) -> str:
    """Lower case, without accents, each character in its plainest form."""
    if text.isascii():
        return text.lower()
    flat = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    return "".join(sign for sign in flat if not unicodedata.combining(sign))


@lru_cache(maxsize=65_536)
def singular(word: str) -> str:  # one line per kind of ending
    """An English plural taken back, carefully; anything else as it is."""
    if len(word) < _LEAST or not word.isalpha() or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > _LEAST else word[:-1]
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if word.endswith("ves") and word[:-3] in {"kni", "shel", "scar", "lea", "loa", "hal", "wol", "shea"}:
        return word[:-3] + ("fe" if word == "knives" else "f")
    return word[:-1]


def without_idle(words: Sequence[str]) -> list[str]:
    """Without words that say nothing of a product, unless nothing else is left."""
    left = [word for word in words if word not in _IDLE]
    return left or list(words)


_IDLE: Final = frozenset(
    {
        *(
            "a",
            "an",
            "and",
            "any",
            "are",
            "at",
            "be",
            "by",
            "can",
            "do",
            "for",
            "from",
            "get",
            "got",
            "have",
            "i",
            "in",
        ),
        *("is", "it", "looking", "me", "my", "need", "of", "on", "or", "please", "show", "some", "something", "that"),
        *("the", "there", "thing", "this", "to", "want", "we", "what", "with", "you", "your"),
        *(
            "could",
            "did",
            "does",
            "how",
            "many",
            "much",
            "no",
            "should",
            "when",
            "where",
            "which",
            "who",
            "why",
            "will",
        ),
    }
)


def _runs(text: str) -> list[str]:
    return _RUN.findall(_QUANTITY.sub(_measured, fold(text)))


def _measured(match: "re.Match[str]") -> str:
    unit, many = _UNITS[match[2]]
    amount = Decimal(match[1].replace(",", ".")) * many
    whole = f"{amount:f}"
    return f" {whole.rstrip('0').rstrip('.') if '.' in whole else whole}{unit} ".replace(".", "p")
