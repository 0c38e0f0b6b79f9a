"""Purchase orders within a budget: the packs that earn most per money first, each supplier's order whole or not at all.

A pack is worth its margin times the units of it that are expected to sell from its arrival until the next order could
arrive. Packs are taken in the order of that worth per money until the budget is spent. A supplier whose order stays
below their minimum gets none, and the money goes to the others. Every shelf is filled until its next unit is worth as
little as everybody else's: one price for keeping a unit, and no service level for each shelf.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.demand.counts import quantile
from knowledge.demand.outline import Floats
from knowledge.planning.arrival import Demand, Whole, short_after

Indices = NDArray[np.intp]
_STEPS = 16  # that the way to the most anybody would order is looked at in
_MOST = 0.999  # of demand: beyond it no pack earns its keep
# Of the dispersion, what stock is bought against: we take the rest to be doubt about levels, which lasts for weeks and
# which later orders answer. Chosen on days before August, see `knowledge/README.md`.
_ANSWERED = 0.5


@dataclass(frozen=True, slots=True)
class Lines:
    """What may be ordered, one entry a variant and location.

    Attributes:
        on_hand: Units that can be sold now.
        coming: Units on their way, there by the time this order arrives.
        until: Demand from now until this order arrives.
        after: Demand from then until what is ordered next could arrive.
        pack: Units in a pack.
        cost: Of a unit, minor units.
        margin: Of a unit sold, minor units.
        supplier: By number, from 0.
    """

    on_hand: Whole
    coming: Whole
    until: Demand
    after: Demand
    pack: Whole
    cost: Whole
    margin: Floats
    supplier: Indices


@dataclass(frozen=True, slots=True)
class Bought:
    """Packs by line, what they cost by supplier, and what they are expected to earn; minor units."""

    packs: Whole
    spent: Whole
    earns: float


def buy(lines: Lines, minimum: Whole, budget: int, *, keeping: float = 0.02) -> Bought:
    """What to order.

    Args:
        lines: What may be ordered.
        minimum: Value below which a supplier takes no order, by supplier, minor units.
        budget: For all of them, minor units.
        keeping: What a unit left over costs until the next order, as a share of its cost.
    """
    line, packs, gain = _steps(lines, keeping)
    price = (lines.pack * lines.cost)[line]
    worth = gain > 0
    suppliers = lines.supplier[line]
    left_out = np.zeros(len(minimum), np.bool_)
    while True:
        taken = _affordable(price, packs, worth & ~left_out[suppliers], gain, budget)
        spent = np.bincount(suppliers, taken * price, len(minimum)).astype(np.int64)
        short = np.flatnonzero((spent > 0) & (spent < minimum))
        if not len(short):
            bought = np.bincount(line, taken, len(lines.pack)).astype(np.int64)
            return Bought(bought, spent, float((gain * taken / packs).sum()))
        # the one furthest from its minimum gives way, and the others are asked again with its money
        left_out[short[np.argmax((minimum - spent)[short])]] = True


def _steps(lines: Lines, keeping: float) -> tuple[Indices, Whole, Floats]:
    """Every next step of every line: line, packs in it, and what they earn. A step is a pack, or more of fast goods."""
    until, after = _bought_against(lines.until), _bought_against(lines.after)
    most = quantile(_MOST, until.mean + after.mean, np.maximum(until.dispersion, after.dispersion))
    wanted = np.maximum(most - np.maximum(lines.on_hand, 0) - lines.coming, 0)
    each = np.maximum(-(-wanted // (_STEPS * lines.pack)), 1)
    units = (each * lines.pack)[:, None]
    arriving = lines.coming[:, None] + np.arange(_STEPS + 1) * units
    sold = -np.diff(short_after(lines.on_hand, until, arriving, after), axis=1)
    gain = sold * lines.margin[:, None] - (units - sold) * (lines.cost * keeping)[:, None]
    line = np.repeat(np.arange(len(lines.pack)), _STEPS)
    return line, np.repeat(each, _STEPS), gain.ravel()


def _bought_against(demand: Demand) -> Demand:
    return Demand(demand.mean, demand.dispersion * _ANSWERED)


def _affordable(price: Whole, packs: Whole, worth: NDArray[np.bool_], gain: Floats, budget: int) -> Whole:
    """Packs of each step: the best per money that the budget pays for, of the last as many as it still pays for.

    Later steps of a line earn less, so they come later.
    """
    open_ = np.flatnonzero(worth)
    cost = price[open_] * packs[open_]
    order = np.argsort(-(gain[open_] / np.maximum(cost, 1)), kind="stable")
    before = np.cumsum(cost[order]) - cost[order]
    left = (budget - before) // np.maximum(price[open_][order], 1)
    taken = np.zeros_like(packs)
    taken[open_[order]] = np.clip(left, 0, packs[open_][order])
    return taken
