"""What is kept of shelves that two platforms count, and of the jobs to look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Place
from knowledge.unify.journal import Cell

LEASE: Final = timedelta(seconds=90)  # longer than a batch takes; a worker that died is taken over after it
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
_DONE = text("DELETE FROM sync_job WHERE sku = :sku AND location_id = :shelf AND asked = :asked")
_LATER = text(
    """
    UPDATE sync_job SET claimed_until = NULL, due_at = CASE WHEN asked > :asked THEN :at ELSE :due END, error = :error,
                        tries = CASE WHEN asked > :asked THEN 0 ELSE tries END
    WHERE sku = :sku AND location_id = :shelf
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
_UNITS = text("SELECT sku, units FROM shared_stock WHERE location_id = :shelf AND sku = ANY(CAST(:skus AS text[]))")
_COUNTS = text(
    """
    SELECT sku, location_id, counted, writes, pending FROM shared_count
    WHERE location_id = ANY(CAST(:places AS text[])) AND sku = ANY(CAST(:skus AS text[]))
    """
)
_RESERVED = text(
    """
    SELECT sku, side, sum(units) AS units FROM reservation
    WHERE location_id = :shelf AND sku = ANY(CAST(:skus AS text[])) AND ended_at IS NULL AND expires_at > :at
    GROUP BY sku, side
    """
)
_GOODS = text(
    """
    SELECT sku, category, coalesce(unit_cost, price) AS worth, currency FROM variant
    WHERE sku = ANY(CAST(:skus AS text[]))
    """
)
_SETTLE = text(
    """
    INSERT INTO shared_stock (sku, location_id, units, settled_at) VALUES (:sku, :shelf, :units, :at)
    ON CONFLICT (sku, location_id) DO UPDATE SET units = excluded.units, settled_at = excluded.settled_at
    """
)
_TAKE_IN = text(
    """
    INSERT INTO shared_count (sku, location_id, counted) VALUES (:sku, :place, :counted)
    ON CONFLICT (sku, location_id) DO UPDATE SET counted = excluded.counted
    """
)
_BEGIN = text(
    """
    UPDATE shared_count SET pending = :action, writes = writes + 1 WHERE sku = :sku AND location_id = :place
    """
)
_END = text(
    """
    UPDATE shared_count SET pending = '', counted = counted + :moved, stale = stale + :stale, unsure = unsure + :unsure,
                            wrote_at = CASE WHEN :moved <> 0 THEN :at ELSE wrote_at END
    WHERE sku = :sku AND location_id = :place AND pending = :action
    """
)
_OURS = text(
    """
    INSERT INTO stock_movement (sku, location_id, reference, cause, units, occurred_at, recorded_at)
    VALUES (:sku, :place, :action, 'sync', :units, :at, :at)
    ON CONFLICT (sku, location_id, reference) DO UPDATE SET units = excluded.units
    """
)
_NEXT = text("SELECT min(due_at) FROM sync_job")
_ALL = text(
    """
    INSERT INTO sync_job (sku, location_id, due_at, since)
    SELECT own.sku, own.location_id, :at, :at FROM inventory_level AS own
    JOIN inventory_level AS other ON other.sku = own.sku AND other.location_id = :mirror
    LEFT JOIN shared_stock AS kept ON kept.sku = own.sku AND kept.location_id = own.location_id
    LEFT JOIN shared_count AS here ON here.sku = own.sku AND here.location_id = own.location_id
    LEFT JOIN shared_count AS there ON there.sku = own.sku AND there.location_id = other.location_id
    LEFT JOIN reservation ON reservation.sku = own.sku AND reservation.location_id = own.location_id
      AND reservation.ended_at IS NULL
    WHERE own.location_id = :shelf AND (
        kept.units IS NULL OR here.counted IS DISTINCT FROM own.available OR reservation.expires_at < :at
        OR there.counted IS DISTINCT FROM other.available OR here.pending <> '' OR there.pending <> '')
    ON CONFLICT (sku, location_id) DO NOTHING
    """
)
_LAPSE = text("UPDATE reservation SET ended_at = expires_at WHERE ended_at IS NULL AND expires_at < :at")
_SIDES = text(
    """
    SELECT location_id, count(*) AS counts, max(wrote_at) AS wrote_at, sum(stale) AS stale, sum(unsure) AS unsure,
           count(*) FILTER (WHERE pending <> '') AS pending
    FROM shared_count GROUP BY location_id ORDER BY location_id
    """
)
_WAITING = text(
    """
    SELECT count(*) AS shelves, min(since) AS since, max(error) AS error FROM sync_job
    """
)


@dataclass(frozen=True, slots=True)
class Job:
    """A shelf to look at; `asked` counts how often somebody asked, so that a question during the work is not lost."""

    sku: str
    shelf: str
    asked: int
    tries: int


@dataclass(frozen=True, slots=True)
class Write:
    """One write of ours to one side, by the action that makes it."""

    sku: str
    place: str
    action: str
    delta: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of some variants on one shelf."""

    units: Mapping[str, int]
    counts: Mapping[Cell, Any]  # counted, writes, pending
    reserved: Mapping[str, Mapping[str, int]]
    goods: Mapping[str, Any]  # category, worth, currency


async def claim(connection: Connection, at: datetime) -> list[Job]:
    """The jobs that waited longest, for the caller alone while the lease lasts."""
    rows = await connection.execute(_CLAIM, {"at": at, "until": at + LEASE, "most": AT_ONCE})
    return [Job(row.sku, row.location_id, row.asked, row.tries) for row in rows]


async def hold(connection: Connection, sku: str, shelf: str, at: datetime) -> Job | None:
    """This one shelf, for the caller alone; `None` while somebody else has it."""
    found = (await connection.execute(_HOLD, {"sku": sku, "shelf": shelf, "at": at, "until": at + LEASE})).first()
    return None if found is None else Job(sku, shelf, found.asked, 0)


def release(connection: Connection, job: Job, at: datetime, *, due: datetime | None = None, error: str = "") -> None:
    """Put a job away, or have it done again from `due` on; at once when somebody asked for it meanwhile."""
    named = {"sku": job.sku, "shelf": job.shelf, "asked": job.asked}
    if due is None:
        connection.post(_DONE, named)
    connection.post(_LATER, {**named, "at": at, "due": due or at, "error": error})


async def ask_for_all(connection: Connection, shelf: Place, mirror: Place, at: datetime) -> None:
    """Have every variant looked at whose counts are not what was last taken in, and those never looked at."""
    await connection.execute(_ALL, {"shelf": shelf.id, "mirror": mirror.id, "at": at})


def lapse(connection: Connection, at: datetime) -> None:
    """End reservations whose time is up."""
    connection.post(_LAPSE, {"at": at})


@dataclass(frozen=True, slots=True)
class SideState:
    """One platform's counts of shared shelves.

    Attributes:
        wrote_at: When we last wrote to it; `None`: never.
        stale: Writes it refused because its count had moved.
        unsure: Writes nobody can tell the end of.
        pending: Writes without an end yet.
    """

    place: str
    counts: int
    wrote_at: datetime | None
    stale: int
    unsure: int
    pending: int


@dataclass(frozen=True, slots=True)
class SyncState:
    """How sync stands: each side, and how many shelves wait since when, and for what."""

    sides: tuple[SideState, ...]
    waiting: int
    since: datetime | None
    error: str


async def sync_state(connection: Connection) -> SyncState:
    """As of now."""
    sides = tuple(
        SideState(row.location_id, row.counts, row.wrote_at, int(row.stale), int(row.unsure), row.pending)
        for row in await connection.execute(_SIDES)
    )
    waits = (await connection.execute(_WAITING)).one()
    return SyncState(sides, waits.shelves, waits.since, waits.error or "")


async def next_due(connection: Connection) -> datetime | None:
    """When the next job is due; `None` when there is none."""
    return (await connection.execute(_NEXT)).scalar_one_or_none()


async def read(connection: Connection, skus: Sequence[str], shelf: Place, mirror: Place, at: datetime) -> Kept:
    """Everything kept of these variants on a shelf."""
    named = {"shelf": shelf.id, "skus": list(skus)}
    units = await connection.execute(_UNITS, named)
    counts = await connection.execute(_COUNTS, {"places": [shelf.id, mirror.id], "skus": list(skus)})
    reserved: dict[str, dict[str, int]] = {}
    for row in await connection.execute(_RESERVED, {**named, "at": at}):
        reserved.setdefault(row.sku, {})[row.side] = int(row.units)
    goods = await connection.execute(_GOODS, {"skus": list(skus)})
    return Kept(
        {row.sku: row.units for row in units},
        {(row.sku, row.location_id): row for row in counts},
        reserved,
        {row.sku: row for row in goods},
    )


def settle(connection: Connection, sku: str, shelf: str, units: int, at: datetime) -> None:
    """Keep what is on a shelf."""
    connection.post(_SETTLE, {"sku": sku, "shelf": shelf, "units": units, "at": at})


def take_in(connection: Connection, sku: str, place: str, counted: int) -> None:
    """Keep what was taken in of one side."""
    connection.post(_TAKE_IN, {"sku": sku, "place": place, "counted": counted})


def begin(connection: Connection, write: Write, at: datetime) -> None:
    """Keep, before it happens, that a side is being written: whoever comes after a crash finds out how it ended.

    The movement makes the platform's telling of it an echo that is recognized.
    """
    named = {"sku": write.sku, "place": write.place, "action": write.action}
    connection.post(_BEGIN, named)
    connection.post(_OURS, {**named, "units": write.delta, "at": at})


def end(  # noqa: PLR0913  # what may have come of a write
    connection: Connection, write: Write, at: datetime, *, moved: int = 0, stale: bool = False, unsure: bool = False
) -> None:
    """Keep how a write ended: `moved` is by how much it changed the side's count."""
    named = {"sku": write.sku, "place": write.place, "action": write.action, "at": at}
    connection.post(_END, {**named, "moved": moved, "stale": int(stale), "unsure": int(unsure)})
    if moved == 0:
        connection.post(_OURS, {**named, "units": 0})
