"""What a person settled of counts that disagreed: what was known of it until then is told no more, what comes after is.

A settlement is begun before its count is written and closed with the record of it, so that of two people who settle the
same discrepancy at once one is refused before anything is written. Taken back, it stands again as it was.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from knowledge.reconcile.documents import Cell
from knowledge.store.connection import Connection

_BEGIN = text(
    """
    INSERT INTO settlement (action_id, sku, location_id, since, begun_at, untold, discrepancy)
    SELECT :action, discrepancy.sku, discrepancy.location_id, discrepancy.since, :at,
           CAST(:count AS integer) - level.available, to_jsonb(discrepancy)
    FROM discrepancy JOIN inventory_level AS level USING (sku, location_id)
    WHERE sku = :sku AND location_id = :place AND since = :since AND told
    ON CONFLICT DO NOTHING
    """
)
_BEGUN = text("SELECT 1 FROM settlement WHERE action_id = :action AND reopened_at IS NULL")
_SINCE = text("SELECT since FROM discrepancy WHERE sku = :sku AND location_id = :place AND told")
_CLOSE = text("UPDATE settlement SET closed_at = :at WHERE action_id = :action")
_RELEASE = text("DELETE FROM settlement WHERE action_id = :action AND closed_at IS NULL")
_REOPEN = text(
    """
    WITH again AS (
        UPDATE settlement SET reopened_at = :at WHERE action_id = :action AND reopened_at IS NULL RETURNING discrepancy)
    INSERT INTO discrepancy
    SELECT kept.* FROM again, jsonb_populate_record(NULL::discrepancy, again.discrepancy) AS kept
    ON CONFLICT DO NOTHING
    """
)
_SETTLED = text(
    """
    SELECT DISTINCT ON (sku, location_id) sku, location_id, action_id, begun_at, untold FROM settlement
    WHERE closed_at IS NOT NULL AND reopened_at IS NULL AND begun_at > :since
      AND location_id = ANY(CAST(:places AS text[]))
    ORDER BY sku, location_id, begun_at DESC
    """
)


@dataclass(frozen=True, slots=True)
class Settled:
    """The last settlement of a cell.

    Attributes:
        action: That settled it; the change of the count it made itself is no news.
        at: What was recorded until then is settled.
        untold: By how much the platform's count was more than the one we had heard of.
    """

    action: str
    at: datetime
    untold: int

    def closes(self, recorded: datetime) -> bool:
        """Whether what was recorded of the cell at that moment is settled by it."""
        return recorded <= self.at


def name_of(sku: str, location: str, since: datetime) -> str:
    """What a discrepancy is called: the same as long as it stands, another when it changes."""
    told = f"{sku}|{location}|{int(since.timestamp() * 1_000_000)}"
    return f"d-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


async def begin(connection: Connection, name: str, cell: Cell, action: str, count: int, at: datetime) -> bool:  # noqa: PLR0913, PLR0917  # what is settled, by what, and when
    """Take a discrepancy in hand for this action; `False` when it stands no more, or another one has it.

    `count` is what the platform is known to count.
    """
    told = {"sku": cell[0], "place": cell[1]}
    since: datetime | None = (await connection.execute(_SINCE, told)).scalar_one_or_none()
    if since is not None and name_of(*cell, since) == name:
        await connection.execute(_BEGIN, {**told, "since": since, "action": action, "count": count, "at": at})
    return (await connection.execute(_BEGUN, {"action": action})).first() is not None


def close(connection: Connection, action: str, at: datetime) -> None:
    """It is settled, with what is sent next."""
    connection.post(_CLOSE, {"action": action, "at": at})


def release(connection: Connection, action: str) -> None:
    """Nothing came of it: somebody else may settle it; with what is sent next."""
    connection.post(_RELEASE, {"action": action})


def reopen(connection: Connection, action: str, at: datetime) -> None:
    """The settlement was taken back: the discrepancy stands as it did; with what is sent next."""
    connection.post(_REOPEN, {"action": action, "at": at})


async def settlements(connection: Connection, places: Sequence[str], since: datetime) -> dict[Cell, Settled]:
    """The last one of each cell of these locations."""
    rows = await connection.execute(_SETTLED, {"places": list(places), "since": since})
    return {(row.sku, row.location_id): Settled(row.action_id, row.begun_at, row.untold) for row in rows}
