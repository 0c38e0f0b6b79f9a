"""What kind of buyer a customer has been here: what offers are learned by, coarse enough that each kind has many.

Read from purchases alone; no attribute of the person is looked at.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from knowledge.identity.links import WHO
from knowledge.store.quick import QuickReads
from policies.vocabulary.ids import CustomerRef

STRANGER: Final = "stranger"
NEW: Final = "new"
REMEMBERED_DAYS: Final = 365
REGULAR: Final = 3  # orders within a year
KINDS: Final = (
    STRANGER,
    NEW,
    *(f"{often}.{pays}" for often in ("rare", "regular") for pays in ("full_price", "sometimes", "on_discount")),
)

_HABITS: Final = f"""
    WITH asked AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS ref), {WHO}
    SELECT who.ref, count(*) AS orders, count(*) FILTER (WHERE codes <> '{{}}') AS coded
    FROM who JOIN purchase ON purchase.customer_ref = who.customer
    WHERE occurred_at > CAST($2 AS timestamptz) AND NOT cancelled
    GROUP BY who.ref
"""  # noqa: S608  # our own texts


def habit_of(orders: int, coded: int) -> str:
    """The kind of a known customer.

    Args:
        orders: Within the last year.
        coded: How many of them used a discount code.
    """
    if orders <= 0:
        return NEW
    often = "regular" if orders >= REGULAR else "rare"
    if coded <= 0:
        return f"{often}.full_price"
    return f"{often}.on_discount" if 2 * coded >= orders else f"{often}.sometimes"


async def habits(quick: QuickReads, refs: Sequence[CustomerRef], *, now: datetime) -> dict[str, str]:
    """Each customer's kind by reference, from what they bought under every reference linked with it; all are in it."""
    since = (now - timedelta(days=REMEMBERED_DAYS)).isoformat()
    rows = await quick.rows(_HABITS, json.dumps(sorted(set(refs))), since)
    known = {str(row["ref"]): habit_of(row["orders"], row["coded"]) for row in rows}
    return {ref: known.get(ref, NEW) for ref in refs}
