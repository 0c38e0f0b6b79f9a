"""Present counts from their history alone: what is kept must be what the changes add up to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import NotFound

_KEPT = """
    SELECT level.sku, level.location_id, told.state, told.units
    FROM inventory_level AS level CROSS JOIN LATERAL (VALUES
        ('available', level.available), ('on_hand', level.on_hand),
        ('committed', level.committed), ('incoming', level.incoming)) AS told(state, units)
    WHERE told.units IS NOT NULL
"""
_REBUILT = "SELECT sku, location_id, state, CAST(sum(delta) AS int) AS units FROM stock_change GROUP BY 1, 2, 3"
_APART = text(
    f"""
    SELECT coalesce(kept.sku, rebuilt.sku) AS sku, coalesce(kept.location_id, rebuilt.location_id) AS location_id,
           coalesce(kept.state, rebuilt.state) AS state, kept.units AS kept, rebuilt.units AS rebuilt
    FROM ({_KEPT}) AS kept FULL JOIN ({_REBUILT}) AS rebuilt USING (sku, location_id, state)
    WHERE kept.units IS DISTINCT FROM rebuilt.units ORDER BY 1, 2, 3
    """  # noqa: S608  # only our own constants are put in
)
_COUNTS = text(f"SELECT count(*) FROM ({_KEPT}) AS kept")  # noqa: S608  # the same
_HISTORY = text(
    """
    SELECT change.seq, change.location_id, change.state, change.delta, change.cause, change.reference,
           change.occurred_at, change.recorded_at,
           sum(change.delta) OVER (PARTITION BY change.location_id, change.state ORDER BY change.seq) AS after
    FROM stock_change AS change
    WHERE change.sku = :sku AND (:location = '' OR change.location_id = :location)
    ORDER BY change.seq DESC LIMIT :most
    """
)
_KNOWN = text("SELECT 1 FROM variant WHERE sku = :sku")


@dataclass(frozen=True, slots=True)
class Apart:
    """A count that is not what its changes add up to; `None` where one of the two lacks it."""

    sku: str
    location: str
    state: str
    kept: int | None
    rebuilt: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a count, and what it came to."""

    location: str
    state: str
    delta: int
    after: int
    cause: str
    reference: str
    occurred_at: datetime
    recorded_at: datetime


async def rebuild(connection: Connection) -> tuple[int, list[Apart]]:
    """How many counts are kept, and those that differ from their rebuilt selves."""
    kept = int((await connection.execute(_COUNTS)).scalar_one())
    rows = await connection.execute(_APART)
    return kept, [Apart(row.sku, row.location_id, row.state, row.kept, row.rebuilt) for row in rows]


async def history(connection: Connection, sku: str, location: str = "", *, most: int = 50) -> list[Step]:
    """A variant's newest changes, newest first; everywhere when no location is named.

    Raises:
        NotFound: The sku is not in the catalog, and no count of it ever changed.
    """
    rows = (await connection.execute(_HISTORY, {"sku": sku, "location": location, "most": most})).all()
    if not rows and (await connection.execute(_KNOWN, {"sku": sku})).first() is None:
        raise NotFound(
            f"{sku} is not in the catalog, and no count of it ever changed.",
            code="sku.unknown",
            hint="Look the sku up; capitals and dashes count.",
            field="sku",
        )
    return [
        Step(
            row.location_id,
            row.state,
            row.delta,
            int(row.after),
            row.cause,
            row.reference,
            row.occurred_at,
            row.recorded_at,
        )
        for row in rows
    ]
