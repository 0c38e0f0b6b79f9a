"""Counts compared with the platforms' every hour, and why they differ: what no document explains, what no count shows.

Looked at are the variants whose counts changed last, at every location of their platform, those that differed at the
look before, and those of whose documents something is wrong. A platform is asked for its own orders only where a
change has no reason. One that fails, whatever for, is left out of a look, and what was seen of it stands.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from knowledge.events.event import Topic
from knowledge.reconcile.books import Books, Change, read_books
from knowledge.reconcile.documents import Cell, Sync
from knowledge.reconcile.hourly import LATE, Discrepancy, Memory, Seen, look
from knowledge.reconcile.settled import name_of
from knowledge.reconcile.sides import NOW_COUNTED, Sides, Untold, sides, unexplained
from knowledge.store.connection import Connection
from knowledge.store.places import ONLINE, Places
from knowledge.store.session import Database, utc_now
from knowledge.unify.journal import WINDOW
from knowledge.unify.orders import ORDER_TOPICS
from policies.errors import NotFound, TillhandError
from policies.vocabulary.ids import LocationId, Sku
from tools.platform import Platform

logger = logging.getLogger(__name__)

_MOST: Final = 500  # variants a look asks a platform about; the next poll finds whatever changes next
_AT_ONCE: Final = 50  # variants in one request
_MOVING: Final = timedelta(days=30)  # transfers older than this are given up on elsewhere
_LATELY = text(
    """
    SELECT sku FROM inventory_level WHERE location_id = ANY(CAST(:places AS text[]))
    GROUP BY sku ORDER BY max(observed_at) DESC, sku LIMIT :most
    """
)
_SEEN = text("SELECT * FROM discrepancy WHERE location_id = ANY(CAST(:places AS text[]))")
_OURS = text(
    """
    SELECT level.sku, level.location_id, level.available, coalesce(variant.unit_cost, variant.price, 0) AS cost,
           coalesce(variant.currency, '') AS currency
    FROM inventory_level AS level LEFT JOIN variant USING (sku)
    WHERE level.sku = ANY(CAST(:skus AS text[])) AND level.location_id = ANY(CAST(:places AS text[]))
    """
)
_KNOWN_ORDERS = text("SELECT id FROM purchase WHERE id = ANY(CAST(:ids AS text[]))")
_FORGET = text(
    """
    DELETE FROM discrepancy
    WHERE sku = ANY(CAST(:skus AS text[])) AND location_id = ANY(CAST(:places AS text[]))
    """
)
_KEEP = text(
    """
    INSERT INTO discrepancy (sku, location_id, ours, theirs, difference, money, currency, since, looks, told, cause,
                             fix, documents, fix_units)
    VALUES (:sku, :place, :ours, :theirs, :difference, :money, :currency, :since, :looks, :told, :cause, :fix,
            CAST(:documents AS text[]), :fix_units)
    """
)
_STANDING = text(
    """
    SELECT * FROM discrepancy
    WHERE told AND NOT EXISTS (
        SELECT FROM settlement
        WHERE settlement.sku = discrepancy.sku AND settlement.location_id = discrepancy.location_id
          AND settlement.since = discrepancy.since AND closed_at IS NOT NULL AND reopened_at IS NULL)
    ORDER BY money DESC, sku, location_id
    """
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A discrepancy that stands: both counts, the likely cause, what it is worth at cost, and what to do.

    Attributes:
        ours: What our books come to: the count we keep, less what changed it without a document, and what documents
            tell that no count showed.
        documents: The orders and transfers that say so, by name.
        fix_units: What the fix adds to the platform's count; `None` when the shelf has to be counted first.
        name: What it is settled under; "" for what is settled elsewhere.
    """

    sku: str
    location: str
    ours: int
    theirs: int
    cause: str
    money: int
    currency: str
    since: datetime
    fix: str
    documents: tuple[str, ...]
    fix_units: int | None = None
    name: str = ""


async def standing(connection: Connection) -> Sequence[Standing]:
    """Those that were there at two looks and nobody settled, most money first."""
    return [
        Standing(
            row.sku,
            row.location_id,
            row.ours,
            row.theirs,
            row.cause,
            row.money,
            row.currency,
            row.since,
            row.fix,
            tuple(row.documents),
            row.fix_units,
            name_of(row.sku, row.location_id, row.since),
        )
        for row in await connection.execute(_STANDING)
    ]


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Looks once an hour.

    Attributes:
        platforms: Asked for their counts and orders, by name.
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
            except TillhandError as error:
                logger.warning("%s was not compared: %s", name, error.message)
        return found

    async def _look(self, platform: Platform, places: Sequence[LocationId]) -> int:
        at = self.now()
        async with self.database.reading() as connection:
            books = await self._books(connection, places, at)
            skus = await self._skus(connection, places, books)
        theirs: dict[Cell, int] = {}
        for begin in range(0, len(skus), _AT_ONCE):
            some = [Sku(sku) for sku in skus[begin : begin + _AT_ONCE]]
            told = await platform.inventory.levels(some, places)
            theirs.update({(level.sku, level.location): level.available for level in told})
        scope = {"skus": skus, "places": list(places)}
        async with self.database.reading() as connection:
            rows = (await connection.execute(_OURS, scope)).all()
        changes = unexplained(books, _telling(rows, theirs), at=at, platform_at=at)
        untold = await self._untold(platform, [each for each in changes if books.news(each.cell, each.seen)], at)
        async with self.database.transaction() as connection:
            # read after the platform answered: what changed meanwhile is in both, or is gone at the next look
            rows = (await connection.execute(_OURS, scope)).all()
            seen = (await connection.execute(_SEEN, scope)).all()
            books = await self._books(connection, places, at)
            found = sides(books, untold, _telling(rows, theirs), at=at, platform_at=at - LATE)
            memory = _memory(seen)
            new = look(_sync(at, rows, theirs, found), memory)
            await connection.execute(_FORGET, scope)
            told_before = {(row.sku, row.location_id): row for row in seen if row.told}
            for row in rows:
                cell = (row.sku, row.location_id)
                if cell in memory.cells:
                    kept = memory.cells[cell]
                    before = told_before.get(cell) if kept.told else None
                    why = next((each for each in new if (each.sku, each.location) == cell), before)
                    await connection.execute(_KEEP, _row(row, found.apart.get(cell, 0), theirs, kept, why))
        return len(new)

    async def _books(self, connection: Connection, places: Sequence[LocationId], at: datetime) -> Books:
        return await read_books(connection, places, since=at - 2 * WINDOW, moving_since=at - _MOVING)

    async def _skus(self, connection: Connection, places: Sequence[LocationId], books: Books) -> list[str]:
        asked = {"places": list(places), "most": _MOST}
        lately = {row.sku for row in await connection.execute(_LATELY, asked)}
        seen = {row.sku for row in await connection.execute(_SEEN, asked)}
        return sorted(lately | seen | books.skus)

    async def _untold(self, platform: Platform, changes: Sequence[Change], at: datetime) -> list[Untold]:
        """Lines of orders that only the platform has, where something changed without a reason."""
        odd = [each.at for each in changes if each.delta < 0 or each.name == NOW_COUNTED]
        if not odd:
            return []
        since = max(at - WINDOW, min(odd) - timedelta(days=1))
        told = [each async for each in platform.orders.since(since) if each.topic in ORDER_TOPICS]
        names = sorted({str(each.facts["order"]) for each in told})
        async with self.database.reading() as connection:
            known = set((await connection.execute(_KNOWN_ORDERS, {"ids": names})).scalars())
        found: list[Untold] = []
        for each in told:
            facts = each.facts
            if facts["order"] in known or facts["cancelled"] or each.topic is Topic.ORDER_CANCELLED:
                continue
            place = self._shelf(str(facts["pickup_location"] or facts["location"]))
            for line in facts["lines"] if place else ():
                cell = (str(line["sku"]), str(place))
                found.append(Untold(cell, str(facts["order"]), -int(line["quantity"]), each.occurred_at))
        return found

    def _shelf(self, name: str) -> LocationId | None:
        """Whose count an order changes."""
        try:
            return self.places.get(name).stock_location
        except NotFound:
            return None


def _telling(rows: Sequence[Any], theirs: Mapping[Cell, int]) -> dict[Cell, int]:
    """By how much a platform's count is more than the one we keep of it."""
    cells = {(row.sku, row.location_id): int(row.available) for row in rows}
    return {cell: theirs[cell] - kept for cell, kept in cells.items() if cell in theirs and theirs[cell] != kept}


def _sync(at: datetime, rows: Sequence[Any], theirs: Mapping[Cell, int], found: Sides) -> Sync:
    ours = {
        (row.sku, row.location_id): int(row.available) + found.apart.get((row.sku, row.location_id), 0) for row in rows
    }
    heard = {row.location_id: at for row in rows}  # the platform answered for it just now
    return Sync(at, ours, theirs, found.documents, {}, heard, {row.sku: int(row.cost) for row in rows})


def _memory(seen: Sequence[Any]) -> Memory:
    cells = {(row.sku, row.location_id): Seen(row.difference, row.since, row.looks, told=row.told) for row in seen}
    return Memory(cells)


def _row(row: Any, apart: int, theirs: Mapping[Cell, int], kept: Seen, why: Any) -> dict[str, Any]:
    """What is kept of a difference; `why` is as it was told, now or before, or nothing yet."""
    cell = (row.sku, row.location_id)
    money = abs(kept.difference) * row.cost
    told: dict[str, Any] = {"cause": "", "fix": "", "documents": [], "money": money, "fix_units": None}
    if isinstance(why, Discrepancy):
        named = {each.id for each in why.documents if ":" in each.id or each.kind == "transfer"}
        told = {"cause": why.cause.value, "documents": sorted(named)}
    elif why is not None:
        told = {"cause": why.cause, "documents": list(why.documents)}
    if why is not None:
        told |= {"fix": why.fix, "money": why.money, "fix_units": why.fix_units}
    return {
        "sku": row.sku,
        "place": row.location_id,
        "ours": row.available + apart,
        "theirs": theirs[cell],
        "difference": kept.difference,
        "currency": row.currency,
        "since": kept.since,
        "looks": kept.looks,
        "told": kept.told,
        **told,
    }
