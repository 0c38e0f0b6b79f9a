"""Sentences about groups of customers, by meaning, in LanceDB: a table for each release, switched at once, then purged.

A table is never changed. A deleted row's bytes stay in LanceDB's files until they are rewritten, so a release that
leaves a group out is a new table, and the old one is dropped with its files.
"""

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from knowledge.memory.embed import Embedder
from knowledge.memory.encoder import DIMENSIONS
from knowledge.privacy.tally import TALLY, VECTORS

_MOST: Final = 10_000  # groups; there are fewer than a twentieth as many as customers


class CohortMemory:
    """Tables of one folder, each named by whoever writes it; which one counts is written down elsewhere."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        self._opening = asyncio.Lock()
        self._connection: Any = None

    async def write(self, table: str, sentences: Mapping[str, str], *, like: str = "") -> int:
        """Make a table of these sentences by id; returns how many had to be embedded.

        Args:
            table: Its name, never used before: `cohorts_`, the release's number, `_` and anything.
            sentences: All of them.
            like: An earlier table, whose vectors serve where its sentences are the same.
        """
        connection = await self._open()
        known = {row["sentence"]: row["vector"] for row in await self._rows(like)}
        fresh = [sentence for sentence in sentences.values() if sentence not in known]
        if fresh:
            vectors = await self._embedder.embed(fresh)
            known.update(zip(fresh, vectors.tolist(), strict=True))
        arrow: Any = importlib.import_module("pyarrow")
        rows = arrow.table(
            {
                "id": list(sentences),
                "sentence": list(sentences.values()),
                "vector": [known[sentence] for sentence in sentences.values()],
            },
            schema=_schema(),
        )
        await connection.create_table(table, rows)
        TALLY.add(VECTORS, "cohorts", len(sentences))
        return len(fresh)

    async def search(self, table: str, words: str, limit: int) -> list[str]:
        """The ids nearest in meaning, nearest first; empty where the table is no more."""
        connection = await self._open()
        if table not in await self._names():
            return []
        opened = await connection.open_table(table)
        (vector,) = await self._embedder.embed([words])
        near = await opened.query().nearest_to(vector).distance_type("cosine").limit(limit).to_list()
        return [str(row["id"]) for row in near]

    async def keep_only(self, table: str, *, until: int) -> int:
        """Drop every other table of a release up to this number, files and all; returns how many went."""
        connection = await self._open()
        gone = [name for name in await self._names() if name != table and _number(name) <= until]
        for name in gone:
            await connection.drop_table(name, ignore_missing=True)
        return len(gone)

    async def _rows(self, table: str) -> Sequence[dict[str, Any]]:
        if not table or table not in await self._names():
            return []
        opened = await (await self._open()).open_table(table)
        return list(await opened.query().select(["sentence", "vector"]).limit(_MOST).to_list())

    async def _names(self) -> set[str]:
        connection = await self._open()
        return set((await connection.list_tables(limit=1_000)).tables)

    async def _open(self) -> Any:
        async with self._opening:
            if self._connection is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                library = await asyncio.to_thread(importlib.import_module, "lancedb")  # takes seconds
                self._connection = await library.connect_async(self._folder)
            return self._connection


def _number(table: str) -> float:
    """Of the release a table was written for; endless for tables of others."""
    prefix, _, rest = table.partition("_")
    number = rest.partition("_")[0]
    return int(number) if prefix == "cohorts" and number.isdecimal() else float("inf")


def _schema() -> Any:
    arrow: Any = importlib.import_module("pyarrow")
    return arrow.schema(
        [
            arrow.field("id", arrow.string()),
            arrow.field("sentence", arrow.string()),
            arrow.field("vector", arrow.list_(arrow.float32(), DIMENSIONS)),
        ]
    )
