"""Whether some buyers or places are offered less than the rest, and whether goods that are offered sell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.offers.turns import MET, TURNS
from knowledge.store.connection import Connection
from tools.review.cohorts import LEAST
from tools.review.fairness import Group, compare

_MOST: Final = 20  # variants told
_OCCASIONS = text(
    f"""
    WITH {TURNS}, {MET}, bought AS (
        SELECT DISTINCT met.occasion FROM met JOIN turn ON turn.occasion = met.occasion
        JOIN purchase_line AS line ON line.purchase_id = met.purchase_id AND line.sku = turn.sku
    )
    SELECT choice ->> 'kind' AS kind, coalesce(choice ->> 'form', 'single') AS form, location_id,
           choice ->> 'arm' <> 'silence' AS proposed, made,
           bought.occasion IS NOT NULL AS bought, count(*) AS times
    FROM turn LEFT JOIN bought ON bought.occasion = turn.occasion
    WHERE choice ->> 'campaign' = :campaign
    GROUP BY 1, 2, 3, 4, 5, 6
    """  # noqa: S608  # our own texts
)
_SOLD = text(
    f"""
    WITH {TURNS}, offered AS (
        SELECT sku, count(*) AS times FROM turn
        WHERE made AND choice ->> 'arm' <> 'silence' AND choice ->> 'campaign' = :campaign
        GROUP BY sku ORDER BY count(*) DESC, sku LIMIT :most
    ), sold AS (
        SELECT line.sku,
               sum(line.quantity - line.returned) FILTER (WHERE occurred_at >= :since) AS now,
               sum(line.quantity - line.returned) FILTER (WHERE occurred_at < :since) AS before
        FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
        JOIN offered ON offered.sku = line.sku
        WHERE NOT cancelled AND occurred_at >= :earlier AND occurred_at < :until GROUP BY line.sku
    )
    SELECT offered.sku, offered.times, coalesce(sold.now, 0) AS now, coalesce(sold.before, 0) AS before,
           coalesce((SELECT sum(greatest(available, 0)) FROM inventory_level AS level WHERE level.sku = offered.sku), 0)
             AS available
    FROM offered LEFT JOIN sold ON sold.sku = offered.sku ORDER BY offered.times DESC, offered.sku
    """  # noqa: S608  # our own texts
)


@dataclass(frozen=True, slots=True)
class SellThrough:
    """A variant that was offered.

    Attributes:
        sold: Units within the time; `sold_before` within as long a time before it.
        share_bp: Sold, of sold and still available: platforms do not tell what was received.
    """

    sku: str
    offers: int
    sold: int
    sold_before: int
    share_bp: int


async def fairness(connection: Connection, *, campaign: str, since: datetime, until: datetime) -> dict[str, Any]:
    """Kinds of buyer, places and forms of offer beside each other, as the weekly review compares groups."""
    span = {"since": since, "until": until, "campaign": campaign, "days": 1}
    groups: dict[tuple[str, str], Group] = {}
    for row in await connection.execute(_OCCASIONS, span):
        for name in (("buyer", row.kind), ("location", row.location_id), ("form", row.form)):
            groups[name] = groups.get(name, Group()) + _group(row)
    return compare(groups, LEAST)


async def sell_through(
    connection: Connection, *, campaign: str, since: datetime, until: datetime
) -> tuple[SellThrough, ...]:
    """The variants that were offered most, and how much of what there was of them was sold."""
    span: Mapping[str, Any] = {
        "since": since,
        "until": until,
        "earlier": since - (until - since),
        "campaign": campaign,
        "most": _MOST,
    }
    return tuple(
        _sold(row.sku, row.times, int(row.now), int(row.before), int(row.available))
        for row in await connection.execute(_SOLD, span)
    )


def _sold(sku: str, offers: int, sold: int, before: int, available: int) -> SellThrough:
    return SellThrough(sku, offers, sold, before, 10_000 * max(0, sold) // max(1, sold + available))


def _group(row: Any) -> Group:
    made = row.times if row.proposed and row.made else 0
    return Group(
        orders=row.times,
        offered=made,
        proposed=row.times if row.proposed else 0,
        refused=row.times if row.proposed and not row.made else 0,
        made=made,
        accepted=made if row.bought else 0,
    )
