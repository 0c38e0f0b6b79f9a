"""A whole night's moves: planned a few packs a shelf at a time, until no pack is worth its cost any more.

One plan looks at few packs of each shelf, so that it can be solved exactly; what it moves is taken as moved, and the
variants that did are planned again with the lanes and hands that are left.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from knowledge.demand.outline import Floats
from knowledge.planning.moving import LIKELIEST, Indices, Network, Shelves, Whole, best_moves, candidates

_ROUNDS: Final = 40  # of a few packs a shelf: more than any lane takes in a night


@dataclass(frozen=True, slots=True)
class Shipments:
    """What goes from where to where, one entry a variant and lane.

    Attributes:
        variant: Which, ascending.
        origin: From.
        destination: To.
        packs: How many.
        earns: Margin expected beyond the cost of moving, minor units.
    """

    variant: Indices
    origin: Indices
    destination: Indices
    packs: Whole
    earns: Floats


def rebalanced(  # noqa: PLR0913, PLR0917  # each is a different fact of the question, as in `candidates`
    giving: Shelves,
    taking: Shelves,
    keep: Whole,
    margin: Floats,
    pack: Whole,
    network: Network,
    likeliest: int = LIKELIEST,
) -> Shipments:
    """What to move tonight; arguments as `candidates` takes them. Goods that arrive are not sent on the same night."""
    places = giving.stock.shape[1]
    give, take = giving.stock.copy(), taking.stock.copy()
    lane, hands = network.lane.copy(), network.hands.copy()
    packs = np.zeros((len(give), places, places), np.int64)
    earns = np.zeros(packs.shape)
    open_ = np.arange(len(give))
    for _ in range(_ROUNDS):
        left = replace(network, lane=lane, hands=hands)
        among = candidates(
            replace(_some(giving, open_), stock=give[open_]),
            replace(_some(taking, open_), stock=take[open_]),
            keep[open_],
            margin[open_],
            pack[open_],
            left,
            likeliest,
        )
        found = best_moves(among, left)
        if not len(found.value):
            break
        variant = open_[found.variant]
        np.add.at(packs, (variant, found.origin, found.destination), 1)
        np.add.at(earns, (variant, found.origin, found.destination), found.value)
        np.add.at(give, (variant, found.origin), -pack[variant])
        np.add.at(take, (variant, found.origin), -pack[variant])
        np.add.at(take, (variant, found.destination), pack[variant])
        np.add.at(lane, (found.origin, found.destination), -1)
        np.add.at(hands, found.origin, -1)
        np.add.at(hands, found.destination, -1)
        open_ = np.unique(variant)
    variant, origin, destination = np.nonzero(packs)
    moved = (variant, origin, destination)
    return Shipments(variant, origin, destination, packs[moved], earns[moved])


def _some(shelves: Shelves, variants: Indices) -> Shelves:
    return Shelves(shelves.stock[variants], shelves.mean[variants], shelves.dispersion[variants])
