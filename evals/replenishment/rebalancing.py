"""Six weeks without supply: what transfers save of the margin that badly placed stock would lose.

Stock for four weeks is placed with errors, as it is in real chains; then only what shops hold can be sold. Every night
goods may be moved, at a cost per unit. What is recoverable is what a planner would save who knew every coming sale and
moved goods once, at that cost. How much of it better forecasts could win at all is shown by the same plan when it is
told what each variant will sell in the days it looks at, and then also in what proportion its shops will on average:
everything but who comes in next, and where.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from evals.replenishment.shops import SHOPS, Shops
from knowledge.demand.model import DemandModel, Forecast, learn
from knowledge.demand.outline import Floats
from knowledge.planning.arrival import Demand
from knowledge.planning.chain import REVIEW
from knowledge.planning.lanes import LEAD
from knowledge.planning.moving import Network, Shelves
from knowledge.planning.rebalance import rebalanced
from knowledge.planning.transfers import ANSWERED, GIVING

DAYS: Final = 42
COST: Final = 30  # per unit moved, in hundredths of the log's currency
_EVERY: Final = 1  # days: the product plans every night; the plain rule may as well
_MARGIN: Final = 0.5  # of the price
_NO_LIMIT: Final = 10**6
_SELLS: Final = 0.5  # units a week; the plain rule leaves slower goods alone
_PLENTY: Final = 4  # weeks of cover
Whole = NDArray[np.int64]
Way = Literal["none", "weeks_of_cover", "ours", "told_demand", "told_shops_too"]
_SURE: Final = 0.02  # dispersion left to who is told what will be sold


@dataclass(frozen=True, slots=True)
class Saved:
    """Lost margin and cost of moving, in hundredths of the log's currency."""

    lost: float
    moved: int


@dataclass(frozen=True, slots=True)
class Start:
    """The first of the six weeks: what is known then, and what lies where."""

    first: int
    model: DemandModel
    stock: Whole


def start(shops: Shops, first: int, seed: int) -> Start:
    """Stock for four weeks from this day on, misplaced by this seed."""
    past = shops.history.until(first)
    model = learn(past)
    return Start(first, model, _opening(model.forecast(past, DAYS), seed))


def without_supply(shops: Shops, way: Way, begin: Start) -> Saved:
    """Six weeks from this start on, goods moved in this way."""
    demand, margin = shops.demand, shops.price * 100 * _MARGIN
    stock, end = begin.stock, begin.first + DAYS
    lost, moved = 0.0, 0
    for day in range(begin.first, end):
        if (day - begin.first) % _EVERY == 0 and way != "none":
            before = stock
            if way == "weeks_of_cover":
                stock = _evened(shops, stock, day)
            else:
                forecast = begin.model.forecast(shops.history.until(day), DAYS)
                giving = _expected(shops, way, forecast, day, min(end - day, GIVING))
                taking = _expected(shops, way, forecast, day, min(end - day, LEAD + REVIEW))
                stock = balanced(giving, taking, stock, margin)
            moved += int(np.abs(stock - before).sum()) // 2
        wanted = demand[:, day]
        sold = np.minimum(stock, wanted)
        lost += float(((wanted - sold) * margin).sum())
        stock = stock - sold
    return Saved(lost, moved)


def foreknowing(shops: Shops, begin: Start, cost: float = COST) -> float:
    """Margin lost by a planner who knows every coming sale and moves goods once, where that pays."""
    stock = begin.stock
    wanted = shops.demand[:, begin.first : begin.first + DAYS].sum(1)
    margin = (shops.price * 100 * _MARGIN).reshape(-1, SHOPS)[:, 0]
    short = np.maximum(wanted - stock, 0).reshape(-1, SHOPS).sum(1)
    spare = np.maximum(stock - wanted, 0).reshape(-1, SHOPS).sum(1)
    return float(((short - np.where(margin > cost, np.minimum(short, spare), 0)) * margin).sum())


def balanced(giving: Demand, taking: Demand, stock: Whole, margin: Floats, cost: float = COST) -> Whole:
    """Stock after the product's transfers of a night, for what senders and receivers look at; all by spot."""
    here = stock.reshape(-1, SHOPS).copy()
    give, take = (
        Shelves(here, each.mean.reshape(here.shape), each.dispersion.reshape(here.shape)) for each in (giving, taking)
    )
    network = Network(
        np.full((SHOPS, SHOPS), float(cost)), np.full((SHOPS, SHOPS), _NO_LIMIT), np.full(SHOPS, _NO_LIMIT)
    )
    by_sku = margin.reshape(here.shape)[:, 0]
    sent = rebalanced(give, take, np.zeros_like(here), by_sku, np.ones(len(here), np.int64), network)
    np.add.at(here, (sent.variant, sent.origin), -sent.packs)
    np.add.at(here, (sent.variant, sent.destination), sent.packs)
    return here.ravel()


def _opening(forecast: Forecast, seed: int) -> Whole:
    chance = np.random.default_rng(seed)
    four_weeks = forecast.quantile(0.6, 0, 28)
    return np.maximum(four_weeks + np.round(four_weeks * chance.normal(0, 0.6, len(four_weeks))), 0).astype(np.int64)


def _expected(shops: Shops, way: Way, forecast: Forecast, day: int, days: int) -> Demand:
    """Demand of the coming days as the plan sees it, or as it is told: then what each variant will sell, dealt out."""
    mean = forecast.expected(0, days)
    if way == "ours":
        return Demand(mean, forecast.dispersion(days) * ANSWERED)
    dealt = shops.mix if way == "told_shops_too" else mean
    dealt = dealt.reshape(-1, SHOPS)
    will = shops.demand[:, day : day + days].sum(1).reshape(-1, SHOPS).sum(1, keepdims=True)
    told = dealt * will / np.maximum(dealt.sum(1, keepdims=True), 1e-9)
    return Demand(told.ravel(), np.full(len(mean), _SURE))


def _evened(shops: Shops, stock: Whole, day: int) -> Whole:
    """The plain rule: who has less than a week of cover is given two weeks' by whoever has most, if above four."""
    week = (shops.history.units[:, day - 56 : day].mean(1, dtype=np.float64) * 7).reshape(-1, SHOPS)
    here = stock.reshape(-1, SHOPS).copy()
    for row, rate in zip(here, week, strict=True):
        cover = row / np.maximum(rate, 1e-6)
        for low in np.flatnonzero((cover < 1) & (rate >= _SELLS)):
            high = int(np.argmax(np.where(rate > 0, cover, 0)))
            if cover[high] > _PLENTY:
                units = int(min(np.ceil(rate[low] * 2), row[high] // 2))
                row[high] -= units
                row[low] += units
                cover = row / np.maximum(rate, 1e-6)
    return here.ravel()
