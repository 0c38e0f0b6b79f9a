"""The product's own search over the judged catalog: its store, its finder, its tool, nothing beside them."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from evals.search.judged import Query
from knowledge.catalog.finder import CatalogFinder, scrubbed
from knowledge.memory.embed import Embedder
from knowledge.memory.meanings import Meanings
from knowledge.memory.questions import Questions
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.session import Database
from knowledge.store.tables import variant

KEPT: Final = Path("build/search-memory")  # vectors of twenty thousand products take minutes: they outlive a run
_PATIENT: Final = 60.0  # seconds for a question: quality is measured apart from the clock
_SEEN: Final = datetime(2026, 3, 2, tzinfo=UTC)
_AT_ONCE: Final = 2_000  # rows


@asynccontextmanager
async def stocked(products: Sequence[Mapping[str, Any]]) -> AsyncGenerator[Database]:
    """A database of its own with these products, while the block runs."""
    with tempfile.TemporaryDirectory(prefix="tillhand-evals-", ignore_cleanup_errors=True) as folder:
        url = await asyncio.to_thread(start_embedded, Path(folder) / "pg")
        await asyncio.to_thread(migrate, url)
        database = Database(url)
        try:
            async with database.transaction() as connection:
                for start in range(0, len(products), _AT_ONCE):
                    rows = [{**row, "observed_at": _SEEN} for row in products[start : start + _AT_ONCE]]
                    await connection.execute(insert(variant), rows)
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def searching(
    database: Database, *, meaning: bool = True, within: float = _PATIENT
) -> AsyncGenerator[CatalogFinder]:
    """A finder that has learned the catalog.

    Args:
        database: With products.
        meaning: False: by words alone, as when the model is unavailable.
        within: Seconds a question's vector may take.
    """
    if not meaning:
        yield await _learned(CatalogFinder(database))
        return
    embedder = Embedder()
    questions = Questions(embedder, within)
    finder = CatalogFinder(database, Meanings(KEPT, embedder, "product", scrubbed), questions)
    try:
        print("learning the catalog; the first time takes minutes", file=sys.stderr)
        yield await _learned(finder)
    finally:
        await finder.close()
        await questions.close()


async def questions_of(queries: Iterable[Query]) -> Mapping[str, NDArray[np.float32]]:
    """Every query's vector."""
    texts = [query.text for query in queries]
    return dict(zip(texts, await Embedder().embed(texts), strict=True))


async def _learned(finder: CatalogFinder) -> CatalogFinder:
    await finder.learn()
    return finder
