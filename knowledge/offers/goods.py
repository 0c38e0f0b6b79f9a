"""What an offer must know of a variant: price, cost, and whether it can be had here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from policies.vocabulary.ids import LocationId, Sku

_GOODS = text(
    """
    SELECT variant.sku, variant.title, variant.category, variant.price, variant.currency, variant.unit_cost,
           variant.observed_at, coalesce(level.available, 0) AS available
    FROM variant
    LEFT JOIN inventory_level AS level ON level.sku = variant.sku AND level.location_id = :location
    WHERE variant.sku = ANY(CAST(:skus AS text[]))
    """
)


@dataclass(frozen=True, slots=True)
class Goods:
    """One variant at one location; money in minor units.

    Attributes:
        unit_cost: `None` when the retailer never recorded it.
        available: Units that can be sold from this location's shelves now.
        priced_at: When the catalog last told us the price.
    """

    sku: Sku
    title: str
    category: str
    price: int
    currency: str
    unit_cost: int | None
    available: int
    priced_at: datetime


async def goods_at(connection: AsyncConnection, skus: Sequence[str], stock: LocationId) -> dict[str, Goods]:
    """Each known variant by sku, with its count at the location that holds the stock."""
    rows = await connection.execute(_GOODS, {"skus": list(skus), "location": stock})
    return {
        row.sku: Goods(
            Sku(row.sku),
            row.title,
            row.category,
            row.price,
            row.currency,
            row.unit_cost,
            row.available,
            row.observed_at,
        )
        for row in rows
    }
