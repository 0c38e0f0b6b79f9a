"""A month of two systems that count the same goods, with faults that are known and noise that is none.

Tills book a sale at once and send it on. Most lines arrive in minutes; some are late, some tills are offline for hours
and send everything afterwards, and transfers are booked by one system on dispatch and by the other on receipt: noise.
Faults: a line sent again under a new name, a line lost, a line booked on another sku, a pack booked as pieces, and a
count changed by hand. What a watcher sees is counts, lines and heartbeats; what was wrong is kept apart.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from knowledge.reconcile.causes import Cause
from knowledge.reconcile.documents import Cell, Document, Sync

PLACES: Final = 12
SKUS: Final = 150
DAYS: Final = 30
_OPEN: Final = range(8, 22)
_FAULTS: Final = (  # chance per line
    (Cause.DUPLICATE, 0.0008),
    (Cause.LOST, 0.0008),
    (Cause.MAPPING, 0.0006),
    (Cause.UNITS, 0.0006),
)
_BY_HAND: Final = 0.00002  # chance per cell and hour
_LATE: Final = 0.03  # of lines arrive an hour or two later
_OFFLINE: Final = 0.0025  # chance per location and open hour
_START: Final = datetime(2026, 3, 1, tzinfo=UTC)
_PACK: Final = 6
_VAN: Final = 9  # o'clock
_TRANSFERS: Final = 6  # a day


@dataclass(slots=True)
class Fault:
    """Something that went wrong, and at which cells it shows."""

    cause: Cause
    cells: frozenset[Cell]
    hour: int


class Chain:
    """The simulation; `syncs` plays it, `faults` is what was wrong so far.

    Args:
        seed: Of every draw.
    """

    def __init__(self, seed: int) -> None:
        self.faults: list[Fault] = []
        self.lines = 0
        self._seed = seed
        self._ours: dict[Cell, int] = {}
        self._theirs: dict[Cell, int] = {}
        self._documents: dict[str, list[Document]] = defaultdict(list)
        self._waiting: list[tuple[int, Document]] = []  # lines by the hour they arrive
        self._moving: list[tuple[int, Cell, int]] = []  # goods by the hour they are received

    def syncs(self) -> Iterator[Sync]:
        """One look an hour. A cell that is told of is settled by `settle` before the next."""
        chance = np.random.default_rng(self._seed)
        cells = [(f"sku-{sku}", f"shop-{place}") for place in range(PLACES) for sku in range(SKUS)]
        rate: dict[Cell, float] = dict(zip(cells, chance.gamma(0.7, 0.03, len(cells)).tolist(), strict=True))
        opening: dict[Cell, int] = dict(zip(cells, chance.poisson(40, len(cells)).tolist(), strict=True))
        self._ours, self._theirs = dict(opening), dict(opening)
        offline: dict[str, int] = {}
        heard = {f"shop-{place}": _START for place in range(PLACES)}
        for hour in range(DAYS * 24):
            at = _START + timedelta(hours=hour)
            open_ = hour % 24 in _OPEN
            self._listen(chance, hour, open_=open_, offline=offline, heard=heard)
            for cell in cells if open_ else ():
                for _ in range(int(chance.poisson(rate[cell]))):
                    self.lines += 1
                    self._waiting += self._sell(chance, hour, at, cell, offline.get(cell[1]))
            if hour % 24 == _VAN:
                self._send_out(chance, hour)
            for cell in cells:
                if chance.random() < _BY_HAND:
                    self._ours[cell] -= 1
                    self.faults.append(Fault(Cause.BY_HAND, frozenset({cell}), hour))
            on_the_way = self._arrive(hour)
            told = [document for lines in self._documents.values() for document in lines]
            yield Sync(at, dict(self._ours), dict(self._theirs), told, on_the_way, dict(heard), {})
            self._forget(at)

    def settle(self, cell: Cell) -> None:
        """Somebody looked into it: the systems agree but for what is still coming, and its lines are done with."""
        coming = {document.print: document.change for _, document in self._waiting if document.cell == cell}
        on_the_way = sum(units for _, to, units in self._moving if to == cell)
        self._theirs[cell] = self._ours[cell] + on_the_way - sum(coming.values())
        for print_, lines in self._documents.items():
            if print_ not in coming:
                lines[:] = [line for line in lines if line.cell != cell]

    def _listen(
        self,
        chance: np.random.Generator,
        hour: int,
        *,
        open_: bool,
        offline: dict[str, int],
        heard: dict[str, datetime],
    ) -> None:
        """Some tills go offline, some come back; who is there is heard of."""
        for place in heard:
            if place not in offline and open_ and chance.random() < _OFFLINE:
                offline[place] = hour + int(chance.integers(2, 20))
            if offline.get(place, hour + 1) <= hour:
                del offline[place]
            if place not in offline:
                heard[place] = _START + timedelta(hours=hour)

    def _send_out(self, chance: np.random.Generator, hour: int) -> None:
        """Transfers: one system books them at both ends on dispatch, the other at the far end on receipt."""
        for _ in range(_TRANSFERS):
            a, b = chance.choice(PLACES, 2, replace=False)
            sku, units = f"sku-{chance.integers(SKUS)}", int(chance.integers(2, 7))
            self._ours[sku, f"shop-{a}"] -= units
            self._theirs[sku, f"shop-{a}"] -= units
            self._theirs[sku, f"shop-{b}"] += units
            self._moving.append((hour + int(chance.integers(20, 40)), (sku, f"shop-{b}"), units))

    def _arrive(self, hour: int) -> dict[Cell, int]:
        """Lines and goods whose hour has come are booked; returns what is still on its way."""
        for _, document in (due := [each for each in self._waiting if each[0] <= hour]):
            self._book(document)
        self._waiting = [each for each in self._waiting if each not in due]
        for _, cell, units in (came := [each for each in self._moving if each[0] <= hour]):
            self._ours[cell] += units
        self._moving = [each for each in self._moving if each not in came]
        on_the_way: dict[Cell, int] = defaultdict(int)
        for _, cell, units in self._moving:
            on_the_way[cell] += units
        return on_the_way

    def _sell(
        self, chance: np.random.Generator, hour: int, at: datetime, cell: Cell, back: int | None
    ) -> list[tuple[int, Document]]:
        """Book a sale at the till, and what it sends: lines with the hour at which they arrive."""
        sku, place = cell
        name, print_ = f"line-{self.lines}", f"till {self.lines}"
        units = _PACK if chance.random() < 0.05 else 1  # noqa: PLR2004  # some are sold by the pack
        self._ours[cell] -= units
        self._documents[print_].append(Document("ours", name, print_, sku, place, -units, at))
        arrives = hour + (int(chance.integers(1, 3)) if chance.random() < _LATE else 0) if back is None else back
        sent = [Document("theirs", name, print_, sku, place, -units, at)]
        draw, fault = chance.random(), None
        for cause, share in _FAULTS:
            if draw < share:
                fault = cause
                break
            draw -= share
        touched = {cell}
        if fault is Cause.DUPLICATE:
            sent.append(Document("theirs", f"{name}-again", print_, sku, place, -units, at))
        elif fault is Cause.LOST:
            sent = []
        elif fault is Cause.MAPPING:
            other = f"sku-{(int(sku[4:]) + 1 + int(chance.integers(SKUS - 1))) % SKUS}"
            sent = [Document("theirs", name, print_, other, place, -units, at)]
            touched.add((other, place))
        elif fault is Cause.UNITS:
            wrong = -1 if units == _PACK else -_PACK
            sent = [Document("theirs", name, print_, sku, place, wrong, at)]
        if fault:
            self.faults.append(Fault(fault, frozenset(touched), arrives))
        return [(arrives, document) for document in sent]

    def _book(self, document: Document) -> None:
        self._theirs[document.cell] += document.change
        self._documents[document.print].append(document)

    def _forget(self, at: datetime) -> None:
        """Lines both systems have alike, after a while."""
        old = at - timedelta(hours=72)
        for print_ in [print_ for print_, lines in self._documents.items() if lines and lines[0].seen < old]:
            lines = self._documents[print_]
            alike = len(lines) == 2 and (lines[0].sku, lines[0].change) == (lines[1].sku, lines[1].change)  # noqa: PLR2004
            if alike:
                del self._documents[print_]
