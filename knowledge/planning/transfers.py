"""Transfers worth making, by the night's forecast: from shelves that can spare goods to those that will lack them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np

from knowledge.demand.counts import short_by
from knowledge.demand.model import HORIZON
from knowledge.demand.outline import Floats
from knowledge.planning.chain import LEAD, REVIEW, Chain
from knowledge.planning.moving import Network, Shelves, Whole
from knowledge.planning.rebalance import Shipments, rebalanced
from knowledge.store.places import WAREHOUSE, Places

KEEP: Final = 0.95  # service level whose demand in the lead time no shop is stripped of
COST: Final = 60  # minor units per unit moved, both ends handled
LANE: Final = 40  # packs
HANDS: Final = 900  # packs a location handles a day
GIVING: Final = HORIZON  # days a sender looks ahead: further than a receiver, whom the next nights can send more
# Of the dispersion, what goods are moved against: doubt about levels is answered by the nights that follow, as orders
# answer it. Chosen with `GIVING` on days before August, see `knowledge/README.md`.
ANSWERED: Final = 0.25
_OTHERS: Final = 2  # other origins that are told


@dataclass(frozen=True, slots=True)
class Move:
    """One transfer the plan proposes.

    Attributes:
        earns: Margin it is expected to save beyond its cost, minor units.
        otherwise: Chance that the destination runs out before the next plan if nothing is moved.
        instead: Other locations that could send as many and keep their safety stock, and what that would earn.
    """

    sku: str
    origin: str
    destination: str
    units: int
    earns: int
    currency: str
    otherwise: float
    instead: tuple[tuple[str, int], ...]


async def transfers(chain: Chain, places: Places) -> Sequence[Move]:
    """Transfers worth making, best first; a platform's locations share goods among themselves."""
    return await asyncio.to_thread(_transfers, chain, places)


def rearranged(chain: Chain, moves: Sequence[Move]) -> Chain:
    """The chain once these are on their way."""
    levels = dict(chain.levels)
    for move in moves:
        origin, destination = levels[move.sku, move.origin], levels[move.sku, move.destination]
        levels[move.sku, move.origin] = replace(origin, available=origin.available - move.units)
        levels[move.sku, move.destination] = replace(destination, incoming=destination.incoming + move.units)
    return replace(chain, levels=levels)


def _transfers(chain: Chain, places: Places) -> list[Move]:
    found: list[Move] = []
    for platform in sorted({place.platform for place in places}):
        names = sorted(str(place.id) for place in places.shelves(platform))
        skus = sorted({sku for sku, place in chain.levels if place in names and sku in chain.goods})
        if len(names) > 1 and skus:
            stores = [str(place.id) for place in places.on(platform) if place.kind == WAREHOUSE]
            found += _moves_between(chain, skus, names, stores)
    return sorted(found, key=lambda each: (-each.earns, each.sku, each.destination))


def _moves_between(chain: Chain, skus: Sequence[str], names: Sequence[str], stores: Sequence[str]) -> list[Move]:
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
            if kept is None:  # a shop keeps what nobody forecasts for it; a warehouse holds it for the shops
                keep[row, column] = 0 if name in stores else stock[row, column]
                continue
            mean[row, column] = kept.expected(chain.today, GIVING)
            cover[row, column] = kept.expected(arrival, REVIEW)
            spread[row, column] = kept.dispersion(GIVING) * ANSWERED
            cover_spread[row, column] = kept.dispersion(REVIEW) * ANSWERED
            keep[row, column] = kept.quantile(KEEP, chain.today, LEAD)
            expected = level.available + level.incoming - kept.expected(chain.today, LEAD)
            left[row, column] = max(round(expected), 0)
    margin = np.array([float(chain.goods[sku].price - chain.goods[sku].cost) for sku in skus])
    pack = np.ones(len(skus), np.int64)
    cost = np.full((len(names), len(names)), float(COST))
    network = Network(cost, np.full(cost.shape, LANE, np.int64), np.full(len(names), HANDS, np.int64))
    giving = Shelves(stock, mean, spread)
    sent = rebalanced(giving, Shelves(left, cover, cover_spread), keep, margin, pack, network)
    return _told(chain, skus, names, sent, _Senders(giving, keep, margin))


def _told(chain: Chain, skus: Sequence[str], names: Sequence[str], sent: Shipments, senders: "_Senders") -> list[Move]:
    found: list[Move] = []
    for at in range(len(sent.packs)):
        variant, origin, destination = (int(each[at]) for each in (sent.variant, sent.origin, sent.destination))
        units, earns = int(sent.packs[at]), float(sent.earns[at])
        sku, to = skus[variant], names[destination]
        kept, level = chain.forecasts[sku, to], chain.levels[sku, to]
        out = 1 - kept.lasts(max(level.available + level.incoming, 0), chain.today, LEAD + REVIEW)
        currency = chain.goods[sku].currency
        others = senders.instead(variant, origin, destination, units, earns)
        instead = tuple((names[other], round(value)) for other, value in others)
        found.append(Move(sku, names[origin], to, units, round(earns), currency, round(out, 3), instead))
    return found


@dataclass(frozen=True, slots=True)
class _Senders:
    """What it costs each location to give units away: `[variants, locations]`, margins by variant."""

    shelves: Shelves
    keep: Whole
    margin: Floats

    def instead(self, variant: int, origin: int, destination: int, units: int, earns: float) -> list[tuple[int, float]]:
        """Other origins of as many units, best first, and what they would earn; every lane costs the same."""
        stock = self.shelves.stock[variant]
        able = np.flatnonzero(stock - units >= self.keep[variant])
        if not len(able) or not stock[origin]:
            return []
        both = np.stack([stock, np.maximum(stock - units, 0)], 1)
        short = short_by(both, self.shelves.mean[variant], self.shelves.dispersion[variant])
        loss = (short[:, 1] - short[:, 0]) * self.margin[variant]
        others = [(int(other), earns + float(loss[origin] - loss[other])) for other in able]
        others = [each for each in others if each[0] not in {origin, destination}]
        return sorted(others, key=lambda each: (-each[1], each[0]))[:_OTHERS]
