"""How far an import has come, kept in the transaction that took its rows: cut off anywhere, it goes on there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import Refused

_READ: Final = text("SELECT * FROM history_import WHERE id = :id")
_LOCKED: Final = text("SELECT place FROM history_import WHERE id = :id FOR UPDATE")
_BEGIN: Final = text(
    """
    INSERT INTO history_import (id, source, kind, place, began_at, at)
    VALUES (:id, :source, :kind, CAST(:place AS jsonb), :at, :at)
    ON CONFLICT (id) DO UPDATE SET place = excluded.place, rows = 0, taken = 0, known = 0, rejected = 0,
        whole = false, began_at = excluded.began_at, at = excluded.at
    """
)
_MOVE: Final = text(
    """
    UPDATE history_import SET place = CAST(:place AS jsonb), rows = :rows, taken = :taken, known = :known,
        rejected = :rejected, whole = :whole, at = :at
    WHERE id = :id
    """
)
_ALL: Final = text("SELECT * FROM history_import ORDER BY began_at, id")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where an import stands.

    Attributes:
        id: What is imported.
        source: `file`, `shopify` or `lightspeed`.
        place: Where to go on, as its source understands it.
        rows: Read so far; each was taken, known or rejected.
        whole: All of it was read.
    """

    id: str
    source: str
    kind: str
    place: Mapping[str, Any]
    rows: int = 0
    taken: int = 0
    known: int = 0
    rejected: int = 0
    whole: bool = False
    at: datetime | None = None

    def moved(  # noqa: PLR0913
        self, place: Mapping[str, Any], *, taken: int, known: int, rejected: int, at: datetime, whole: bool = False
    ) -> "Bookmark":
        """After so many more rows."""
        return replace(
            self,
            place=place,
            rows=self.rows + taken + known + rejected,
            taken=self.taken + taken,
            known=self.known + known,
            rejected=self.rejected + rejected,
            whole=whole,
            at=at,
        )


async def read_bookmark(connection: Connection, name: str) -> Bookmark | None:
    """That of this import; `None` for one that never began."""
    row = (await connection.execute(_READ, {"id": name})).one_or_none()
    return None if row is None else _bookmark(row)


async def all_bookmarks(connection: Connection) -> Sequence[Bookmark]:
    """Of every import there was, the oldest first."""
    return [_bookmark(row) for row in await connection.execute(_ALL)]


async def begin(connection: Connection, bookmark: Bookmark, at: datetime) -> None:
    """Keep the bookmark of an import that begins, or begins again."""
    values = {"id": bookmark.id, "source": bookmark.source, "kind": bookmark.kind, "at": at}
    await connection.execute(_BEGIN, {**values, "place": json.dumps(bookmark.place)})


async def move(connection: Connection, before: Bookmark, after: Bookmark) -> None:
    """Keep how far it is now.

    Raises:
        Refused: Somebody else moved it: the same import runs twice.
    """
    place: Any = (await connection.execute(_LOCKED, {"id": before.id})).scalar_one_or_none()
    if place != dict(before.place):
        raise Refused(
            "The same import is running elsewhere.", code="import.running", hint="Wait for it, or stop it first."
        )
    values = {name: getattr(after, name) for name in ("id", "rows", "taken", "known", "rejected", "whole", "at")}
    await connection.execute(_MOVE, {**values, "place": json.dumps(after.place)})


def _bookmark(row: Any) -> Bookmark:
    return Bookmark(
        row.id, row.source, row.kind, row.place, row.rows, row.taken, row.known, row.rejected, row.whole, row.at
    )
