"""A platform that counts, in memory: it tells orders and counts as polls do, and what went wrong at it is known.

Four shops trade for some days. Noise: tills that were offline and tell a day later, orders told some hours after the
count they changed, goods booked in, transfers that arrive, returns, counts that are put right. Faults: an order we are
never told, a sale sent again under a new number, a sale counted on another sku, a piece counted as a pack, a change by
hand, a transfer that never arrives, a stocktake. Whoever is told of one puts it right at the platform.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from knowledge.events.event import Event, Topic
from knowledge.reconcile.causes import Cause
from knowledge.reconcile.documents import Cell
from knowledge.store.places import Place, Places
from policies.vocabulary.ids import CorrelationId, EventId, LocationId, Sku
from tools.platform import PlatformLevel

NAME: Final = "lightspeed"
SHOPS: Final = tuple(f"SHOP_{number}" for number in range(4))
SKUS: Final = tuple(f"SKU-{number:03d}" for number in range(80))
START: Final = datetime(2026, 3, 2, tzinfo=UTC)
_OPEN: Final = range(8, 22)
_SOLD: Final = 0.02  # a cell's sales an hour
_SALE_FAULTS: Final = ((Cause.LOST, 0.006), (Cause.DUPLICATE, 0.006), (Cause.MAPPING, 0.005), (Cause.UNITS, 0.005))
_LATE: Final = 0.03  # of orders are told hours after their counts
_OFFLINE: Final = 0.02  # of sales reach the platform itself a day later
_PACK: Final = 6
_HAND_A_DAY: Final = 2
_OF_COUNTS_ALONE: Final = frozenset({Cause.BY_HAND, Cause.COUNTED, Cause.UNITS})  # no document, or a right one


@dataclass(slots=True)
class Fault:
    """What went wrong, where it shows, since when, and by how much the platform's count is off.

    Attributes:
        hidden: Whether no telling of a count ever showed it: within the same hour at least as much was booked in
            without a document, and whoever is told of counts sees something come in, nobody knows how much of how much.
    """

    cause: Cause
    off: dict[Cell, int]
    at: datetime
    about: str = ""
    hidden: bool = False


@dataclass(slots=True)
class Moving:
    """A transfer on its way, or lost."""

    reference: str
    origin: str
    destination: str
    sku: str
    units: int
    arrives: int


@dataclass
class Trading:
    """The platform as it stands."""

    seed: int
    at: datetime = START
    counts: dict[Cell, int] = field(default_factory=dict[Cell, int])
    orders: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    faults: list[Fault] = field(default_factory=list[Fault])
    told: list[Event] = field(default_factory=list[Event])
    sent: list[Moving] = field(default_factory=list[Moving])
    sales: int = 0

    def __post_init__(self) -> None:
        self._chance = np.random.default_rng(self.seed)
        self.counts = {(sku, shop): int(self._chance.integers(20, 90)) for sku in SKUS for shop in SHOPS}
        self._changed: set[Cell] = set(self.counts)
        self._later: list[tuple[int, Event]] = []
        self._offline: list[tuple[int, Cell, int, datetime]] = []
        self._moving: list[Moving] = []
        self._versions = 0
        self._hour = 0
        self._right: list[tuple[int, Cell, int]] = []
        self._gained = defaultdict[Cell, int](int)  # this hour, without a document

    def hour(self) -> list[Event]:
        """An hour passes; what a poll then tells."""
        self._hour += 1
        self.at = START + timedelta(hours=self._hour)
        if self.at.hour in _OPEN:
            for cell in list(self.counts):
                for _ in range(int(self._chance.poisson(_SOLD))):
                    self._trade(cell)
        self._come_in()
        if self.at.hour == 9:  # noqa: PLR2004  # when vans go, and goods are booked in
            self._morning()
        for fault in [one for one in self.faults if one.at == self.at and one.cause in _OF_COUNTS_ALONE]:
            fault.hidden = all(self._gained[cell] >= -units for cell, units in fault.off.items())
        self._gained.clear()
        told = [*self.told, *(event for hour, event in self._later if hour <= self._hour)]
        self._later = [each for each in self._later if each[0] > self._hour]
        self.told = []
        told += [self._level(cell) for cell in sorted(self._changed)]
        self._changed = set[Cell]()
        return told

    def put_right(self, fault: Fault) -> None:
        """Somebody was told, and mends it at the platform."""
        self.faults.remove(fault)
        if fault.cause is Cause.LOST:
            self.told.append(self.order(fault.about))
            return
        if fault.cause is Cause.DUPLICATE:
            self.orders[fault.about]["cancelled"] = True
            self.told.append(self.order(fault.about))
        if fault.cause is Cause.TRANSFER:
            cell = next(iter(fault.off))
            self.told.append(self._transfer(fault.about, cell[1], "RECEIVED"))
        for cell, units in fault.off.items():
            self._gain(cell, -units)

    def _trade(self, cell: Cell) -> None:
        sku, shop = cell
        self.sales += 1
        units = int(self._chance.integers(1, 3))
        if self._chance.random() < _OFFLINE:
            self._offline.append((self._hour + int(self._chance.integers(3, 24)), cell, units, self.at))
            return
        draw = self._chance.random()
        fault = None
        for cause, share in _SALE_FAULTS:
            if draw < share:
                fault = cause
                break
            draw -= share
        name = self._sell(cell, units, self.at, told=fault is not Cause.LOST)
        if fault is Cause.LOST:
            self.faults.append(Fault(fault, {cell: -units}, self.at, name))
        elif fault is Cause.DUPLICATE:
            again = self._sell(cell, units, self.at, transaction=self.orders[name]["transaction"])
            self.faults.append(Fault(fault, {cell: -units}, self.at, again))
        elif fault is Cause.MAPPING:
            other = (SKUS[(SKUS.index(sku) + 1 + int(self._chance.integers(len(SKUS) - 1))) % len(SKUS)], shop)
            self._count(cell, units)
            self._count(other, -units)
            self.faults.append(Fault(fault, {cell: units, other: -units}, self.at))
        elif fault is Cause.UNITS:
            self._count(cell, -units * (_PACK - 1))
            self.faults.append(Fault(fault, {cell: -units * (_PACK - 1)}, self.at))
        elif self._chance.random() < _LATE:
            late = self.told.pop()
            self._later.append((self._hour + int(self._chance.integers(1, 3)), late))

    def _come_in(self) -> None:
        for _, cell, units, at in (due := [each for each in self._offline if each[0] <= self._hour]):
            self._sell(cell, units, at)
        self._offline = [each for each in self._offline if each not in due]
        for each in (came := [one for one in self._moving if one.arrives <= self._hour]):
            self._count((each.sku, each.destination), each.units)
            self.told.append(self._transfer(each.reference, each.destination, "RECEIVED"))
        self._moving = [each for each in self._moving if each not in came]
        for _, cell, units in (right := [each for each in self._right if each[0] <= self._hour]):
            self._gain(cell, units)
        self._right = [each for each in self._right if each not in right]

    def _morning(self) -> None:
        """Vans, deliveries, mistakes."""
        for number in range(3):
            a, b = (int(each) for each in self._chance.permutation(len(SHOPS))[:2])
            sku, units = str(self._chance.choice(SKUS)), int(self._chance.integers(2, 7))
            name = f"transfer-{self._hour}-{number}"
            never = number == 0 and self.at.day % 2 == 0
            arrives = 10**9 if never else self._hour + int(self._chance.integers(20, 40))
            moving = Moving(name, SHOPS[a], SHOPS[b], sku, units, arrives)
            self.sent.append(moving)
            self._moving.append(moving)
            self._count((sku, moving.origin), -units)
            self.told.append(self._transfer(name, moving.destination, "SENT"))
            if never:
                self.faults.append(Fault(Cause.TRANSFER, {(sku, moving.destination): -units}, self.at, name))
        for _ in range(8):
            self._gain(self._any(), int(self._chance.integers(5, 30)))
        cell = self._any()
        self._count(cell, -1)
        self._right.append((self._hour + 1, cell, 1))
        for _ in range(_HAND_A_DAY):
            cell, units = self._any(), int(self._chance.integers(1, 5))
            self._count(cell, -units)
            self.faults.append(Fault(Cause.BY_HAND, {cell: -units}, self.at))
        if self.at.day % 3 == 0:
            shop = str(self._chance.choice(SHOPS))
            for sku in self._chance.choice(SKUS, 4, replace=False).tolist():
                self._count((sku, shop), -1)
                self.faults.append(Fault(Cause.COUNTED, {(sku, shop): -1}, self.at))

    def _any(self) -> Cell:
        return str(self._chance.choice(SKUS)), str(self._chance.choice(SHOPS))

    def _gain(self, cell: Cell, units: int) -> None:
        self._count(cell, units)
        self._gained[cell] += max(units, 0)

    def _count(self, cell: Cell, units: int) -> None:
        self.counts[cell] += units
        self._changed.add(cell)

    def _sell(self, cell: Cell, units: int, at: datetime, *, told: bool = True, transaction: str = "") -> str:
        name = f"{NAME}:order:{len(self.orders)}"
        lines = [{"sku": cell[0], "quantity": units, "unit_price": 1_000}]
        self.orders[name] = {
            "order": name,
            "channel": "pos",
            "location": cell[1],
            "lines": lines,
            "total": 1_000 * units,
            "currency": "USD",
            "transaction": transaction or f"till-{len(self.orders)}",
            "cancelled": False,
            "at": at,
        }
        self._count(cell, -units)
        if told:
            self.told.append(self.order(name))
        return name

    def order(self, name: str) -> Event:
        """An order as it is told."""
        facts: dict[str, Any] = {**self.orders[name], "pickup_location": ""}
        at = facts.pop("at")
        topic = Topic.ORDER_CANCELLED if facts["cancelled"] else Topic.ORDER_CREATED
        return self._event(topic, facts["location"], facts, name, at)

    def _level(self, cell: Cell) -> Event:
        facts = {"location": cell[1], "sku": cell[0], "available": self.counts[cell]}
        return self._event(Topic.INVENTORY_UPDATED, cell[1], facts, f"level:{cell[0]}:{cell[1]}", self.at)

    def _transfer(self, reference: str, destination: str, status: str) -> Event:
        facts = {"transfer": reference, "reference": reference, "status": status}
        return self._event(Topic.TRANSFER_UPDATED, destination, facts, f"transfer:{reference}", self.at)

    def _event(self, topic: Topic, lane: str, facts: dict[str, Any], resource: str, at: datetime) -> Event:
        self._versions += 1
        name = f"told-{self._versions}"
        return Event(
            EventId(name), f"poll:{NAME}", name, topic, LocationId(lane), at, self.at, CorrelationId(name), facts,
            resource=resource, version=f"{self._versions:020d}",
        )  # fmt: skip


class CountingPlatform:
    """The two ports the hourly look asks."""

    name = NAME

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self.inventory: Any = self
        self.orders: Any = self

    async def levels(self, skus: Sequence[Sku], locations: Sequence[LocationId]) -> list[PlatformLevel]:
        """As of now."""
        at, counts = self._trading.at, self._trading.counts
        return [
            PlatformLevel(sku, "", place, counts[sku, place], None, None, None, at)
            for sku in skus
            for place in locations
            if (sku, place) in counts
        ]

    async def since(self, moment: datetime) -> AsyncIterator[Event]:
        """Its own orders, whether or not we were told of them."""
        for name, facts in list(self._trading.orders.items()):
            if facts["at"] >= moment and not facts["cancelled"]:
                yield self._trading.order(name)


def shops() -> Places:
    """As the operator lists them."""
    return Places(
        Place(LocationId(shop), shop, NAME, f"id-{shop}", "shop", "WA", "UTC", LocationId(shop)) for shop in SHOPS
    )


def by_cell(faults: Sequence[Fault]) -> dict[Cell, list[Fault]]:
    """Where each shows."""
    found: dict[Cell, list[Fault]] = defaultdict(list)
    for fault in faults:
        for cell in fault.off:
            found[cell].append(fault)
    return found
