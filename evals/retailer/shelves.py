"""How much lies where at the first moment: weeks of cover in most places, and too little of some best sellers."""

from datetime import timedelta

import numpy as np

from evals.retailer.demand import PULL, Demand
from evals.retailer.places import BACKROOM, shops
from evals.retailer.stock import WAREHOUSE, stock_place
from evals.retailer.world import Level, World

TIGHT = 6  # best sellers in each shop that will run low within a day
SURPLUS = 30  # units at least of each of those somewhere else on the platform
_BEST = 16  # the tight ones are among this many best sellers of the shop
_COVER = (8.0, 28.0)  # days of an average day's units in a shop
_DEPTH = (60, 240)  # units in the warehouse
_BACKROOM_DEPTH = (15, 60)
_HOUR = timedelta(hours=1)


def fill_shelves(world: World, demand: Demand) -> None:
    """Count every level anew, with what open orders have committed."""
    chance = np.random.default_rng([world.seed, 5])
    world.levels.clear()
    for place in shops(world.places):
        rate = demand.rate(place.code)
        cover = chance.uniform(*_COVER, len(rate))
        units = np.maximum(chance.poisson(rate * cover), 1) + 1
        _put(world, demand, place.code, rate > 0, units)
    everywhere = np.ones(len(demand.skus), dtype=np.bool_)
    _put(world, demand, WAREHOUSE, everywhere, chance.integers(*_DEPTH, len(demand.skus)))
    west = demand.popularity[BACKROOM] > 0
    _put(world, demand, BACKROOM, west, chance.integers(*_BACKROOM_DEPTH, len(demand.skus)))
    for place in shops(world.places):
        others = [other.code for other in shops(world.places, place.platform) if other is not place]
        for number in _tight(demand, place.code, chance):
            sku = demand.skus[number]
            wanted = float(demand.rate(place.code)[number])
            world.levels[sku, place.code].on_hand = max(3, round(wanted))
            surplus = world.levels.setdefault((sku, str(chance.choice(others))), Level(0))
            surplus.on_hand = max(surplus.on_hand, SURPLUS, round(wanted * PULL * 7))
    _commit_open_orders(world)
    _stamp(world, chance)


def _put(world: World, demand: Demand, place: str, carried: "np.ndarray", units: "np.ndarray") -> None:
    for number in np.flatnonzero(carried).tolist():
        world.levels[demand.skus[number], place] = Level(int(units[number]))


def _tight(demand: Demand, place: str, chance: np.random.Generator) -> list[int]:
    best = np.argsort(-demand.popularity[place])[:_BEST]
    tee = demand.skus.index("PROD_001")  # the samples sell it
    return [int(number) for number in chance.permutation(best) if number != tee][:TIGHT]


def _commit_open_orders(world: World) -> None:
    for order in world.orders.values():
        if order.fulfilled_at is None and order.cancelled_at is None:
            origin = stock_place(world, order.place, order.pickup_place)
            for line in order.lines:
                level = world.levels.setdefault((line.sku, origin), Level(0))
                level.committed += line.quantity
                level.on_hand += line.quantity


def _stamp(world: World, chance: np.random.Generator) -> None:
    """When each was last counted, in the days before now."""
    now = world.now()
    hours = chance.integers(1, 200, len(world.levels)).tolist()
    for ((_, place), level), before in zip(world.levels.items(), hours, strict=True):
        level.updated_at = now - before * _HOUR
        if world.places[place].platform == "lightspeed":
            level.version = world.next_version()
