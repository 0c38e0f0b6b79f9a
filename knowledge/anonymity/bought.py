"""Purchases of known customers, read from the unified store of both channels."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from knowledge.anonymity.habits import Bought, Habits, habits
from knowledge.store.long_read import settle_in
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.vocabulary.ids import CustomerRef

WINDOW: Final = timedelta(days=365)
"""How far back behavior counts."""

_AT_ONCE: Final = 5_000  # rows read together
_BOUGHT = text(
    """
    SELECT purchase.customer_ref AS customer, purchase.location_id AS place, purchase.channel,
           purchase.occurred_at AS at, purchase.total, coalesce(goods.units, 0) AS units,
           purchase.codes <> '{}' OR coalesce(goods.discount, 0) > 0 AS discounted,
           coalesce(goods.categories, '{}') AS categories
    FROM purchase
    JOIN customer ON customer.ref = purchase.customer_ref
    LEFT JOIN (
        SELECT purchase_line.purchase_id, sum(purchase_line.quantity) AS units,
               sum(purchase_line.discount) AS discount, array_agg(variant.category) AS categories
        FROM purchase_line JOIN variant ON variant.sku = purchase_line.sku
        GROUP BY purchase_line.purchase_id
    ) AS goods ON goods.purchase_id = purchase.id
    WHERE NOT purchase.cancelled AND purchase.total > 0 AND purchase.currency = :currency
      AND purchase.occurred_at > :since AND purchase.occurred_at <= :until
    ORDER BY purchase.customer_ref, purchase.occurred_at DESC, purchase.id
    """
)


async def everybody(database: Database, places: Places, *, currency: str, at: datetime) -> Mapping[CustomerRef, Habits]:
    """The behavior of every customer who bought in the last year, over both channels."""
    bought: list[Bought] = []
    async with database.transaction() as connection:
        await settle_in(connection)
        asked = {"currency": currency, "since": at - WINDOW, "until": at}
        async for rows in connection.partitions(_BOUGHT, asked, _AT_ONCE):
            bought += map(_read, rows)
    return await asyncio.to_thread(habits, bought, places, currency=currency, at=at)


def _read(row: Any) -> Bought:
    return Bought(
        CustomerRef(row.customer),
        str(row.place),
        str(row.channel),
        row.at,
        int(row.total),
        int(row.units),
        bool(row.discounted),
        tuple(row.categories),
    )
