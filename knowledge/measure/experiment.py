"""What offers changed per customer: those who could be offered something beside those held out, always valid.

Each customer counts once, from the first occasion on which an offer was worth making. Outcomes are capped at a number
fixed before the start (a single reseller's order would otherwise be the whole result) and adjusted by the same figure
of the time before (CUPED, Deng et al., WSDM 2013). Cap, covariate and share are fixed beforehand and the adjustment
of each customer is fitted on those before, so every value is unbiased whatever was seen so far, and looking often
costs nothing.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.measure.sequence import ALPHA, Floats, Sequence, confidence_sequence
from policies.errors import Refused

LEAST: Final = 400  # customers before the first look: below that a sum of few held-out customers is no bell curve yet
LEAST_HELD_OUT: Final = 40
LOOKS: Final = 99


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers in the order of their first occasion.

    Attributes:
        outcome: Minor units within the window after it.
        before: Minor units of the same within the window before it; 0 for who was not there.
        held_out: Who was withheld every offer.
    """

    outcome: Floats
    before: Floats
    held_out: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lift:
    """An effect per customer, in minor units.

    Attributes:
        offered: Customers not held out; `held_out` those who were.
        value: Of the last look, with `low` and `high`.
        shown: The direction that some look so far has shown: 1, -1, or 0 while it is open.
        variance_left: Share of the capped outcome's variance that the time before does not explain.
    """

    offered: int
    held_out: int
    value: float
    low: float
    high: float
    shown: int
    variance_left: float


def lift(customers: Customers, *, share: float, cap: float, planned: int, alpha: float = ALPHA) -> Lift:
    """What offers changed, as of now.

    Args:
        customers: See there.
        share: Of customers held out, as it was set.
        cap: Outcomes above count as this much; fixed before the start.
        planned: Customers expected by the end; the interval is tightest there.
        alpha: Chance that any look, ever, is wrong.

    Raises:
        Refused: `measure.too_few`.
    """
    count, out = customers.outcome.size, int(customers.held_out.sum())
    if count < LEAST or out < LEAST_HELD_OUT:
        raise Refused(
            f"{count} customers, {out} of them held out, are too few to tell what offers change.",
            code="measure.too_few",
            hint=f"Wait for {LEAST} customers with {LEAST_HELD_OUT} held out; `tillhand measure plan` says how long.",
        )
    values, left = effects(customers, share=share, cap=cap)
    looks = np.unique(np.linspace(max(LEAST, _enough(customers.held_out)), count, LOOKS).astype(np.intp))
    seen = confidence_sequence(values, looks, planned=planned, alpha=alpha)
    return Lift(count - out, out, float(seen.mean[-1]), float(seen.low[-1]), float(seen.high[-1]), _shown(seen), left)


def effects(customers: Customers, *, share: float, cap: float) -> tuple[Floats, float]:
    """One unbiased value of the effect per customer, and the share of variance that adjusting left.

    A customer's outcome less what those before lead to expect, divided by the chance of being where they are.
    """
    outcome, before = np.minimum(customers.outcome, cap), np.minimum(customers.before, cap)
    expected = _predicted(outcome, before)
    sides = np.where(customers.held_out, -1 / share, 1 / (1 - share))
    raw, adjusted = float(np.var(outcome)), float(np.var(outcome - expected))
    return (outcome - expected) * sides, adjusted / raw if raw else 1.0


def _predicted(outcome: Floats, before: Floats) -> Floats:
    """Each customer's outcome by a line through all customers before them; the first ones get the plain mean."""
    n = np.arange(outcome.size, dtype=np.float64)
    seen = np.maximum(n, 1.0)
    y, z = _earlier(outcome) / seen, _earlier(before) / seen
    variance = _earlier(before * before) / seen - z * z
    together = _earlier(outcome * before) / seen - y * z
    fits = (n >= _FITS) & (variance > 0)
    slope = np.divide(together, variance, out=np.zeros_like(y), where=fits)
    return y + slope * (before - z)


_FITS: Final = 50  # customers a line is drawn through


def _earlier(values: Floats) -> Floats:
    """Running sums without the value itself."""
    return np.concatenate(([0.0], np.cumsum(values)[:-1]))


def _enough(held_out: NDArray[np.bool_]) -> int:
    """How many customers it took to have enough held out."""
    return int(np.flatnonzero(held_out)[LEAST_HELD_OUT - 1]) + 1


def _shown(seen: Sequence) -> int:
    if (seen.low > 0).any():
        return 1
    return -1 if (seen.high < 0).any() else 0
