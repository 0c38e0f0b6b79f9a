"""Words that shoppers and makers use for the same thing, from a list a retailer may add to."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from knowledge.words.terms import asked_words, singular

_SHIPPED: Final = Path(__file__).with_name("synonyms.toml")
_LONGEST: Final = 3  # words

Synonyms = Mapping[tuple[str, ...], frozenset[tuple[str, ...]]]
"""By the terms of one name, the terms of the others."""


@lru_cache(maxsize=1)
def shipped() -> Synonyms:
    """The product's own list: general names of goods, nothing of any one retailer."""
    return read(tomllib.loads(_SHIPPED.read_text(encoding="utf-8"))["same"])


def read(groups: Iterable[Sequence[str]]) -> Synonyms:
    """From groups of names; each of a group stands for all of it, and a name may be in several."""
    found: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for group in groups:
        names = [tuple(map(singular, asked_words(name))) for name in group]
        for name in names:
            found.setdefault(name, set()).update(other for other in names if other != name)
    return {name: frozenset(others) for name, others in found.items() if len(name) <= _LONGEST}
