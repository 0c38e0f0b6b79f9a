"""Six weeks without supply: what transfers save of the margin that badly placed stock would lose.

Stock for four weeks is placed with errors, as it is in real chains; then only what shops hold can be sold. Every night
goods may be moved, at a cost per unit. What is recoverable is what a planner would save who knew every coming sale and
moved goods once, at that cost. How much of it better forecasts could win at all is shown by the same plan when it is
told what each variant will sell in the days it looks at, though not where.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from evals.replenishment.shops import SHOPS, Shops
from knowledge.demand.model import DemandModel, Forecast, learn
from knowledge.demand.outline import Floats
from knowledge.planning.chain import LEAD, REVIEW
from knowledge.planning.moving import Network, Shelves
from knowledge.planning.rebalance import rebalanced

DAYS: Final = 42
COST: Final = 30  # per unit moved, in hundredths of the log's currency
_EVERY: Final = 1  # days: the product plans every night; the plain rule may as well
_MARGIN: Final = 0.5  # of the price
_NO_LIMIT: Final = 10**6
_SELLS: Final = 0.5  # units a week; the plain rule leaves slower goods alone
_PLENTY: Final = 4  # weeks of cover
Whole = NDArray[np.int64]
Way = Literal["none", "weeks_of_cover", "ours", "told_demand"]
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
            ahead = min(end - day, LEAD + REVIEW)  # as the product plans: later nights plan again
            before = stock
            if way == "weeks_of_cover":
                stock = _evened(shops, stock, day)
            else:
                forecast = begin.model.forecast(shops.history.until(day), DAYS)
                mean, dispersion = forecast.expected(0, ahead), forecast.dispersion(ahead)
                if way == "told_demand":
                    mean, dispersion = _told(shops, mean, day, ahead), np.full(len(mean), _SURE)
                stock = balanced(mean, dispersion, stock, margin)
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


def balanced(mean: Floats, dispersion: Floats, stock: Whole, margin: Floats, cost: float = COST) -> Whole:
    """Stock after the product's transfers of a night, for this demand; all by spot."""
    shelves = Shelves(stock.reshape(-1, SHOPS), mean.reshape(-1, SHOPS), dispersion.reshape(-1, SHOPS))
    network = Network(
        np.full((SHOPS, SHOPS), float(cost)), np.full((SHOPS, SHOPS), _NO_LIMIT), np.full(SHOPS, _NO_LIMIT)
    )
    here = shelves.stock.copy()
    by_sku = margin.reshape(-1, SHOPS)[:, 0]
    one = np.ones(len(here), np.int64)
    sent = rebalanced(shelves, shelves, np.zeros_like(here), by_sku, one, network)
    np.add.at(here, (sent.variant, sent.origin), -sent.packs)
    np.add.at(here, (sent.variant, sent.destination), sent.packs)
    return here.ravel()


def _opening(forecast: Forecast, seed: int) -> Whole:
    chance = np.random.default_rng(seed)
    four_weeks = forecast.quantile(0.6, 0, 28)
    return np.maximum(four_weeks + np.round(four_weeks * chance.normal(0, 0.6, len(four_weeks))), 0).astype(np.int64)


def _told(shops: Shops, mean: Floats, day: int, days: int) -> Floats:
    """What each variant will sell, dealt to shops as the forecast would."""
    will = shops.demand[:, day : day + days].sum(1).reshape(-1, SHOPS).sum(1, keepdims=True)
    said = mean.reshape(-1, SHOPS)
    return (said * will / np.maximum(said.sum(1, keepdims=True), 1e-9)).ravel()


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
