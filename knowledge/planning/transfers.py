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
from knowledge.planning.chain import REVIEW, Chain
from knowledge.planning.moving import Network, Shelves, Whole
from knowledge.planning.rebalance import Shipments, rebalanced
from knowledge.store.places import WAREHOUSE, Places

KEEP: Final = 0.95  # service level whose demand in the lead time no shop is stripped of
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
        instead: Other locations that could send as many and keep their safety stock, what that would earn, and cost.
        cost: Of moving them, minor units.
    """

    sku: str
    origin: str
    destination: str
    units: int
    earns: int
    currency: str
    otherwise: float
    instead: tuple[tuple[str, int, int], ...]
    cost: int = 0


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
    leads = chain.lanes.leads(names)
    for row, sku in enumerate(skus):
        for column, name in enumerate(names):
            level, kept = chain.levels.get((sku, name)), chain.forecasts.get((sku, name))
            if level is None:
                continue
            stock[row, column] = max(level.available, 0)
            if kept is None:  # a shop keeps what nobody forecasts for it; a warehouse holds it for the shops
                keep[row, column] = 0 if name in stores else stock[row, column]
                continue
            lead = leads[column]
            mean[row, column] = kept.expected(chain.today, GIVING)
            cover[row, column] = kept.expected(chain.today + timedelta(days=lead), REVIEW)
            spread[row, column] = kept.dispersion(GIVING) * ANSWERED
            cover_spread[row, column] = kept.dispersion(REVIEW) * ANSWERED
            keep[row, column] = kept.quantile(KEEP, chain.today, lead)
            expected = level.available + level.incoming - kept.expected(chain.today, lead)
            left[row, column] = max(round(expected), 0)
    margin = np.array([float(chain.goods[sku].price - chain.goods[sku].cost) for sku in skus])
    pack = chain.lanes.packs_of(skus)
    network = chain.lanes.network(names)
    giving = Shelves(stock, mean, spread)
    sent = rebalanced(giving, Shelves(left, cover, cover_spread), keep, margin, pack, network)
    return _told(chain, skus, names, sent, _Senders(giving, keep, margin, pack, network), leads)


def _told(  # noqa: PLR0913, PLR0917  # what was decided, and what it was decided on
    chain: Chain, skus: Sequence[str], names: Sequence[str], sent: Shipments, senders: "_Senders", leads: Sequence[int]
) -> list[Move]:
    found: list[Move] = []
    for at in range(len(sent.packs)):
        variant, origin, destination = (int(each[at]) for each in (sent.variant, sent.origin, sent.destination))
        packs, earns = int(sent.packs[at]), float(sent.earns[at])
        units, cost = packs * int(senders.pack[variant]), packs * float(senders.network.cost[origin, destination])
        sku, to = skus[variant], names[destination]
        kept, level = chain.forecasts[sku, to], chain.levels[sku, to]
        out = 1 - kept.lasts(max(level.available + level.incoming, 0), chain.today, leads[destination] + REVIEW)
        currency = chain.goods[sku].currency
        others = senders.instead(variant, origin, destination, packs, earns)
        instead = tuple((names[other], round(value), round(costs)) for other, value, costs in others)
        move = Move(sku, names[origin], to, units, round(earns), currency, round(out, 3), instead, round(cost))
        found.append(move)
    return found


@dataclass(frozen=True, slots=True)
class _Senders:
    """What it costs each location to give packs away: `[variants, locations]`, margins and packs by variant."""

    shelves: Shelves
    keep: Whole
    margin: Floats
    pack: Whole
    network: Network

    def instead(
        self, variant: int, origin: int, destination: int, packs: int, earns: float
    ) -> list[tuple[int, float, float]]:
        """Other origins of as many packs over lanes that take them, best first: what they would earn, and cost."""
        stock, units = self.shelves.stock[variant], packs * int(self.pack[variant])
        able = np.flatnonzero(
            (stock - units >= self.keep[variant])
            & np.isfinite(self.network.cost[:, destination])
            & (self.network.lane[:, destination] >= packs)
        )
        if not len(able) or not stock[origin]:
            return []
        both = np.stack([stock, np.maximum(stock - units, 0)], 1)
        short = short_by(both, self.shelves.mean[variant], self.shelves.dispersion[variant])
        loss = (short[:, 1] - short[:, 0]) * self.margin[variant] + packs * self.network.cost[:, destination]
        others = [
            (
                int(other),
                earns + float(loss[origin] - loss[other]),
                packs * float(self.network.cost[other, destination]),
            )
            for other in able
        ]
        others = [each for each in others if each[0] not in {origin, destination}]
        return sorted(others, key=lambda each: (-each[1], each[0]))[:_OTHERS]
