"""The simulated chain as the product sees it before the bench begins: its Shopify side only, one platform a process."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.world import World
from knowledge.store.places import Place
from policies.vocabulary.ids import LocationId

SEED: Final = 7
PLATFORM: Final = "shopify"
VARIANTS: Final = 2_000


def chain(start: datetime, *, variants: int, customers: int, history_days: int) -> tuple[World, VirtualClock]:
    """The same chain for the same arguments; its products' ids do not depend on how many customers it has."""
    return build_world(seed=SEED, start=start, variants=variants, customers=customers, history_days=history_days)


def locations(world: World) -> Iterable[Place]:
    """Its Shopify locations as the operator would write them down."""
    warehouse = world.places["WAREHOUSE"]
    for place in world.places.values():
        if place.platform == PLATFORM:
            sells_from = warehouse if place.kind == "online" else place
            yield Place(
                LocationId(place.code),
                place.name,
                PLATFORM,
                str(sells_from.shopify_id),
                place.kind,
                place.region,
                place.timezone,
                LocationId(sells_from.code),
            )
