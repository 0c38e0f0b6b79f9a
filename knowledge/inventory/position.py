"""One variant across locations: the same figures, with the same as-of time, for every tool, agent and page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from policies.vocabulary.ids import LocationId, Sku

_POSITIONS = text(
    """
    SELECT level.sku, level.location_id, level.available, level.on_hand, level.committed, level.incoming,
           level.observed_at
    FROM inventory_level AS level
    WHERE level.sku = ANY(CAST(:skus AS text[]))
      AND (CAST(:everywhere AS bool) OR level.location_id = ANY(CAST(:locations AS text[])))
    ORDER BY level.sku, level.location_id
    """
)


@dataclass(frozen=True, slots=True)
class Position:
    """Counts at one location; those the platform does not tell are `None`. `as_of` is when we last heard of it."""

    sku: Sku
    location: LocationId
    available: int
    on_hand: int | None
    committed: int | None
    incoming: int | None
    as_of: datetime


async def positions(
    connection: AsyncConnection, skus: Sequence[str], locations: Sequence[str] | None = None
) -> list[Position]:
    """Every known level of these variants, by sku and location; `locations` of `None` means everywhere."""
    arguments = {"skus": list(skus), "everywhere": locations is None, "locations": list(locations or ())}
    rows = await connection.execute(_POSITIONS, arguments)
    return [
        Position(
            Sku(row.sku),
            LocationId(row.location_id),
            row.available,
            row.on_hand,
            row.committed,
            row.incoming,
            row.observed_at,
        )
        for row in rows
    ]
