"""Queries as tired thumbs type them: one letter dropped, doubled, swapped or exchanged, the same in every run."""

import hashlib
from random import Random
from typing import Final

_LEAST: Final = 5  # letters of a word in which a slip can be read


def slipped(query: str) -> str:
    """The query with one slip in its longest word; itself when no word is long enough."""
    words = query.split()
    longest = max(words, key=len)
    if len(longest) < _LEAST or not longest.isalpha():
        return query
    chance = Random(hashlib.sha256(query.encode()).digest())
    place = chance.randrange(1, len(longest) - 1)
    kind = chance.randrange(4)
    letters = {
        0: longest[:place] + longest[place + 1 :],
        1: longest[:place] + longest[place] + longest[place:],
        2: longest[:place] + longest[place + 1] + longest[place] + longest[place + 2 :],
        3: longest[:place] + chance.choice("aeinrst") + longest[place + 1 :],
    }[kind]
    return " ".join(letters if word == longest else word for word in words)
