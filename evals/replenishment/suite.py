"""What forecasts are worth in stock, over twenty shops of real demand, with intervals over how it is dealt out.

Orders: all policies order weekly with a lead time of three days, from the same opening stock. Each is run at several
settings, and stock is compared where the share of units served is the same. The form of the product's policy was chosen
on days before August; rows are of August and September. Every row is a mean over seeds; `_least` rows are the lower end
of its 95 % interval, and goals are held against the mean.

Transfers: six weeks without supply. Rivals are the plain rules of the same days and shops; `told_demand` is the
product's plan when it is told what each variant will sell, which no forecast can be, and `told_shops_too` when it is
also told how likely each shop is to sell it. Looking ahead and doubt were chosen on days before August.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from evals.forecast.stream import CHOSEN_BEFORE, Stream, read_stream
from evals.replenishment.rebalancing import COST, DAYS, Way, foreknowing, start, without_supply
from evals.replenishment.shops import Shops, deal
from evals.replenishment.simulate import Policy, forecasts, normal_z, ours, simulate, weeks_of_cover
from evals.row import Row

FILLS: Final = (0.90, 0.93, 0.95)
GOAL_WEEKS: Final = 0.25
GOAL_NORMAL: Final = 0.15
GOAL_RECOVERED: Final = 0.86
_SEEDS: Final = (1, 2, 3, 4, 5)
_T: Final = 2.776  # of Student's distribution, 97.5 %, four degrees of freedom
_RATIOS: Final = (0.87, 0.93, 0.96, 0.98, 0.99, 0.996, 0.9985)
_WEEKS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0)
_ZS: Final = (0.5, 1.0, 1.64, 2.33, 3.0, 4.0, 5.0)


async def measure() -> list[Row]:
    """Stock saved at equal service, then margin saved by transfers."""
    stream = await read_stream()
    return await asyncio.to_thread(_measure, stream)


def _measure(stream: Stream) -> list[Row]:
    chains = [deal(stream, seed) for seed in _SEEDS]
    rows: list[Row] = []
    curves = [_curves(stream, shops) for shops in chains]
    for fill in FILLS:
        held = [{name: _stock_at(curve, fill) for name, curve in each.items()} for each in curves]
        for rival, goal in (("weeks_of_cover", GOAL_WEEKS), ("normal_z", GOAL_NORMAL)):
            saved = [1 - each["ours"] / each[rival] for each in held]
            rows += _rows(f"stock_saved_vs_{rival}_fill_{fill:.2f}", saved, goal)
    return rows + _transfers(chains, stream.days - DAYS)


def _transfers(chains: Sequence[Shops], first: int) -> list[Row]:
    starts = [start(shops, first, seed) for seed, shops in zip(_SEEDS, chains, strict=True)]
    lost = [without_supply(shops, "none", begin).lost for shops, begin in zip(chains, starts, strict=True)]
    most = [foreknowing(shops, begin) for shops, begin in zip(chains, starts, strict=True)]
    rows: list[Row] = []
    ways: tuple[Way, ...] = ("ours", "weeks_of_cover", "told_demand", "told_shops_too")
    for way in ways:
        some = [without_supply(shops, way, begin) for shops, begin in zip(chains, starts, strict=True)]
        shares = [(was - now.lost) / (was - least) for was, now, least in zip(lost, some, most, strict=True)]
        net = [(was - now.lost - now.moved * COST) / 100 for was, now in zip(lost, some, strict=True)]
        goal = GOAL_RECOVERED if way == "ours" else None
        rows += _rows(f"transfers_recovered_{way}", shares, goal)
        rows.append(Row(f"transfers_net_of_cost_{way}", round(float(np.mean(net)), 0), "", "", None, None))
    return rows


def _curves(stream: Stream, shops: Shops) -> dict[str, list[tuple[float, float]]]:
    told = forecasts(shops)
    span = (stream.origin(CHOSEN_BEFORE), stream.days)
    ways: dict[str, tuple[Callable[[float], Policy], Sequence[float]]] = {
        "ours": (lambda setting: ours(shops, told, setting), _RATIOS),
        "weeks_of_cover": (lambda setting: weeks_of_cover(shops, setting), _WEEKS),
        "normal_z": (lambda setting: normal_z(shops, setting), _ZS),
    }
    found: dict[str, list[tuple[float, float]]] = {}
    for name, (policy, settings) in ways.items():
        outcomes = [simulate(shops, policy(setting), [span])[0] for setting in settings]
        found[name] = sorted((each.fill, each.stock) for each in outcomes)
    return found


def _stock_at(curve: Sequence[tuple[float, float]], fill: float) -> float:
    fills, stocks = zip(*curve, strict=True)
    return float(np.interp(fill, fills, stocks, left=np.nan, right=np.nan))


def _rows(name: str, values: Sequence[float], goal: float | None) -> list[Row]:
    mean = float(np.mean(values))
    least = mean - _T * float(np.std(values, ddof=1)) / len(values) ** 0.5
    told = "" if goal is None else f">= {goal}"
    return [
        Row(name, round(mean, 3), "", told, None, None if goal is None else mean >= goal),
        Row(f"{name}_least", round(least, 3), "", "", None, None),
    ]
