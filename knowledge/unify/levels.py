"""Counts: one level per variant and location, the sum of its changes; an older telling never overwrites a newer.

What a platform counts is as it says, and what was sold or given back explains it. A location no platform counts has its
last count, and all that moved after it was taken, in whatever order we heard of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import LevelFacts
from knowledge.store.connection import Connection
from knowledge.store.places import Places
from knowledge.unify.columns import write_rows
from knowledge.unify.journal import WINDOW, Cell, Journal, Movement, shares
from knowledge.unify.known import Known, known, named_movements
from knowledge.unify.naming import counted_cells
from knowledge.unify.oddities import Oddity
from knowledge.unify.units import counted_otherwise

LOG: Final = "log"  # a location kept by no platform: its stock is counted from its own orders
_POLL: Final = "poll:"
_COLUMNS: Final = (
    *("sku", "location_id", "available", "on_hand", "committed", "incoming"),
    *("version", "others_version", "observed_at", "counted", "counted_at"),
)
_OTHERS: Final = ("on_hand", "committed", "incoming", "others_version")
_SINCE = text(
    """
    SELECT cell.sku, cell.location_id, coalesce(sum(movement.units), 0) AS units
    FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[]), CAST(:since AS timestamptz[]))
      AS cell(sku, location_id, since)
    LEFT JOIN stock_movement AS movement
      ON movement.sku = cell.sku AND movement.location_id = cell.location_id AND movement.occurred_at >= cell.since
    GROUP BY cell.sku, cell.location_id
    """
)
_LEVEL = text(
    """
    INSERT INTO inventory_level (sku, location_id, available, on_hand, committed, incoming, version, others_version,
                                 observed_at, counted, counted_at)
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:available AS int[]),
                         CAST(:on_hand AS int[]), CAST(:committed AS int[]), CAST(:incoming AS int[]),
                         CAST(:version AS text[]), CAST(:others_version AS text[]), CAST(:observed_at AS timestamptz[]),
                         CAST(:counted AS int[]), CAST(:counted_at AS timestamptz[]))
    ON CONFLICT (sku, location_id) DO UPDATE SET
        available = excluded.available, on_hand = excluded.on_hand, committed = excluded.committed,
        incoming = excluded.incoming, version = excluded.version, others_version = excluded.others_version,
        observed_at = excluded.observed_at, counted = excluded.counted, counted_at = excluded.counted_at
    """
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What an order or a return does to a count, as it stands now: a sale is negative.

    History explains no platform's count, and moves that of a location no platform counts, if it happened after it.
    """

    cell: Cell
    reference: str
    cause: str
    units: int
    occurred_at: datetime
    event: str
    about: str = ""
    history: bool = False


@dataclass(slots=True)
class Counted:
    """What became of a burst's counts.

    Attributes:
        stale: Ids of events that were older than the stored count, or told of no known variant.
        changed: Cells with news that are more than an echo of our own sync.
        negative: What each count below zero says.
        otherwise: Counts that look as if units had changed.
    """

    stale: set[str] = field(default_factory=set[str])
    changed: set[Cell] = field(default_factory=set[Cell])
    negative: dict[Cell, int] = field(default_factory=dict[Cell, int])
    otherwise: list[Oddity] = field(default_factory=list[Oddity])


async def apply_levels(
    connection: Connection, events: Sequence[Event], moved: Sequence[Moved], places: Places, at: datetime
) -> Counted:
    """Store counts, and what explains them; all rows are locked at once, in key order."""
    told = await counted_cells(connection, events)
    counted = Counted({str(event.id) for event in events} - {str(event.id) for event, _, _ in told})
    cells = {cell for _, _, cell in told} | {each.cell for each in moved}
    if not cells:
        return counted
    around = await known(connection, cells, at)
    book = _Book(around, Journal(at), counted, {place.id for place in places if place.platform == LOG})
    earlier = await named_movements(connection, [(each.cell, each.reference) for each in moved])
    for each in moved:
        book.move(each, earlier.get((each.cell, each.reference)))
    since = await _since(connection, [(cell, event) for event, _, cell in told if cell[1] in book.logs], book)
    for event, facts, cell in told:
        book.count(event, facts, cell, since)
    await book.journal.write(connection)
    await write_rows(connection, _LEVEL, (book.rows[cell] for cell in sorted(book.rows)))
    return counted


async def _since(connection: Connection, told: Iterable[tuple[Cell, Event]], book: "_Book") -> Mapping[Cell, int]:
    """What moved in each cell no platform counts since its newest count in this burst was taken."""
    newest: dict[Cell, datetime] = {}
    for cell, event in told:
        newest[cell] = max(newest.get(cell, event.occurred_at), event.occurred_at)
    if not newest:
        return {}
    cells = sorted(newest)
    asked = {
        "skus": [sku for sku, _ in cells],
        "locations": [place for _, place in cells],
        "since": [newest[cell] for cell in cells],
    }
    await book.journal.write_movements(connection)
    return {(row.sku, row.location_id): int(row.units) for row in await connection.execute(_SINCE, asked)}


class _Book:
    """The burst's counts, worked out in memory.

    Attributes:
        logs: Locations no platform counts.
        rows: Levels to be written.
    """

    def __init__(self, around: Known, journal: Journal, counted: Counted, logs: set[Any]) -> None:
        self.journal = journal
        self.logs = logs
        self.rows: dict[Cell, dict[str, Any]] = {}
        self._around = around
        self._counted = counted
        self._unexplained: dict[Cell, dict[str, int]] = defaultdict(dict, around.unexplained)

    def move(self, moved: Moved, earlier: Movement | None) -> None:
        """Take what an order or a return does now."""
        cell = moved.cell
        movement = earlier or Movement(cell, moved.reference, moved.cause, 0, moved.occurred_at, about=moved.about)
        change, log = moved.units - movement.units, cell[1] in self.logs
        if moved.occurred_at < movement.occurred_at:
            self._earlier(movement, moved, log=log)
        # read in long after, it explains no count
        past = moved.history or (not log and self.journal.at - moved.occurred_at >= WINDOW)
        if not change or (past and not log and not earlier and moved.cause == "order"):
            return
        movement.units = moved.units
        self.journal.move(movement)
        if past:
            movement.shown = movement.units
        else:
            self._counted.changed.add(cell)
        if log:
            self._count_on(movement, change, moved.event)
        if log or past:
            return
        opened = self._around.open.setdefault(cell, [])
        opened[:] = [each for each in opened if each.reference != movement.reference] + [movement]
        self.journal.claim(movement, self._unexplained[cell], moved.event)

    def _earlier(self, movement: Movement, moved: Moved, *, log: bool) -> None:
        """It happened before we took it to have happened: a count taken in between had it in."""
        row = self._now(movement.cell) if log else None
        counted_at = row["counted_at"] if row else None
        if row and counted_at is not None and moved.occurred_at < counted_at <= movement.occurred_at:
            self._count_by(row, movement, -movement.units, moved.event)
        movement.occurred_at = moved.occurred_at
        self.journal.move(movement)

    def _count_on(self, movement: Movement, change: int, event: str) -> None:
        """Where no platform counts: move the count, unless it was taken after this happened."""
        movement.shown = movement.units
        row = self._now(movement.cell)
        if row is None or (row["counted_at"] is not None and movement.occurred_at < row["counted_at"]):
            return
        row["observed_at"] = movement.occurred_at
        self._count_by(row, movement, change, event)

    def _count_by(self, row: dict[str, Any], movement: Movement, change: int, event: str) -> None:
        for state in ("available", "on_hand"):
            if row[state] is not None:
                row[state] += change
                self.journal.change(
                    movement.cell,
                    state,
                    change,
                    movement.cause,
                    movement.occurred_at,
                    reference=movement.reference,
                    event=event,
                )
        self.rows[movement.cell] = row
        self._negative(movement.cell, row["available"])

    def count(self, event: Event, facts: LevelFacts, cell: Cell, since: Mapping[Cell, int]) -> None:
        """Take a count."""
        before = self._now(cell)
        log, told = cell[1] in self.logs, facts.available
        others = {"on_hand": facts.on_hand, "committed": facts.committed, "incoming": facts.incoming}
        tells = any(units is not None for units in others.values())
        otherwise = "correction" if event.source.startswith(_POLL) else "count"
        if before is not None and _older(event, before, log=log):
            if log or not tells or event.version < before["others_version"]:
                self._counted.stale.add(event.id)
                return
            # what can be sold was told anew since, the rest of it was not
            self.rows[cell] = before | self._others(event, cell, others, before, otherwise)
            return
        assert told is not None  # noqa: S101  # those without a count were left out
        after = told + since.get(cell, 0)
        if log:  # nothing is promised there before it is sold, so what is not told apart is the same
            others["on_hand"] = (told if facts.on_hand is None else facts.on_hand) + since.get(cell, 0)
        causes = self._note(event, cell, before, after, otherwise)
        why = causes.pop() if len(causes) == 1 else otherwise  # what moved one count moved the others with it
        kept = before or dict.fromkeys(others) | {"others_version": ""}
        self.rows[cell] = {
            "sku": cell[0],
            "location_id": cell[1],
            "available": after,
            **(
                self._others(event, cell, others, kept, why) if tells or log else {name: kept[name] for name in _OTHERS}
            ),
            "version": event.version,
            "observed_at": max(event.received_at, before["observed_at"]) if before else event.received_at,
            "counted": told if log else None,
            "counted_at": event.occurred_at if log else None,
        }
        self._negative(cell, after)

    def _others(
        self, event: Event, cell: Cell, told: Mapping[str, int | None], before: Mapping[str, Any], why: str
    ) -> dict[str, Any]:
        """The counts beside what can be sold, those that are told changed."""
        after: dict[str, Any] = {"others_version": event.version}
        for state, units in told.items():
            was = before[state]
            after[state] = was if units is None else units
            if units is not None:
                cause = "opening" if was is None else why
                self.journal.change(cell, state, units - (was or 0), cause, event.occurred_at, event=event.id)
        return after

    def _note(self, event: Event, cell: Cell, before: Mapping[str, Any] | None, after: int, otherwise: str) -> set[str]:
        """Write down how what can be sold changed, and why; an echo of our own sync is no news to it."""
        opened = self._around.open.get(cell, [])
        if before is None:
            self.journal.change(cell, "available", after, "opening", event.occurred_at, event=event.id)
            for movement in opened:  # what we heard of before is in it already
                movement.shown = movement.units
                self.journal.move(movement)
            causes = {"opening"}
        elif after == before["available"]:
            return set()
        else:
            change = after - before["available"]
            explained = before["available"] + sum(units for _, units in shares(change, opened))
            if odd := counted_otherwise(cell, explained, after):
                self._counted.otherwise.append(odd)
            causes = self.journal.explain(cell, change, opened, otherwise, event.occurred_at, event.id)
        if causes != {"sync"}:
            self._counted.changed.add(cell)
        return causes

    def _now(self, cell: Cell) -> dict[str, Any] | None:
        """The level as it stands in this burst, to be read."""
        if cell in self.rows:
            return self.rows[cell]
        kept = self._around.kept.get(cell)
        return None if kept is None else {name: getattr(kept, name) for name in _COLUMNS}

    def _negative(self, cell: Cell, available: int) -> None:
        if available < 0:
            self._counted.negative[cell] = available
        else:
            self._counted.negative.pop(cell, None)


def _older(event: Event, before: Mapping[str, Any], *, log: bool) -> bool:
    """Whether a count is older than the one that is kept: by its version, or by when it was taken."""
    if log and before["counted_at"] is not None:
        return bool((event.occurred_at, event.version) < (before["counted_at"], before["version"]))
    return bool(event.version < before["version"])
