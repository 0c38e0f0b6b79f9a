"""What texts mean, in LanceDB: a vector and a digest under each name, no text, and nothing about anybody."""

import asyncio
import hashlib
import importlib
import logging
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.memory.encoder import DIMENSIONS
from knowledge.privacy.tally import TALLY, VECTORS

_FORMER: Final = "catalog"  # a table that held the texts as well
_MODEL: Final = "all-MiniLM-L6-v2"  # part of every digest: another model reads every text again
_AT_ONCE: Final = 256  # texts per commit: what a killed process has to read again
_KEEP_VERSIONS: Final = timedelta(hours=1)  # of the table; a reader holds one for seconds
_log = logging.getLogger(__name__)

Preparing = Callable[[Sequence[str]], Sequence[str]]


class Embedding(Protocol):
    """Texts to vectors; `knowledge.memory.embed.Embedder` in the product."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text."""
        ...


class Meanings:
    """Vectors of one kind of text: a table in a folder of LanceDB files, which several processes may share.

    Every commit is whole or not there, so a process may die at any moment; a folder that cannot be read is begun anew.
    LanceDB is imported at first use: that takes seconds, and a register or a lane never searches.

    Args:
        folder: Made when it is not there.
        embedder: What reads the texts.
        kind: Of text, such as `product`; each has its table.
        prepare: What is done to texts before they are read, in a thread; only to those that are new.
    """

    def __init__(self, folder: Path, embedder: Embedding, kind: str, prepare: Preparing = list) -> None:
        self._folder = folder
        self._kind = kind
        self._embedder = embedder
        self._prepare = prepare
        self._opening = asyncio.Lock()
        self._table: Any = None

    async def remember(self, texts: Sequence[tuple[str, str]]) -> int:
        """Make the table these (name, text) pairs, all there are; returns how many had to be read.

        A part is committed as soon as it is read, and what another process has read meanwhile is not read again.
        """
        wanted = {name: (text, _digest(text)) for name, text in texts}
        table = await self._open()
        known = await self._digests(table)
        fresh = [name for name, (_, digest) in wanted.items() if known.get(name) != digest]
        read = 0
        for start in range(0, len(fresh), _AT_ONCE):
            if start:
                known = await self._digests(table)
            part = [name for name in fresh[start : start + _AT_ONCE] if known.get(name) != wanted[name][1]]
            if part:
                prepared = await asyncio.to_thread(self._prepare, [wanted[name][0] for name in part])
                vectors = await self._embedder.embed(prepared)
                rows = _rows(part, [wanted[name][1] for name in part], vectors)
                await table.merge_insert("name").when_matched_update_all().when_not_matched_insert_all().execute(rows)
                TALLY.add(VECTORS, self._kind, len(part))
                read += len(part)
        gone = sorted(known.keys() - wanted.keys())
        for start in range(0, len(gone), _AT_ONCE):
            quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in gone[start : start + _AT_ONCE])
            await table.delete(f"name IN ({quoted})")
        if read or gone:
            await table.optimize(cleanup_older_than=_KEEP_VERSIONS)
        return read

    async def vectors(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.float32] | None:
        """One row per (name, text) pair, in their order; `None` while one of them is not remembered as it reads now."""
        table = await self._open()
        found = await table.query().select(["name", "digest", "vector"]).to_arrow()
        stored = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, DIMENSIONS)
        places = {
            (name, digest): place
            for place, (name, digest) in enumerate(
                zip(found["name"].to_pylist(), found["digest"].to_pylist(), strict=True)
            )
        }
        wanted = [places.get((name, _digest(text))) for name, text in texts]
        if None in wanted:
            return None
        return np.ascontiguousarray(stored[np.asarray(wanted, dtype=np.intp)], dtype=np.float32)

    async def _digests(self, table: Any) -> dict[str, str]:
        found = await table.query().select(["name", "digest"]).to_arrow()
        return dict(zip(found["name"].to_pylist(), found["digest"].to_pylist(), strict=True))

    async def _open(self) -> Any:
        async with self._opening:
            if self._table is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                library: Any = await asyncio.to_thread(importlib.import_module, "lancedb")
                connection = await library.connect_async(self._folder)
                await connection.drop_table(_FORMER, ignore_missing=True)
                self._table = await _sound(connection, self._folder, f"{self._kind}_meaning")
            return self._table


async def _sound(connection: Any, folder: Path, name: str) -> Any:
    """The table, emptied when it cannot be read: everything in it can be computed again."""
    try:
        table = await connection.create_table(name, schema=_schema(), exist_ok=True)
        await table.count_rows()
    except Exception as error:  # noqa: BLE001  # LanceDB raises what its layers raise
        _log.warning("what products mean is learned anew: %s", type(error).__name__)
        await asyncio.to_thread(shutil.rmtree, folder / f"{name}.lance", ignore_errors=True)
        table = await connection.create_table(name, schema=_schema())
    return table


def _rows(names: list[str], digests: list[str], vectors: NDArray[np.float32]) -> Any:
    arrow: Any = importlib.import_module("pyarrow")
    columns = {
        "name": names,
        "digest": digests,
        "vector": arrow.FixedSizeListArray.from_arrays(arrow.array(vectors.reshape(-1)), DIMENSIONS),
    }
    return arrow.table(columns, schema=_schema())


def _schema() -> Any:
    arrow: Any = importlib.import_module("pyarrow")
    return arrow.schema(
        [
            arrow.field("name", arrow.string()),
            arrow.field("digest", arrow.string()),
            arrow.field("vector", arrow.list_(arrow.float32(), DIMENSIONS)),
        ]
    )


def _digest(text: str) -> str:
    return hashlib.sha256(f"{_MODEL}\0{text}".encode()).hexdigest()[:16]
