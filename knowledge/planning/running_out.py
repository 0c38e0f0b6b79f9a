"""Best sellers that will not last, with the money at stake, known events included."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from knowledge.demand.velocity import Spot
from knowledge.planning.chain import REVIEW, Chain
from knowledge.planning.lanes import LEAD

ALERT_DAYS: Final = 14
BEST_SELLERS: Final = 0.5  # share of expected margin that best sellers make up


@dataclass(frozen=True, slots=True)
class RunningOut:
    """A best seller that will not last.

    Attributes:
        day: The first day on which it is likelier gone than not.
        chance: That it is gone before goods ordered today arrive.
        at_stake: Margin expected to be lost until then, minor units.
        event: Whether a known event is part of the reason.
    """

    sku: str
    location: str
    available: int
    day: date
    chance: float
    at_stake: int
    currency: str
    event: bool


async def running_out(chain: Chain) -> Sequence[RunningOut]:
    """Best sellers likelier gone than not within two weeks, most money first."""
    return await asyncio.to_thread(_running_out, chain)


def _running_out(chain: Chain) -> list[RunningOut]:
    worth = {
        spot: kept.expected(chain.today, ALERT_DAYS) * (chain.goods[kept.sku].price - chain.goods[kept.sku].cost)
        for spot, kept in chain.forecasts.items()
        if spot in chain.levels and kept.sku in chain.goods
    }
    best: set[Spot] = set()
    reached, whole = 0.0, sum(worth.values())
    for spot in sorted(worth, key=lambda spot: (-worth[spot], spot)):
        if reached > whole * BEST_SELLERS:
            break
        best.add(spot)
        reached += worth[spot]
    found = [told for spot in best if (told := _runs_out(chain, spot)) is not None]
    return sorted(found, key=lambda each: (-each.at_stake, each.sku, each.location))


def _runs_out(chain: Chain, spot: Spot) -> RunningOut | None:
    kept, level, goods = chain.forecasts[spot], chain.levels[spot], chain.goods[spot[0]]
    units = max(level.available + level.incoming, 0)
    supplier = chain.suppliers.get(goods.vendor)
    until = supplier.lead if supplier else LEAD + REVIEW
    gone = next((days for days in range(1, ALERT_DAYS + 1) if kept.lasts(units, chain.today, days) < 0.5), None)  # noqa: PLR2004  # likelier than not
    if gone is None:
        return None
    lost = max(kept.expected(chain.today, max(until, gone)) - units, 0.0)
    days = range(min(gone, len(kept.events)))
    return RunningOut(
        kept.sku,
        kept.location,
        level.available,
        chain.today + timedelta(days=gone - 1),
        round(1 - kept.lasts(units, chain.today, max(until, 1)), 3),
        round(lost * (goods.price - goods.cost)),
        goods.currency,
        any(kept.events[at] > 1 for at in days),
    )
