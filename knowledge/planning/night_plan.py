"""The chain as planning sees it: stock, forecast and worth of every shelf, and what follows from them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy import text

from knowledge.demand.kept import Kept, kept_forecasts
from knowledge.demand.velocity import Spot
from knowledge.planning.buying import Lines, buy
from knowledge.planning.moving import Moves, Network, Shelves, best_moves, candidates
from knowledge.store.connection import Connection
from knowledge.store.places import ONLINE, Places
from policies.errors import NotFound

LEAD: Final = 2  # days a transfer takes
REVIEW: Final = 7  # days a transfer is to last
KEEP: Final = 0.95  # service level whose demand in the lead time no shop is stripped of
COST: Final = 60  # minor units per unit moved, both ends handled
LANE: Final = 40  # packs
HANDS: Final = 900  # packs a location handles a day
ALERT_DAYS: Final = 14
BEST_SELLERS: Final = 0.5  # share of expected margin that best sellers make up
_UNKNOWN_COST: Final = 0.7  # of the price, where a cost was never recorded
_LEVELS = text("SELECT sku, location_id, available, coalesce(incoming, 0) AS incoming, as_of FROM known_level")
_WORTH = text("SELECT sku, vendor, price, unit_cost, currency FROM variant")
_SUPPLIERS = text("SELECT vendor, lead_days, review_days, pack, minimum FROM supplier ORDER BY vendor")


@dataclass(frozen=True, slots=True)
class Goods:
    """What a variant is worth, minor units; a cost that was never recorded is taken to be 70 % of the price."""

    vendor: str
    price: int
    cost: int
    currency: str


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who supplies: days from order to shelf and between orders, units in a pack, least value of an order."""

    vendor: str
    lead: int
    review: int
    pack: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Level:
    """Units available and on their way, and when we last heard."""

    available: int
    incoming: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """One transfer the plan proposes.

    Attributes:
        earns: Margin it is expected to save beyond its cost, minor units.
        otherwise: Chance that the destination runs out before the next plan if nothing is moved.
    """

    sku: str
    origin: str
    destination: str
    units: int
    earns: int
    currency: str
    otherwise: float


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a purchase order; `cost` of all its units, minor units."""

    vendor: str
    sku: str
    location: str
    units: int
    cost: int
    currency: str


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


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything planning looks at, read once."""

    today: date
    forecasts: Mapping[Spot, Kept]
    levels: Mapping[Spot, Level]
    goods: Mapping[str, Goods]
    suppliers: Mapping[str, Supplier]


async def read_chain(connection: Connection, today: date) -> Chain:
    """From the store.

    Raises:
        NotFound: No forecast was made lately.
    """
    forecasts = await kept_forecasts(connection, today)
    if not forecasts:
        raise NotFound(
            "No forecast was made lately, so there is nothing to plan with.",
            code="forecast.none",
            hint="It is made every night; tillhand plan make makes it now.",
        )
    levels = {
        (row.sku, row.location_id): Level(row.available, row.incoming, row.as_of)
        for row in await connection.execute(_LEVELS)
    }
    goods = {
        row.sku: Goods(
            row.vendor,
            row.price,
            round(row.price * _UNKNOWN_COST) if row.unit_cost is None else row.unit_cost,
            row.currency,
        )
        for row in await connection.execute(_WORTH)
    }
    suppliers = {
        row.vendor: Supplier(row.vendor, row.lead_days, row.review_days, row.pack, row.minimum)
        for row in await connection.execute(_SUPPLIERS)
    }
    return Chain(today, forecasts, levels, goods, suppliers)


async def transfers(chain: Chain, places: Places) -> Sequence[Move]:
    """Transfers worth making, best first; a platform's locations share goods among themselves."""
    return await asyncio.to_thread(_transfers, chain, places)


def _transfers(chain: Chain, places: Places) -> list[Move]:
    found: list[Move] = []
    for platform in sorted({place.platform for place in places}):
        names = sorted(str(place.id) for place in places.on(platform) if place.kind != ONLINE)
        skus = sorted({sku for sku, place in chain.levels if place in names and sku in chain.goods})
        if len(names) > 1 and skus:
            found += _moves_between(chain, skus, names)
    return sorted(found, key=lambda each: (-each.earns, each.sku, each.destination))


def _moves_between(chain: Chain, skus: Sequence[str], names: Sequence[str]) -> list[Move]:
    shape = (len(skus), len(names))
    stock, keep = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    left, mean, cover = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
    spread, cover_spread = np.full(shape, 1.0), np.full(shape, 1.0)
    arrival = chain.today + timedelta(days=LEAD)
    for row, sku in enumerate(skus):
        for column, name in enumerate(names):
            level, kept = chain.levels.get((sku, name)), chain.forecasts.get((sku, name))
            if level is None:
                continue
            stock[row, column] = max(level.available, 0)
            if kept is None:  # what is not forecast is neither given nor taken
                keep[row, column] = stock[row, column]
                continue
            mean[row, column] = kept.expected(chain.today, LEAD + REVIEW)
            cover[row, column] = kept.expected(arrival, REVIEW)
            spread[row, column], cover_spread[row, column] = kept.dispersion(LEAD + REVIEW), kept.dispersion(REVIEW)
            keep[row, column] = kept.quantile(KEEP, chain.today, LEAD)
            expected = level.available + level.incoming - kept.expected(chain.today, LEAD)
            left[row, column] = max(round(expected), 0)
    margin = np.array([float(chain.goods[sku].price - chain.goods[sku].cost) for sku in skus])
    pack = np.ones(len(skus), np.int64)
    cost = np.full((len(names), len(names)), float(COST))
    network = Network(cost, np.full(cost.shape, LANE, np.int64), np.full(len(names), HANDS, np.int64))
    among = candidates(Shelves(stock, mean, spread), Shelves(left, cover, cover_spread), keep, margin, pack, network)
    return _told(chain, skus, names, best_moves(among, network))


def _told(chain: Chain, skus: Sequence[str], names: Sequence[str], moves: Moves) -> list[Move]:
    units: dict[tuple[int, int, int], tuple[int, float]] = {}
    for variant, origin, destination, value in zip(
        moves.variant.tolist(), moves.origin.tolist(), moves.destination.tolist(), moves.value.tolist(), strict=True
    ):
        count, earns = units.get((variant, origin, destination), (0, 0.0))
        units[variant, origin, destination] = (count + 1, earns + value)
    found: list[Move] = []
    for (variant, origin, destination), (count, earns) in units.items():
        sku, to = skus[variant], names[destination]
        kept, level = chain.forecasts[sku, to], chain.levels[sku, to]
        out = 1 - kept.lasts(max(level.available + level.incoming, 0), chain.today, LEAD + REVIEW)
        currency = chain.goods[sku].currency
        found.append(Move(sku, names[origin], to, count, round(earns), currency, round(out, 3)))
    return found


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


def running_out(chain: Chain) -> Sequence[RunningOut]:
    """Best sellers likelier gone than not within two weeks, most money first."""
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


def _vendor(chain: Chain, sku: str) -> str:
    return chain.goods[sku].vendor if sku in chain.goods else ""
