"""Shelves somebody has to look at: asked for in the transaction that makes it necessary, done by whoever is free."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.enqueue import enqueue
from knowledge.unify.columns import write_rows
from knowledge.unify.journal import Cell

TASK: Final = "sync_stock"
_DUE = text(
    """
    INSERT INTO sync_job (sku, location_id, due_at, since)
    SELECT sku, location_id, at, at
    FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:at AS timestamptz[]))
      AS row(sku, location_id, at)
    ON CONFLICT (sku, location_id) DO UPDATE
    SET due_at = least(sync_job.due_at, excluded.due_at), asked = sync_job.asked + 1
    """
)


async def ask_for_sync(connection: Connection, shelves: Iterable[Cell], at: datetime) -> None:
    """Have these shelves looked at, with what is committed here."""
    rows = [{"sku": sku, "location_id": place, "at": at} for sku, place in sorted(set(shelves))]
    await write_rows(connection, _DUE, rows)
    if rows:
        wake_sync(connection)


def wake_sync(connection: Connection, at: datetime | None = None) -> None:
    """Have what is due done, not before `at`; one at a time, and once for however many ask."""
    enqueue(connection, TASK, {}, lock=TASK, queueing_lock=TASK if at is None else f"{TASK}:later", at=at)
