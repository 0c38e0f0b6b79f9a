"""What planned promotions do to sales, as events a forecast knows: by goods, by place, and by how much is taken off.

A calendar says how much cheaper things are and not how much more is sold of them. Until the retailer says that
(`tillhand plan event`), sales grow with the second power of the price's fall: an elasticity of two.
"""

from datetime import date
from typing import Final

from sqlalchemy import text

from knowledge.demand.history import KnownEvent
from knowledge.store.connection import Connection

_MOST: Final = 10.0  # times the ordinary sales
_ELASTICITY: Final = 2.0
_PLANNED = text(
    """
    SELECT coalesce(goods.sku, '') AS sku, coalesce(spot.place, '') AS place, promotion.first_day, promotion.last_day,
           CASE WHEN promotion.percent IS NOT NULL THEN 1 - promotion.percent / 100.0
                WHEN goods.currency = promotion.currency AND goods.price > 0 THEN promotion.price / goods.price::float
           END AS left
    FROM promotion
    LEFT JOIN variant AS goods ON goods.sku = promotion.sku
      OR (promotion.sku = '' AND goods.category = promotion.category AND promotion.category <> '')
      OR (promotion.sku = '' AND promotion.category = '' AND promotion.price IS NOT NULL)
    LEFT JOIN LATERAL (
        SELECT DISTINCT coalesce(nullif(shelf.mirrors, ''), shelf.id) AS place
        FROM location JOIN location AS shelf ON shelf.id = location.stock_location
        WHERE (promotion.location_id <> '' AND location.id = promotion.location_id)
           OR (promotion.location_id = '' AND promotion.channel <> ''
               AND (location.kind = 'online') = (promotion.channel = 'online') AND location.kind IN ('online', 'shop'))
    ) AS spot ON promotion.location_id <> '' OR promotion.channel <> ''
    WHERE promotion.last_day >= :first AND (goods.sku IS NOT NULL OR (promotion.sku = '' AND promotion.category = ''))
    """
)


async def planned_promotions(connection: Connection, first: date) -> list[KnownEvent]:
    """Those that end on or after a day; one that makes nothing cheaper is none."""
    rows = await connection.execute(_PLANNED, {"first": first.isoformat()})
    return [
        KnownEvent(
            row.sku,
            row.place,
            date.fromisoformat(row.first_day),
            date.fromisoformat(row.last_day),
            lift(float(row.left)),
        )
        for row in rows
        if row.left is not None and row.left < 1
    ]


def lift(left: float) -> float:
    """Sales over ordinary ones when this share of the price is left; ten times at most."""
    return min(_MOST, max(left, 0.01) ** -_ELASTICITY)
