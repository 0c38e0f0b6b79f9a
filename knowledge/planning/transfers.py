"""Transfers worth making, by the night's forecast: from shelves that can spare goods to those that will lack them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from knowledge.planning.chain import LEAD, REVIEW, Chain
from knowledge.planning.moving import Moves, Network, Shelves, best_moves, candidates
from knowledge.store.places import ONLINE, Places

KEEP: Final = 0.95  # service level whose demand in the lead time no shop is stripped of
COST: Final = 60  # minor units per unit moved, both ends handled
LANE: Final = 40  # packs
HANDS: Final = 900  # packs a location handles a day


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
