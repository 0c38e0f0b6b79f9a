"""What happens when and where on one trading day, before anybody knows who and what: a mix over the opening hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import numpy as np

from evals.retailer.demand import HOURS, Demand
from evals.retailer.places import CLOSES, ONLINE, OPENS, shops, zone
from evals.retailer.register import SAMPLE_PLACE
from evals.retailer.world import Place, World

Kind = Literal[
    "cancel",
    "cart",
    "checkout",
    "close",
    "customer_edit",
    "fulfill",
    "late_sale",
    "online_order",
    "pickup",
    "return",
    "sale",
    "scan",
    "view",
]
# Shares of the steps. With 1,200 steps the tills ring about as much as on an average day of the books.
MIX: dict[Kind, float] = {
    "sale": 0.345,
    "checkout": 0.20,
    "view": 0.15,
    "cart": 0.075,
    "online_order": 0.07,
    "scan": 0.06,
    "fulfill": 0.035,
    "return": 0.025,
    "pickup": 0.02,
    "customer_edit": 0.015,
    "cancel": 0.005,
}
_AT_SHOPS: frozenset[Kind] = frozenset({"sale", "checkout", "scan", "return"})
OFFLINE = "STORE_BOS"  # its till loses the network
OFFLINE_FROM, OFFLINE_UNTIL = 13, 15  # local hours; what it sells meanwhile is reported afterwards
SAMPLE_AFTER = timedelta(minutes=90)  # from the sample's shop's opening


@dataclass(frozen=True, slots=True)
class Planned:
    """One step to come.

    Attributes:
        at: When the retailer's systems hear of it.
        occurred_at: When it happened; earlier for a till that was offline.
        sample: The checkout that the till's sample shows.
    """

    at: datetime
    kind: Kind
    place: str
    occurred_at: datetime
    sample: bool = False


def plan_day(world: World, demand: Demand, now: datetime, steps: int, chance: np.random.Generator) -> list[Planned]:
    """The steps of the first day that is not over, by time: `steps` of them, and the closing of each register."""
    open_shops = shops(world.places)
    hours = {place.code: opening_hours(place, now) for place in open_shops}
    hours[ONLINE] = (min(opened for opened, _ in hours.values()), max(closed for _, closed in hours.values()))
    opened, closed = hours[SAMPLE_PLACE]
    at = min(opened + SAMPLE_AFTER, closed)
    sample = Planned(at, "checkout", SAMPLE_PLACE, at, sample=True)
    traffic = np.array([demand.orders[place.code] for place in open_shops])
    kinds = list(MIX)
    counts = _apportion(steps - 1, np.array([MIX[kind] for kind in kinds]))
    planned = [sample]
    for kind, count in zip(kinds, counts, strict=True):
        where = chance.choice([place.code for place in open_shops], count, p=traffic / traffic.sum()).tolist()
        for code in where if kind in _AT_SHOPS else [ONLINE] * count:
            at = _moment(*hours[code], chance)
            planned.append(Planned(at, kind, code, at))
    planned = [_delayed(one, world, chance) for one in planned]
    planned.extend(Planned(hours[place.code][1], "close", place.code, hours[place.code][1]) for place in open_shops)
    return sorted(planned, key=lambda one: one.at)


def opening_hours(place: Place, now: datetime) -> tuple[datetime, datetime]:
    """From when until when (UTC) a place is open on its first day that is not over; not earlier than now."""
    today = now.astimezone(zone(place)).date()
    closes = _local(place, today, CLOSES)
    if closes <= now:
        today += timedelta(days=1)
        closes = _local(place, today, CLOSES)
    return max(_local(place, today, OPENS), now), closes


def _local(place: Place, day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), zone(place)).astimezone(UTC)


def _apportion(count: int, shares: "np.ndarray") -> Iterator[int]:
    """`count` in whole parts as near to the shares as they go."""
    edges = np.rint(np.cumsum(shares) / shares.sum() * count).astype(int).tolist()
    return (high - low for low, high in zip([0, *edges], edges, strict=False))


def _moment(opened: datetime, closed: datetime, chance: np.random.Generator) -> datetime:
    """A moment in the opening hours, at the busy hours more often."""
    hour = chance.choice(len(HOURS), p=np.array(HOURS) / sum(HOURS)) + chance.random()
    return opened + (closed - opened) * float(hour / len(HOURS))


def _delayed(one: Planned, world: World, chance: np.random.Generator) -> Planned:
    """What the offline till sells is heard of when it is back, in no particular order."""
    if one.place != OFFLINE or one.kind not in {"sale", "checkout"}:
        return one
    place = world.places[OFFLINE]
    local = one.at.astimezone(zone(place))
    if not OFFLINE_FROM <= local.hour < OFFLINE_UNTIL:
        return one
    back = _local(place, local.date(), OFFLINE_UNTIL)
    return Planned(back + timedelta(seconds=float(chance.uniform(1, 240))), "late_sale", OFFLINE, one.at)
