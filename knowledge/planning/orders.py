"""Purchase orders within a budget, by the night's forecast, for a person to place."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.planning.buying import Lines, buy
from knowledge.planning.chain import Chain
from knowledge.store.places import ONLINE, Places


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
    """Lines to order from suppliers within a budget, by vendor; minor units. Vendors nobody described are left out."""
    return await asyncio.to_thread(_orders, chain, places, budget)


def _orders(chain: Chain, places: Places, budget: int) -> list[OrderLine]:
    vendors = sorted(chain.suppliers)
    number = {vendor: at for at, vendor in enumerate(vendors)}
    stocked = {str(place.id) for place in places if place.kind != ONLINE}
    spots = [
        spot
        for spot, kept in sorted(chain.forecasts.items())
        if spot in chain.levels and spot[1] in stocked and _vendor(chain, kept.sku) in number
    ]
    if not spots:
        return []
    told: list[tuple[int, float, float, int, int, float, int]] = []
    for spot in spots:
        kept, level, goods = chain.forecasts[spot], chain.levels[spot], chain.goods[spot[0]]
        supplier = chain.suppliers[goods.vendor]
        days = supplier.lead + supplier.review
        told.append(
            (
                level.available + level.incoming,
                kept.expected(chain.today, days),
                kept.dispersion(days),
                supplier.pack,
                goods.cost,
                float(goods.price - goods.cost),
                number[goods.vendor],
            )
        )
    position, mean, dispersion, pack, cost, margin, supplier_of = (np.array(each) for each in zip(*told, strict=True))
    minimum = np.array([chain.suppliers[vendor].minimum for vendor in vendors], np.int64)
    bought = buy(Lines(position, mean, dispersion, pack, cost, margin, supplier_of), minimum, budget)
    return sorted(
        (
            OrderLine(
                vendors[int(supplier_of[at])],
                *spots[at],
                int(bought.packs[at] * pack[at]),
                int(bought.packs[at] * pack[at] * cost[at]),
                chain.goods[spots[at][0]].currency,
            )
            for at in np.flatnonzero(bought.packs).tolist()
        ),
        key=lambda line: (line.vendor, line.sku, line.location),
    )


def _vendor(chain: Chain, sku: str) -> str:
    return chain.goods[sku].vendor if sku in chain.goods else ""
