"""Every quantity a sentence states and what it counts: "thirty days" is "30 days", and "30 hours" is not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from knowledge.words.terms import singular
from tools.figures_said import NUMBER, number

_ONCE: Final = {"once": 1, "twice": 2, "half": Decimal("0.5"), "dozen": 12}
_WORDED: Final = "|".join(_ONCE)
_STATED: Final = re.compile(
    rf"(?P<sign>[$€£¥]|\b(?:usd|eur|gbp)\b)?\s*(?P<number>(?<![\w.]){NUMBER}(?:st|nd|rd|th)?|\b(?:{_WORDED})\b)"
    r"[\s-]*(?P<after>%|[$€£¥]|[a-z]+)?",
    re.IGNORECASE,
)
_SIGNS: Final = {"$": "usd", "dollar": "usd", "buck": "usd", "€": "eur", "euro": "eur", "£": "gbp", "percent": "%"}
_SAME: Final = {"hr": "hour", "h": "hour", "min": "minute", "yr": "year", "pc": "unit", "piece": "unit", "item": "unit"}
_NO_UNIT: Final = frozenset(
    {"and", "or", "of", "to", "for", "the", "a", "in", "on", "at", "is", "are", "was", "with", "by", "from", "per"}
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and the word it counts; "" when nothing follows it."""

    value: Decimal
    unit: str

    def backed_by(self, other: "Quantity") -> bool:
        """Whether the other says the same; a bare number says no more than that it occurs."""
        return self.value == other.value and (not self.unit or self.unit == other.unit)


def quantities(sentence: str) -> Iterator[Quantity]:
    """In the order of the sentence; what cannot be read is left to whoever compares words."""
    for match in _STATED.finditer(sentence.lower()):
        said = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", match["number"])
        value = Decimal(_ONCE[said]) if said in _ONCE else number(said)
        if value is not None:
            yield Quantity(value, _unit(match["sign"] or match["after"] or ""))


def _unit(word: str) -> str:
    if word in _NO_UNIT:
        return ""
    kept = singular(word.strip())
    kept = _SIGNS.get(kept, kept)
    return _SAME.get(kept, kept)
