"""One variant across locations: the same figures, with the same as-of time, for every tool, agent and page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.quick import QuickReads
from policies.vocabulary.ids import LocationId, Sku

_COLUMNS: Final = """
    SELECT level.sku, level.location_id, level.available, level.on_hand, level.committed, level.incoming, level.as_of
    FROM known_level AS level
    """
_POSITIONS = text(
    f"""
    {_COLUMNS}
    WHERE level.sku = ANY(CAST(:skus AS text[]))
      AND (CAST(:everywhere AS bool) OR level.location_id = ANY(CAST(:locations AS text[])))
    ORDER BY level.sku, level.location_id
    """
)
_OF_ONE: Final = """
    SELECT level.sku, level.location_id, level.available, level.on_hand, level.committed, level.incoming, level.as_of,
           coalesce(oversell.units, 0) AS oversold, coalesce(oversell.remedies -> 0 ->> 'sentence', '') AS proposed
    FROM known_level AS level
    LEFT JOIN oversell ON oversell.sku = level.sku AND oversell.location_id = level.location_id
      AND oversell.settled_at IS NULL
    WHERE level.sku = $1 ORDER BY level.location_id
    """


@dataclass(frozen=True, slots=True)
class Position:
    """Counts at one location; those the platform does not tell are `None`.

    Attributes:
        as_of: When we last heard of it.
        oversold: Units sold there that are not there, as far as nobody settled it; `proposed` is the way out. Only of
            one variant.
    """

    sku: Sku
    location: LocationId
    available: int
    on_hand: int | None
    committed: int | None
    incoming: int | None
    as_of: datetime
    oversold: int = 0
    proposed: str = ""


async def positions(
    connection: Connection, skus: Sequence[str], locations: Sequence[str] | None = None
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
            row.as_of,
        )
        for row in rows
    ]


async def positions_of(quick: QuickReads, sku: str, locations: Collection[str] | None = None) -> list[Position]:
    """`positions` of one variant, for a call that reads nothing else."""
    return [
        Position(
            Sku(sku),
            LocationId(row["location_id"]),
            row["available"],
            row["on_hand"],
            row["committed"],
            row["incoming"],
            datetime.fromisoformat(row["as_of"]),
            row["oversold"],
            row["proposed"],
        )
        for row in await quick.rows(_OF_ONE, sku)
        if locations is None or row["location_id"] in locations
    ]
