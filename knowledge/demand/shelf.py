"""Shelves: what is left of a variant at a location, and how fast it goes. Many shelves in a few questions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text

from knowledge.demand.kept import Kept, kept_forecasts
from knowledge.demand.velocity import STILL, Spot, Velocity, velocities
from knowledge.inventory.position import positions
from knowledge.store.connection import Connection

_DECIDED_FOR = 3  # days: a transfer's lead time and the day until the next look
_WORTH = text("SELECT sku, price, unit_cost, currency FROM variant WHERE sku = ANY(CAST(:skus AS text[]))")
_ITEMS = text(
    """
    SELECT shopify_item AS item, sku FROM variant WHERE shopify_item = ANY(CAST(:items AS text[]))
    UNION ALL
    SELECT lightspeed_product, sku FROM variant WHERE lightspeed_product = ANY(CAST(:items AS text[]))
    """
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One variant at one location.

    Attributes:
        incoming: Units on their way, as far as the platform tells; 0 otherwise.
        as_of: When we last heard of the count.
    """

    sku: str
    location: str
    available: int
    incoming: int
    velocity: Velocity
    as_of: datetime

    @property
    def spot(self) -> Spot:
        """What the shelf is known by."""
        return (self.sku, self.location)


@dataclass(frozen=True, slots=True)
class Worth:
    """What one unit is sold for and cost; minor units. `unit_cost` is `None` when it was never recorded."""

    price: int
    unit_cost: int | None
    currency: str

    @property
    def at_cost(self) -> int:
        """The goods at unit cost where it is known, else at price."""
        return self.price if self.unit_cost is None else self.unit_cost

    @property
    def margin(self) -> int:
        """What a sale earns; an unrecorded cost is taken to be 70 % of the price."""
        cost = self.price * 7 // 10 if self.unit_cost is None else self.unit_cost
        return max(self.price - cost, 0)


async def shelves_at(connection: Connection, spots: Collection[Spot], today: date) -> dict[Spot, Shelf]:
    """The shelves at exactly these spots; those nobody counts are absent."""
    if not spots:
        return {}
    found = await _shelves(connection, {sku for sku, _ in spots}, {place for _, place in spots}, today)
    return {spot: shelf for spot, shelf in found.items() if spot in spots}


async def shelves_of(connection: Connection, skus: Collection[str], today: date) -> dict[Spot, Shelf]:
    """Every shelf of these variants, everywhere."""
    return await _shelves(connection, skus, None, today)


async def worths(connection: Connection, skus: Collection[str]) -> dict[str, Worth]:
    """Price and cost by sku; variants not in the catalog are absent."""
    rows = await connection.execute(_WORTH, {"skus": sorted(skus)})
    return {row.sku: Worth(row.price, row.unit_cost, row.currency) for row in rows}


async def skus_of_items(connection: Connection, items: Collection[str]) -> dict[str, str]:
    """Skus by the platforms' own names of the counted thing."""
    if not items:
        return {}
    return {row.item: row.sku for row in await connection.execute(_ITEMS, {"items": sorted(items)})}


def _coming(kept: Kept, today: date) -> Velocity:
    """A forecast as a rate: of the days a refill is decided for, with their weekdays and events in it."""
    mean = kept.expected(today, _DECIDED_FOR)
    variance = mean + kept.dispersion(_DECIDED_FOR) * mean * mean
    return Velocity(mean / _DECIDED_FOR, variance / _DECIDED_FOR)


async def _shelves(
    connection: Connection, skus: Collection[str], places: Collection[str] | None, today: date
) -> dict[Spot, Shelf]:
    levels = await positions(connection, sorted(skus), None if places is None else sorted(places))
    spots = [(level.sku, level.location) for level in levels]
    kept = await kept_forecasts(connection, today, skus, places)
    speeds = {
        **await velocities(connection, [spot for spot in spots if spot not in kept], today),
        **{spot: _coming(each, today) for spot, each in kept.items()},
    }
    found: dict[Spot, Shelf] = {}
    for level in levels:
        spot = (level.sku, level.location)
        speed = speeds.get(spot, STILL)
        found[spot] = Shelf(level.sku, level.location, level.available, level.incoming or 0, speed, level.as_of)
    return found
