"""The chain behind the log: its locations, and a stock to sell from, since the log tells none.

Stock opens with the first four weeks' demand and is simulated from there: every location starts with four weeks of what
it sold in those weeks, the warehouse with eight weeks of everything. Each Monday the supplier fills the warehouse up to
four weeks of what the last four weeks sold. Nothing later than the virtual present is ever looked at.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from evals.replay.log import ONLINE, SOURCE
from knowledge.events.event import Event, Topic
from knowledge.store.connection import Connection
from knowledge.store.places import Place
from knowledge.unify.levels import LOG
from policies.vocabulary.ids import CorrelationId, EventId, LocationId

WAREHOUSE = LocationId("WAREHOUSE")
WARM_UP = timedelta(days=28)
_ZONE = "Europe/London"
_WEEK = timedelta(days=7)

_SOLD = text(
    """
    SELECT sku, location_id, sum(units - returned) AS units FROM daily_sale
    WHERE day >= :start AND day < :end GROUP BY sku, location_id HAVING sum(units - returned) > 0
    ORDER BY sku, location_id
    """
)
_HELD = text("SELECT sku, available FROM inventory_level WHERE location_id = :location")


def places(shops: list[str]) -> list[Place]:
    """The log's shops, the online shop, and the warehouse both are supplied from."""
    warehouse = Place(WAREHOUSE, "Warehouse", LOG, WAREHOUSE, "warehouse", "GB", _ZONE, WAREHOUSE)
    online = Place(ONLINE, "Online shop", LOG, WAREHOUSE, "online", "GB", _ZONE, WAREHOUSE)
    named = [
        Place(LocationId(shop), f"Shop {shop}", LOG, shop, "shop", "GB", _ZONE, LocationId(shop)) for shop in shops
    ]
    return [warehouse, online, *named]


class Supply:
    """When and with what the shelves are filled."""

    def __init__(self, first: datetime) -> None:
        self._opening = first + WARM_UP
        self._next = self._opening

    def due(self, now: datetime) -> bool:
        """Whether a delivery has become due."""
        return now >= self._next

    async def deliver(self, connection: Connection) -> list[Event]:
        """The counts after the delivery that is due, as inventory events; from sales before it only."""
        at = self._next
        opening = at == self._opening
        self._next = at + _WEEK
        window = {"start": (at - WARM_UP).date().isoformat(), "end": at.date().isoformat()}
        sold: dict[tuple[str, str], int] = {
            (row.sku, row.location_id): int(row.units) for row in await connection.execute(_SOLD, window)
        }
        total: dict[str, int] = defaultdict(int)
        for (sku, _), units in sold.items():
            total[sku] += units
        if opening:
            counts = {(sku, place): units for (sku, place), units in sold.items() if place != WAREHOUSE}
            counts |= {(sku, WAREHOUSE): 2 * units for sku, units in total.items()}
        else:
            held = {row.sku: row.available for row in await connection.execute(_HELD, {"location": WAREHOUSE})}
            counts = {(sku, str(WAREHOUSE)): units for sku, units in total.items() if held.get(sku, 0) < units}
        return list(_told(counts, at))


def _told(counts: dict[tuple[str, str], int], at: datetime) -> Iterator[Event]:
    for (sku, place), units in sorted(counts.items()):
        facts: dict[str, Any] = {"location": place, "sku": sku, "available": units, "on_hand": units}
        name = f"supply:{at.date().isoformat()}:{place}:{sku}"
        yield Event(
            EventId(name), f"{SOURCE}:supply", name, Topic.INVENTORY_UPDATED, LocationId(place), at, at,
            CorrelationId(name), facts, version=f"{int(at.timestamp()):012d}",
        )  # fmt: skip
