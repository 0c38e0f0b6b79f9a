"""Counts compared with the platforms' every hour: what webhooks and polls should have told, and did not.

Looked at are the variants whose counts changed last, at every location of their platform, and those that differed at
the look before. A platform that does not answer is left out of a look, and what was seen of it stands.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.reconcile.causes import Cause
from knowledge.reconcile.documents import Cell, Sync
from knowledge.reconcile.hourly import Memory, Seen, look
from knowledge.store.connection import Connection
from knowledge.store.places import ONLINE, Places
from knowledge.store.session import Database, utc_now
from policies.errors import Unavailable
from policies.vocabulary.ids import LocationId, Sku
from tools.platform import Platform

logger = logging.getLogger(__name__)

_MOST: Final = 500  # variants a look asks a platform about; the next poll finds whatever changes next
_AT_ONCE: Final = 50  # variants in one request
_FIX: Final = "A change at the platform never reached us: tillhand poll asks for it again; count the shelf if it stays."
_LATELY = text(
    """
    SELECT sku FROM inventory_level WHERE location_id = ANY(CAST(:places AS text[]))
    GROUP BY sku ORDER BY max(observed_at) DESC, sku LIMIT :most
    """
)
_SEEN = text("SELECT sku, location_id, ours, theirs, since, looks, told FROM discrepancy")
_OURS = text(
    """
    SELECT level.sku, level.location_id, level.available, coalesce(variant.unit_cost, variant.price, 0) AS cost,
           coalesce(variant.currency, '') AS currency
    FROM inventory_level AS level LEFT JOIN variant USING (sku)
    WHERE level.sku = ANY(CAST(:skus AS text[])) AND level.location_id = ANY(CAST(:places AS text[]))
    """
)
_FORGET = text(
    """
    DELETE FROM discrepancy
    WHERE sku = ANY(CAST(:skus AS text[])) AND location_id = ANY(CAST(:places AS text[]))
    """
)
_KEEP = text(
    """
    INSERT INTO discrepancy (sku, location_id, ours, theirs, money, currency, since, looks, told)
    VALUES (:sku, :place, :ours, :theirs, :money, :currency, :since, :looks, :told)
    """
)
_STANDING = text("SELECT * FROM discrepancy WHERE told ORDER BY money DESC, sku, location_id")


@dataclass(frozen=True, slots=True)
class Standing:
    """A discrepancy that stands: both counts, the likely cause, what it is worth at cost, and what to do."""

    sku: str
    location: str
    ours: int
    theirs: int
    cause: str
    money: int
    currency: str
    since: datetime
    fix: str


async def standing(connection: Connection) -> Sequence[Standing]:
    """Those that were there at two looks, most money first."""
    return [
        Standing(
            row.sku, row.location_id, row.ours, row.theirs, Cause.LOST.value, row.money, row.currency, row.since, _FIX
        )
        for row in await connection.execute(_STANDING)
    ]


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Looks once an hour.

    Attributes:
        platforms: Asked for their counts, by name.
    """

    database: Database
    platforms: Mapping[str, Platform]
    places: Places
    now: Callable[[], datetime] = utc_now

    async def run(self) -> int:
        """Look at every platform; how many differences are new and stand."""
        found = 0
        for name, platform in self.platforms.items():
            places = [place.id for place in self.places.on(name) if place.kind != ONLINE]
            try:
                found += await self._look(platform, places)
            except Unavailable as error:
                logger.warning("%s was not compared: %s", name, error.message)
        return found

    async def _look(self, platform: Platform, places: Sequence[LocationId]) -> int:
        async with self.database.reading() as connection:
            seen = [row for row in await connection.execute(_SEEN) if row.location_id in places]
            asked = {"places": list(places), "most": _MOST}
            skus = sorted({row.sku for row in await connection.execute(_LATELY, asked)} | {row.sku for row in seen})
        theirs: dict[Cell, int] = {}
        for begin in range(0, len(skus), _AT_ONCE):
            some = [Sku(sku) for sku in skus[begin : begin + _AT_ONCE]]
            told = await platform.inventory.levels(some, places)
            theirs.update({(level.sku, level.location): level.available for level in told})
        async with self.database.transaction() as connection:
            # read after the platform answered: what changed meanwhile is in both, or is gone at the next look
            scope = {"skus": skus, "places": list(places)}
            rows = (await connection.execute(_OURS, scope)).all()
            memory = _memory(seen)
            new = look(_sync(self.now(), rows, theirs), memory)
            await connection.execute(_FORGET, scope)
            await self._keep(connection, rows, theirs, memory)
        return len(new)

    async def _keep(
        self, connection: Connection, rows: Sequence[Any], theirs: Mapping[Cell, int], memory: Memory
    ) -> None:
        for row in rows:
            cell = (row.sku, row.location_id)
            if cell not in memory.cells:
                continue
            kept = memory.cells[cell]
            told = {
                "sku": row.sku,
                "place": row.location_id,
                "ours": row.available,
                "theirs": theirs[cell],
                "money": abs(kept.difference) * row.cost,
                "currency": row.currency,
                "since": kept.since,
                "looks": kept.looks,
                "told": kept.told,
            }
            await connection.execute(_KEEP, told)


def _sync(at: datetime, rows: Sequence[Any], theirs: Mapping[Cell, int]) -> Sync:
    ours = {(row.sku, row.location_id): int(row.available) for row in rows}
    heard = {row.location_id: at for row in rows}  # the platform answered for it just now
    return Sync(at, ours, theirs, (), {}, heard, {row.sku: int(row.cost) for row in rows})


def _memory(seen: Sequence[Any]) -> Memory:
    cells = {
        (row.sku, row.location_id): Seen(row.ours - row.theirs, row.since, row.looks, told=row.told) for row in seen
    }
    return Memory(cells)
