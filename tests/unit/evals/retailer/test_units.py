"""Units promise: whatever is sold, refunded, cancelled or moved, in any order, no unit appears or vanishes."""

from collections import Counter
from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from evals.retailer import actions
from evals.retailer.build import build_world
from evals.retailer.world import Order, Transfer, World
from tests.unit.evals.retailer.conftest import START

SKUS = ["PROD_001", "JNS-0002-32-IND"]
TILLS = ["STORE_123", "STORE_NYC", "STORE_SEA", "STORE_PDX"]
PLACES = {"shopify": ["WAREHOUSE", "STORE_123", "STORE_NYC"], "lightspeed": ["STORE_SEA", "BACKROOM_WEST"]}
NEXT = {
    "DRAFT": ["READY_TO_SHIP", "CANCELED"],
    "READY_TO_SHIP": ["IN_PROGRESS", "CANCELED"],
    "IN_PROGRESS": ["TRANSFERRED", "CANCELED"],
    "OPEN": ["SENT", "RECEIVED", "CANCELLED"],
    "SENT": ["RECEIVED", "CANCELLED"],
}
ON_THE_WAY = {"IN_PROGRESS", "SENT"}

units = st.integers(1, 4)
picks = st.integers(0, 1_000)


def kept(order: Order) -> Counter[str]:
    counted: Counter[str] = Counter()
    for line in order.lines:
        counted[line.sku] += line.quantity - line.returned
    return counted


class Retailer(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world: World = build_world(seed=3, start=START, variants=30, customers=8, history_days=0)[0]
        for key in [key for key in self.world.levels if key[0] not in SKUS]:
            del self.world.levels[key]  # nothing happens to them
        self.counted = self._everywhere()

    @rule(place=st.sampled_from(TILLS), sku=st.sampled_from(SKUS), count=units)
    def sell_at_a_till(self, place: str, sku: str, count: int) -> None:
        self._sell(place, sku, count, "")

    @rule(pickup=st.sampled_from(["", "STORE_123", "STORE_NYC"]), sku=st.sampled_from(SKUS), count=units)
    def sell_online(self, pickup: str, sku: str, count: int) -> None:
        self._sell("ONLINE", sku, count, pickup)

    @precondition(lambda self: self.world.orders)
    @rule(pick=picks)
    def fulfill(self, pick: int) -> None:
        with suppress(actions.WrongState):
            actions.fulfill(self.world, self._order(pick))

    @precondition(lambda self: self.world.orders)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        with suppress(actions.WrongState):
            actions.cancel(self.world, self._order(pick))

    @precondition(lambda self: self.world.orders)
    @rule(pick=picks, place=st.sampled_from(["", *TILLS]))
    def refund(self, pick: int, place: str) -> None:
        order = self._order(pick)
        with suppress(actions.Unknown, actions.WrongState):
            actions.refund(self.world, order, {order.lines[0].sku: 1}, place=place)

    @rule(platform=st.sampled_from(["shopify", "lightspeed"]), sku=st.sampled_from(SKUS), count=units, way=picks)
    def ask_for_a_transfer(self, platform: str, sku: str, count: int, way: int) -> None:
        places = PLACES[platform]
        origin, destination = places[way % len(places)], places[(way + 1) % len(places)]
        draft = "DRAFT" if platform == "shopify" else "OPEN"
        actions.create_transfer(self.world, platform, origin, destination, {sku: count}, "", draft)  # pyright: ignore[reportArgumentType] - drawn from the two platforms

    @precondition(lambda self: self._moving())
    @rule(pick=picks, step=picks)
    def move_a_transfer(self, pick: int, step: int) -> None:
        moving = self._moving()
        transfer = moving[pick % len(moving)]
        steps = NEXT[transfer.status]
        actions.move_transfer(self.world, transfer, steps[step % len(steps)])

    @invariant()
    def no_unit_appears_or_vanishes(self) -> None:
        assert self._everywhere() == self.counted

    @invariant()
    def every_count_is_explained_by_the_books(self) -> None:
        committed: Counter[tuple[str, str]] = Counter()
        for order in self.world.orders.values():
            if order.fulfilled_at is None and order.cancelled_at is None:
                origin = order.pickup_place or "WAREHOUSE"
                committed.update({(sku, origin): count for sku, count in kept(order).items()})
        reserved: Counter[tuple[str, str]] = Counter()
        incoming: Counter[tuple[str, str]] = Counter()
        for transfer in self.world.transfers.values():
            for sku, count in transfer.lines.items():
                reserved[sku, transfer.origin] += count * (transfer.status == "READY_TO_SHIP")
                incoming[sku, transfer.destination] += count * (transfer.status in ON_THE_WAY)
        for key, level in self.world.levels.items():
            assert (level.committed, level.reserved, level.incoming) == (committed[key], reserved[key], incoming[key])
            assert level.available == level.on_hand - level.committed - level.reserved

    def _everywhere(self) -> Counter[str]:
        """Units by sku: on shelves, on the way, and with customers."""
        counted: Counter[str] = Counter()
        for (sku, _), level in self.world.levels.items():
            counted[sku] += level.on_hand
        for transfer in self.world.transfers.values():
            if transfer.status in ON_THE_WAY:
                counted.update(transfer.lines)
        for order in self.world.orders.values():
            if order.fulfilled_at and not order.cancelled_at and not order.return_of:
                counted.update(kept(order))
        return counted

    def _sell(self, place: str, sku: str, count: int, pickup: str) -> None:
        before = self._everywhere()
        try:
            actions.sell(
                self.world,
                place=place,
                customer_key=None,
                lines=[(sku, count)],
                channel="online" if place == "ONLINE" else "pos",
                occurred_at=self.world.now(),
                pickup_place=pickup,
            )
        except actions.OutOfStock:
            assert self._everywhere() == before

    def _moving(self) -> list[Transfer]:
        return [transfer for transfer in self.world.transfers.values() if transfer.status in NEXT]

    def _order(self, pick: int) -> Order:
        return self.world.orders[1 + pick % len(self.world.orders)]


TestUnits = Retailer.TestCase
TestUnits.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
