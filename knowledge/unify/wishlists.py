"""Wishlists: the newest telling of a customer's whole list holds, however late an older one arrives."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import WishlistFacts
from knowledge.store.connection import Connection
from policies.vocabulary.ids import CustomerRef

_KEEP = text(
    """
    INSERT INTO wishlist (customer_ref, skus, at)
    SELECT row.ref, ARRAY(SELECT jsonb_array_elements_text(CAST(row.skus AS jsonb))), row.at
    FROM unnest(CAST(:refs AS text[]), CAST(:skus AS text[]), CAST(:ats AS timestamptz[])) AS row(ref, skus, at)
    ON CONFLICT (customer_ref) DO UPDATE SET skus = excluded.skus, at = excluded.at WHERE wishlist.at <= excluded.at
    RETURNING customer_ref
    """
)


async def apply_wishlists(
    connection: Connection, events: Sequence[Event], customers: Mapping[str, CustomerRef]
) -> set[str]:
    """Keep the newest list of each known customer; returns ids of events older than one known already."""
    told = [(event, customers[event.id]) for event in events if event.id in customers]
    if not told:
        return set()
    newest: dict[CustomerRef, Event] = {}
    for event, ref in told:
        if ref not in newest or event.occurred_at >= newest[ref].occurred_at:
            newest[ref] = event
    refs = sorted(newest)
    values = {
        "refs": refs,
        "skus": [json.dumps(WishlistFacts.model_validate(newest[ref].facts).skus) for ref in refs],
        "ats": [newest[ref].occurred_at for ref in refs],
    }
    kept = set((await connection.execute(_KEEP, values)).scalars())
    return {event.id for event, ref in told if event is not newest[ref] or ref not in kept}
