"""Backed sentences made false, each in one way: a number, a unit, a "not", a name, a promise that was never made."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_SWAPS: Final[Mapping[str, str]] = {
    "manager": "associate",
    "associate": "planner",
    "card": "cash",
    "online": "telephone",
    "shop": "warehouse",
    "days": "weeks",
    "hours": "minutes",
    "years": "months",
}
_NUMBER: Final = re.compile(r"\b(\d+|two|three|seven|thirty)\b")
_NEXT: Final[Mapping[str, str]] = {"two": "five", "three": "eight", "seven": "nine", "thirty": "forty"}
_VERB: Final = re.compile(r"\b(may|is|are|counts|decides|goes|get|gets|come|can)\b")


def seeded(sentence: str) -> Iterator[tuple[str, str]]:
    """(form, false sentence) for every way this sentence can be made false."""
    for form, change in _FORMS.items():
        made = change(sentence)
        if made != sentence:
            yield form, made


def _number(sentence: str) -> str:
    return _NUMBER.sub(lambda found: _NEXT.get(found[1]) or str(int(found[1]) + 15), sentence, count=1)


def _swap(sentence: str) -> str:
    for word, other in _SWAPS.items():
        made = re.sub(rf"\b{word}\b", other, sentence, count=1)
        if made != sentence:
            return made
    return sentence


def _deny(sentence: str) -> str:
    if re.search(r"\b(?:not|no|never|cannot)\b", sentence, re.IGNORECASE):
        return re.sub(r"\s*\b(?:do not|does not|not|never)\b", "", sentence, count=1)
    return _VERB.sub(_denied, sentence, count=1)


def _denied(found: "re.Match[str]") -> str:
    verb = found[1]
    if verb in {"may", "is", "are", "can"}:
        return f"{verb} not"
    return f"{'do' if verb in {'get', 'come'} else 'does'} not {verb.removesuffix('s') if verb != 'goes' else 'go'}"


def _end(sentence: str, more: str) -> str:
    return f"{sentence.rstrip('.')}{more}."


_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "number": _number,
    "fact_swapped": _swap,
    "negation": _deny,
    "promise": lambda sentence: _end(sentence, ", guaranteed"),
    "code": lambda sentence: _end(sentence, " with code EXTRA25"),
    "link": lambda sentence: _end(sentence, ", see www.more-offers.shop"),
    "amount": lambda sentence: _end(sentence, " for a fee of $12"),
    "share": lambda sentence: _end(sentence, " and 15 % off"),
    "share_in_words": lambda sentence: _end(sentence, " and half price"),
    "name": lambda sentence: _end(sentence, ", says Marlowe Trading"),
    "day": lambda sentence: _end(sentence, " on Tuesday"),
    "other_product": lambda sentence: _end(sentence, ", as for the Alpine tent"),
    "sentence": lambda sentence: f"{sentence} Parking under the building costs nothing while you wait.",
}
