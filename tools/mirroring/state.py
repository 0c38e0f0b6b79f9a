"""What is kept of shelves that two platforms count: the units on them, what was taken in of each side, our writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Place
from knowledge.unify.journal import Cell
from tools.mirroring.shelf import Shelf

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
    INSERT INTO shared_stock (sku, location_id, units, buffer, settled_at) VALUES (:sku, :shelf, :units, :buffer, :at)
    ON CONFLICT (sku, location_id) DO UPDATE
    SET units = excluded.units, buffer = excluded.buffer, settled_at = excluded.settled_at
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


async def read(connection: Connection, skus: Sequence[str], shelf: Place, mirror: Place, at: datetime) -> Kept:
    """Everything kept of these variants on a shelf."""
    named = {"shelf": shelf.id, "skus": list(skus)}
    units = connection.ask(_UNITS, named)
    counts = connection.ask(_COUNTS, {"places": [shelf.id, mirror.id], "skus": list(skus)})
    goods = connection.ask(_GOODS, {"skus": list(skus)})
    reserved: dict[str, dict[str, int]] = {}
    for row in await connection.execute(_RESERVED, {**named, "at": at}):
        reserved.setdefault(row.sku, {})[row.side] = int(row.units)
    return Kept(
        {row.sku: row.units for row in await units},
        {(row.sku, row.location_id): row for row in await counts},
        reserved,
        {row.sku: row for row in await goods},
    )


def settle(connection: Connection, sku: str, place: str, shelf: Shelf, at: datetime) -> None:
    """Keep what is on a shelf, and how much of it its mirror is not told of."""
    named = {"sku": sku, "shelf": place, "units": shelf.units or 0, "buffer": shelf.buffer}
    connection.post(_SETTLE, {**named, "at": at})


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
