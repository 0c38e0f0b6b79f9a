"""Which documents a count has shown: one is in it whole or not at all, and never before it happened nor long after.

The store's own journal joins what it can while events arrive, oldest first, and must not wait. An hour later more is
known: each telling of a count is explained by documents of its time, those that explain it best first, so that one
change nobody can explain does not take the reason of the next.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import Final

from knowledge.reconcile.books import Change, Moves
from knowledge.reconcile.documents import Cell
from knowledge.reconcile.settled import Settled
from knowledge.unify.journal import JUST_NOW
from knowledge.unify.oddities import AHEAD

LAGS: Final = timedelta(hours=3)  # a count may come as long as this after the sale it shows was told
_DEPARTURES: Final = 3  # from what is usual, in one telling of a count
_LOOKED_AT: Final = 24  # documents of one telling that may be such
_TOLD_WITH_IT: Final = 1  # one whose till was offline: what is told together belongs together
_OF_ITS_TIME: Final = 2  # one that was told late
_ODD: Final = 3  # one of another time, or one missing
_RIGHTED: Final = 8  # changes of one cell that one later change may put right together


def join(tellings: Iterable[Change], documents: Iterable[Moves], settled: Mapping[Cell, Settled]) -> list[Change]:
    """What is left of the tellings once documents are taken off; `shown` of each document says whether it was in one.

    What was put right again is gone, on either side. A document may be shown by a count on the other side of a
    settlement, but what was settled neither puts right what came later nor is put right by it.

    Args:
        tellings: Of whole counts, `delta` by how much each differed from the one before; changed in place.
        documents: Of the same cells; changed in place.
        settled: The last settlement of cells a person settled.
    """
    by_cell = defaultdict[Cell, list[Moves]](list)
    told = defaultdict[Cell, list[Change]](list)
    for each in sorted(documents, key=lambda each: (each.occurred_at, each.reference)):
        each.shown = 0
        by_cell[each.cell].append(each)
    for each in tellings:
        told[each.cell].append(each)
    left: list[Change] = []
    for cell in sorted(told.keys() | by_cell.keys()):
        counts = sorted(told[cell], key=lambda each: (each.at, each.name))
        _explain(counts, by_cell[cell])
        last = settled.get(cell)
        for closed in (True, False):
            changes = [each for each in counts if each.delta and closed == _closed(each, last)]
            left += put_right(changes, [each for each in by_cell[cell] if closed == _closed(each, last)])
    return left


def _closed(each: Change | Moves, last: Settled | None) -> bool:
    return last is not None and last.closes(each.seen)


def _explain(counts: Sequence[Change], documents: Sequence[Moves]) -> None:
    """Exact explanations first, the most usual of them before others; then each document goes to its own time."""
    at_home = _at_home(counts, documents)
    open_: list[int] = []
    for number, each in enumerate(counts):
        if sum(one.units for one in at_home[number]) == each.delta:
            _take(each, at_home[number])
        else:
            open_.append(number)
    free = [one for one in documents if one.left]
    found = {number: _exactly(counts[number], at_home[number], free) for number in open_}
    while exact := [(one[0], number) for number, one in found.items() if one]:
        _, number = min(exact)
        _, documents_of_it = found.pop(number) or (0, [])
        _take(counts[number], documents_of_it)
        taken = set(map(id, documents_of_it))
        free = [one for one in free if id(one) not in taken]
        for other, known in found.items():  # what lost none of its documents stands
            if not taken.isdisjoint(map(id, [*at_home[other], *(known[1] if known else ())])):
                found[other] = _exactly(counts[other], at_home[other], free)
    for suits in (_own, _then):
        for number in found:
            _take(counts[number], [one for one in free if one.left and suits(one, counts[number].at)])


def _at_home(counts: Sequence[Change], documents: Iterable[Moves]) -> dict[int, list[Moves]]:
    """Documents told in time by the number of the first count that was taken after they happened."""
    times = [each.at for each in counts]
    found = defaultdict[int, list[Moves]](list)
    for each in documents:
        number = bisect_left(times, each.occurred_at)
        if number < len(times) and _own(each, times[number]) and _then(each, times[number]):
            found[number].append(each)
    return found


def _exactly(count: Change, at_home: Sequence[Moves], free: Sequence[Moves]) -> tuple[int, list[Moves]] | None:
    """The documents that come to this change, and how unusual that would be; `None` when none do."""
    usual = [one for one in at_home if one.left]
    gap = count.delta - sum(one.units for one in usual)
    if not gap:
        return 0, usual
    at_hand = set(map(id, usual))
    able = [one for one in free if id(one) not in at_hand and one.occurred_at - AHEAD <= count.at <= one.seen + LAGS]
    departures = [(_unusual(one, count.at), one, one.units) for one in able]
    departures += [(_ODD, one, -one.units) for one in usual]
    departures.sort(key=lambda each: (each[0], abs(count.at - each[1].occurred_at), each[1].reference))
    best: tuple[int, list[Moves]] | None = None
    for number in range(1, _DEPARTURES + 1):
        for some in combinations(departures[:_LOOKED_AT], number):
            cost = sum(each[0] for each in some)
            if sum(each[2] for each in some) == gap and (best is None or cost < best[0]):
                missing = [one for _, one, units in some if units != one.units]
                kept = [one for one in usual if one not in missing]
                best = cost, kept + [one for _, one, units in some if units == one.units]
    return best


def _unusual(document: Moves, at: datetime) -> int:
    """How unusual it would be that a count taken then is the one to show it."""
    if _then(document, at):
        return _TOLD_WITH_IT
    return _OF_ITS_TIME if _own(document, at) else _ODD


def _own(document: Moves, at: datetime) -> bool:
    """Whether it happened just before a count that was taken then."""
    return -AHEAD <= at - document.occurred_at < JUST_NOW


def _then(document: Moves, at: datetime) -> bool:
    """Whether it was told about when the count was."""
    return abs(at - document.seen) < JUST_NOW


def _take(count: Change, documents: Sequence[Moves]) -> None:
    for each in documents:
        count.delta -= each.units
        each.shown = each.units
    count.beside = (*count.beside, *documents)


def put_right(changes: Sequence[Change], documents: Sequence[Moves]) -> list[Change]:
    """What is left of one cell's changes once those that put earlier ones right are taken away, with what they righted.

    Goods that came excuse no later loss; a document that was not shown is made up for by a change at any later time.
    """
    drift = [(each.at, 0, number, each.delta) for number, each in enumerate(changes)]
    drift += [(each.occurred_at, 1, number, -each.left) for number, each in enumerate(documents) if each.left]
    standing: list[tuple[datetime, int, int, int]] = []
    gains: list[int] = []
    for each in sorted(drift):
        _, is_document, number, units = each
        righted = _coming_to(-units, standing)
        if righted:
            for one in righted:
                standing.remove(one)
                if one[1]:
                    documents[one[2]].shown = documents[one[2]].units
            if is_document:
                documents[number].shown = documents[number].units
        elif is_document or units < 0:
            standing.append(each)
        else:
            gains.append(number)
    kept = sorted({each[2] for each in standing if not each[1]} | set(gains))
    return [changes[number] for number in kept]


def _coming_to(units: int, standing: Sequence[tuple[datetime, int, int, int]]) -> list[tuple[datetime, int, int, int]]:
    """The newest few of these that come to so many units."""
    newest = standing[::-1][:_RIGHTED]
    for number in range(1, len(newest) + 1):
        for some in combinations(newest, number):
            if sum(each[3] for each in some) == units:
                return list(some)
    return []
