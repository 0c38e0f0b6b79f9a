"""How far AI was let go, and where it was stopped, as it changed in the week."""

from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from tools.review.week import Week

_MOVES = text(
    """
    SELECT at, CAST(entry AS jsonb) -> 'body' AS body FROM ledger
    WHERE kind = 'ladder' AND at >= :begins AND at < :ends ORDER BY seq
    """
)
_HALTS = text(
    """
    SELECT scope, name, reason, set_by, set_at, lifted_by, lifted_at FROM halt
    WHERE set_at < :ends AND (lifted_at IS NULL OR lifted_at >= :begins) ORDER BY set_at, id
    """
)


_TOLD = ("capability", "location", "before", "after", "by", "reason")


async def automation(connection: Connection, week: Week) -> dict[str, Any]:
    """Moves on the ladder within the week, and stops that held for any of it."""
    span = {"begins": week.begins, "ends": week.ends}
    moves = await connection.execute(_MOVES, span)
    halts = await connection.execute(_HALTS, span)
    return {
        "moves": [{**{name: row.body[name] for name in _TOLD}, "at": row.at.isoformat()} for row in moves],
        "stops": [
            {
                "scope": row.scope,
                "name": row.name,
                "reason": row.reason,
                "by": row.set_by,
                "at": row.set_at.isoformat(),
                "lifted_by": row.lifted_by if _within(row.lifted_at, week) else "",
                "lifted_at": row.lifted_at.isoformat() if _within(row.lifted_at, week) else "",
            }
            for row in halts
        ],
    }


def _within(moment: Any, week: Week) -> bool:
    """What came after the week is the next one's to tell, or this report would change with it."""
    return moment is not None and moment < week.ends
