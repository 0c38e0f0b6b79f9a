"""Our books and a platform's counts as documents of two systems: what is one line of both comes under one print.

Ours is what the documents we know come to, theirs what the platform counts. A document that a count showed whole says
the same in both and is left out. What is left is paired by what may have happened: a reason told after its change, a
sale of a pack counted as pieces, a sale counted on another sku, goods that left one location and came to another.
Goods booked in at a platform without a document are everyday and its own affair; what goes without one is told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from knowledge.reconcile.books import Books, Change, Moves, Moving
from knowledge.reconcile.documents import Cell, Document, Kind, System
from knowledge.reconcile.joining import join
from knowledge.reconcile.settled import Settled
from knowledge.unify.journal import WINDOW
from knowledge.unify.oddities import AHEAD

OVERDUE: Final = timedelta(days=4)  # from sent to received; a van between two shops takes a day or two
TOGETHER: Final = timedelta(hours=2)  # a sale, and what it did to the count of another sku
STOCKTAKE: Final = timedelta(minutes=30)  # of changes at one location that belong to one
STOCKTAKE_SKUS: Final = 3
VAN: Final = timedelta(days=2)  # from one location to another
HEARD: Final = timedelta(hours=3)  # from a count to our hearing of it, at the latest
PACK: Final = 3  # pieces at least; of two, one may as well be another customer's
NOW_COUNTED: Final = "the platform's count"  # of a telling that never reached us, asked for now
_SYSTEMS: Final[tuple[System, ...]] = ("ours", "theirs")


@dataclass(frozen=True, slots=True)
class Untold:
    """A line of an order that the platform has and we never heard of; `seen` is when it last changed there."""

    cell: Cell
    order: str
    units: int
    seen: datetime


@dataclass(slots=True)
class Sides:
    """What a look compares.

    Attributes:
        books: Ours; what was settled of a cell is paired with what it belongs to, and told no more.
        since: What was recorded before is treated the same.
        apart: By cell, what our books come to less what we keep: `ours` is the count we keep and this.
        documents: Of both, but for lines that are the same in both.
    """

    books: Books
    since: datetime
    apart: dict[Cell, int] = field(default_factory=lambda: defaultdict[Cell, int](int))
    documents: list[Document] = field(default_factory=list[Document])

    def add(  # noqa: PLR0913, PLR0917  # a document has this many parts
        self, ours: int, theirs: int, cell: Cell, print_: str, name: str, seen: datetime, kind: Kind = "sale"
    ) -> None:
        """Note a line as each system has it; 0 where it lacks it."""
        for side, change in zip(_SYSTEMS, (ours, theirs), strict=True):
            if change and ours != theirs:
                self.documents.append(Document(side, name, print_, *cell, change, seen, kind))
        self.apart[cell] += ours - theirs

    def tells(self, cell: Cell, recorded: datetime) -> bool:
        """Whether what was recorded of a cell at that moment is told, if it is wrong."""
        return recorded >= self.since and self.books.news(cell, recorded)


def unexplained(books: Books, telling: Mapping[Cell, int], *, at: datetime, platform_at: datetime) -> list[Change]:
    """Changes of counts that no document explains; `shown` of the books' documents is brought up to it.

    Args:
        books: Of the platform's locations.
        telling: By cell, what the platform counts now less what we keep: a telling that never reached us.
        at: Now.
        platform_at: When such a telling counts as seen.
    """
    tellings = [Change(each.cell, each.name, each.delta, each.at, each.seen) for each in books.tellings]
    tellings += [Change(cell, NOW_COUNTED, units, at, platform_at) for cell, units in sorted(telling.items())]
    gains = [Change(each.cell, each.name, each.delta, each.at, each.seen) for each in books.gains]
    changes = join(tellings, books.documents, books.settled) + gains
    for cell, last in books.settled.items():
        _hear_late(changes, cell, last)
    return sorted((each for each in changes if each.delta), key=lambda each: (each.at, each.cell))


def _hear_late(changes: Iterable[Change], cell: Cell, last: Settled) -> None:
    """Take off what a platform had counted when a cell was settled, whether we have heard of it since or have not."""
    soon = [
        one
        for one in changes
        if one.cell == cell and (one.name == NOW_COUNTED or (one.seen <= last.at + HEARD and not last.closes(one.seen)))
    ]
    _explain(soon, cell, last.untold, last.at - HEARD)


def sides(
    books: Books, untold: Sequence[Untold], telling: Mapping[Cell, int], *, at: datetime, platform_at: datetime
) -> Sides:
    """Both systems' documents; arguments as of `unexplained`, and orders only the platform has.

    What is older than a week, or was settled, is paired with what it belongs to, and told no more.
    """
    found = Sides(books, at - WINDOW)
    changes = unexplained(books, telling, at=at, platform_at=platform_at)
    for cell, units in telling.items():
        found.apart[cell] += units  # what we keep lacks it
    _twice(books, found)
    no_sale = {*books.twice, *(last.action for last in books.settled.values())}
    opened = [each for each in books.documents if each.left and each.reference not in no_sale]
    _moved(books, changes, found, at)
    _orders([each for each in untold if books.news(each.cell, each.seen)], changes, found)
    _packs(changes, found)
    _elsewhere(opened, changes, found)
    for each in opened:
        sent = each.cause == "transfer" and each.units < 0  # booked out as it is sent: as many pieces came in with it
        if each.left and found.tells(each.cell, each.seen) and not sent:
            kind: Kind = "transfer" if each.cause == "transfer" else "sale"
            found.add(each.units, each.shown, each.cell, each.reference, each.reference, each.seen, kind)
    _without_a_reason(changes, found)
    return found


def _twice(books: Books, found: Sides) -> None:
    """A sale told under two names happened once; where a platform counted it twice, that is once too often."""
    by_name = defaultdict[str, list[Moves]](list)
    for each in books.documents:
        by_name[each.reference].append(each)
    for again, first in books.twice.items():
        for each in by_name[again]:
            known = next((one for one in by_name[first] if one.cell == each.cell), None)
            if known is not None and known.left and not each.left:
                known.shown, each.shown = known.units, 0  # counted once, whichever of them it was
            if not each.shown or not found.tells(each.cell, each.seen):
                continue
            if known is not None:  # the same in both, and what the second is compared with
                for side in _SYSTEMS:
                    found.documents.append(Document(side, first, first, *each.cell, each.shown, known.seen))
            found.documents.append(Document("theirs", again, first, *each.cell, each.shown, each.seen))
            found.apart[each.cell] -= each.shown


def _moved(books: Books, changes: list[Change], found: Sides, at: datetime) -> None:
    """Transfers: ours by what their platform told of them, others by what left and what came, or is announced."""
    for each in books.moving:
        for sku, units in each.lines:
            if each.sent_at is None:
                _explain(changes, (sku, each.origin), -units, each.drafted_at)
            if not each.arrived:
                _not_arrived(each, sku, units, changes, found, at)
    for change in [one for one in changes if one.delta < 0]:
        came = next((one for one in change.beside if one.cause == "transfer" and one.units > -change.delta), None)
        if came is not None:  # not all of it
            if books.news(change.cell, change.seen):
                whole, name = came.units + change.delta, came.reference
                found.add(came.units, whole, came.cell, name, name, came.seen, "transfer")
            changes.remove(change)
    _moved_by_others(books, changes)


def _not_arrived(  # noqa: PLR0913, PLR0917  # a line of a transfer, and where it may show
    each: Moving, sku: str, units: int, changes: list[Change], found: Sides, at: datetime
) -> None:
    """Whether a count of the far end rose by just as much since it left; else it is waited for, and told."""
    cell = (sku, each.destination)
    left_at = each.sent_at or each.drafted_at
    came = next((one for one in changes if one.cell == cell and one.delta == units and one.at >= left_at), None)
    if came is not None:
        changes.remove(came)
    elif each.sent_at is not None and at - each.sent_at > OVERDUE and found.books.news(cell, each.sent_at):
        found.add(units, 0, cell, each.reference, each.reference, each.sent_at, "transfer")


def _moved_by_others(books: Books, changes: list[Change]) -> None:
    """What left one location and came to another, or is announced there, without a document of ours."""
    coming = [(sku, place, units, when) for sku, place, units, when in books.coming]
    for change in [one for one in changes if one.delta < 0]:
        sku, place = change.cell
        gains = [
            one
            for one in changes
            if one.cell[0] == sku
            and one.cell[1] != place
            and one.delta == -change.delta
            and timedelta() <= one.at - change.at <= VAN
        ]
        announced = [
            one for one in coming if one[0] == sku and one[1] != place and one[2] == -change.delta
            and abs(one[3] - change.at) <= TOGETHER
        ]  # fmt: skip
        if gains:
            changes.remove(gains[0])
            changes.remove(change)
        elif announced:
            coming.remove(announced[0])
            changes.remove(change)


def _orders(untold: Iterable[Untold], changes: list[Change], found: Sides) -> None:
    """Orders only the platform has, as far as they explain a change."""
    for line in untold:
        if units := _explain(changes, line.cell, line.units, line.seen - AHEAD):
            found.add(0, units, line.cell, line.order, line.order, line.seen)


def _packs(changes: list[Change], found: Sides) -> None:
    """A piece that was sold and taken off the count as a pack."""
    for change in [one for one in changes if one.delta < 0]:
        for sold in [one for one in change.beside if one.units < 0]:
            whole = sold.units + change.delta
            if whole % sold.units == 0 and whole // sold.units >= PACK:
                if found.tells(change.cell, change.seen):
                    found.add(sold.units, whole, sold.cell, sold.reference, sold.reference, sold.seen)
                changes.remove(change)
                break


def _of_a_stocktake(change: Change, changes: Iterable[Change]) -> bool:
    """Whether several skus of its location lost something without a reason at about the same time."""
    near = {
        one.cell
        for one in changes
        if one.delta < 0 and one.cell[1] == change.cell[1] and abs(one.at - change.at) <= STOCKTAKE
    }
    return change.delta < 0 and len(near) >= STOCKTAKE_SKUS


def _elsewhere(opened: list[Moves], changes: list[Change], found: Sides) -> None:
    """A line that one sku's count never showed, and another one's did; what a stocktake found is nobody's sale."""
    single = [one for one in changes if not _of_a_stocktake(one, changes)]
    for each in [one for one in opened if one.left and not one.shown]:
        beside = [
            one
            for one in single
            if one.cell[1] == each.cell[1] and one.cell[0] != each.cell[0] and one.delta == each.left
            and abs(one.at - each.occurred_at) <= TOGETHER
        ]  # fmt: skip
        if beside:
            nearest = min(beside, key=lambda one: (abs(one.at - each.occurred_at), one.cell))
            if found.tells(each.cell, each.seen):
                found.add(each.units, 0, each.cell, each.reference, each.reference, each.seen)
            if each.seen >= found.since and found.books.news(nearest.cell, nearest.seen):
                found.add(0, nearest.delta, nearest.cell, each.reference, nearest.name, nearest.seen)
            changes.remove(nearest)
            single.remove(nearest)
            opened.remove(each)


def _without_a_reason(changes: Sequence[Change], found: Sides) -> None:
    """What is left of the changes; what came without a document is told only where the telling itself was missed."""
    for change in changes:
        if not found.tells(change.cell, change.seen):
            continue
        if change.name == NOW_COUNTED:
            found.add(0, change.delta, change.cell, f"count of {change.cell[0]}", change.name, change.seen)
        elif change.delta < 0:
            kind: Kind = "stocktake" if _of_a_stocktake(change, changes) else "change"
            found.add(0, change.delta, change.cell, change.name, change.name, change.seen, kind)


def _explain(changes: list[Change], cell: Cell, units: int, since: datetime) -> int:
    """Take these units off changes of the same direction since then, one of just as many first; how many there were."""
    left = units
    able = [one for one in changes if one.cell == cell and one.delta * units > 0 and one.at >= since]
    for change in sorted(able, key=lambda one: one.delta != units):
        share = min(abs(change.delta), abs(left)) * (1 if units > 0 else -1)
        change.delta -= share
        left -= share
        if not change.delta:
            changes.remove(change)
        if not left:
            break
    return units - left
