"""What a transfer of ours does to the counts of both its locations, by what its platform says has become of it."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import TransferStateFacts
from knowledge.store.connection import Connection
from knowledge.unify.journal import Cell
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
    """What left and what arrived, each once, as of when that was first so; what arrived has left before.

    Of a transfer somebody made at the platform itself the counts alone are told.
    """
    told = [event for event in events if event.facts.get("reference")]
    references = sorted({str(event.facts["reference"]) for event in told})
    if not references:
        return []
    facts = {row.reference: row.facts for row in await connection.execute(_OURS, {"references": references})}
    moved: dict[tuple[Cell, str], Moved] = {}
    for event in sorted(told, key=lambda each: each.occurred_at):
        state = TransferStateFacts.model_validate(event.facts)
        for place, sign, statuses in (("origin", -1, _LEFT), ("destination", 1, _ARRIVED)):
            if state.reference in facts and state.status in statuses:
                for line in _lines(event, state.reference, facts[state.reference], place, sign):
                    moved.setdefault((line.cell, line.reference), line)
    return list(moved.values())


def _lines(event: Event, reference: str, facts: Any, place: str, sign: int) -> Iterable[Moved]:
    for line in facts["lines"]:
        cell = (str(line["sku"]), str(facts[place]))
        yield Moved(cell, reference, "transfer", sign * int(line["units"]), event.occurred_at, event.id)
