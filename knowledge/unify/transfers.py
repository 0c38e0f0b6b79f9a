"""What a transfer of ours does to the counts of both its locations, by what its platform says has become of it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import TransferStateFacts
from knowledge.store.connection import Connection
from knowledge.unify.levels import Moved

_LEFT: Final = frozenset({"IN_TRANSIT", "IN_PROGRESS", "SENT", "DISPATCHED", "TRANSFERRED", "RECEIVED"})
_ARRIVED: Final = frozenset({"TRANSFERRED", "RECEIVED"})  # the platforms' own words, as in `tools.undo.fate`
_OURS = text(
    """
    SELECT facts ->> 'reference' AS reference, facts FROM action
    WHERE kind = 'transfer' AND facts ->> 'reference' = ANY(CAST(:references AS text[]))
    """
)


async def apply_transfers(connection: Connection, events: Sequence[Event]) -> list[Moved]:
    """What left and what arrived; of a transfer somebody made at the platform itself the counts alone are told."""
    told = {event.facts["reference"]: event for event in events if event.facts.get("reference")}
    if not told:
        return []
    moved: list[Moved] = []
    for row in await connection.execute(_OURS, {"references": sorted(told)}):
        event, facts = told[row.reference], row.facts
        status = TransferStateFacts.model_validate(event.facts).status
        for place, sign, now in (("origin", -1, status in _LEFT), ("destination", 1, status in _ARRIVED)):
            if now:
                moved += [_line(event, facts, place, sign, line) for line in facts["lines"]]
    return moved


def _line(event: Event, facts: Any, place: str, sign: int, line: Any) -> Moved:
    cell = (str(line["sku"]), str(facts[place]))
    return Moved(cell, str(facts["reference"]), "transfer", sign * int(line["units"]), event.occurred_at, event.id)
