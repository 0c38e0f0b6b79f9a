"""From a service level to units: when to fetch more, and how much."""

import math
from dataclasses import dataclass
from statistics import NormalDist

from knowledge.demand.velocity import Velocity


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

    def safety_stock(self, velocity: Velocity) -> float:
        """Units held against demand being higher than usual until the refill comes."""
        factor = NormalDist().inv_cdf(self.service_level)
        return factor * math.sqrt(velocity.variance * (self.lead_time + self.review))

    def reorder_point(self, velocity: Velocity) -> int:
        """Whole units: at or above this many, nothing needs to be done."""
        return math.ceil(velocity.mean * (self.lead_time + self.review) + self.safety_stock(velocity))

    def target(self, velocity: Velocity) -> int:
        """Whole units to have after a refill."""
        days = self.lead_time + self.review + self.cover
        return math.ceil(velocity.mean * days + self.safety_stock(velocity))
