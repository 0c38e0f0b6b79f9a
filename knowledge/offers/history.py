"""What customers lately looked at, put in carts, wished for and bought, for many customers in one question."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from knowledge.identity.links import WHO
from knowledge.store.quick import QuickReads
from policies.vocabulary.ids import CustomerRef

LOOKED_DAYS = 7  # a look older than a week says little about what somebody wants today
WISHED_DAYS = 365  # a list nobody touched for a year is forgotten
BOUGHT_DAYS = 60  # what was bought in the last two months is not offered again
_LOOKS = 20  # newest kept per customer
_LINES = 100

_KINDS: Final = ("view", "cart", "bought", "wish")  # in the order of `Past`
_PAST: Final = f"""
    WITH asked AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS ref), {WHO}
    SELECT who.ref, look.sku, look.kind, look.at
    FROM who CROSS JOIN LATERAL (
        SELECT interest.sku, interest.kind, interest.at FROM interest
        WHERE interest.customer_ref = who.customer AND interest.at > CAST($2 AS timestamptz)
        ORDER BY interest.at DESC, interest.sku LIMIT CAST($3 AS int)) AS look
    UNION ALL
    SELECT who.ref, wish.sku, 'wish', wish.at
    FROM who CROSS JOIN LATERAL (
        SELECT told.sku, wishlist.at - told.place * interval '1 ms' AS at
        FROM wishlist, unnest(wishlist.skus) WITH ORDINALITY AS told(sku, place)
        WHERE wishlist.customer_ref = who.customer AND wishlist.at > CAST($6 AS timestamptz)
        ORDER BY told.place LIMIT CAST($3 AS int)) AS wish
    UNION ALL
    SELECT who.ref, line.sku, 'bought', line.at
    FROM who CROSS JOIN LATERAL (
        SELECT purchase_line.sku, purchase.occurred_at AS at
        FROM purchase JOIN purchase_line ON purchase_line.purchase_id = purchase.id
        WHERE purchase.customer_ref = who.customer AND purchase.occurred_at > CAST($4 AS timestamptz)
          AND NOT purchase.cancelled AND purchase_line.quantity > purchase_line.returned
        ORDER BY purchase.occurred_at DESC, purchase_line.sku LIMIT CAST($5 AS int)) AS line
"""  # noqa: S608  # our own texts


@dataclass(frozen=True, slots=True)
class Past:
    """One customer's recent doings; skus newest first."""

    viewed: tuple[str, ...] = ()
    carted: tuple[str, ...] = ()
    bought: tuple[str, ...] = ()
    wished: tuple[str, ...] = ()


async def pasts(quick: QuickReads, refs: Sequence[CustomerRef], *, now: datetime) -> dict[str, Past]:
    """Each customer's past by reference, with what they did under every reference linked with it.

    Those we know nothing of are absent.
    """
    rows = await quick.rows(
        _PAST,
        json.dumps(sorted(set(refs))),
        (now - timedelta(days=LOOKED_DAYS)).isoformat(),
        str(_LOOKS),
        (now - timedelta(days=BOUGHT_DAYS)).isoformat(),
        str(_LINES),
        (now - timedelta(days=WISHED_DAYS)).isoformat(),
    )
    found: dict[str, dict[str, dict[str, datetime]]] = {}
    for row in rows:
        kinds = found.setdefault(row["ref"], {kind: {} for kind in _KINDS})
        kinds[row["kind"]].setdefault(row["sku"], datetime.fromisoformat(row["at"]))
    return {ref: Past(*(_newest(kinds[kind]) for kind in _KINDS)) for ref, kinds in found.items()}


def _newest(seen: dict[str, datetime]) -> tuple[str, ...]:
    return tuple(sorted(seen, key=lambda sku: (-seen[sku].timestamp(), sku)))
