"""Tickets of the help desk: which are open, for whom and about what, as the retailer's own codes say it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import TicketFacts
from knowledge.store.connection import Connection
from policies.vocabulary.ids import CustomerRef

# A closed one is kept too: a telling of its opening may still be on its way.
_KEEP = text(
    """
    INSERT INTO ticket (ticket, customer_ref, state, subject, opened_at, at)
    SELECT * FROM unnest(CAST(:ticket AS text[]), CAST(:customer_ref AS text[]), CAST(:state AS text[]),
                         CAST(:subject AS text[]), CAST(:opened_at AS timestamptz[]), CAST(:at AS timestamptz[]))
    ON CONFLICT (ticket) DO UPDATE SET customer_ref = excluded.customer_ref, state = excluded.state,
        subject = excluded.subject, opened_at = excluded.opened_at, at = excluded.at
    WHERE ticket.at <= excluded.at
    RETURNING ticket
    """
)


async def apply_tickets(
    connection: Connection, events: Sequence[Event], customers: Mapping[str, CustomerRef]
) -> set[str]:
    """Keep each ticket as it was told last; returns ids of events older than what is known."""
    told = [
        (event, customers[event.id], TicketFacts.model_validate(event.facts))
        for event in events
        if event.id in customers
    ]
    if not told:
        return set()
    newest: dict[str, tuple[Event, CustomerRef, TicketFacts]] = {}
    for event, ref, facts in told:
        if facts.ticket not in newest or event.occurred_at >= newest[facts.ticket][0].occurred_at:
            newest[facts.ticket] = event, ref, facts
    rows = [newest[name] for name in sorted(newest)]
    values = {
        "ticket": [facts.ticket for _, _, facts in rows],
        "customer_ref": [ref for _, ref, _ in rows],
        "state": [facts.state for _, _, facts in rows],
        "subject": [facts.subject for _, _, facts in rows],
        "opened_at": [facts.opened_at for _, _, facts in rows],
        "at": [event.occurred_at for event, _, _ in rows],
    }
    kept = set((await connection.execute(_KEEP, values)).scalars())
    return {event.id for event, _, facts in told if event is not newest[facts.ticket][0] or facts.ticket not in kept}
