"""Find variants by words and by meaning; an exact sku or barcode beats both, and when nothing fits nothing is found."""

import asyncio
import importlib
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from knowledge.catalog.index import DEEPEST, CatalogIndex, Described
from knowledge.catalog.search import Found, in_order, worded
from knowledge.store.session import Database
from policies.vocabulary.ids import LocationId

_LOOK_EVERY: Final = 60.0  # seconds between looks at whether what the catalog says has changed
_FIRST_WITHIN: Final = 0.3  # seconds the first search waits for an index; then the database looks for its words
_MARGIN: Final = 50  # variants that may have left the catalog since it was last learned
_SIGNATURE: Final = text(
    "SELECT md5(string_agg(md5(ROW(sku, title, product, vendor, category, tags, description)::text), '' ORDER BY sku))"
    " FROM variant"
)
_DESCRIBED: Final = text(
    "SELECT sku, title, product, vendor, category, array_to_string(tags, ', ') AS tags, description"
    " FROM variant ORDER BY sku"
)
_log = logging.getLogger(__name__)


class Meaning(Protocol):
    """Vectors of product texts; `knowledge.memory.meanings.Meanings` in the product."""

    async def remember(self, texts: Sequence[tuple[str, str]]) -> int:
        """Make these all there are."""
        ...

    async def vectors(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.float32] | None:
        """One unit row per text; `None` while one is not remembered."""
        ...


class Asking(Protocol):
    """Vectors of questions; `knowledge.memory.questions.Questions` in the product."""

    async def vector(self, text: str) -> NDArray[np.float32] | None:
        """The question's unit vector; `None` when there is none in time."""
        ...


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found.

    Attributes:
        found: Best first; empty when nothing fits well enough to be shown.
        sureness: 0 to 1: the share of searches that scored so and had an answer; 1 for an exact sku or barcode.
        corrected: Misspelt words, and what they were read as.
    """

    found: Sequence[Found]
    sureness: float
    corrected: tuple[tuple[str, str], ...] = ()


class CatalogFinder:
    """Answers at once, whatever is learned so far: a search sets the learning going and does not wait for it.

    The index in use is replaced only by one that is whole.

    Args:
        database: The unified store.
        meaning: `None`: by words only.
        questions: As for `meaning`.
    """

    def __init__(self, database: Database, meaning: Meaning | None = None, questions: Asking | None = None) -> None:
        self._database = database
        self._meaning = meaning
        self._questions = questions
        self._index: CatalogIndex | None = None
        self._signature: str | None = None
        self._whole = False
        self._learning: asyncio.Task[None] | None = None
        self._looked_at = float("-inf")
        self._indexed = asyncio.Event()

    async def find(
        self,
        words: str,
        location: LocationId | None,
        limit: int,
        stocked: Sequence[LocationId] | None = None,
    ) -> Findings:
        """The variants that fit best, best first, at most `limit`.

        Args:
            words: A question, a sku or a barcode.
            location: Where they are counted.
            limit: At least 1.
            stocked: Only what can be sold from one of these shelves; `None`: whether or not it is anywhere.
        """
        index = await self._ready()
        if index is None:
            async with self._database.reading() as connection:
                skus = await worded(connection, words, DEEPEST)
                return Findings(await in_order(connection, skus, location, stocked, limit), 1.0 if skus else 0.0)
        vector = await self._questions.vector(index.mended(words)) if self._questions and index.has_meaning else None
        exact = index.exact(words)
        ranking = await asyncio.to_thread(index.rank, words, vector)
        skus = list(dict.fromkeys([*exact, *ranking.skus]))
        if stocked is None:  # the store then drops none but those that left the catalog since
            skus = skus[: limit + _MARGIN]
        async with self._database.reading() as connection:
            found = await in_order(connection, skus, location, stocked, limit) if skus else []
        return Findings(found, 1.0 if exact else ranking.sureness, ranking.corrected)

    async def learn(self) -> None:
        """Learn the catalog as it is now, if it says anything else than when it was last learned.

        The first time takes a few seconds, and with vectors of twenty thousand products minutes.

        Raises:
            Unavailable: The database does not answer.
        """
        async with self._database.reading() as connection:
            signature = str((await connection.execute(_SIGNATURE)).scalar())
            if signature == self._signature and self._whole:
                return
            described = [Described(*row) for row in await connection.execute(_DESCRIBED)]
        index = await asyncio.to_thread(CatalogIndex, described)
        if self._meaning is None:
            self._use(index, signature, whole=True)
            return
        if self._index is None or not self._index.has_meaning:
            self._use(index, signature, whole=False)
        texts = [(each.sku, each.said()) for each in described]
        try:
            vectors = await self._vectors(self._meaning, texts)
        except Exception:
            self._use(index, signature, whole=False)  # its words are right in any case
            raise
        self._use(index.with_vectors(vectors), signature, whole=True)

    @property
    def index(self) -> CatalogIndex | None:
        """The index in use; `None` until one was built."""
        return self._index

    async def close(self) -> None:
        """Stop learning."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)

    def _use(self, index: CatalogIndex, signature: str, *, whole: bool) -> None:
        self._index, self._signature, self._whole = index, signature, whole
        self._indexed.set()

    async def _ready(self) -> CatalogIndex | None:
        if time.monotonic() - self._looked_at > _LOOK_EVERY and (self._learning is None or self._learning.done()):
            self._looked_at = time.monotonic()
            self._learning = asyncio.create_task(self._learn_aside(), name="learn the catalog")
        if self._index is None and self._learning is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_WITHIN):
                    await self._indexed.wait()
        return self._index

    async def _learn_aside(self) -> None:
        try:
            await self.learn()
        except Exception as error:  # noqa: BLE001  # products are found by what is known, and the next look tries again
            _log.warning("the catalog was not learned: %s", type(error).__name__)

    @staticmethod
    async def _vectors(meaning: Meaning, texts: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        vectors = await meaning.vectors(texts)
        while vectors is None:
            await meaning.remember(texts)
            vectors = await meaning.vectors(texts)
        return vectors


def scrubbed(texts: Sequence[str]) -> list[str]:
    """Product texts as a vector may be made of them: a description may name whom to call."""
    presidio = importlib.import_module("knowledge.privacy.presidio")  # seconds to import; see there
    return [str(presidio.scrub_document(words)) for words in texts]
