"""What we had ordered or moved and no count shows yet, or every night's plan would ask for the same goods again.

A platform that tells what is incoming is believed. Elsewhere an order counts as coming for its supplier's lead time,
and a transfer until its goods were counted at their destination, for a week at most: then somebody looks into it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from sqlalchemy import text

from knowledge.demand.velocity import Spot
from knowledge.store.connection import Connection

_MOVING: Final = 7  # days
_LEAD: Final = 14  # days, of a supplier nobody described
_COMING = text(
    """
    SELECT line.sku, action.location_id, CAST(sum(line.units) AS int) AS units
    FROM action CROSS JOIN LATERAL jsonb_to_recordset(facts -> 'lines') AS line (sku text, units int)
    LEFT JOIN supplier ON supplier.vendor = facts ->> 'vendor'
    LEFT JOIN inventory_level AS level ON level.sku = line.sku AND level.location_id = action.location_id
    WHERE action.kind IN ('reorder', 'transfer') AND action.state = 'executed' AND level.incoming IS NULL
      AND action.settled_at >= CAST(:today AS date) - CASE action.kind
          WHEN 'transfer' THEN CAST(:moving AS int) ELSE coalesce(supplier.lead_days, CAST(:lead AS int)) END
      AND NOT EXISTS (SELECT 1 FROM stock_movement AS arrived
                      WHERE arrived.sku = line.sku AND arrived.location_id = action.location_id
                        AND arrived.reference = facts ->> 'reference' AND arrived.units > 0)
    GROUP BY line.sku, action.location_id
    """
)


async def on_the_way(connection: Connection, today: date) -> Mapping[Spot, int]:
    """Units by variant and destination."""
    asked = {"today": today, "moving": _MOVING, "lead": _LEAD}
    return {(row.sku, row.location_id): row.units for row in await connection.execute(_COMING, asked)}
