"""A question as what it is about: each word with every way the texts may say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge.words.spelling import Spelling
from knowledge.words.synonyms import Synonyms
from knowledge.words.terms import asked_words, singular, without_idle
from knowledge.words.text_index import TextIndex

_MOST: Final = 16  # words of a question; a longer one is a story, and its first words say what about
_SYNONYM: Final = 0.8  # of a match in the asker's own word
_CORRECTED: Final = 0.9
_JOINED: Final = 0.9
_HALF: Final = 3  # letters each half of a compound has at least
_USED: Final = 2  # texts that use a reading before a question is read so
_SLIPS: Final = 3  # texts that may share a slip of the pen
_FAR_MORE: Final = 50  # times as many texts use the right word


@dataclass(frozen=True, slots=True)
class Way:
    """One way to say a word: terms that a text must all hold, and what that counts beside the asker's own word."""

    terms: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Concept:
    """One word of a question and every way to say it; the asker's own first."""

    said: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        corrected: Misspelt terms, and what they were read as.
    """

    concepts: tuple[Concept, ...]
    corrected: tuple[tuple[str, str], ...] = ()


class Reader:
    """Reads questions in the light of the texts there are: a word they never use is mended, joined or cut."""

    def __init__(self, index: TextIndex, synonyms: Synonyms) -> None:
        self._index = index
        self._synonyms = synonyms
        self._spelling = Spelling({term: index.count(term) for term in index.terms if index.named_count(term)})

    def read(self, text: str) -> Question:
        """The question in these words; without any concept when they hold no word."""
        written = {singular(word): word for word in reversed(without_idle(asked_words(text)))}
        said = [*reversed(written)][:_MOST]
        ways = [[Way((word,))] for word in said]
        self._join(said, ways)
        self._exchange(said, ways)
        corrected: list[tuple[str, str]] = []
        for word, known in zip(said, ways, strict=True):
            known.extend(self._cut(word))
            meant = self._mended(written[word], known)
            if meant:
                known.append(Way((meant,), _CORRECTED))
                known.extend(Way(other, _CORRECTED * _SYNONYM) for other in sorted(self._synonyms.get((meant,), ())))
                corrected.append((written[word], meant))
        return Question(
            tuple(Concept(word, tuple(known)) for word, known in zip(said, ways, strict=True)), tuple(corrected)
        )

    def _mended(self, word: str, known: Sequence[Way]) -> str:
        """What a word was meant to be, when the texts hardly use it and use a neighbor far more; "" otherwise."""
        used = max((min(map(self._index.count, way.terms)) for way in known), default=0)
        if used > _SLIPS:
            return ""
        meant = self._spelling.nearest(word)
        return meant if self._index.count(meant) > used * _FAR_MORE else ""

    def _join(self, said: Sequence[str], ways: Sequence[list[Way]]) -> None:
        """Two words that the texts write as one: "head set" is a headset."""
        for place in range(len(said) - 1):
            joined = said[place] + said[place + 1]
            if self._index.count(joined) >= _USED or (any(map(str.isdigit, joined)) and self._index.count(joined)):
                for known in ways[place : place + 2]:
                    known.append(Way((joined,)))

    def _exchange(self, said: Sequence[str], ways: Sequence[list[Way]]) -> None:
        for length in (1, 2, 3):
            for place in range(len(said) - length + 1):
                for other in sorted(self._synonyms.get(tuple(said[place : place + length]), ())):
                    for known in ways[place : place + length]:
                        known.append(Way(other, _SYNONYM))

    def _cut(self, word: str) -> list[Way]:
        """One word that the texts write as two: a "mousepad" is a mouse pad."""
        if word.isdigit():
            return []
        halves = [(word[:place], word[place:]) for place in range(1, len(word)) if _edge(word, place)]
        found = [(self._together(*both), both) for both in halves]
        best = max(found, default=(0, ("", "")))
        return [Way(best[1], _JOINED)] if best[0] >= _USED else []

    def _together(self, one: str, other: str) -> int:
        """How many texts have both, in their name when they are words: two words meet by chance in a long text."""
        first, _, named = self._index.holding(one)
        second, _, also = self._index.holding(other)
        if one.isalpha() and other.isalpha():
            first, second = first[named], second[also]
        return len(np.intersect1d(first, second, assume_unique=True))


def _edge(word: str, place: int) -> bool:
    """Whether a word may be cut here: between a letter and a digit, or well inside."""
    if word[place - 1].isdigit() != word[place].isdigit():
        return True
    return word.isalpha() and place >= _HALF and len(word) - place >= _HALF
