"""What customers lately looked at, put in carts and bought, for many customers in one question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from policies.vocabulary.ids import CustomerRef

LOOKED_DAYS = 7  # a look older than a week says little about what somebody wants today
BOUGHT_DAYS = 60  # what was bought in the last two months is not offered again
_LOOKS = 20  # newest kept per customer
_LINES = 100

_PAST = text(
    """
    SELECT who.ref, look.sku, look.kind, look.at
    FROM unnest(CAST(:refs AS text[])) AS who(ref) CROSS JOIN LATERAL (
        SELECT interest.sku, interest.kind, interest.at FROM interest
        WHERE interest.customer_ref = who.ref AND interest.at > :looked
        ORDER BY interest.at DESC, interest.sku LIMIT :looks) AS look
    UNION ALL
    SELECT who.ref, line.sku, 'bought', line.at
    FROM unnest(CAST(:refs AS text[])) AS who(ref) CROSS JOIN LATERAL (
        SELECT purchase_line.sku, purchase.occurred_at AS at
        FROM purchase JOIN purchase_line ON purchase_line.purchase_id = purchase.id
        WHERE purchase.customer_ref = who.ref AND purchase.occurred_at > :bought AND NOT purchase.cancelled
          AND purchase_line.quantity > purchase_line.returned
        ORDER BY purchase.occurred_at DESC, purchase_line.sku LIMIT :lines) AS line
    """
)


@dataclass(frozen=True, slots=True)
class Past:
    """One customer's recent doings; skus newest first."""

    viewed: tuple[str, ...] = ()
    carted: tuple[str, ...] = ()
    bought: tuple[str, ...] = ()


async def pasts(connection: AsyncConnection, refs: Sequence[CustomerRef], *, now: datetime) -> dict[str, Past]:
    """Each customer's past by reference; those we know nothing of are absent."""
    rows = await connection.execute(
        _PAST,
        {
            "refs": sorted(set(refs)),
            "looked": now - timedelta(days=LOOKED_DAYS),
            "bought": now - timedelta(days=BOUGHT_DAYS),
            "looks": _LOOKS,
            "lines": _LINES,
        },
    )
    found: dict[str, dict[str, dict[str, datetime]]] = {}
    for row in rows:
        kinds = found.setdefault(row.ref, {"view": {}, "cart": {}, "bought": {}})
        kinds[row.kind].setdefault(row.sku, row.at)
    return {ref: Past(*(_newest(kinds[kind]) for kind in ("view", "cart", "bought"))) for ref, kinds in found.items()}


def _newest(seen: dict[str, datetime]) -> tuple[str, ...]:
    return tuple(sorted(seen, key=lambda sku: (-seen[sku].timestamp(), sku)))
