"""The two simplest rivals: plain BM25 over everything a product says, and the nearest vectors alone."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_WORD: Final = re.compile(r"\w+")
_K1: Final = 1.2
_B: Final = 0.75
_DEPTH: Final = 1_000


class PlainBm25:
    """Robertson's formula over one bag of words, nothing mended, joined or weighted."""

    def __init__(self, products: Sequence[Mapping[str, Any]]) -> None:
        texts = [_WORD.findall(_said(product).lower()) for product in products]
        self._skus = [str(product["sku"]) for product in products]
        lengths = np.array([len(text) for text in texts], dtype=np.float64)
        self._norm = _K1 * (1 - _B + _B * lengths / lengths.mean())
        places: dict[str, list[tuple[int, int]]] = {}
        for place, text in enumerate(texts):
            for word, count in Counter(text).items():
                places.setdefault(word, []).append((place, count))
        self._places = {word: np.array(each) for word, each in places.items()}

    def rank(self, words: str) -> list[str]:
        """Product ids with any of the words, best first."""
        scores = np.zeros(len(self._skus))
        for word in _WORD.findall(words.lower()):
            found = self._places.get(word)
            if found is not None:
                texts, counts = found[:, 0], found[:, 1]
                rarity = math.log1p((len(self._skus) - len(texts) + 0.5) / (len(texts) + 0.5))
                scores[texts] += rarity * counts * (_K1 + 1) / (counts + self._norm[texts])
        order = np.argsort(-scores, kind="stable")[:_DEPTH]
        return [self._skus[int(place)] for place in order if scores[place] > 0]


def nearest(skus: Sequence[str], cosines: NDArray[np.float32]) -> list[str]:
    """Product ids by meaning alone."""
    return [skus[int(place)] for place in np.argsort(-cosines, kind="stable")[:_DEPTH]]


def _said(product: Mapping[str, Any]) -> str:
    parts = (product["title"], product["product"], product["vendor"], product["description"], *product["tags"])
    return " ".join(map(str, parts))
