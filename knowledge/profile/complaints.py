"""Who waits for an answer to a complaint: they are offered nothing meanwhile, and written nothing nobody asked for.

Tickets are events of ours with a subject in the retailer's own code; which subjects are complaints the operator says,
and until then every open ticket is one.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.identity.links import WHO
from knowledge.store.quick import QuickReads
from policies.vocabulary.ids import CorrelationId, CustomerRef

_OPEN: Final = f"""
    WITH asked AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS ref), {WHO}
    SELECT who.ref, min(ticket.subject) AS subject FROM who JOIN ticket ON ticket.customer_ref = who.customer
    WHERE ticket.state = 'open' AND (CAST($2 AS jsonb) = '[]'
        OR ticket.subject IN (SELECT jsonb_array_elements_text(CAST($2 AS jsonb))))
    GROUP BY who.ref
"""  # noqa: S608  # our own texts


@dataclass(frozen=True, slots=True)
class Hushed:
    """An occasion on which nothing was looked for, because of a complaint.

    Attributes:
        subject: Of the ticket, the retailer's code.
        story: What it belongs to, and `causation` the call that asked.
    """

    subject: str
    story: CorrelationId
    causation: str
    at: datetime

    @property
    def sentence(self) -> str:
        """Why there is silence, for the record."""
        return hushed(self.subject)


def hushed(subject: str) -> str:
    """Why there is silence, in a sentence without personal data."""
    return f"Nothing is offered while the customer waits for an answer to a ticket ({subject or 'no subject'})."


def _forget(_: Hushed) -> None:
    """Where nobody keeps a record."""


@dataclass(frozen=True, slots=True)
class Complaints:
    """Looks for complaints.

    Attributes:
        subjects: Codes that are complaints; none: every open ticket is one.
        note: Keeps why a register got silence; returns at once, keeping goes on beside the caller.
    """

    subjects: frozenset[str] = frozenset()
    note: Callable[[Hushed], None] = _forget

    async def of(self, quick: QuickReads, refs: Sequence[CustomerRef]) -> dict[CustomerRef, str]:
        """The subject of a complaint of each who has one, over every record linked with theirs."""
        if not refs:
            return {}
        rows = await quick.rows(_OPEN, json.dumps(sorted(set(refs))), json.dumps(sorted(self.subjects)))
        return {CustomerRef(row["ref"]): row["subject"] for row in rows}
