"""How much off a customer usually needs: the most that is offered to them, beneath every cap of the rules.

What they paid says it: of their purchases at a discount, three in four were at this percentage or less. Few purchases
say little, so it is drawn towards what the chain's discounted purchases show; too few say nothing, and then the rules'
caps alone hold. Who buys at full price has no ceiling: how often that is, offers learn of their kind of buyer
(`habit`). The same for everybody with the same purchases; no attribute of the person is looked at.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from knowledge.identity.links import WHO
from knowledge.offers.habit import REMEMBERED_DAYS
from knowledge.store.quick import QuickReads
from policies.limits import PlaceLimits
from policies.vocabulary.ids import CustomerRef

LEAST: Final = 3  # purchases at a discount, before anything is said of a customer
_AS_MANY: Final = 3  # purchases of the chain's own weigh as many of the customer's
_STEP: Final = 100  # basis points: money is rounded to cents, and 9.97 % was meant as 10 %
_CHAIN_LOOKS_AT: Final = 5_000  # newest purchases

_DEPTH: Final = "10000 * sum(line.discount) / sum(line.unit_price * line.quantity)"
_TAKEN: Final = f"""
    WITH asked AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS ref), {WHO}
    SELECT who.ref, CAST(off.depth AS int) AS depth
    FROM who CROSS JOIN LATERAL (
        SELECT id FROM purchase
        WHERE customer_ref = who.customer AND occurred_at > CAST($2 AS timestamptz) AND NOT cancelled
        ORDER BY occurred_at DESC, id LIMIT 100) AS bought
    CROSS JOIN LATERAL (
        SELECT {_DEPTH} AS depth FROM purchase_line AS line
        WHERE line.purchase_id = bought.id AND line.discount > 0 AND line.unit_price * line.quantity > 0) AS off
"""  # noqa: S608  # our own texts
_CHAIN: Final = f"""
    SELECT CAST(percentile_disc(0.75) WITHIN GROUP (ORDER BY depth) AS int) AS depth FROM (
        SELECT {_DEPTH} AS depth
        FROM (SELECT id FROM purchase WHERE NOT cancelled ORDER BY occurred_at DESC LIMIT CAST($1 AS int)) AS newest
        JOIN purchase_line AS line ON line.purchase_id = newest.id
        WHERE line.discount > 0 AND line.unit_price * line.quantity > 0 GROUP BY newest.id) AS depths
"""  # noqa: S608  # our own texts


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a customer's purchases of a year say of discounts.

    Attributes:
        percent_bp: Never more than this is offered, in basis points.
        purchases: Within the year.
        discounted: Those of them at a discount.
    """

    percent_bp: int
    purchases: int
    discounted: int

    def facts(self) -> dict[str, int]:
        """As evidence."""
        return {"percent_bp": self.percent_bp, "purchases": self.purchases, "discounted": self.discounted}


class ChainDepth:
    """What discounted purchases of the chain were mostly at, in memory.

    Args:
        check_every: Seconds between two looks.

    Attributes:
        now: Basis points; `None` until somebody bought at a discount.
    """

    def __init__(self, *, check_every: float = 3_600.0) -> None:
        self.now: int | None = None
        self._check_every = check_every
        self._checked = float("-inf")

    async def keep_fresh(self, quick: QuickReads) -> None:
        """Look again when it is due; what is known stays in use meanwhile."""
        moment = time.monotonic()
        if moment - self._checked < self._check_every:
            return
        (row,) = await quick.rows(_CHAIN, str(_CHAIN_LOOKS_AT))
        self.now, self._checked = row["depth"], moment  # who was cut short leaves it to the next


def ceiling_of(depths: Sequence[int], purchases: int, chain_bp: int) -> Ceiling | None:
    """The ceiling from what was taken off; `None` when too few purchases say it.

    Args:
        depths: Basis points off, of each discounted purchase.
        purchases: All of them, at full price too.
        chain_bp: What the chain's discounted purchases are mostly at.
    """
    count = len(depths)
    if count < LEAST:
        return None
    own = sorted(depths)[-(-3 * count // 4) - 1]  # three in four are at this or less
    drawn = count * own + _AS_MANY * chain_bp
    return Ceiling(-(-drawn // ((count + _AS_MANY) * _STEP)) * _STEP, purchases, count)


async def ceilings(
    quick: QuickReads, refs: Sequence[CustomerRef], chain: ChainDepth, *, now: datetime
) -> dict[str, Ceiling]:
    """Each customer's ceiling by reference, over every record linked with it; those nothing is said of are absent."""
    await chain.keep_fresh(quick)
    if chain.now is None:
        return {}
    since = (now - timedelta(days=REMEMBERED_DAYS)).isoformat()
    taken: dict[str, list[int | None]] = {}
    for row in await quick.rows(_TAKEN, json.dumps(sorted(set(refs))), since):
        taken.setdefault(row["ref"], []).append(row["depth"])
    found = {
        ref: ceiling_of([depth for depth in depths if depth], len(depths), chain.now) for ref, depths in taken.items()
    }
    return {ref: one for ref, one in found.items() if one is not None}


def under(limits: PlaceLimits, ceiling: Ceiling | None) -> PlaceLimits:
    """The limits for one customer: never looser than the rules' own."""
    if ceiling is None or ceiling.percent_bp >= limits.discount.percent_bp:
        return limits
    return replace(limits, discount=replace(limits.discount, percent_bp=ceiling.percent_bp))
