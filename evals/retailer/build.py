"""The whole retailer from one seed: the same seed and start give the same world, to the last cent and id."""

from datetime import datetime, timedelta

import numpy as np

from evals.retailer.catalog import build_catalog
from evals.retailer.clock import VirtualClock
from evals.retailer.customers import build_customers
from evals.retailer.demand import Demand
from evals.retailer.history import write_history
from evals.retailer.places import ONLINE, build_places
from evals.retailer.promotions import plan_promotion
from evals.retailer.shelves import fill_shelves
from evals.retailer.world import World

CURRENCY = "USD"
BROWSING = 0.05  # share of customers who looked at something online in the last two days


def build_world(  # noqa: PLR0913 - a world has this many measures
    *,
    seed: int,
    start: datetime,
    variants: int = 2000,
    customers: int = 20_000,
    history_days: int = 28,
    clock: VirtualClock | None = None,
) -> tuple[World, VirtualClock]:
    """A chain at the moment `start`.

    Args:
        seed: Everything is drawn from it.
        start: The first moment; aware. The books end here.
        variants: How many; 30 at least.
        customers: How many humans. `World.people` holds some more records: some humans have two.
        history_days: How many days of orders the books hold; 0 for none.
        clock: The world's time; without one, a clock that stands at `start` until it is advanced.

    Raises:
        ValueError: `start` has no time zone, there are fewer than 30 variants, or nobody to sell to.
    """
    if customers < 1:
        raise ValueError("A retailer has at least one customer.")
    clock = clock or VirtualClock(start)
    places = build_places(seed)
    world = World(
        seed=seed,
        currency=CURRENCY,
        now=lambda: start,
        places=places,
        variants=build_catalog(seed, start, variants),
        people=build_customers(seed, start, customers, places),
        levels={},
    )
    world.version = max([variants, *(person.version for person in world.people.values())])
    demand = Demand(seed, world.variants, places)
    for back in range(0, history_days + 7, 7):
        plan_promotion(world, demand, (start - timedelta(days=back)).date())
    if history_days:
        write_history(world, demand, history_days)
        _browse(world, demand)
    fill_shelves(world, demand)
    world.now = clock.now
    return world, clock


def _browse(world: World, demand: Demand) -> None:
    """Pages that some customers saw in the last two days, oldest first, after their taste."""
    chance = np.random.default_rng([world.seed, 6])
    online = [person for person in world.people.values() if person.shopify_id]
    luck: list[float] = chance.random(len(online)).tolist()
    seen = [person for person, drawn in zip(online, luck, strict=True) if drawn < BROWSING]
    pages = [person for person in seen for _ in range(int(chance.integers(1, 5)))]
    now = world.now()
    wanted = demand.baskets(ONLINE, now.date(), [person.taste for person in pages], chance)
    minutes: list[int] = (2 * 24 * 60 - np.sort(chance.integers(0, 2 * 24 * 60, len(pages)))).tolist()
    order: list[int] = chance.permutation(len(pages)).tolist()
    for page, before in zip(order, minutes, strict=True):
        views = world.views.setdefault(pages[page].key, [])
        views.append((wanted[page][0][0], now - timedelta(minutes=before)))
