"""Why two counts differ, from the documents behind them: joined by what a line is known by, then added up.

A cause is named only when it explains the difference to the unit; what documents do not explain was changed by hand, or
lost from the shelf, and says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from knowledge.reconcile.documents import Cell, Document


class Cause(StrEnum):
    """Why."""

    DUPLICATE = "duplicate"  # the same line booked twice
    LOST = "lost"  # a line only one system has
    MAPPING = "mapping"  # the same line booked on different skus
    UNITS = "units"  # the same line in different units: a pack and its pieces
    TRANSFER = "transfer"  # sent, and not received, or not all of it
    COUNTED = "counted"  # a stocktake changed it
    BY_HAND = "by_hand"  # no document tells of it
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one cell differs, with the documents that say so."""

    cause: Cause
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class _Fault:
    """One line's contribution to `ours - theirs` of a cell."""

    cause: Cause
    difference: int
    documents: tuple[Document, ...]


_UNTOLD: Final[dict[str, Cause]] = {"change": Cause.BY_HAND, "stocktake": Cause.COUNTED}
_MAY_PASS: Final = frozenset({Cause.LOST, Cause.BY_HAND, Cause.COUNTED})  # what explains it may be told later


class Joined:
    """Documents of both systems, joined once for all cells.

    Args:
        documents: Of both.
        pending_since: A line that only one system has may still come when it was booked after this; so may the reason
            of a change.
    """

    def __init__(self, documents: Iterable[Document], pending_since: datetime) -> None:
        by_print: dict[str, list[Document]] = defaultdict(list)
        for document in documents:
            by_print[f"{document.location}|{document.print}"].append(document)
        self._faults: dict[Cell, list[_Fault]] = defaultdict(list)
        self._pending: dict[Cell, int] = defaultdict(int)
        for told in by_print.values():
            for cell, fault in _faults(told):
                if fault.cause in _MAY_PASS and fault.documents[0].seen > pending_since:
                    self._pending[cell] += fault.difference
                else:
                    self._faults[cell].append(fault)

    @property
    def cells(self) -> set[Cell]:
        """Cells whose lines differ, and have had their time."""
        return set(self._faults)

    def pending(self, cell: Cell) -> int:
        """By how much ours is ahead of theirs only because lines may still come."""
        return self._pending.get(cell, 0)

    def why(self, cell: Cell, difference: int) -> Explanation:
        """What explains that ours is this much more than theirs, pending lines apart."""
        faults = self._faults.get(cell, [])
        if not faults:
            return Explanation(Cause.BY_HAND, ())
        documents = tuple(document for fault in faults for document in fault.documents)
        causes = {fault.cause for fault in faults}
        whole = sum(fault.difference for fault in faults) == difference
        return Explanation(causes.pop() if whole and len(causes) == 1 else Cause.SEVERAL, documents)


def _faults(told: Sequence[Document]) -> list[tuple[Cell, _Fault]]:
    """What lines of one print make different, by cell."""
    ours = [document for document in told if document.system == "ours"]
    theirs = [document for document in told if document.system == "theirs"]
    found: list[tuple[Cell, _Fault]] = []
    ours_left, theirs_left = _unmatched(ours, theirs)
    for left, others, sign in ((ours_left, theirs, 1), (theirs_left, ours, -1)):
        for document in left:
            cause, beside = _cause(
                document, others, ours if sign == 1 else theirs, theirs_left if sign == 1 else ours_left
            )
            found.append((document.cell, _Fault(cause, sign * document.change, (document, *beside))))
    return found


def _unmatched(ours: Sequence[Document], theirs: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    """Lines without one of the same sku and change in the other system."""
    left = list(theirs)
    alone: list[Document] = []
    for document in ours:
        same = next((one for one in left if one.sku == document.sku and one.change == document.change), None)
        if same is None:
            alone.append(document)
        else:
            left.remove(same)
    return alone, left


def _cause(
    document: Document, others: Sequence[Document], own: Sequence[Document], others_left: Sequence[Document]
) -> tuple[Cause, Sequence[Document]]:
    if document.kind == "transfer":
        return Cause.TRANSFER, others
    if document.kind in _UNTOLD and not others:
        return _UNTOLD[document.kind], ()
    elsewhere = [one for one in others_left if one.sku != document.sku and one.change == document.change]
    if elsewhere:
        return Cause.MAPPING, elsewhere
    other_units = [one for one in others_left if one.sku == document.sku and one.change != document.change]
    if other_units:
        return Cause.UNITS, other_units
    twice = [one for one in own if one.id != document.id and one.sku == document.sku and one.change == document.change]
    if twice and others:
        return Cause.DUPLICATE, twice
    return Cause.LOST, ()
