"""What an offer must know of a variant: price, cost, and whether it can be had here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.store.quick import QuickReads
from policies.vocabulary.ids import LocationId, Sku

_GOODS: Final = """
    SELECT variant.sku, variant.title, variant.category, variant.price, variant.currency, variant.unit_cost,
           variant.as_of AS observed_at, coalesce(level.available, 0) AS available
    FROM known_variant AS variant
    LEFT JOIN inventory_level AS level ON level.sku = variant.sku AND level.location_id = $2
    WHERE variant.sku = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
"""


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


async def goods_at(quick: QuickReads, skus: Sequence[str], stock: LocationId) -> dict[str, Goods]:
    """Each known variant by sku, with its count at the location that holds the stock."""
    rows = await quick.rows(_GOODS, json.dumps(list(skus)), stock)
    return {
        row["sku"]: Goods(
            Sku(row["sku"]),
            row["title"],
            row["category"],
            row["price"],
            row["currency"],
            row["unit_cost"],
            row["available"],
            datetime.fromisoformat(row["observed_at"]),
        )
        for row in rows
    }
