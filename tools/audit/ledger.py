"""Records that can be added and never changed: each carries the hash of the one before it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from tools.audit.entry import Entry, link
from tools.audit.names import Name, without_refs

_LOCK = text("SELECT seq, hash FROM ledger_head WHERE id = 1 FOR UPDATE")
_HEAD = text("SELECT seq, hash FROM ledger_head WHERE id = 1")
_ADD = text(
    """
    WITH added AS (
        INSERT INTO ledger (seq, at, kind, action_id, correlation_id, entry, previous, hash)
        SELECT seq, at, kind, action_id, correlation_id, entry, previous, hash
        FROM json_populate_recordset(NULL::ledger, CAST(:rows AS json))
    ), named AS (
        INSERT INTO ledger_name (name, salt, ref)
        SELECT name, salt, ref FROM json_populate_recordset(NULL::ledger_name, CAST(:names AS json))
    )
    UPDATE ledger_head SET seq = :seq, hash = :hash WHERE id = 1
    """
)


@dataclass(frozen=True, slots=True)
class Head:
    """The last record: its place and its hash. Written down elsewhere, it vouches for everything before it."""

    seq: int
    hash: str


async def append(connection: Connection, entries: Sequence[Entry]) -> Head:
    """Add records in this order, in the caller's transaction, and return the new head.

    The head is locked until the transaction ends, so this comes last in it: whoever else decides waits for that long.
    The records are written with whatever is sent next, at the latest with the commit.
    """
    row: Any = (await connection.execute(_LOCK if entries else _HEAD)).one()
    seq, previous = int(row.seq), str(row.hash)
    if not entries:
        return Head(seq, previous)
    rows: list[dict[str, object]] = []
    names: list[Name] = []
    for place, entry in enumerate(entries, seq + 1):
        record, meant = without_refs(entry.text(place))
        names += meant
        following = link(previous, record)
        rows.append(
            {
                "seq": place,
                "at": entry.at.isoformat(),
                "kind": entry.kind,
                "action_id": entry.action,
                "correlation_id": entry.correlation,
                "entry": record,
                "previous": previous,
                "hash": following,
            }
        )
        previous = following
    connection.post(
        _ADD,
        {
            "rows": json.dumps(rows),
            "names": json.dumps([each._asdict() for each in names]),
            "seq": seq + len(rows),
            "hash": previous,
        },
    )
    return Head(seq + len(rows), previous)


async def head(connection: Connection) -> Head:
    """Where the ledger ends now."""
    row: Any = (await connection.execute(_HEAD)).one()
    return Head(int(row.seq), str(row.hash))
