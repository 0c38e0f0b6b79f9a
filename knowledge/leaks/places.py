"""Where raw data could have got to: every table but the vault's, and every file of the installation's folder."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from knowledge.leaks.scanner import Leak, Scanner
from knowledge.store.long_read import settle_in
from knowledge.store.session import Database

VAULT: Final = frozenset({"vault_subject", "vault_arrival"})
"""Tables that hold raw data on purpose, sealed; even there nothing may be readable, but they are none of the sinks."""

_TABLES = text(
    """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name
    """
)
_AT_ONCE: Final = 2_000  # rows read together
_PIECE: Final = 32 * 1024 * 1024  # bytes of a file looked through together
_OVERLAP: Final = 4_096  # bytes; no needle is longer


@dataclass(slots=True)
class Found:
    """What was looked through, in bytes by sink, and what was found there."""

    looked: dict[str, int] = field(default_factory=dict[str, int])
    leaks: list[Leak] = field(default_factory=list[Leak])

    def add(self, other: "Found") -> None:
        """Both together."""
        for sink, count in other.looked.items():
            self.looked[sink] = self.looked.get(sink, 0) + count
        self.leaks += other.leaks


async def in_database(database: Database, scanner: Scanner, *, most: int = 0) -> Found:
    """Every column of every table but the vault's, the queue's tables included.

    Args:
        database: To look through.
        scanner: Knows what must not be there.
        most: Rows of one table, the newest as far as its own order tells; 0 for all.
    """
    found = Found()
    async with database.transaction() as connection:
        await settle_in(connection)
        names = [str(name) for name in (await connection.execute(_TABLES)).scalars() if name not in VAULT]
        for name in names:
            limit = f" ORDER BY ctid DESC LIMIT {most:d}" if most else ""
            # the name comes from the database's own list, and is quoted
            rows = text(f'SELECT to_jsonb(one)::text AS row FROM "{name}" AS one{limit}')  # noqa: S608
            async for part in connection.partitions(rows, {}, _AT_ONCE):
                texts = [str(row.row) for row in part]
                found.add(await asyncio.to_thread(_rows, scanner, name, texts))
    return found


def in_files(folder: Path, scanner: Scanner, *, without: Iterable[Path] = ()) -> Found:
    """Every byte of every file under a folder; pipes and sockets have none."""
    found = Found()
    left_out = [path.resolve() for path in without]
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or any(file.resolve().is_relative_to(path) for path in left_out):
            continue
        sink = f"file:{file.relative_to(folder)}"
        found.leaks += scanner.scan(f"{sink} (its name)", str(file.relative_to(folder)).encode())
        for piece in _pieces(file):
            found.add(Found({sink: len(piece)}, scanner.scan(sink, piece)))
    return found


def _pieces(file: Path) -> Iterable[bytes]:
    try:
        with file.open("rb") as opened:
            before = b""
            while piece := opened.read(_PIECE):
                yield before + piece
                before = piece[-_OVERLAP:]
    except FileNotFoundError:  # gone meanwhile
        return


def _rows(scanner: Scanner, table: str, rows: list[str]) -> Found:
    data = "\n".join(rows).encode()
    sink = f"postgresql:{table}"
    if not scanner.scan(sink, data):
        return Found({sink: len(data)})
    leaks: list[Leak] = []
    for row in rows:  # which column it was
        columns: Mapping[str, Any] = json.loads(row)
        for column, value in columns.items():
            told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            leaks += scanner.scan(f"{sink}.{column}", told.encode())
    return Found({sink: len(data)}, leaks or scanner.scan(sink, data))
