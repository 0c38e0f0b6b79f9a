"""The catalog as it is searched: words and meaning of every variant, built whole and never changed afterwards."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.catalog.ranking import Weights, rank, shipped
from knowledge.words.matching import Matches, match
from knowledge.words.question import Question, Reader
from knowledge.words.synonyms import Synonyms
from knowledge.words.synonyms import shipped as shipped_synonyms
from knowledge.words.terms import terms
from knowledge.words.text_index import Field, TextIndex

DEEPEST: Final = 1_000  # variants of one search; nobody reads further
_NEAR: Final = 0.35  # cosine from which a variant without any word of the question may still be meant
_SHARE: Final = 0.25  # of the best score; what is below is not an answer beside the best
_READ: Final = 160  # characters of a description that tell what a thing is; the rest blurs its vector
_BARCODE: Final = re.compile(
    r"(?<!\w)(?:\d{8}|\d{12,14})(?!\w)"
)  # GTIN-8, -12, -13, -14: https://www.gs1.org/standards
_FIELDS: Final = (  # title, product, vendor, category, tags, description
    Field(2.0, names=True),
    Field(1.0, names=True),
    Field(1.0, names=True),
    Field(2.0, names=True),
    Field(1.0),
    Field(1.0),
)


@dataclass(frozen=True, slots=True)
class Described:
    """What the catalog says of one variant."""

    sku: str
    title: str
    product: str
    vendor: str
    category: str
    tags: str
    description: str

    def said(self) -> str:
        """What its vector is made from."""
        title = self.title if self.product in self.title else f"{self.product} {self.title}"
        about = ". ".join(part for part in (self.category, self.description[:_READ]) if part)
        return f"{title}. {about}"


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of every variant beside a question, in the index's order.

    Attributes:
        meaning: Cosines; `None` without a vector on either side.
    """

    question: Question
    matches: Matches
    meaning: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a search found.

    Attributes:
        skus: Best first; empty when nothing fits.
        sureness: 0 to 1: the share of searches like this one that have an answer.
        corrected: Misspelt words, and what they were read as.
        by_meaning: Whether the question had a vector.
    """

    skus: tuple[str, ...]
    sureness: float
    corrected: tuple[tuple[str, str], ...] = ()
    by_meaning: bool = False


class CatalogIndex:
    """Search over one state of the catalog; from any thread.

    Args:
        described: The variants.
        vectors: One unit row per variant; `None`: by words alone.
    """

    def __init__(
        self,
        described: Sequence[Described],
        vectors: NDArray[np.float32] | None = None,
        *,
        weights: Weights | None = None,
        synonyms: Synonyms | None = None,
    ) -> None:
        self._skus = [each.sku for each in described]
        self._text = TextIndex(
            _FIELDS,
            [
                tuple(map(terms, (each.title, each.product, each.vendor, each.category, each.tags, each.description)))
                for each in described
            ],
        )
        self._reader = Reader(self._text, shipped_synonyms() if synonyms is None else synonyms)
        self._codes = _codes(described)
        self._vectors = vectors
        self._weights = weights or shipped()

    def with_vectors(self, vectors: NDArray[np.float32]) -> "CatalogIndex":
        """The same words, and these meanings."""
        made = object.__new__(CatalogIndex)
        made.__dict__.update(self.__dict__)
        made._vectors = vectors  # of our own class
        return made

    @property
    def skus(self) -> Sequence[str]:
        """In the index's order."""
        return self._skus

    @property
    def has_meaning(self) -> bool:
        """Whether a question's vector is of use."""
        return self._vectors is not None

    def exact(self, words: str) -> list[str]:
        """The variants whose sku or barcode this is, however it is cased or spaced."""
        return self._codes.get(_code(words), [])

    def mended(self, words: str) -> str:
        """The words with misspelt ones as they were meant."""
        told = words
        for said, meant in self._reader.read(words).corrected:
            told = re.sub(rf"(?i)(?<!\w){re.escape(said)}(?!\w)", meant, told)
        return told

    def look(self, words: str, vector: NDArray[np.float32] | None) -> Looked:
        """Every sign of every variant for a question."""
        question = self._reader.read(words)
        meaning = np.vecdot(self._vectors, vector) if self._vectors is not None and vector is not None else None
        return Looked(question, match(question, self._text), meaning)

    def rank(self, words: str, vector: NDArray[np.float32] | None) -> Ranking:
        """The variants that fit, best first, at most `DEEPEST`."""
        looked = self.look(words, vector)
        question, matches, meaning = looked.question, looked.matches, looked.meaning
        ranked = rank(matches, meaning, self._weights)
        by_meaning = meaning is not None
        if not ranked.fits:
            return Ranking((), ranked.sureness, question.corrected, by_meaning)
        scores = ranked.scores
        may = matches.held > 0 if meaning is None else (matches.held > 0) | (meaning >= _NEAR)
        places = np.flatnonzero(may & (scores >= _SHARE * scores.max()))
        if len(places) > DEEPEST:
            places = places[np.argpartition(-scores[places], DEEPEST - 1)[:DEEPEST]]
        order = places[np.lexsort((places, -scores[places]))]
        return Ranking(
            tuple(self._skus[int(place)] for place in order), ranked.sureness, question.corrected, by_meaning
        )


def _codes(described: Sequence[Described]) -> dict[str, list[str]]:
    """Skus by what they are known under: their own name, and barcodes that the platform keeps among the tags."""
    found: dict[str, list[str]] = {}
    for each in described:
        for code in (each.sku, *_BARCODE.findall(each.tags)):
            found.setdefault(_code(code), []).append(each.sku)
    return found


def _code(words: str) -> str:
    return "".join(words.split()).upper()
