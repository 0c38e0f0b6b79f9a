"""Words as the tagger sees them: which rows of its table each word of a text reads. The same in training and in use.

A word is known by its pieces (of a fixed vocabulary of pieces), its ending, its shape, what stands before it, and
whether lists of names and places hold it.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.privacy.tokens import Token, plain

ENDINGS: Final = 2048
SHAPES: Final = 57
GAPS: Final = 6
LISTED: Final = 8
CASES: Final = 3
EXTRA: Final = ENDINGS + SHAPES + GAPS + LISTED + CASES
REST: Final = 3  # pieces after the first that are looked at

_LONGEST = 40  # letters; a longer word is no name, and would only take time
_SENTENCE_END = frozenset(".!?:;")
_REMEMBERED = 20_000  # words; then all are forgotten, so that no text can fill the memory


class Features(NamedTuple):
    """What each token reads, one row per token.

    Attributes:
        first: Its first piece, `(n,)`.
        rest: Its other pieces, `(n, REST)`, -1 where there is none.
        extra: Ending, shape, gap, lists and the text's case as rows after the pieces' own, `(n, 5)`.
    """

    first: NDArray[np.int32]
    rest: NDArray[np.int32]
    extra: NDArray[np.int32]


def checksum(word: str) -> int:
    """What a list of names keeps of a word."""
    return zlib.crc32(word.encode())


@dataclass(slots=True)
class Reader:
    """Reads features; remembers words it has cut into pieces.

    Attributes:
        pieces: The vocabulary; a piece inside a word begins with `##`.
        lists: Checksums of plain words: given names, family names, places.
    """

    pieces: Sequence[str]
    lists: Sequence[frozenset[int]]
    _row: dict[str, int] = field(init=False)
    _known: dict[str, tuple[int, tuple[int, ...], int, int]] = field(
        init=False, default_factory=dict[str, tuple[int, tuple[int, ...], int, int]]
    )

    def __post_init__(self) -> None:
        self._row = {piece: row for row, piece in enumerate(self.pieces)}

    def read(self, text: str, found: Sequence[Token]) -> Features:
        """The features of a text's tokens."""
        size = len(found)
        first = np.zeros(size, np.int32)
        rest = np.full((size, REST), -1, np.int32)
        extra = np.zeros((size, 5), np.int32)
        base = len(self.pieces)
        case = base + ENDINGS + SHAPES + GAPS + LISTED + _case(text)
        previous = "\n"
        end = 0
        for place, token in enumerate(found):
            word = token.text
            known = self._known.get(word) or self._learn(word)
            first[place] = known[0]
            if known[1]:
                rest[place, : len(known[1])] = known[1]
            gap = 0 if previous == "\n" else (2 if token.start > end else 1) + (2 if previous in _SENTENCE_END else 0)
            extra[place] = (
                base + known[2],
                base + ENDINGS + _shape(word),
                base + ENDINGS + SHAPES + gap,
                base + ENDINGS + SHAPES + GAPS + known[3],
                case,
            )
            previous, end = word, token.end
        return Features(first, rest, extra)

    def is_listed(self, word: str) -> bool:
        """Whether a list of names or places holds the word."""
        return (self._known.get(word) or self._learn(word))[3] > 0

    def _learn(self, written: str) -> tuple[int, tuple[int, ...], int, int]:
        """Longest pieces first; the ending's row and the lists' bits."""
        word = plain(written[:_LONGEST])
        cut: list[int] = []
        start = 0
        while start < len(word):
            end = len(word)
            prefix = "##" if start else ""
            while end > start and prefix + word[start:end] not in self._row:
                end -= 1
            if end == start:
                break
            cut.append(self._row[prefix + word[start:end]])
            start = end
        cut = cut or [self._row["[UNK]"]]
        mark = checksum(word)
        listed = sum(1 << bit for bit, words in enumerate(self.lists) if mark in words)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        known = (cut[0], tuple(cut[1 : 1 + REST]), checksum(word[-3:]) % ENDINGS, listed)
        self._known[written] = known
        return known


def _shape(word: str) -> int:
    if word == "\n":
        return SHAPES - 2
    if word[0].isdecimal():
        return 48 + min(len(word), 7) - 1
    if not word[0].isalpha():
        return SHAPES - 1
    length = min(len(word), 9)
    size = (0, 0, 1, 2, 3, 3, 4, 4, 4, 5)[length]
    case = 0 if word.islower() else 2 if word.isupper() else 1 if word[0].isupper() and word[1:].islower() else 3
    return ((0 if word[0] < "ɐ" else 1) * 4 + case) * 6 + size


def _case(text: str) -> int:
    return 1 if text.islower() else 2 if text.isupper() else 0
