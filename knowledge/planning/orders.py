"""Purchase orders within a budget, by the night's forecast, for a person to place."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from knowledge.demand.kept import Kept
from knowledge.planning.arrival import Demand
from knowledge.planning.buying import Lines, buy
from knowledge.planning.chain import Chain
from knowledge.planning.transfers import rearranged, transfers
from knowledge.store.places import MIRROR, ONLINE, Places


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a purchase order; `cost` of all its units, minor units."""

    vendor: str
    sku: str
    location: str
    units: int
    cost: int
    currency: str


async def orders(chain: Chain, places: Places, budget: int) -> Sequence[OrderLine]:
    """Lines to order from suppliers within a budget, by vendor; minor units. Vendors nobody described are left out.

    What the same plan would move between locations is moved first: nothing is bought that stands elsewhere unneeded.
    """
    moves = await transfers(chain, places)
    return await asyncio.to_thread(_orders, rearranged(chain, moves), places, budget)


def _orders(chain: Chain, places: Places, budget: int) -> list[OrderLine]:
    vendors = sorted(chain.suppliers)
    number = {vendor: at for at, vendor in enumerate(vendors)}
    stocked = {str(place.id) for place in places if place.kind not in {ONLINE, MIRROR}}
    spots = [
        spot
        for spot, kept in sorted(chain.forecasts.items())
        if spot in chain.levels and spot[1] in stocked and _vendor(chain, kept.sku) in number
    ]
    if not spots:
        return []
    kept = [chain.forecasts[spot] for spot in spots]
    levels = [chain.levels[spot] for spot in spots]
    goods = [chain.goods[spot[0]] for spot in spots]
    suppliers = [chain.suppliers[each.vendor] for each in goods]
    arrivals = [chain.today + timedelta(days=each.lead) for each in suppliers]
    lines = Lines(
        on_hand=np.array([each.available for each in levels]),
        coming=np.array([each.incoming for each in levels]),
        until=_demand(kept, [chain.today] * len(spots), [each.lead for each in suppliers]),
        after=_demand(kept, arrivals, [each.review for each in suppliers]),
        pack=np.array([each.pack for each in suppliers]),
        cost=np.array([each.cost for each in goods]),
        margin=np.array([float(each.price - each.cost) for each in goods]),
        supplier=np.array([number[each.vendor] for each in goods]),
    )
    minimum = np.array([chain.suppliers[vendor].minimum for vendor in vendors], np.int64)
    bought = buy(lines, minimum, budget)
    units = bought.packs * lines.pack
    return sorted(
        (
            OrderLine(
                goods[at].vendor,
                *spots[at],
                int(units[at]),
                int(units[at] * lines.cost[at]),
                goods[at].currency,
            )
            for at in np.flatnonzero(bought.packs).tolist()
        ),
        key=lambda line: (line.vendor, line.sku, line.location),
    )


def _demand(kept: Sequence[Kept], first: Sequence[date], days: Sequence[int]) -> Demand:
    mean = [each.expected(day, count) for each, day, count in zip(kept, first, days, strict=True)]
    dispersion = [each.dispersion(max(count, 1)) for each, count in zip(kept, days, strict=True)]
    return Demand(np.array(mean), np.array(dispersion))


def _vendor(chain: Chain, sku: str) -> str:
    return chain.goods[sku].vendor if sku in chain.goods else ""
