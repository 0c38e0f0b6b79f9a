"""Purchase orders within a budget: the packs that earn most per money first, each supplier's order whole or not at all.

A pack is worth its margin times the units of it that are expected to sell before the next order can arrive. Packs are
taken in the order of that worth per money until the budget is spent. A supplier whose order stays below their minimum
gets it filled up with their next best packs where those still earn what they cost to keep, or gets none, and the money
goes to the others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.demand.counts import short_by
from knowledge.demand.outline import Floats

Whole = NDArray[np.int64]
Indices = NDArray[np.intp]
_STEPS = 12  # packs of one line that one order looks at


@dataclass(frozen=True, slots=True)
class Lines:
    """What may be ordered, one entry a variant and location.

    Attributes:
        position: On hand and on the way.
        mean: Demand until what is ordered next could arrive.
        dispersion: Of it.
        pack: Units in a pack.
        cost: Of a unit, minor units.
        margin: Of a unit sold, minor units.
        supplier: By number, from 0.
    """

    position: Whole
    mean: Floats
    dispersion: Floats
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
    line, price, gain, worth = _packs(lines, keeping)
    suppliers = lines.supplier[line]
    left_out = np.zeros(len(minimum), np.bool_)
    while True:
        chosen = _affordable(price, worth & ~left_out[suppliers], gain, budget)
        spent = np.bincount(suppliers[chosen], price[chosen], len(minimum)).astype(np.int64)
        short = np.flatnonzero((spent > 0) & (spent < minimum))
        if not len(short):
            packs = np.bincount(line[chosen], minlength=len(lines.position)).astype(np.int64)
            return Bought(packs, spent, float(gain[chosen].sum()))
        # the one furthest from its minimum gives way, and the others are asked again with its money
        left_out[short[np.argmax((minimum - spent)[short])]] = True


def _packs(lines: Lines, keeping: float) -> tuple[Indices, Whole, Floats, NDArray[np.bool_]]:
    """Every next pack of every line: line, price, what it earns, and whether that is anything."""
    steps = np.arange(_STEPS + 1)
    counts = np.maximum(lines.position, 0)[:, None] + steps * lines.pack[:, None]
    sold = -np.diff(short_by(counts, lines.mean, lines.dispersion), axis=1)
    over = lines.pack[:, None] - sold
    gain = sold * lines.margin[:, None] - over * (lines.cost * keeping)[:, None]
    line = np.repeat(np.arange(len(lines.position)), _STEPS)
    price = np.repeat(lines.pack * lines.cost, _STEPS)
    return line, price, gain.ravel(), gain.ravel() > 0


def _affordable(price: Whole, worth: NDArray[np.bool_], gain: Floats, budget: int) -> Indices:
    """The best packs per money that the budget pays for. Later packs of a line earn less, so they come later."""
    open_ = np.flatnonzero(worth)
    order = open_[np.argsort(-(gain[open_] / np.maximum(price[open_], 1)), kind="stable")]
    return order[np.cumsum(price[order]) <= budget]
