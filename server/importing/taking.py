"""History into the store: event log, unified store, vault and what became of our offers, in one transaction.

The same `apply` as a lane's. What a lane does besides is left out: nobody is woken, so nothing is offered or sent.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.store.connection import Connection
from knowledge.store.places import Places
from knowledge.unify.apply import apply
from knowledge.vault.vault import Vault
from tools.audit.ledger import append
from tools.outcomes import outcomes

# Any unique name counts, as for what is delivered: the same telling twice, or one that live events brought before.
_STORE: Final = text(
    """
    WITH told AS MATERIALIZED (
        SELECT * FROM ROWS FROM (
            jsonb_to_recordset(CAST(:told AS jsonb)) AS (
                id text, source text, delivery text, topic text, lane text, occurred_at timestamptz,
                received_at timestamptz, correlation_id text, resource text, version text, facts jsonb, person text
            )
        ) WITH ORDINALITY AS told (id, source, delivery, topic, lane, occurred_at, received_at, correlation_id,
                                   resource, version, facts, person, place)
    ), stored AS (
        INSERT INTO event (id, source, delivery, topic, lane, occurred_at, received_at, correlation_id, resource,
                           version, facts, state, applied_at, handled_at)
        SELECT id, source, delivery, topic, lane, occurred_at, received_at, correlation_id, resource, version, facts,
               'handled', CAST(:at AS timestamptz), CAST(:at AS timestamptz)
        FROM told ORDER BY place
        ON CONFLICT DO NOTHING
        RETURNING id
    ), kept AS (
        INSERT INTO vault_arrival (event_id, sealed, at)
        SELECT DISTINCT ON (id) id, decode(person, 'base64'), received_at
        FROM told JOIN stored USING (id) WHERE person IS NOT NULL ORDER BY id, place
        ON CONFLICT DO NOTHING
    )
    SELECT id FROM stored
    """
)
_KNOWN: Final = text("SELECT id FROM event WHERE id = ANY(CAST(:ids AS text[]))")


@dataclass(frozen=True, slots=True)
class Taking:
    """What history goes into.

    Attributes:
        now: The present, aware.
    """

    places: Places
    vault: Vault
    now: Callable[[], datetime]

    async def take(self, connection: Connection, events: Sequence[Event]) -> int:
        """Bring the store up to these events; returns how many told something new.

        Args:
            connection: A transaction; what is told here becomes true with it.
            events: History, oldest first where they are of one thing.
        """
        if not events:
            return 0
        at = self.now()
        stored = set((await connection.execute(_STORE, {"told": _told(events), "at": at})).scalars())
        new: list[Event] = []
        for event in events:
            if event.id in stored:
                stored.discard(event.id)
                new.append(event)
        if new:
            await apply(connection, new, self.places, at=at, vault=self.vault)
            if entries := await outcomes(connection, new, at):
                await append(connection, entries)
        return len(new)

    async def would_take(self, connection: Connection, events: Sequence[Event]) -> int:
        """How many of them would tell something new; nothing is changed."""
        ids = {event.id for event in events}
        known = set((await connection.execute(_KNOWN, {"ids": sorted(ids)})).scalars())
        return len(ids - known)


def _told(events: Sequence[Event]) -> str:
    return json.dumps([_row(event) for event in events], separators=(",", ":"))


def _row(event: Event) -> dict[str, Any]:
    return {
        **event.row(),
        "person": b64encode(event.sealed_person).decode() if event.sealed_person else None,
    }
