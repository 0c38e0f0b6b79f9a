"""Weekly orders from a supplier that always delivers, over real demand: what is served, and what lies on shelves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.replenishment.shops import BEGIN, Shops
from knowledge.demand.model import Forecast, learn
from knowledge.planning.arrival import Demand
from knowledge.planning.buying import Lines, buy

LEAD: Final = 3  # days from order to shelf
REVIEW: Final = 7  # days between orders
SETTLED: Final = 28  # days after the first order, until which its guesses about opening stock show
_WINDOW: Final = 56
_NO_LIMIT: Final = 10**12
Whole = NDArray[np.int64]
Policy = Callable[[int, Whole], Whole]
"""Units to order, by spot, on a day with this much on hand. All earlier orders have arrived."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy did over some days: `fill` is the share of units served, `stock` mean units on hand."""

    fill: float
    stock: float


def simulate(shops: Shops, policy: Policy, spans: Sequence[tuple[int, int]]) -> list[Outcome]:
    """One run from the first order on; an outcome for each span of days."""
    demand = shops.demand
    stock = np.ceil(demand[:, BEGIN - 28 : BEGIN].mean(1) * 14).astype(np.int64)
    arriving = np.zeros_like(stock)
    served = np.zeros(demand.shape[1])
    held = np.zeros(demand.shape[1])
    for day in range(BEGIN, demand.shape[1]):
        since = (day - BEGIN) % REVIEW
        if since == 0:
            arriving = policy(day, stock)
        if since == LEAD:
            stock = stock + arriving
        sold = np.minimum(stock, demand[:, day])
        stock = stock - sold
        served[day], held[day] = sold.sum(), stock.sum()
    wanted = demand.sum(0)
    return [Outcome(float(served[a:b].sum() / wanted[a:b].sum()), float(held[a:b].mean())) for a, b in spans]


def forecasts(shops: Shops, relearned_every: int = 8) -> dict[int, Forecast]:
    """The forecast of each review day, from the days before it."""
    told: dict[int, Forecast] = {}
    days = range(BEGIN, shops.history.days, REVIEW)
    model = None
    for at, day in enumerate(days):
        past = shops.history.until(day)
        if model is None or at % relearned_every == 0:
            model = learn(past)
        told[day] = model.forecast(past)
    return told


def ours(shops: Shops, told: dict[int, Forecast], ratio: float) -> Policy:
    """The product's purchase orders, where a unit missed costs so much of both that this ratio of cycles pays."""
    keeping = (1 - ratio) / ratio
    one = np.ones_like(shops.pack)

    def order(day: int, stock: Whole) -> Whole:
        forecast = told[day]
        until = Demand(forecast.expected(0, LEAD), forecast.dispersion(LEAD))
        after = Demand(forecast.expected(LEAD, REVIEW), forecast.dispersion(REVIEW))
        lines = Lines(stock, stock * 0, until, after, shops.pack, one, one.astype(np.float64), one * 0)
        return buy(lines, np.zeros(1, np.int64), _NO_LIMIT, keeping=keeping).packs * shops.pack

    return order


def weeks_of_cover(shops: Shops, weeks: float) -> Policy:
    """Below so many weeks of the 56-day mean, fill up to twice as many."""

    def order(day: int, stock: Whole) -> Whole:
        week = _recent(shops, day).mean(1) * 7
        target = np.where(stock < week * weeks, np.ceil(week * 2 * weeks), stock)
        return _packed((target - stock).astype(np.float64), shops.pack)

    return order


def normal_z(shops: Shops, z: float) -> Policy:
    """The textbook's: mean of lead time and review, and z standard deviations of 56 days."""

    def order(day: int, stock: Whole) -> Whole:
        recent = _recent(shops, day)
        span = LEAD + REVIEW
        return _packed(np.ceil(recent.mean(1) * span + z * recent.std(1) * span**0.5) - stock, shops.pack)

    return order


def _recent(shops: Shops, day: int) -> NDArray[np.float64]:
    return shops.history.units[:, day - _WINDOW : day].astype(np.float64)


def _packed(units: NDArray[np.float64], pack: Whole) -> Whole:
    return np.ceil(np.maximum(units, 0) / pack).astype(np.int64) * pack
