"""The chain as planning sees it: stock, forecast and worth of every shelf, and who supplies it; read once."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from knowledge.demand.kept import Kept, kept_forecasts
from knowledge.demand.velocity import Spot
from knowledge.planning.lanes import Lanes, read_lanes
from knowledge.planning.on_the_way import on_the_way
from knowledge.store.connection import Connection
from policies.errors import NotFound, Refused

REVIEW: Final = 7  # days a transfer is to last
_UNKNOWN_COST: Final = 0.7  # of the price, where a cost was never recorded
_LONGEST: Final = 3_650  # days
_LARGEST: Final = 100_000  # units in a pack
_DEAREST: Final = 10**12  # minor units
_LEVELS = text(
    """
    SELECT sku, location_id, available, coalesce(incoming, 0) AS incoming, as_of FROM known_level
    WHERE location_id NOT IN (SELECT id FROM location WHERE mirrors <> '')
    """
)
_WORTH = text("SELECT sku, vendor, price, unit_cost, currency FROM variant")
_SUPPLIERS = text("SELECT vendor, lead_days, review_days, pack, minimum FROM supplier ORDER BY vendor")
_DESCRIBE = text(
    """
    INSERT INTO supplier (vendor, lead_days, review_days, pack, minimum)
    VALUES (:vendor, :lead, :review, :pack, :minimum)
    ON CONFLICT (vendor) DO UPDATE SET lead_days = excluded.lead_days, review_days = excluded.review_days,
        pack = excluded.pack, minimum = excluded.minimum
    """
)


@dataclass(frozen=True, slots=True)
class Goods:
    """What a variant is worth, minor units; a cost that was never recorded is taken to be 70 % of the price."""

    vendor: str
    price: int
    cost: int
    currency: str


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who supplies: days from order to shelf and between orders, units in a pack, least value of an order."""

    vendor: str
    lead: int
    review: int
    pack: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Level:
    """Units available and on their way, and when we last heard."""

    available: int
    incoming: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything planning looks at, read once."""

    today: date
    forecasts: Mapping[Spot, Kept]
    levels: Mapping[Spot, Level]
    goods: Mapping[str, Goods]
    suppliers: Mapping[str, Supplier]
    lanes: Lanes = field(default_factory=Lanes)


async def read_chain(connection: Connection, today: date) -> Chain:
    """From the store.

    Raises:
        NotFound: No forecast was made lately.
    """
    forecasts = await kept_forecasts(connection, today)
    if not forecasts:
        raise NotFound(
            "No forecast was made lately, so there is nothing to plan with.",
            code="forecast.none",
            hint="It is made every night; tillhand plan make makes it now.",
        )
    coming = await on_the_way(connection, today)
    levels = {
        (row.sku, row.location_id): Level(
            row.available, row.incoming + coming.get((row.sku, row.location_id), 0), row.as_of
        )
        for row in await connection.execute(_LEVELS)
    }
    goods = {
        row.sku: Goods(
            row.vendor,
            row.price,
            round(row.price * _UNKNOWN_COST) if row.unit_cost is None else row.unit_cost,
            row.currency,
        )
        for row in await connection.execute(_WORTH)
    }
    suppliers = {
        row.vendor: Supplier(row.vendor, row.lead_days, row.review_days, row.pack, row.minimum)
        for row in await connection.execute(_SUPPLIERS)
    }
    return Chain(today, forecasts, levels, goods, suppliers, await read_lanes(connection))


async def describe(connection: Connection, supplier: Supplier) -> None:
    """Keep what is said of a supplier, in place of what was said before.

    Raises:
        Refused: The figures make no sense.
    """
    if supplier.lead < 0 or supplier.review < 1 or supplier.pack < 1 or supplier.minimum < 0:
        raise Refused("Days and units are counted from 1, a lead time from 0.", code="supplier.sense")
    if max(supplier.lead, supplier.review) > _LONGEST or supplier.pack > _LARGEST or supplier.minimum > _DEAREST:
        raise Refused(
            f"No supplier takes longer than {_LONGEST} days or packs more than {_LARGEST:,} units.",
            code="supplier.sense",
            hint="Look whether two of the numbers were exchanged.",
        )
    await connection.execute(_DESCRIBE, asdict(supplier))
