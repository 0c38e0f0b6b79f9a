"""An hourly look at two systems' counts: exceptions only, and nobody is woken by noise.

Most differences are no fault: goods on their way, a till that was offline, a feed that is some minutes late. They are
held: what is on its way is taken off, a line is given time to come, a silent location is waited for until its backlog
is in. The rest is told when it is the same at two looks in a row, once, with both values, the cause, the money and the
fix.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from knowledge.reconcile.causes import Cause, Explanation, Joined
from knowledge.reconcile.documents import Cell, Document, Sync

SILENT: Final = timedelta(minutes=90)  # without a word from a location: an hourly heartbeat was missed
SETTLES: Final = timedelta(hours=2)  # after a silent location is heard again, until its backlog is in
LATE: Final = timedelta(hours=3)  # a line only one system has may still come
LOOKS: Final = 2
_FIXES: Final = {
    Cause.DUPLICATE: "Take the line booked twice back in the system that has it twice.",
    Cause.LOST: "Book the missing line in the system that lacks it.",
    Cause.MAPPING: "Move the line to the right sku, and mend how the two skus are linked.",
    Cause.UNITS: "Correct the units of the line, and how many pieces its pack holds.",
    Cause.TRANSFER: "Ask both ends for the goods: receive what arrived, send or write off what did not.",
    Cause.COUNTED: "Nothing, if the stocktake was right; else count the shelf again.",
    Cause.BY_HAND: "Count the shelf, and set both systems to what lies there.",
    Cause.SEVERAL: "Settle the lines one by one; count the shelf if a difference is left.",
}
_THEIR_BOOKING: Final = frozenset({Cause.DUPLICATE, Cause.MAPPING, Cause.UNITS})


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Two systems disagree on a count, and it is not noise.

    Attributes:
        ours: Our count.
        theirs: The other system's, with goods on their way taken off.
        money: What the difference is worth at cost, minor units.
        fix: What to do, for a person.
        since: When it was first seen.
        documents: The lines that say so; none when no document explains it.
        fix_units: What the fix adds to the other system's count; `None` when the shelf has to be counted first.
    """

    sku: str
    location: str
    ours: int
    theirs: int
    cause: Cause
    money: int
    fix: str
    since: datetime
    documents: tuple[Document, ...]
    fix_units: int | None

    @property
    def units(self) -> int:
        """Ours less theirs."""
        return self.ours - self.theirs


@dataclass(frozen=True, slots=True)
class Seen:
    """A difference as earlier looks saw it: ours less theirs, since when, how often, and whether anybody was told."""

    difference: int
    since: datetime
    looks: int
    told: bool


@dataclass(slots=True)
class Memory:
    """What earlier looks saw; kept between them."""

    cells: dict[Cell, Seen] = field(default_factory=dict[Cell, Seen])
    back: dict[str, datetime] = field(default_factory=dict[str, datetime])


def look(sync: Sync, memory: Memory) -> list[Discrepancy]:
    """What is new and wrong at this look, most money first; `memory` is brought up to it.

    A difference that stands is told once; one that grows or shrinks is a new one. Where counts agree and lines do not,
    two faults hide each other, and that is told as well.
    """
    held = _silent(sync, memory)
    joined = Joined(sync.documents, pending_since=sync.at - LATE)
    found: list[Discrepancy] = []
    cells: dict[Cell, Seen] = {}
    differing = {cell for cell, ours in sync.ours.items() if cell in sync.theirs and ours != _theirs(sync, cell)}
    for cell in sorted(differing | joined.cells):
        if cell not in sync.ours or cell not in sync.theirs:
            continue
        before = memory.cells.get(cell)
        if cell[1] in held:
            if before:
                cells[cell] = before
            continue
        difference = sync.ours[cell] - _theirs(sync, cell) - joined.pending(cell)
        if difference == 0 and cell not in joined.cells:
            continue
        if before is None or before.difference != difference:
            cells[cell] = Seen(difference, sync.at, 1, told=False)
            continue
        looks = before.looks + 1
        cells[cell] = Seen(difference, before.since, looks, told=before.told or looks >= LOOKS)
        if looks >= LOOKS and not before.told:
            found.append(_told(sync, cell, difference, before.since, joined))
    memory.cells = cells
    return sorted(found, key=lambda each: (-each.money, each.sku, each.location))


def _theirs(sync: Sync, cell: Cell) -> int:
    """Their count without what is on its way."""
    return sync.theirs[cell] - sync.on_the_way.get(cell, 0)


def _told(sync: Sync, cell: Cell, difference: int, since: datetime, joined: Joined) -> Discrepancy:
    why = joined.why(cell, difference)
    units = abs(difference) or max(abs(document.change) for document in why.documents)
    money = units * sync.cost.get(cell[0], 0)
    ours, theirs = sync.ours[cell], _theirs(sync, cell)
    mended = _fix_units(why, difference)
    return Discrepancy(*cell, ours, theirs, why.cause, money, _FIXES[why.cause], since, why.documents, mended)


def _fix_units(why: Explanation, difference: int) -> int | None:
    """What mending adds to the other system's count: what it booked wrongly, or nothing where our books lack a line."""
    if why.cause is Cause.COUNTED:
        return 0
    if why.cause is Cause.LOST:
        systems = {document.system for document in why.documents}
        return None if len(systems) > 1 else 0 if systems == {"theirs"} else difference
    return difference if why.cause in _THEIR_BOOKING else None


def _silent(sync: Sync, memory: Memory) -> set[str]:
    """Locations that may still have something to tell."""
    held = {place for place, heard in sync.heard.items() if sync.at - heard > SILENT}
    for place in held:
        memory.back[place] = sync.at
    return held | {place for place, silent in memory.back.items() if sync.at - silent < SETTLES}
