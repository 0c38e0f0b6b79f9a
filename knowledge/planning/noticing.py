"""What a planner should know of the night's plan, found without a model: every number here is the core's own."""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
from sqlalchemy import text

from knowledge.demand.history import WEEK
from knowledge.demand.velocity import Spot
from knowledge.planning.chain import Chain
from knowledge.planning.running_out import RunningOut, running_out
from knowledge.planning.strayed import followed, strayed
from knowledge.planning.what_if import Supposed, suppose
from knowledge.store.connection import Connection

Reason = Literal["below_band", "above_band", "promotion", "what_if_more", "what_if_late"]
WHAT_IFS: Final[Mapping[Reason, Supposed]] = {
    "what_if_more": Supposed(demand_percent=120),
    "what_if_late": Supposed(late_days=7),
}
BELIEVED: Final = 0.5  # of a maker's earlier changes that came true; below, none was nearer
_OF_A_KIND: Final = 4  # most money first
_SOLD = text(
    "SELECT sku, location_id, sum(units) AS units FROM daily_sale"
    " WHERE day BETWEEN :first AND :last GROUP BY sku, location_id"
)


@dataclass(frozen=True, slots=True)
class Noticed:
    """One thing worth telling.

    Attributes:
        sku: "" for the whole chain, as `location` is.
        percent: Proposed to be added to the forecast from `first` to `last`; 0: nothing is.
        figures: By name, whole numbers and texts; all that words about it may state.
        money: What it is about, minor units, to order by.
    """

    reason: Reason
    sku: str
    location: str
    percent: int
    first: date
    last: date
    figures: Mapping[str, int | str]
    money: int


async def sold_lately(connection: Connection, today: date) -> dict[Spot, int]:
    """Units of the last seven days by spot; what sold nothing is absent."""
    window = {"first": (today - timedelta(days=WEEK)).isoformat(), "last": (today - timedelta(days=1)).isoformat()}
    return {(row.sku, row.location_id): int(row.units) for row in await connection.execute(_SOLD, window)}


async def notice(
    chain: Chain, sold: Mapping[Spot, int], empty: AbstractSet[Spot], shares: Mapping[str, float]
) -> Sequence[Noticed]:
    """Everything worth telling, what is to be decided first, then most money first.

    Args:
        chain: Of this night.
        sold: In the last seven days.
        empty: Spots whose shelf was empty for a day of them: that they sold little says nothing.
        shares: Of the specialist's earlier changes that came true, by reason; absent: it has no record.
    """
    found = await asyncio.to_thread(_strayed, chain, sold, empty, shares)
    alerts = await running_out(chain)
    found += [_promoted(chain, each) for each in alerts if each.event][:_OF_A_KIND]
    dear = [await _what_if(chain, alerts, reason, what) for reason, what in WHAT_IFS.items()]
    found += sorted((each for each in dear if each), key=lambda each: -each.money)[:1]
    return sorted(found, key=lambda each: (each.percent == 0, -each.money, each.reason, each.sku, each.location))


def _strayed(
    chain: Chain, sold: Mapping[Spot, int], empty: AbstractSet[Spot], shares: Mapping[str, float]
) -> list[Noticed]:
    levels = chain.levels
    spots = [
        spot
        for spot, kept in sorted(chain.forecasts.items())
        if spot[0] in chain.goods and kept.override is None and spot in levels and levels[spot].available > 0
    ]
    if not spots:
        return []
    kept = [chain.forecasts[spot] for spot in spots]
    units = np.array([float(sold.get(spot, 0)) for spot in spots])
    mean = np.array([each.expected(chain.today, WEEK) for each in kept])
    spread = np.array([each.dispersion(WEEK) for each in kept])
    sides, percents = strayed(units, mean, spread).tolist(), followed(units, mean, spread).tolist()
    found: list[Noticed] = []
    for at, spot in enumerate(spots):
        if not sides[at] or (sides[at] < 0 and spot in empty):
            continue
        reason: Reason = "below_band" if sides[at] < 0 else "above_band"
        share = shares.get(reason, 1.0)
        percent = round(percents[at] * share) if share >= BELIEVED else 0
        expected = round(float(mean[at]))
        figures = {"sold": int(units[at]), "expected": expected, "percent": abs(percent), "days": WEEK}
        money = abs(expected - int(units[at])) * chain.goods[spot[0]].price
        last = chain.today + timedelta(days=WEEK - 1)
        found.append(Noticed(reason, *spot, percent, chain.today, last, figures, money))
    found.sort(key=lambda each: (-each.money, each.sku, each.location))
    by_reason = {reason: [each for each in found if each.reason == reason] for reason in ("below_band", "above_band")}
    return [each for some in by_reason.values() for each in some[:_OF_A_KIND]]


def _promoted(chain: Chain, alert: RunningOut) -> Noticed:
    figures: dict[str, int | str] = {"available": alert.available, "gone_on": alert.day.isoformat()}
    return Noticed("promotion", alert.sku, alert.location, 0, chain.today, alert.day, figures, alert.at_stake)


async def _what_if(chain: Chain, alerts: Sequence[RunningOut], reason: Reason, what: Supposed) -> Noticed | None:
    """What it would put at stake beyond how things stand; `None` for nothing, or for sums of several currencies."""
    supposed = await running_out(suppose(chain, what))
    if len({each.currency for each in (*alerts, *supposed)}) != 1:
        return None
    more = sum(each.at_stake for each in supposed) - sum(each.at_stake for each in alerts)
    if more <= 0:
        return None
    known = {(each.sku, each.location) for each in alerts}
    shelves = sum((each.sku, each.location) not in known for each in supposed)
    figures: dict[str, int | str] = {"more": more, "currency": supposed[0].currency, "shelves": shelves}
    figures |= {"percent": what.demand_percent - 100} if what.demand_percent != 100 else {"days": what.late_days}  # noqa: PLR2004
    return Noticed(reason, "", "", 0, chain.today, chain.today, figures, more)
