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
from knowledge.reconcile.documents import Cell, Document, Kind
from knowledge.unify.journal import WINDOW

OVERDUE: Final = timedelta(days=4)  # from sent to received; a van between two shops takes a day or two
TOGETHER: Final = timedelta(hours=2)  # a sale, and what it did to the count of another sku
STOCKTAKE: Final = timedelta(minutes=30)  # of changes at one location that belong to one
STOCKTAKE_SKUS: Final = 3
POLL: Final = timedelta(minutes=15)  # what is told within it is told at once
HIDDEN: Final = timedelta(days=1)  # from a sale to goods booked in that were told in one count with it
VAN: Final = timedelta(days=2)  # from one location to another
PACK: Final = 3  # pieces at least; of two, one may as well be another customer's


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
        apart: By cell, what our books come to less what we keep: `ours` is the count we keep and this.
        documents: Of both, but for lines that are the same in both.
    """

    apart: dict[Cell, int] = field(default_factory=lambda: defaultdict[Cell, int](int))
    documents: list[Document] = field(default_factory=list[Document])

    def add(  # noqa: PLR0913, PLR0917  # a document has this many parts
        self, ours: int, theirs: int, cell: Cell, print_: str, name: str, seen: datetime, kind: Kind = "sale"
    ) -> None:
        """Note a line as each system has it; 0 where it lacks it."""
        for system, change in (("ours", ours), ("theirs", theirs)):
            if change and ours != theirs:
                said = "ours" if system == "ours" else "theirs"
                self.documents.append(Document(said, name, print_, *cell, change, seen, kind))
        self.apart[cell] += ours - theirs


def sides(
    books: Books, untold: Sequence[Untold], telling: Mapping[Cell, int], *, at: datetime, platform_at: datetime
) -> Sides:
    """Both systems' documents.

    Args:
        books: Of the platform's locations.
        untold: Of the same.
        telling: By cell, what the platform counts now less what we keep: a telling that never reached us.
        at: Now; what is older than a week is paired with what it belongs to, and told no more.
        platform_at: When such a telling counts as seen.
    """
    found = Sides()
    changes = [Change(each.cell, each.name, each.delta, each.at, each.seen, each.beside) for each in books.changes]
    missed = dict(telling)
    opened = [each for each in books.open if each.reference not in books.twice]
    _twice(books, found, at - WINDOW)
    _late(opened, changes)
    _moved(books, changes, found, at)
    _orders(untold, changes, missed, found)
    _hidden(opened, changes, at_once=True)
    _packs(books, changes, found, at - WINDOW)
    _elsewhere(opened, changes, found, at - WINDOW)
    _hidden(opened, changes, at_once=False)
    for each in opened:
        if each.left and each.seen >= at - WINDOW:
            kind: Kind = "transfer" if each.cause == "transfer" else "sale"
            found.add(each.units, each.shown, each.cell, each.reference, each.reference, each.seen, kind)
    _without_a_reason([each for each in changes if each.seen >= at - WINDOW], found)
    for cell, units in missed.items():
        if units:
            found.add(0, units, cell, f"count of {cell[0]}", "the platform's count", platform_at)
            found.apart[cell] += units  # what we keep lacks it as well
    return found


def _twice(books: Books, found: Sides, since: datetime) -> None:
    """A sale told under two names happened once, however the platform counted it."""
    by_name = defaultdict[str, list[Moves]](list)
    for each in books.documents:
        by_name[each.reference].append(each)
    for again, first in books.twice.items():
        for each in by_name[again]:
            if not each.shown or each.seen < since:
                continue
            known = next((one for one in by_name[first] if one.cell == each.cell), None)
            if known is not None and not known.left:  # the same in both, and what the second is compared with
                for system in ("ours", "theirs"):
                    side = "ours" if system == "ours" else "theirs"
                    found.documents.append(Document(side, first, first, *each.cell, each.shown, known.seen))
            found.documents.append(Document("theirs", again, first, *each.cell, each.shown, each.seen))
            found.apart[each.cell] -= each.shown


def _late(opened: Iterable[Moves], changes: list[Change]) -> None:
    """A reason that came too late to be joined with its change."""
    for each in opened:
        for change in [one for one in changes if one.cell == each.cell and one.delta * each.left > 0]:
            units = min(abs(change.delta), abs(each.left)) * (1 if each.left > 0 else -1)
            each.shown += units
            _take(changes, change, units)
            if not each.left:
                break


def _moved(books: Books, changes: list[Change], found: Sides, at: datetime) -> None:
    """Transfers: ours by what their platform told of them, others by what left and what came, or is announced."""
    for each in books.moving:
        for sku, units in each.lines:
            if each.sent_at is None:
                _explain(changes, (sku, each.origin), -units)
            if not each.arrived:
                _not_arrived(each, sku, units, changes, found, at)
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


def _not_arrived(  # noqa: PLR0913, PLR0917  # a line of a transfer, and where it may show
    each: Moving, sku: str, units: int, changes: list[Change], found: Sides, at: datetime
) -> None:
    cell = (sku, each.destination)
    came = _explain(changes, cell, units)
    if came != units and each.sent_at is not None and at - each.sent_at > OVERDUE:
        found.add(units, came, cell, each.reference, each.reference, each.sent_at, "transfer")


def _orders(untold: Iterable[Untold], changes: list[Change], missed: dict[Cell, int], found: Sides) -> None:
    """Orders only the platform has, as far as they explain a change."""
    for line in untold:
        units = _explain(changes, line.cell, line.units)
        gap = missed.get(line.cell, 0)
        more = line.units - units
        if more and gap * more > 0:
            share = min(abs(more), abs(gap)) * (1 if more > 0 else -1)
            missed[line.cell] = gap - share
            found.apart[line.cell] += share  # it is not in the count we keep
            units += share
        if units:
            found.add(0, units, line.cell, line.order, line.order, line.seen)


def _packs(books: Books, changes: list[Change], found: Sides, since: datetime) -> None:
    """A piece that was sold and taken off the count as a pack."""
    known = {(each.cell, each.reference): each for each in books.documents}
    for change in [one for one in changes if one.beside]:
        sold = known.get((change.cell, change.beside))
        if sold is None or sold.left or sold.units >= 0 or change.delta >= 0:
            continue
        whole = sold.units + change.delta
        if whole % sold.units == 0 and whole // sold.units >= PACK:
            if change.seen >= since:
                found.add(sold.units, whole, sold.cell, sold.reference, sold.reference, sold.seen)
            changes.remove(change)


def _of_a_stocktake(change: Change, changes: Iterable[Change]) -> bool:
    """Whether several skus of its location lost something without a reason at about the same time."""
    near = {
        one.cell
        for one in changes
        if one.delta < 0 and one.cell[1] == change.cell[1] and abs(one.at - change.at) <= STOCKTAKE
    }
    return change.delta < 0 and len(near) >= STOCKTAKE_SKUS


def _elsewhere(opened: list[Moves], changes: list[Change], found: Sides, since: datetime) -> None:
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
            if each.seen >= since:
                found.add(each.units, 0, each.cell, each.reference, each.reference, each.seen)
                found.add(0, nearest.delta, nearest.cell, each.reference, nearest.name, nearest.seen)
            changes.remove(nearest)
            single.remove(nearest)
            opened.remove(each)


def _hidden(opened: Iterable[Moves], changes: list[Change], *, at_once: bool) -> None:
    """A sale that was told in one count with goods booked in, and the change of which is taken for theirs."""
    for each in [one for one in opened if one.left < 0]:
        booked_in = (
            one
            for one in changes
            if one.cell == each.cell
            and one.delta > 0
            and one.seen - each.seen <= HIDDEN
            and (not at_once or abs(one.seen - each.seen) <= POLL)
        )
        if (change := next(booked_in, None)) is not None:
            change.delta -= each.left
            each.shown = each.units


def _without_a_reason(changes: Sequence[Change], found: Sides) -> None:
    """What is left of the changes."""
    for change in [one for one in changes if one.delta < 0]:
        kind: Kind = "stocktake" if _of_a_stocktake(change, changes) else "change"
        found.add(0, change.delta, change.cell, change.name, change.name, change.seen, kind)


def _explain(changes: list[Change], cell: Cell, units: int) -> int:
    """Take these units off changes of the same direction; how many there were."""
    left = units
    for change in [one for one in changes if one.cell == cell and one.delta * units > 0]:
        share = min(abs(change.delta), abs(left)) * (1 if units > 0 else -1)
        _take(changes, change, share)
        left -= share
        if not left:
            break
    return units - left


def _take(changes: list[Change], change: Change, units: int) -> None:
    change.delta -= units
    if not change.delta:
        changes.remove(change)
