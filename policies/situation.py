"""The facts a rule may look at, gathered before the verdict and stored with it.

A situation is plain JSON: the same facts give the same verdict, now or when somebody asks again under other rules.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from policies.limits import PlaceLimits

Approved = Literal["none", "confirmed", "manager"]


@dataclass(frozen=True, slots=True)
class DiscountFacts:
    """Facts about one discount; cents, basis points and seconds."""

    percent_bp: int
    amount: int
    transaction_total: int
    customer_day_total: int
    location_day_total: int
    cost_known: bool
    margin_after: int
    margin_floor: int
    in_stock: bool
    late: bool
    price_age_s: int

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        limit = limits.discount
        return {
            **asdict(self),
            "limit": {
                "percent_bp": limit.percent_bp,
                "transaction_free": limit.transaction_free,
                "transaction_max": limit.transaction_max,
                "customer_day": limit.customer_day,
                "location_day": limit.location_day,
                "price_age_s": limit.price_age_s,
            },
        }


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """Facts about one transfer; cents at cost, units and seconds."""

    value: int
    units: int
    origin_covered: bool
    same_platform: bool
    origin_left: int
    origin_keep: int
    stock_age_s: int

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        limit = limits.transfer
        return {
            **asdict(self),
            "limit": {
                "value_free": limit.value_free,
                "units_max": limit.units_max,
                "stock_age_s": limit.stock_age_s,
            },
        }


@dataclass(frozen=True, slots=True)
class AdjustmentFacts:
    """Facts about one stock adjustment; cents at cost and units."""

    value: int
    units: int
    undo: bool

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        limit = limits.stock_adjustment
        return {**asdict(self), "limit": {"value_free": limit.value_free, "units_max": limit.units_max}}


@dataclass(frozen=True, slots=True)
class CompensationFacts:
    """Ending a discount or cancelling a transfer: nothing about it is at stake."""

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        return {}


Facts = DiscountFacts | TransferFacts | AdjustmentFacts | CompensationFacts


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the rules saw of one action.

    Attributes:
        region: The location's region, for its limits.
        context: What Cedar is asked with, limits included; JSON.
    """

    kind: str
    location: str
    region: str
    principal: dict[str, Any]
    context: dict[str, Any]
    approval: Approved = "none"

    def approved(self, approval: Approved) -> "Situation":
        """The same facts with another approval."""
        return replace(self, approval=approval)

    def facts(self) -> dict[str, Any]:
        """As JSON, for the ledger."""
        return {
            "kind": self.kind,
            "location": self.location,
            "region": self.region,
            "principal": self.principal,
            "context": self.context,
            "approval": self.approval,
        }

    @classmethod
    def read(cls, facts: dict[str, Any]) -> "Situation":
        """Back from the ledger."""
        return cls(**facts)
