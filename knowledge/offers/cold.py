"""Variants too few have bought to learn from, found by the words of their titles: what is called like what is held.

Words count by how rare they are, so that a pattern's name says more than "set" or "red" (Salton & Buckley 1988).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.words.terms import terms

KIN: Final = 16  # variants of the model that speak for each
MOST: Final = 10_000  # variants on the shelf; each costs the register a look
LEAST_ALIKE: Final = 0.2  # less is a word of the trade that titles share by chance
# chosen on baskets of May to July 2011 (`python -m evals.next_item.choose`)
SPEAKS: Final = 0.1  # what one held variant of the very same title would add to a score

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ColdShelf:
    """The variants and their kin among those the model knows.

    Attributes:
        kin: Rows of the model, the most alike first.
        alike: How alike their titles are, 0 to 1; 0 where there is no further kin.
        known: How many variants the model knows.
    """

    skus: tuple[str, ...]
    kin: Ints
    alike: Floats
    known: int

    def scores(self, rows: Sequence[int], *, speaks: float = SPEAKS) -> Floats:
        """Every variant's score for a basket of these rows of the model, to be compared with the model's own scores."""
        held = np.zeros(self.known, dtype=np.float32)
        held[list(rows)] = speaks / sqrt(max(1, len(rows)))
        return (self.alike * held[self.kin]).sum(axis=1)

    def because(self, place: int, rows: Sequence[int]) -> int:
        """The row of a basket whose title is most like that of the variant at this place."""
        told = np.where(np.isin(self.kin[place], rows), self.alike[place], -1.0)
        return int(self.kin[place, int(told.argmax())])


def shelve(known: Sequence[str], titles: Mapping[str, str]) -> ColdShelf:
    """Everything with a title that the model does not know, and that is like something it knows.

    Args:
        known: The model's variants, in its order.
        titles: Of all variants of the catalog, by sku.
    """
    words = {sku: frozenset(terms(title)) for sku, title in titles.items()}
    spread = Counter(word for each in words.values() for word in each)
    rare = {word: log(len(words) / count) for word, count in spread.items()}
    length = {sku: sqrt(sum(rare[word] ** 2 for word in each)) for sku, each in words.items()}
    speaking: dict[str, list[int]] = defaultdict(list)  # rows by word
    for row, sku in enumerate(known):
        for word in words.get(sku, ()):
            speaking[word].append(row)
    lengths = np.array([max(length.get(sku, 0.0), 1e-9) for sku in known], dtype=np.float32)
    skus: list[str] = []
    kin: list[Ints] = []
    alike: list[Floats] = []
    learned = {*known}
    for sku in sorted(words.keys() - learned):
        if length[sku] <= 0 or len(skus) >= MOST:
            continue
        said = np.zeros(len(known), dtype=np.float32)
        for word in words[sku]:
            said[speaking[word]] += rare[word] ** 2
        said /= lengths * length[sku]
        best = np.argsort(-said, kind="stable")[:KIN]
        near = np.where(said[best] >= LEAST_ALIKE, said[best], 0.0).astype(np.float32)
        if near.any():
            skus.append(sku)
            kin.append(np.pad(best, (0, KIN - len(best))).astype(np.int32))
            alike.append(np.pad(near, (0, KIN - len(near))))
    shape = (len(skus), KIN)
    return ColdShelf(
        tuple(skus),
        np.array(kin, dtype=np.int32).reshape(shape),
        np.array(alike, dtype=np.float32).reshape(shape),
        len(known),
    )


def nothing(known: int) -> ColdShelf:
    """An empty shelf."""
    return ColdShelf((), np.zeros((0, KIN), dtype=np.int32), np.zeros((0, KIN), dtype=np.float32), known)
