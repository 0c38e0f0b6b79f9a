"""How many to order: up to the count that demand exceeds only as often as it pays to allow.

The share of cycles without a stockout that pays is the critical ratio: what a missed sale costs, over that and what a
unit left over costs. Demand is that of the lead time and the review together, for what is ordered today has to last
until what is ordered next has come. Whole packs nearest to that count are ordered: always rounding up would put half a
pack more on every shelf.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.demand.model import Forecast

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cycle:
    """How a location is supplied, in days.

    Attributes:
        lead: From order to shelf.
        review: Between two orders.
    """

    lead: int
    review: int

    @property
    def days(self) -> int:
        """Days an order has to last from now."""
        return self.lead + self.review


def order_up_to(forecast: Forecast, cycle: Cycle, ratio: float) -> Whole:
    """Units to have, on the shelf and on their way, after ordering today; by spot.

    Args:
        forecast: From today on.
        cycle: How spots are supplied.
        ratio: Critical ratio, in (0, 1).
    """
    return forecast.at_least(ratio, 0, cycle.days)


def packs_to_order(position: Whole, target: Whole, pack: Whole) -> Whole:
    """Packs that bring each position nearest to its target; none where it is reached.

    Args:
        position: On hand and on the way.
        target: As `order_up_to` tells it.
        pack: Units in a pack.
    """
    return np.rint(np.maximum(target - position, 0) / pack).astype(np.int64)
