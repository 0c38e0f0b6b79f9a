"""Who looks at which shelf: it is one worker's alone while their lease lasts, and they renew it as they go.

A worker slower than its lease may find the shelf taken over. What it read is then older than what the other one took
in, so it leaves the shelf alone. The end of a lease is its token: whoever takes one over sets a later end.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Place

LEASE: Final = timedelta(seconds=90)  # renewed with every step; a worker that died is taken over after it
AT_ONCE: Final = 50  # shelves; one request reads as many from a platform
_CLAIM = text(
    """
    UPDATE sync_job SET claimed_until = :until, tries = tries + 1
    WHERE (sku, location_id) IN (
        SELECT sku, location_id FROM sync_job
        WHERE due_at <= :at AND coalesce(claimed_until, '-infinity') < :at
        ORDER BY due_at, sku LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING sku, location_id, asked, tries
    """
)
_HOLD = text(
    """
    INSERT INTO sync_job (sku, location_id, due_at, since, claimed_until) VALUES (:sku, :shelf, :at, :at, :until)
    ON CONFLICT (sku, location_id) DO UPDATE SET claimed_until = excluded.claimed_until
    WHERE coalesce(sync_job.claimed_until, '-infinity') < :at
    RETURNING asked
    """
)
# Rows are locked in the order in which everybody locks them, and stay so until the transaction ends.
_RENEW = text(
    """
    WITH ours AS (
        SELECT job.sku, job.location_id FROM sync_job AS job
        JOIN unnest(CAST(:skus AS text[]), CAST(:shelves AS text[]), CAST(:leases AS timestamptz[]))
          AS lease(sku, location_id, until)
          ON job.sku = lease.sku AND job.location_id = lease.location_id AND job.claimed_until = lease.until
        ORDER BY job.sku, job.location_id FOR UPDATE OF job)
    UPDATE sync_job SET claimed_until = :until FROM ours
    WHERE sync_job.sku = ours.sku AND sync_job.location_id = ours.location_id
    RETURNING sync_job.sku, sync_job.location_id
    """
)
_DONE = text(
    """
    DELETE FROM sync_job
    WHERE sku = :sku AND location_id = :shelf AND claimed_until = :lease AND asked = :asked
    """
)
_LATER = text(
    """
    UPDATE sync_job SET claimed_until = NULL, due_at = CASE WHEN asked > :asked THEN :at ELSE :due END, error = :error,
                        tries = CASE WHEN asked > :asked THEN 0 ELSE tries END
    WHERE sku = :sku AND location_id = :shelf AND claimed_until = :lease
    """
)
_NEXT = text("SELECT min(greatest(due_at, coalesce(claimed_until, due_at))) FROM sync_job")
_ALL = text(
    """
    INSERT INTO sync_job (sku, location_id, due_at, since)
    SELECT own.sku, own.location_id, :at, :at FROM inventory_level AS own
    JOIN inventory_level AS other ON other.sku = own.sku AND other.location_id = :mirror
    LEFT JOIN shared_stock AS kept ON kept.sku = own.sku AND kept.location_id = own.location_id
    LEFT JOIN shared_count AS here ON here.sku = own.sku AND here.location_id = own.location_id
    LEFT JOIN shared_count AS there ON there.sku = own.sku AND there.location_id = other.location_id
    LEFT JOIN variant ON variant.sku = own.sku
    LEFT JOIN reservation ON reservation.sku = own.sku AND reservation.location_id = own.location_id
      AND reservation.ended_at IS NULL
    WHERE own.location_id = :shelf AND (
        kept.units IS NULL OR here.counted IS DISTINCT FROM own.available OR reservation.expires_at < :at
        OR there.counted IS DISTINCT FROM other.available OR here.pending <> '' OR there.pending <> ''
        OR kept.buffer IS DISTINCT FROM
             coalesce((CAST(:buffers AS jsonb) ->> coalesce(variant.category, ''))::int, CAST(:buffer AS int)))
    ON CONFLICT (sku, location_id) DO NOTHING
    """
)


@dataclass(slots=True)
class Job:
    """A shelf to look at.

    Attributes:
        asked: How often somebody asked, so that a question during the work is not lost.
        lease: When it may be taken over; each renewal moves it.
    """

    sku: str
    shelf: str
    asked: int
    tries: int
    lease: datetime


async def claim(connection: Connection, at: datetime) -> list[Job]:
    """The jobs that waited longest, for the caller alone while the lease lasts."""
    until = at + LEASE
    rows = await connection.execute(_CLAIM, {"at": at, "until": until, "most": AT_ONCE})
    return [Job(row.sku, row.location_id, row.asked, row.tries, until) for row in rows]


async def hold(connection: Connection, sku: str, shelf: str, at: datetime) -> Job | None:
    """This one shelf, for the caller alone; `None` while somebody else has it."""
    until = at + LEASE
    found = (await connection.execute(_HOLD, {"sku": sku, "shelf": shelf, "at": at, "until": until})).first()
    return None if found is None else Job(sku, shelf, found.asked, 0, until)


async def renew(connection: Connection, jobs: Sequence[Job], at: datetime) -> list[Job]:
    """Those of the jobs that nobody took over, renewed, and locked until the transaction ends."""
    named = {
        "skus": [job.sku for job in jobs],
        "shelves": [job.shelf for job in jobs],
        "leases": [job.lease for job in jobs],
    }
    until = at + LEASE
    rows = await connection.execute(_RENEW, {**named, "until": until})
    renewed = {(row.sku, row.location_id) for row in rows}
    ours = [job for job in jobs if (job.sku, job.shelf) in renewed]
    for job in ours:
        job.lease = until
    return ours


def release(connection: Connection, job: Job, at: datetime, *, due: datetime | None = None, error: str = "") -> None:
    """Put a job away, or have it done again from `due` on; at once when somebody asked for it meanwhile.

    One that somebody took over is left to them.
    """
    named = {"sku": job.sku, "shelf": job.shelf, "asked": job.asked, "lease": job.lease}
    if due is None:
        connection.post(_DONE, named)
    connection.post(_LATER, {**named, "at": at, "due": due or at, "error": error})


async def ask_for_all(connection: Connection, shelf: Place, mirror: Place, at: datetime) -> None:
    """Have every variant looked at whose counts or buffer are not as they were last left, and those never looked at."""
    buffers = {"buffer": mirror.buffer, "buffers": json.dumps(dict(mirror.buffers))}
    await connection.execute(_ALL, {"shelf": shelf.id, "mirror": mirror.id, "at": at, **buffers})


async def next_due(connection: Connection) -> datetime | None:
    """When the next job may be done: its time has come, and nobody has it any more; `None` when there is none."""
    return (await connection.execute(_NEXT)).scalar_one_or_none()
