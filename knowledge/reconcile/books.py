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
from knowledge.reconcile.settled import Settled, settlements
from knowledge.store.connection import Connection
from knowledge.unify.journal import UNEXPLAINED

# Counts that something is odd about, by the journal's first judgment; what it joined there may be joined otherwise.
_ODD = text(
    """
    SELECT sku, location_id FROM stock_movement
    WHERE units <> shown AND recorded_at > :since AND location_id = ANY(CAST(:places AS text[]))
    UNION
    SELECT sku, location_id FROM stock_change
    WHERE state = 'available' AND cause = ANY(CAST(:causes AS text[])) AND delta < 0
      AND reference NOT LIKE 'renamed:%' AND recorded_at > :since AND location_id = ANY(CAST(:places AS text[]))
    """
)
_CELLS = "unnest(CAST(:skus AS text[]), CAST(:cells AS text[])) AS cell(sku, location_id)"
# What was in the first count of all, or is history, was shown without a change and explains none.
_DOCUMENTS = text(
    f"""
    SELECT sku, location_id, reference, movement.cause, units, shown, movement.occurred_at, movement.recorded_at
    FROM stock_movement AS movement JOIN {_CELLS} USING (sku, location_id)
    WHERE movement.recorded_at > :since AND units <> 0 AND (units <> shown OR EXISTS (
        SELECT FROM stock_change AS change
        WHERE change.sku = movement.sku AND change.location_id = movement.location_id
          AND change.reference = movement.reference))
    ORDER BY movement.occurred_at, sku, location_id, reference
    """  # noqa: S608  # only our own constant is put in
)
# One telling of a count is all that its event changed at that moment; a reason that was found later comes to nothing.
_TELLINGS = text(
    f"""
    SELECT min(seq) AS seq, sku, location_id, CAST(sum(delta) AS int) AS delta, max(occurred_at) AS occurred_at,
           recorded_at
    FROM stock_change JOIN {_CELLS} USING (sku, location_id)
    WHERE state = 'available' AND recorded_at > :since AND cause <> 'opening' AND reference NOT LIKE 'renamed:%'
    GROUP BY sku, location_id, event_id, recorded_at HAVING sum(delta) <> 0 ORDER BY seq
    """  # noqa: S608  # the same
)
_GAINS = text(
    """
    SELECT seq, sku, location_id, delta, occurred_at, recorded_at FROM stock_change
    WHERE state = 'available' AND cause = ANY(CAST(:causes AS text[])) AND delta > 0
      AND reference NOT LIKE 'renamed:%' AND recorded_at > :since AND location_id = ANY(CAST(:places AS text[]))
    ORDER BY seq
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
    SELECT DISTINCT sku, location_id FROM stock_movement
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
    """A change of a count, as far as no document explains it.

    Attributes:
        at: When the count was taken.
        beside: Documents that explain another part of the same telling.
    """

    cell: Cell
    name: str
    delta: int
    at: datetime
    seen: datetime
    beside: tuple[Moves, ...] = ()


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
        documents: Of counts that something is odd about: what ought to have changed them.
        tellings: Of the same, by how much each count differed from the one before.
        gains: Of other counts, what was added without a document.
        coming: Where a platform told that goods are on their way: sku, location, units, when.
        twice: Sales that are another one again: its name by theirs.
        settled: The last settlement of each cell a person settled.
    """

    documents: list[Moves] = field(default_factory=list[Moves])
    tellings: list[Change] = field(default_factory=list[Change])
    gains: list[Change] = field(default_factory=list[Change])
    coming: list[tuple[str, str, int, datetime]] = field(default_factory=list[tuple[str, str, int, datetime]])
    twice: dict[str, str] = field(default_factory=dict[str, str])
    moving: list[Moving] = field(default_factory=list[Moving])
    settled: dict[Cell, Settled] = field(default_factory=dict[Cell, Settled])

    def news(self, cell: Cell, recorded: datetime) -> bool:
        """Whether what was recorded of a cell then came after it was settled, or nobody settled it."""
        return cell not in self.settled or not self.settled[cell].closes(recorded)

    @property
    def skus(self) -> set[str]:
        """Variants something may be wrong about."""
        told = {each.cell[0] for each in [*self.documents, *self.tellings]}
        return told | {sku for each in self.moving for sku, _ in each.lines}


async def read_books(
    connection: Connection, places: Sequence[str], *, since: datetime, moving_since: datetime
) -> Books:
    """Everything since then; transfers and settlements since `moving_since`."""
    scope = {"places": list(places), "since": since}
    causes = {**scope, "causes": list(UNEXPLAINED)}
    twice = {row.again: row.first for row in await connection.execute(_TWICE, scope)}
    odd = {(row.sku, row.location_id) for row in await connection.execute(_ODD, causes)}
    if twice:
        named = {"references": sorted({*twice, *twice.values()}), "places": list(places)}
        odd |= {(row.sku, row.location_id) for row in await connection.execute(_NAMED, named)}
    cells = sorted(odd)
    asked = {"skus": [sku for sku, _ in cells], "cells": [place for _, place in cells], "since": since}
    documents = [_moves(row) for row in await connection.execute(_DOCUMENTS, asked)]
    tellings = [_change(row) for row in await connection.execute(_TELLINGS, asked)]
    gains = [_change(row) for row in await connection.execute(_GAINS, causes)]
    coming = [
        (row.sku, row.location_id, row.delta, row.occurred_at) for row in await connection.execute(_COMING, causes)
    ]
    moving = [_moving(row) for row in await connection.execute(_MOVING, {**scope, "since": moving_since})]
    gains = [each for each in gains if each.cell not in odd]
    settled = await settlements(connection, places, moving_since)
    return Books(documents, tellings, gains, coming, twice, moving, settled)


def _change(row: Any) -> Change:
    cell = (row.sku, row.location_id)
    return Change(cell, f"change {row.seq}", row.delta, row.occurred_at, row.recorded_at)


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
