"""The weeks before the first moment: orders and returns already in the books, which nobody hears of any more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from evals.retailer.audience import Audience
from evals.retailer.demand import HOURS, WEEKDAYS, Demand
from evals.retailer.orders import new_order, refund
from evals.retailer.places import ONLINE, OPENS, shops, zone
from evals.retailer.promotions import SHARE, promotion_code
from evals.retailer.world import Order, OrderLine, Place, World

RETURNED = 0.06  # share of orders of which something comes back
USES_CODE = 0.6  # share of orders with promoted goods whose customer knows the code
PICKED_UP = 0.25  # share of online orders
_READY_AFTER = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class _Sale:
    at: datetime
    place: str
    customer: int | None
    lines: list[tuple[str, int]]
    day: date
    pickup_place: str


def write_history(world: World, demand: Demand, days: int) -> None:
    """Fill the books with the orders of the `days` before now. Stock is counted afterwards, when shelves are filled."""
    until = world.now()
    chance = np.random.default_rng([world.seed, 3])
    sales = sorted(_sales(world, demand, until, days, chance), key=lambda sale: sale.at)
    promoted = {day: frozenset(demand.promoted_skus(day)) for day in {sale.day for sale in sales}}
    luck = chance.random((len(sales), 3))
    returns: list[tuple[datetime, Order]] = []
    for sale, (knows, comes_back, days_later) in zip(sales, luck.tolist(), strict=True):
        order = _write(world, sale, promoted[sale.day] if knows < USES_CODE else frozenset(), until)
        back = sale.at + timedelta(days=1 + 13 * days_later)
        if comes_back < RETURNED and order.fulfilled_at and order.fulfilled_at < back < until:
            returns.append((back, order))
    now = world.now
    for moment, order in sorted(returns, key=lambda one: (one[0], one[1].key)):
        world.now = lambda moment=moment: moment
        line = order.lines[order.key % len(order.lines)]
        refund(world, order, {line.sku: 1})
    world.now = now


def _sales(world: World, demand: Demand, until: datetime, days: int, chance: np.random.Generator) -> Iterator[_Sale]:
    audience = Audience(world)
    hours = np.cumsum(HOURS) / sum(HOURS)
    online = demand.orders[ONLINE]
    collecting = shops(world.places, "shopify")
    streams = [
        *((place, "", demand.orders[place.code]) for place in shops(world.places)),
        *((place, place.code, online * PICKED_UP / len(collecting)) for place in collecting),
        (world.places[ONLINE], "", online * (1 - PICKED_UP)),
    ]
    for place, pickup_place, average in streams:
        signed_in = bool(pickup_place) or place.code == ONLINE
        today = until.astimezone(zone(place)).date()
        for back in range(days, -1, -1):
            day = today - timedelta(days=back)
            count = int(chance.poisson(average * WEEKDAYS[day.weekday()] * chance.gamma(100, 0.01)))
            customers = audience.draw(place, count, chance, signed_in=signed_in)
            tastes = [world.people[key].taste if key is not None else () for key in customers]
            baskets = demand.baskets(place.code, day, tastes, chance)
            hour = np.searchsorted(hours, chance.random(count)) + chance.random(count)
            opened = _opening(place, day)
            for key, lines, later in zip(customers, baskets, hour.tolist(), strict=True):
                at = opened + timedelta(seconds=int(later * 3600))
                if until - timedelta(days=days) <= at < until:
                    yield _Sale(at, ONLINE if signed_in else place.code, key, lines, day, pickup_place)


def _opening(place: Place, day: date) -> datetime:
    return datetime.combine(day, time(OPENS), zone(place)).astimezone(UTC)


def _write(world: World, sale: _Sale, promoted: frozenset[str], until: datetime) -> Order:
    lines = [
        OrderLine(sku, units, price, (price * units * SHARE + 5_000) // 10_000 if sku in promoted else 0)
        for sku, units in sale.lines
        for price in (world.variants[sku].price,)
    ]
    order = new_order(
        world,
        place=sale.place,
        customer_key=sale.customer,
        lines=lines,
        channel="online" if sale.place == ONLINE else "pos",
        occurred_at=sale.at,
    )
    if any(line.discount for line in lines):
        order.discount_codes = (promotion_code(order.platform, sale.day),)
    order.pickup_place = sale.pickup_place
    handed_over = sale.at + (_READY_AFTER if sale.place == ONLINE else timedelta())
    if handed_over < until:  # the orders of the last hours still wait to be sent or collected
        order.fulfilled_at = order.updated_at = handed_over
    return order
