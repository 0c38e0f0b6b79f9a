"""A misspelt word read as the nearest word the texts themselves use."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

_SHORTEST: Final = 4  # letters; a shorter word is one slip away from too many others
_LONG: Final = 7  # letters; from here on two slips are forgiven


class Spelling:
    """The words of the texts, found by what is left of them without any one letter.

    Args:
        words: How often each is used; numbers and very short words are not corrected, nor corrected to.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = {word: count for word, count in words.items() if _correctable(word)}
        self._without: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._words:
            for left in _lessened(word):
                self._without[left].append(word)

    def nearest(self, word: str) -> str:
        """The likeliest meant word; "" when none is near enough."""
        if not _correctable(word):
            return ""
        allowed = 2 if len(word) >= _LONG else 1
        near = {other for left in _lessened(word) for other in self._without.get(left, ())}
        ranked = sorted(
            (slips(word, other), other[0] != word[0], -self._words[other], other) for other in near if other != word
        )
        return ranked[0][3] if ranked and ranked[0][0] <= allowed else ""


def slips(one: str, other: str) -> int:
    """Letters added, dropped, exchanged or swapped between two words."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        here = [row]
        for column, against in enumerate(other, start=1):
            cost = min(above[column] + 1, here[column - 1] + 1, above[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, above = above, here
    return above[-1]


def _correctable(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isalpha()


def _lessened(word: str) -> Iterable[str]:
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
