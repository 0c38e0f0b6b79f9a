"""What was sold in the week and was not there: how much, what it costs, and which way out people took."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from tools.review.week import Week

_FOUND = text(
    """
    SELECT oversell.location_id, oversell.units, oversell.late, oversell.remedies,
           CASE WHEN settled_at < :ends THEN remedy ELSE '' END AS taken, coalesce(variant.currency, '') AS currency
    FROM oversell LEFT JOIN variant USING (sku)
    WHERE found_at >= :begins AND found_at < :ends ORDER BY oversell.id
    """
)


async def oversells(connection: Connection, week: Week) -> dict[str, Any]:
    """Of all locations together: `money` is what the way out costs, the one taken or else the one proposed.

    What is settled after the week counts as open, or the report of a week that is over would change.
    """
    rows = (await connection.execute(_FOUND, {"begins": week.begins, "ends": week.ends})).all()
    money, taken = Counter[str](), defaultdict[str, Counter[str]](Counter)
    for row in rows:
        way = next((each for each in row.remedies if each["remedy"] == row.taken), row.remedies[0])
        cost = 0 if row.taken and row.taken != way["remedy"] else int(way["cost"])  # goods came by themselves
        money[row.currency] += cost
        counts = taken[row.taken or "open"]
        counts["found"] += 1
        counts["units"] += row.units
    return {
        "found": len(rows),
        "units": sum(row.units for row in rows),
        "late": sum(row.late for row in rows),
        "money": dict(sorted(money.items())),
        "taken": {way: {"found": counts["found"], "units": counts["units"]} for way, counts in sorted(taken.items())},
    }
