"""Why a count changed: what was sold, given back, moved or adjusted explains it; what nothing explains says so.

A platform tells of a sale and of the count it left in two messages, in either order. Both are kept: the sale as a
movement that ought to show in a count, the count as changes whose sum it is. Whichever comes second joins them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.unify.columns import write_rows

WINDOW: Final = timedelta(days=7)  # a till that was offline for longer explains no count any more
JUST_NOW: Final = timedelta(hours=1)  # a count that came before its reason came no longer before it
UNEXPLAINED: Final = ("correction", "count")
Cell = tuple[str, str]
"""A sku, and the location that counts it."""

_CHANGE = text(
    """
    INSERT INTO stock_change (sku, location_id, state, delta, cause, reference, event_id, occurred_at, recorded_at)
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:state AS text[]),
                         CAST(:delta AS int[]), CAST(:cause AS text[]), CAST(:reference AS text[]),
                         CAST(:event_id AS text[]), CAST(:occurred_at AS timestamptz[]),
                         CAST(:recorded_at AS timestamptz[]))
    """
)
_MOVEMENT = text(
    """
    INSERT INTO stock_movement (sku, location_id, reference, cause, units, shown, about, occurred_at, recorded_at)
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:reference AS text[]),
                         CAST(:cause AS text[]), CAST(:units AS int[]), CAST(:shown AS int[]), CAST(:about AS text[]),
                         CAST(:occurred_at AS timestamptz[]), CAST(:recorded_at AS timestamptz[]))
    ON CONFLICT (sku, location_id, reference) DO UPDATE SET
        units = excluded.units, shown = excluded.shown, occurred_at = excluded.occurred_at
    """
)


_ADJUSTED = text(
    """
    INSERT INTO stock_movement (sku, location_id, reference, cause, units, occurred_at, recorded_at)
    VALUES (:sku, :place, :action, 'adjustment', :units, :at, :at)
    ON CONFLICT (sku, location_id, reference) DO NOTHING
    """
)


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a count's history; `reference` names the order, return, transfer or action behind it."""

    sku: str
    location: str
    state: str
    delta: int
    cause: str
    reference: str
    event: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(slots=True)
class Movement:
    """What ought to change a count of what can be sold.

    Attributes:
        units: As it stands now; a sale is negative.
        occurred_at: As early as anybody told; what was sent is told again as what arrived.
        shown: How much of it a count has shown so far.
        about: The order that a return gives back.
    """

    cell: Cell
    reference: str
    cause: str
    units: int
    occurred_at: datetime
    shown: int = 0
    about: str = ""

    @property
    def left(self) -> int:
        """Units no count has shown yet."""
        return self.units - self.shown


@dataclass(slots=True)
class Journal:
    """A burst's changes and movements, written together at its end."""

    at: datetime
    changes: list[Change] = field(default_factory=list[Change])
    movements: dict[tuple[Cell, str], Movement] = field(default_factory=dict[tuple[Cell, str], Movement])

    def change(  # noqa: PLR0913  # a row has this many columns
        self, cell: Cell, state: str, delta: int, cause: str, occurred_at: datetime, *, reference: str = "", event: str
    ) -> None:
        """Note one change; where a count begins, also when it begins with nothing."""
        if delta or cause == "opening":
            self.changes.append(Change(*cell, state, delta, cause, reference, event, occurred_at, self.at))

    def explain(  # noqa: PLR0913, PLR0917  # what changed, by what it may be explained, and who told it
        self, cell: Cell, delta: int, open_: Sequence[Movement], otherwise: str, occurred_at: datetime, event: str
    ) -> set[str]:
        """Note a change of what can be sold by what explains it; returns the causes."""
        causes = set[str]()
        for movement, units in shares(delta, open_):
            movement.shown += units
            delta -= units
            causes.add(movement.cause)
            self.move(movement)
            self.change(
                cell, "available", units, movement.cause, occurred_at, reference=movement.reference, event=event
            )
        if delta:
            causes.add(otherwise)
            self.change(cell, "available", delta, otherwise, occurred_at, event=event)
        return causes

    def claim(self, movement: Movement, unexplained: dict[str, int], event: str) -> None:
        """Let a movement explain what a count had shown before it: the reason is put right, the count stays."""
        for cause in UNEXPLAINED:
            found = unexplained.get(cause, 0)
            if found * movement.left <= 0:
                continue
            units = min(abs(found), abs(movement.left)) * (1 if found > 0 else -1)
            movement.shown += units
            unexplained[cause] -= units
            at, cell = movement.occurred_at, movement.cell
            self.change(cell, "available", units, movement.cause, at, reference=movement.reference, event=event)
            self.change(cell, "available", -units, cause, at, reference=movement.reference, event=event)

    def move(self, movement: Movement) -> None:
        """Keep a movement as it stands."""
        self.movements[movement.cell, movement.reference] = movement

    async def write(self, connection: Connection) -> None:
        """Two statements, movements in key order."""
        await self.write_movements(connection)
        await write_rows(connection, _CHANGE, map(_change_row, self.changes))
        self.changes.clear()

    async def write_movements(self, connection: Connection) -> None:
        """The movements alone, for whoever has to add them up."""
        kept = [self.movements[key] for key in sorted(self.movements)]
        await write_rows(connection, _MOVEMENT, (_movement_row(each, self.at) for each in kept))
        self.movements.clear()


def explain_by_action(connection: Connection, cell: Cell, action: str, units: int, at: datetime) -> None:
    """Keep, with what is sent next, that an adjustment of ours ought to show in a count."""
    connection.post(_ADJUSTED, {"sku": cell[0], "place": cell[1], "action": action, "units": units, "at": at})


def shares(delta: int, open_: Sequence[Movement]) -> list[tuple[Movement, int]]:
    """Which movements a change of a count shows, and how many units of each.

    All of them where they come to exactly that, for some may cancel each other; else the oldest of the same direction.
    """
    waiting = [each for each in open_ if each.left]
    if waiting and sum(each.left for each in waiting) == delta:
        return [(each, each.left) for each in waiting]
    found: list[tuple[Movement, int]] = []
    for each in waiting:
        if delta * each.left > 0:
            units = min(abs(delta), abs(each.left)) * (1 if delta > 0 else -1)
            found.append((each, units))
            delta -= units
    return found


def _movement_row(movement: Movement, at: datetime) -> dict[str, object]:
    sku, location = movement.cell
    return {
        "sku": sku,
        "location_id": location,
        "reference": movement.reference,
        "cause": movement.cause,
        "units": movement.units,
        "shown": movement.shown,
        "about": movement.about,
        "occurred_at": movement.occurred_at,
        "recorded_at": at,
    }


def _change_row(change: Change) -> dict[str, object]:
    return {
        "sku": change.sku,
        "location_id": change.location,
        "state": change.state,
        "delta": change.delta,
        "cause": change.cause,
        "reference": change.reference,
        "event_id": change.event,
        "occurred_at": change.occurred_at,
        "recorded_at": change.recorded_at,
    }
