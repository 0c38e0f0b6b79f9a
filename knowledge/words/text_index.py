"""Texts by their words, in memory: BM25 over weighted fields, built in one go and never changed afterwards.

A text's fields count together before they saturate (BM25F, Robertson and Zaragoza 2009, section 3.4), so that a word in
the title and in the description is one match and not two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
_K1: Final = 1.2
_LENGTH: Final = 0.7  # how much a long field counts against its words; 0 not at all
_FIELDS_MOST: Final = 16


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a text.

    Attributes:
        weight: How much a word in it counts, beside the other fields.
        names: Whether it names the thing rather than describes it.
    """

    weight: float
    names: bool = False


class TextIndex:
    """Which texts hold a term, how much of each is about it, and whether it is in its name.

    Args:
        fields: In the order of `texts`; at most 16.
        texts: Each text's terms, field by field.
    """

    def __init__(self, fields: Sequence[Field], texts: Sequence[Sequence[Sequence[str]]]) -> None:
        self.size: Final = len(texts)
        terms, keys, lengths = _occurrences(len(fields), texts)
        self.terms: Final[Mapping[str, int]] = terms
        average = np.maximum(lengths.mean(axis=0), 1.0) if self.size else np.ones(len(fields))
        norm = (1 - _LENGTH) + _LENGTH * lengths / average
        weight = np.array([field.weight for field in fields])
        named = np.array([field.names for field in fields])
        single, counts = np.unique(keys, return_counts=True)
        field, pair = single % _FIELDS_MOST, single // _FIELDS_MOST
        much = weight[field] * counts / norm[pair % max(self.size, 1), field]
        pairs, first = np.unique(pair, return_index=True)
        total = np.add.reduceat(much, first) if len(first) else much
        self._texts: Final = (pairs % max(self.size, 1)).astype(np.int32)
        self._much: Final = (total / (_K1 + total)).astype(np.float32)
        self._named: Final = np.maximum.reduceat(named[field], first) if len(first) else named[field]
        self._starts: Final = np.searchsorted(pairs // max(self.size, 1), np.arange(len(self.terms) + 1))

    def count(self, term: str) -> int:
        """How many texts hold a term."""
        number = self.terms.get(term)
        return 0 if number is None else int(self._starts[number + 1] - self._starts[number])

    def named_count(self, term: str) -> int:
        """How many texts have it in their name."""
        number = self.terms.get(term)
        return 0 if number is None else int(self._named[self._starts[number] : self._starts[number + 1]].sum())

    def holding(self, term: str) -> tuple[NDArray[np.int32], Scores, NDArray[np.bool_]]:
        """The texts that hold a term, how much each is about it (0 to 1), and whether it is in their name."""
        number = self.terms.get(term)
        part = slice(0, 0) if number is None else slice(self._starts[number], self._starts[number + 1])
        return self._texts[part], self._much[part], self._named[part]

    def rarity(self, count: int) -> float:
        """What a match that `count` texts have is worth; positive."""
        return float(np.log1p((self.size - count + 0.5) / (count + 0.5)))


def _occurrences(
    fields: int, texts: Sequence[Sequence[Sequence[str]]]
) -> tuple[dict[str, int], NDArray[np.int64], NDArray[np.float64]]:
    """Numbers for the terms; every occurrence as one number, by term, text and field; and the fields' lengths."""
    terms: dict[str, int] = {}
    numbers: list[int] = []
    lengths = np.zeros((len(texts), fields), dtype=np.int64)
    for place, text in enumerate(texts):
        for field, words in enumerate(text):
            lengths[place, field] = len(words)
            numbers += [terms.setdefault(word, len(terms)) for word in words]
    where = np.repeat(np.arange(len(texts) * fields, dtype=np.int64), lengths.reshape(-1))
    text, field = where // max(fields, 1), where % max(fields, 1)
    keys = (np.array(numbers, dtype=np.int64) * len(texts) + text) * _FIELDS_MOST + field
    return terms, keys, lengths.astype(np.float64)
