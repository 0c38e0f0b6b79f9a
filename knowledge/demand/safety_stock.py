"""From a service level to units: when to fetch more, and how much. Demand is taken to be negative binomial."""

import math
from dataclasses import dataclass

import numpy as np

from knowledge.demand.counts import quantile
from knowledge.demand.velocity import Velocity

_ROUNDING = 1e-6  # units: what sums of weights leave behind is no demand


@dataclass(frozen=True, slots=True)
class Replenishment:
    """How a location is refilled from another.

    Attributes:
        lead_time: Days from asking to goods on the shelf.
        review: Days between two looks, in the worst case.
        cover: Days of demand a refill should last beyond the lead time.
        service_level: Chance of no stockout in one cycle.
    """

    lead_time: float = 2.0
    review: float = 1.0
    cover: float = 7.0
    service_level: float = 0.95

    def reorder_point(self, velocity: Velocity) -> int:
        """Whole units: at or above this many, nothing needs to be done."""
        days = self.lead_time + self.review
        mean, excess = velocity.mean * days, max(velocity.variance - velocity.mean, 0.0) * days
        if mean <= _ROUNDING:
            return 0
        return int(quantile(self.service_level, np.array([mean]), np.array([excess / mean**2]))[0])

    def target(self, velocity: Velocity) -> int:
        """Whole units to have after a refill."""
        return math.ceil(velocity.mean * self.cover - _ROUNDING) + self.reorder_point(velocity)
