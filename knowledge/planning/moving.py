"""Which packs to move between locations: each from where it is worth least to where it is worth most.

A pack is worth its margin times the units of it that are expected to sell, valued by the same forecast at both ends.
Within a variant the best moves are an assignment, which is solved exactly. What variants share, lanes and hands, gets a
price that rises while it is overbooked (Lagrangian relaxation); prices also give a bound that no plan can exceed.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from knowledge.demand.counts import short_by
from knowledge.demand.outline import Floats

Whole = NDArray[np.int64]
Indices = NDArray[np.intp]
STEPS: Final = 3  # packs per spot that one plan may give or take
LIKELIEST: Final = 8  # packs per variant and side that are looked at
_NEVER: Final = 1e18
_ROUNDS: Final = 40
_LOOK: Final = 4  # rounds between two plans that are made to fit
_STALE: Final = 2  # rounds without a better bound
_NEAR: Final = 0.003  # of the bound: nearer is not worth another round
_scipy: Any = scipy  # reads its solvers when the first plan asks for them: a start need not wait


@dataclass(frozen=True, slots=True)
class Shelves:
    """Stock and what it is for, `[variants, locations]` each.

    Attributes:
        stock: Units; for who receives, those left when a transfer arrives.
        mean: Demand they are for, until the next chance to move goods.
        dispersion: Of that demand.
    """

    stock: Whole
    mean: Floats
    dispersion: Floats


@dataclass(frozen=True, slots=True)
class Network:
    """What can be moved, `[from, to]` or by location.

    Attributes:
        cost: Of moving one pack, minor units; infinite where nothing goes.
        lane: Packs a lane takes.
        hands: Packs a location can send and receive in all.
    """

    cost: Floats
    lane: Whole
    hands: Whole


@dataclass(frozen=True, slots=True)
class Candidates:
    """Single packs that may be moved, one entry each.

    Attributes:
        variant: Which, ascending.
        origin: From.
        destination: To.
        given: Which pack of the origin's it is; the same pack goes once.
        taken: Which of the destination's.
        value: What it earns beyond its cost, minor units; positive.
    """

    variant: Indices
    origin: Indices
    destination: Indices
    given: Indices
    taken: Indices
    value: Floats


@dataclass(frozen=True, slots=True)
class Moves:
    """Packs to move, one entry each, best first.

    Attributes:
        variant: Which.
        origin: From.
        destination: To.
        value: Margin each is expected to earn beyond its cost, minor units.
        bound: What any plan could earn at most with these candidates.
    """

    variant: Indices
    origin: Indices
    destination: Indices
    value: Floats
    bound: float

    @property
    def earns(self) -> float:
        """What all of them are expected to earn."""
        return float(self.value.sum())


def candidates(  # noqa: PLR0913, PLR0917  # each is a different fact of the question
    giving: Shelves,
    taking: Shelves,
    keep: Whole,
    margin: Floats,
    pack: Whole,
    network: Network,
    likeliest: int = LIKELIEST,
) -> Candidates:
    """The packs worth moving at all, the likeliest of each side.

    Args:
        giving: Shelves as those who send see them.
        taking: The same as those who receive do.
        keep: Units a location must keep, `[variants, locations]`: its safety stock.
        margin: What a unit sold earns, by variant, minor units.
        pack: Units in a pack, by variant.
        network: Costs and capacities.
        likeliest: Packs looked at per variant and side.
    """
    gain = _worth(taking, pack, +1) * margin[:, None, None]
    loss = _worth(giving, pack, -1) * margin[:, None, None]
    steps = np.arange(1, STEPS + 1)
    loss[giving.stock[:, :, None] - steps * pack[:, None, None] < keep[:, :, None]] = _NEVER
    variants, places, _ = gain.shape
    count = min(likeliest, places * STEPS)
    gain, loss = gain.reshape(variants, -1), loss.reshape(variants, -1)
    takers = np.argpartition(-gain, count - 1, 1)[:, :count]
    givers = np.argpartition(loss, count - 1, 1)[:, :count]
    value = (
        np.take_along_axis(gain, takers, 1)[:, None, :]
        - np.take_along_axis(loss, givers, 1)[:, :, None]
        - network.cost[givers[:, :, None] // STEPS, takers[:, None, :] // STEPS]
    )
    value[givers[:, :, None] // STEPS == takers[:, None, :] // STEPS] = 0
    variant, giver, taker = np.nonzero(value > 0)
    return Candidates(
        variant,
        givers[variant, giver] // STEPS,
        takers[variant, taker] // STEPS,
        giver,
        taker,
        value[variant, giver, taker],
    )


def best_moves(among: Candidates, network: Network) -> Moves:
    """The best of these packs that lanes and hands can take, with a bound for how much better any others could be."""
    lane_price = np.zeros(network.cost.shape)
    hand_price = np.zeros(len(network.hands))
    chosen = np.zeros(0, np.intp)
    earned, bound, stride, stale = 0.0, float("inf"), 1.0, 0
    for round_ in range(_ROUNDS if len(among.value) else 0):
        priced = (
            among.value
            - lane_price[among.origin, among.destination]
            - hand_price[among.origin]
            - hand_price[among.destination]
        )
        wanted = _assigned(among, priced)
        dual = priced[wanted].sum() + (lane_price * network.lane).sum() + (hand_price * network.hands).sum()
        stale = 0 if dual < bound else stale + 1
        bound = min(bound, float(dual))
        if stale == _STALE:  # prices swing about the best ones: smaller steps
            stride, stale = stride / 2, 0
        if round_ % _LOOK == 0:
            fitting = _fitting(among, wanted, priced, network)
            if among.value[fitting].sum() > earned:
                chosen, earned = fitting, float(among.value[fitting].sum())
        if earned >= bound * (1 - _NEAR):
            break
        over_lane = _used(among.origin[wanted], among.destination[wanted], len(hand_price)) - network.lane
        over_hand = over_lane.sum(0) + over_lane.sum(1) + network.lane.sum(0) + network.lane.sum(1) - network.hands
        over_lane[(over_lane < 0) & (lane_price <= 0)] = 0
        over_hand[(over_hand < 0) & (hand_price <= 0)] = 0
        step = stride * (dual - earned) / max(float((over_lane**2).sum() + (over_hand**2).sum()), 1.0)
        lane_price = np.maximum(lane_price + step * over_lane, 0)
        hand_price = np.maximum(hand_price + step * over_hand, 0)
    order = chosen[np.argsort(-among.value[chosen], kind="stable")]
    return Moves(
        among.variant[order],
        among.origin[order],
        among.destination[order],
        among.value[order],
        bound if len(among.value) else 0.0,
    )


def _worth(shelves: Shelves, pack: Whole, sign: int) -> Floats:
    """Units of each next pack that are expected to sell, `[variants, locations, steps]`."""
    at = np.stack([shelves.stock + sign * step * pack[:, None] for step in range(STEPS + 1)], 2)
    counts = np.maximum(at, 0).reshape(-1, STEPS + 1)
    short = short_by(counts, shelves.mean.ravel(), shelves.dispersion.ravel()).reshape(at.shape)
    return np.abs(np.diff(short, axis=2))


def _assigned(among: Candidates, priced: Floats) -> Indices:
    """The best moves variant by variant, each pack given and taken once; those worth nothing are left out."""
    worth = np.flatnonzero(priced > 0)
    if not len(worth):
        return worth
    starts = np.flatnonzero(np.diff(among.variant[worth], prepend=-1))
    ends = [*starts[1:].tolist(), len(worth)]
    width = int(max(among.given.max(), among.taken.max())) + 1
    found: list[Indices] = []
    for begin, end in zip(starts.tolist(), ends, strict=True):
        rows = worth[begin:end]
        if len(rows) == 1:
            found.append(rows)
            continue
        table = np.zeros((width, width))
        which = np.full((width, width), -1, np.intp)
        table[among.given[rows], among.taken[rows]] = priced[rows]
        which[among.given[rows], among.taken[rows]] = rows
        best = which[_scipy.optimize.linear_sum_assignment(table, maximize=True)]
        found.append(best[best >= 0])
    return np.concatenate(found)


def _fitting(among: Candidates, wanted: Indices, priced: Floats, network: Network) -> Indices:
    """Of these moves the best that fit, then any others that still do where something had to give way."""
    best = wanted[np.argsort(-priced[wanted], kind="stable")]
    used = _used(among.origin[best], among.destination[best], len(network.hands))
    if (used <= network.lane).all() and (used.sum(0) + used.sum(1) <= network.hands).all():
        return best
    lane, hands = network.lane.copy(), network.hands.copy()
    gone: set[tuple[int, int, int]] = set()
    rest = np.setdiff1d(np.arange(len(among.value)), wanted, assume_unique=True)
    rest = rest[np.argsort(-priced[rest], kind="stable")]
    kept: list[int] = []
    for move in np.concatenate([best, rest]).tolist():
        origin, destination = int(among.origin[move]), int(among.destination[move])
        if lane[origin, destination] < 1 or hands[origin] < 1 or hands[destination] < 1:
            continue
        variant = int(among.variant[move])
        ends = {(variant, 0, int(among.given[move])), (variant, 1, int(among.taken[move]))}
        if gone & ends:
            continue
        gone |= ends
        lane[origin, destination] -= 1
        hands[origin] -= 1
        hands[destination] -= 1
        kept.append(move)
    return np.array(kept, np.intp)


def _used(origin: Indices, destination: Indices, places: int) -> Whole:
    return np.bincount(origin * places + destination, minlength=places * places).reshape(places, places)
