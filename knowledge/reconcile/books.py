"""What our own books hold of counts: what ought to have changed them, what did without a reason, sales told twice.

Read for all of a platform's locations at once. Rows of `stock_movement` are documents; rows of `stock_change` that no
document explains are changes, and one that was explained later, or put right again, is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.reconcile.documents import Cell
from knowledge.store.connection import Connection
from knowledge.unify.journal import UNEXPLAINED

_OPEN = text(
    """
    SELECT sku, location_id, reference, cause, units, shown, occurred_at, recorded_at FROM stock_movement
    WHERE units <> shown AND recorded_at > :since AND location_id = ANY(CAST(:places AS text[]))
    ORDER BY occurred_at, sku, location_id, reference
    """
)
_CHANGES = text(
    """
    SELECT change.seq, change.sku, change.location_id, change.delta, change.event_id, change.occurred_at,
           change.recorded_at, change.reference, beside.reference AS beside
    FROM stock_change AS change
    LEFT JOIN LATERAL (
        SELECT other.reference FROM stock_change AS other
        WHERE other.sku = change.sku AND other.location_id = change.location_id AND other.state = 'available'
          AND other.event_id = change.event_id AND other.recorded_at = change.recorded_at AND other.reference <> ''
        LIMIT 1
    ) AS beside ON change.event_id <> ''
    WHERE change.state = 'available' AND change.cause = ANY(CAST(:causes AS text[]))
      AND change.reference NOT LIKE 'renamed:%' AND change.recorded_at > :since
      AND change.location_id = ANY(CAST(:places AS text[]))
    ORDER BY change.seq
    """
)
_COMING = text(
    """
    SELECT sku, location_id, delta, occurred_at FROM stock_change
    WHERE state = 'incoming' AND delta > 0 AND cause = ANY(CAST(:causes AS text[])) AND recorded_at > :since
      AND location_id = ANY(CAST(:places AS text[]))
    """
)
# One sale under two names: the register's own name of it is the same, or, where registers give none, the second,
# the total and the goods are.
_TWICE = text(
    """
    WITH sold AS (
        SELECT purchase.id, purchase.location_id, purchase.occurred_at, purchase.received_at, purchase.total,
               purchase.transaction, string_agg(line.sku || ' ' || line.quantity, ',' ORDER BY line.sku) AS goods
        FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
        WHERE purchase.occurred_at > :since AND NOT purchase.cancelled AND purchase.channel = 'pos'
          AND purchase.location_id = ANY(CAST(:places AS text[]))
        GROUP BY purchase.id
    )
    SELECT DISTINCT ON (again.id) again.id AS again, first.id AS first
    FROM sold AS first JOIN sold AS again
      ON again.location_id = first.location_id AND again.goods = first.goods AND again.total = first.total
     AND again.transaction = first.transaction AND (first.received_at, first.id) < (again.received_at, again.id)
     AND (first.transaction <> '' OR again.occurred_at = first.occurred_at)
    ORDER BY again.id, first.received_at, first.id
    """
)
_NAMED = text(
    """
    SELECT sku, location_id, reference, cause, units, shown, occurred_at, recorded_at FROM stock_movement
    WHERE reference = ANY(CAST(:references AS text[])) AND location_id = ANY(CAST(:places AS text[]))
    """
)
_MOVING = text(
    """
    SELECT action.facts, action.created_at, coalesce(bool_or(movement.units < 0), FALSE) AS sent,
           coalesce(bool_or(movement.units > 0), FALSE) AS arrived, min(movement.occurred_at) AS sent_at
    FROM action LEFT JOIN stock_movement AS movement ON movement.reference = action.facts ->> 'reference'
    WHERE action.kind = 'transfer' AND action.state = 'executed' AND action.created_at > :since
      AND (action.facts ->> 'origin' = ANY(CAST(:places AS text[]))
           OR action.facts ->> 'destination' = ANY(CAST(:places AS text[])))
    GROUP BY action.id
    """
)


@dataclass(slots=True)
class Moves:
    """What ought to change a count, and how much of it a count has shown."""

    cell: Cell
    reference: str
    cause: str
    units: int
    shown: int
    occurred_at: datetime
    seen: datetime

    @property
    def left(self) -> int:
        """What no count has shown."""
        return self.units - self.shown


@dataclass(slots=True)
class Change:
    """A change of a count that no document explains.

    Attributes:
        beside: The document that explained another part of the same telling; "" for none.
    """

    cell: Cell
    name: str
    delta: int
    at: datetime
    seen: datetime
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Moving:
    """A transfer of ours, as far as its platform told what became of it."""

    reference: str
    origin: str
    destination: str
    lines: tuple[tuple[str, int], ...]
    drafted_at: datetime
    sent_at: datetime | None
    arrived: bool


@dataclass(slots=True)
class Books:
    """Everything of some locations that a look needs.

    Attributes:
        changes: In the order they were told.
        coming: Where a platform told that goods are on their way: sku, location, units, when.
        twice: Sales that are another one again: its name by theirs. `documents` has the movements of both.
    """

    open: list[Moves] = field(default_factory=list[Moves])
    changes: list[Change] = field(default_factory=list[Change])
    coming: list[tuple[str, str, int, datetime]] = field(default_factory=list[tuple[str, str, int, datetime]])
    twice: dict[str, str] = field(default_factory=dict[str, str])
    documents: list[Moves] = field(default_factory=list[Moves])
    moving: list[Moving] = field(default_factory=list[Moving])


async def read_books(
    connection: Connection, places: Sequence[str], *, since: datetime, moving_since: datetime
) -> Books:
    """Everything since then; transfers since `moving_since`."""
    scope = {"places": list(places), "since": since}
    causes = {**scope, "causes": list(UNEXPLAINED)}
    opened = [_moves(row) for row in await connection.execute(_OPEN, scope)]
    changes = _changes((await connection.execute(_CHANGES, causes)).all())
    coming = [
        (row.sku, row.location_id, row.delta, row.occurred_at) for row in await connection.execute(_COMING, causes)
    ]
    twice = {row.again: row.first for row in await connection.execute(_TWICE, scope)}
    names = sorted({*twice, *twice.values(), *(each.beside for each in changes if each.beside)})
    named = {"references": names, "places": list(places)}
    documents = [_moves(row) for row in await connection.execute(_NAMED, named)] if names else []
    moving = [_moving(row) for row in await connection.execute(_MOVING, {**scope, "since": moving_since})]
    return Books(opened, changes, coming, twice, documents, moving)


def _changes(rows: Sequence[Any]) -> list[Change]:
    """Those that stand: what was explained later is taken off the newest before it, what was put right is gone."""
    found: list[Change] = []
    for row in rows:
        cell = (row.sku, row.location_id)
        if row.reference:  # a document that came later claims it
            _take_off(found, cell, row.delta)
            continue
        put_right = (each for each in reversed(found) if each.cell == cell and each.delta == -row.delta < 0)
        if (undone := next(put_right, None)) is not None:
            found.remove(undone)
            continue
        name = f"change {row.seq}"
        found.append(Change(cell, name, row.delta, row.occurred_at, row.recorded_at, row.beside or ""))
    return found


def _take_off(found: list[Change], cell: Cell, delta: int) -> None:
    for each in [each for each in reversed(found) if each.cell == cell and each.delta * delta < 0]:
        units = min(abs(each.delta), abs(delta)) * (1 if delta > 0 else -1)
        each.delta += units
        delta -= units
        if not each.delta:
            found.remove(each)
        if not delta:
            return


def _moves(row: Any) -> Moves:
    cell = (row.sku, row.location_id)
    return Moves(cell, row.reference, row.cause, row.units, row.shown, row.occurred_at, row.recorded_at)


def _moving(row: Any) -> Moving:
    facts = row.facts
    lines = tuple((str(line["sku"]), int(line["units"])) for line in facts["lines"])
    sent_at = row.sent_at if row.sent else None
    return Moving(
        str(facts["reference"]),
        str(facts["origin"]),
        str(facts["destination"]),
        lines,
        row.created_at,
        sent_at,
        row.arrived,
    )
