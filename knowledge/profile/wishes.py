"""What a customer wishes for, and what they wait for an answer to, out of our own stream of events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.profile.parts import Part
from knowledge.store.quick import QuickReads

MOST_WISHES: Final = 20
MOST_TICKETS: Final = 5
# Bought since the list was told counts as fulfilled, whatever the list still says.
_WISHES: Final = """
    WITH who AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS ref)
    SELECT wish.sku, max(wishlist.at) AS at, min(wish.place) AS place
    FROM wishlist, unnest(wishlist.skus) WITH ORDINALITY AS wish(sku, place)
    WHERE wishlist.customer_ref IN (SELECT ref FROM who) AND NOT EXISTS (
        SELECT 1 FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
        WHERE purchase.customer_ref IN (SELECT ref FROM who) AND line.sku = wish.sku
          AND purchase.occurred_at >= wishlist.at AND NOT purchase.cancelled)
    GROUP BY wish.sku ORDER BY max(wishlist.at) DESC, min(wish.place), wish.sku LIMIT CAST($2 AS int)
"""
_TICKETS: Final = """
    SELECT ticket, subject, opened_at, at FROM ticket
    WHERE customer_ref IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb))) AND state = 'open'
    ORDER BY opened_at DESC, ticket LIMIT CAST($2 AS int)
"""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Something the customer waits for an answer to; `subject` is the retailer's code."""

    ticket: str
    subject: str
    opened_at: datetime


async def wishes(quick: QuickReads, asked: str) -> Part:
    """Skus on their wishlists, the newest list first.

    Args:
        quick: Reads.
        asked: A JSON list of the person's records.
    """
    rows = await quick.rows(_WISHES, asked, str(MOST_WISHES))
    return Part(tuple(row["sku"] for row in rows), _newest([row["at"] for row in rows]))


async def open_tickets(quick: QuickReads, asked: str) -> Part:
    """Their open tickets, the newest first."""
    rows = await quick.rows(_TICKETS, asked, str(MOST_TICKETS))
    told = tuple(Ticket(row["ticket"], row["subject"], datetime.fromisoformat(row["opened_at"])) for row in rows)
    return Part(told, _newest([row["at"] for row in rows]))


def _newest(times: Sequence[str]) -> datetime | None:
    return max(map(datetime.fromisoformat, times), default=None)
