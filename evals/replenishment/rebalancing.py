"""Six weeks without supply: what transfers save of the margin that badly placed stock would lose.

Stock for four weeks is placed with errors, as it is in real chains; then only what shops hold can be sold. Every night
goods may be moved, at a cost per unit. What is recoverable is what a planner would save who knew every coming sale and
moved goods once, at that cost.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from evals.replenishment.shops import SHOPS, Shops
from knowledge.demand.model import Forecast, learn
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
Way = Literal["none", "weeks_of_cover", "ours"]


@dataclass(frozen=True, slots=True)
class Saved:
    """Lost margin and cost of moving, in hundredths of the log's currency."""

    lost: float
    moved: int


def without_supply(shops: Shops, way: Way, first: int, seed: int) -> Saved:
    """Six weeks from this day on, goods moved in this way."""
    demand, margin = shops.demand, shops.price * 100 * _MARGIN
    model = learn(shops.history.until(first))
    stock = _opening(model.forecast(shops.history.until(first), DAYS), seed)
    lost, moved = 0.0, 0
    for day in range(first, first + DAYS):
        if (day - first) % _EVERY == 0 and way != "none":
            ahead = min(first + DAYS - day, LEAD + REVIEW)  # as the product plans: later nights plan again
            before = stock
            if way == "ours":
                stock = balanced(model.forecast(shops.history.until(day), DAYS), stock, margin, ahead)
            else:
                stock = _evened(shops, stock, day)
            moved += int(np.abs(stock - before).sum()) // 2
        wanted = demand[:, day]
        sold = np.minimum(stock, wanted)
        lost += float(((wanted - sold) * margin).sum())
        stock = stock - sold
    return Saved(lost, moved)


def foreknowing(shops: Shops, first: int, seed: int, cost: float = COST) -> float:
    """Margin lost by a planner who knows every coming sale and moves goods once, where that pays."""
    stock = _opening(learn(shops.history.until(first)).forecast(shops.history.until(first), DAYS), seed)
    wanted = shops.demand[:, first : first + DAYS].sum(1)
    margin = (shops.price * 100 * _MARGIN).reshape(-1, SHOPS)[:, 0]
    short = np.maximum(wanted - stock, 0).reshape(-1, SHOPS).sum(1)
    spare = np.maximum(stock - wanted, 0).reshape(-1, SHOPS).sum(1)
    return float(((short - np.where(margin > cost, np.minimum(short, spare), 0)) * margin).sum())


def balanced(forecast: Forecast, stock: Whole, margin: NDArray[np.float64], days: int, cost: float = COST) -> Whole:
    """Stock after the product's transfers of a night, for demand of as many days."""
    mean = forecast.expected(0, days).reshape(-1, SHOPS)
    shelves = Shelves(stock.reshape(-1, SHOPS), mean, forecast.dispersion(days).reshape(-1, SHOPS))
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
