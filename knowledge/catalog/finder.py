"""Find variants by meaning where the catalog has been learned, by words until then; an exact sku beats both."""

import asyncio
import importlib
import logging
import time
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import text

from knowledge.catalog.search import Found, look_up, search
from knowledge.memory.catalog import Hit
from knowledge.store.session import Database
from policies.vocabulary.ids import LocationId

_LEARN_EVERY = 3600.0  # seconds; a product new within the hour is found by its words
_TEXTS = text(
    """
    SELECT sku, concat_ws('. ', title, nullif(vendor, ''), nullif(category, ''), nullif(array_to_string(tags, ' '), ''),
                          nullif(left(description, 500), '')) AS words
    FROM variant ORDER BY sku
    """
)
_log = logging.getLogger(__name__)


class Memory(Protocol):
    """Texts by meaning; `knowledge.memory.catalog.CatalogMemory` in the product."""

    async def remember(self, texts: Sequence[tuple[str, str]]) -> int:
        """Make these the whole catalog."""
        ...

    async def search(self, text: str, limit: int) -> list[Hit]:
        """The best variants for a question."""
        ...


class CatalogFinder:
    """Answers at once, whatever is learned so far: the first search sets the learning going and does not wait for it.

    Args:
        database: The unified store.
        memory: `None`: by words only.
    """

    def __init__(self, database: Database, memory: Memory | None = None) -> None:
        self._database = database
        self._memory = memory
        self._learning: asyncio.Task[None] | None = None
        self._learned_at = float("-inf")

    async def find(self, words: str, location: LocationId | None, limit: int) -> Sequence[Found]:
        """The variants that fit best, best first, at most `limit`."""
        by_meaning = await self._by_meaning(words, limit)
        async with self._database.reading() as connection:
            worded = await search(connection, words, location, limit)
            if not by_meaning:
                return worded
            exact = [each for each in worded if each.sku.upper() == words.strip().upper()]
            known: dict[str, Found] = {each.sku: each for each in await look_up(connection, by_meaning, location)}
        meant = [known[sku] for sku in by_meaning if sku in known]
        named = {each.sku for each in exact}
        return [*exact, *(each for each in meant if each.sku not in named)][:limit]

    async def learn(self) -> None:
        """Learn the catalog as it is now; takes seconds the first time."""
        if self._memory is None:
            return
        async with self._database.reading() as connection:
            texts = [(str(row.sku), str(row.words)) for row in await connection.execute(_TEXTS)]
        await self._memory.remember(await asyncio.to_thread(_scrubbed, texts))
        self._learned_at = time.monotonic()

    async def close(self) -> None:
        """Stop learning."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)

    async def _by_meaning(self, words: str, limit: int) -> list[str]:
        if self._memory is None:
            return []
        if time.monotonic() - self._learned_at > _LEARN_EVERY and (self._learning is None or self._learning.done()):
            self._learning = asyncio.create_task(self._learn_aside(), name="learn the catalog")
        if self._learned_at == float("-inf"):
            return []
        return [hit.sku for hit in await self._memory.search(words, limit)]

    async def _learn_aside(self) -> None:
        try:
            await self.learn()
        except Exception as error:  # noqa: BLE001  # products are found by words then, and the next search tries again
            _log.warning("the catalog was not learned: %s", type(error).__name__)


def _scrubbed(texts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Product texts as they may be kept: a description may name whom to call."""
    presidio = importlib.import_module("knowledge.privacy.presidio")  # seconds to import; see there
    return [(sku, str(presidio.scrub_document(words))) for sku, words in texts]
