"""The facts a rule may look at, gathered before the verdict and stored with it.

A situation is plain JSON: the same facts give the same verdict, now or when somebody asks again under other rules.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from policies.limits import PlaceLimits

_UNLIMITED: Final = 2**62
# What a situation recorded before a fact existed says of it: what leaves every rule about it silent.
_SINCE: Final[dict[str, dict[str, Any]]] = {
    "discount": {
        "stock_age_s": 0,
        "campaign_total": 0,
        "price_holds": True,
        "high_value": False,
        "words_agree": True,
        "personalized": False,
        "jurisdictions": [],
        "disclosures": [],
        "in_promotion": False,
        "tells_promotion": False,
    },
    "stock_adjustment": {"settles": False, "gone": False},
    "stock_sync": {"lowers": False},  # its size was looked at whichever way the count went
}
_LADDER_SINCE: Final = {"rung": "auto", "stopped": ""}
_LIMITS_SINCE: Final[dict[str, dict[str, int]]] = {
    "discount": {
        "campaign_total": _UNLIMITED,
        "stock_age_s": _UNLIMITED,
        "high_value_spent": 0,
        "high_value_percent_bp": 0,
        "high_value_customer_day": 0,
    },
    "stock_adjustment": {"units_confirm": _UNLIMITED},
}

Approved = Literal["none", "confirmed", "manager", "two_managers"]


@dataclass(frozen=True, slots=True)
class DiscountFacts:
    """Facts about one discount; cents, basis points and seconds.

    Attributes:
        price_holds: The goods cost now what they cost when the discount was computed, as far as anybody asked again.
        high_value: The customer has spent as much as `limits.toml` asks of a high-value customer.
        words_agree: The message, if there is one, promises no other percentage, amount or code.
        personalized: It is made for a customer who is known.
        jurisdictions: Packs in force at the location.
        disclosures: Packs whose sentence the message carries.
        in_promotion: Some of the goods are in one of the retailer's promotions there today.
        tells_promotion: It takes nothing off, and tells of such a promotion.
    """

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
    stock_age_s: int = 0
    campaign_total: int = 0
    price_holds: bool = True
    high_value: bool = False
    words_agree: bool = True
    personalized: bool = False
    jurisdictions: tuple[str, ...] = ()
    disclosures: tuple[str, ...] = ()
    in_promotion: bool = False
    tells_promotion: bool = False

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        limit, high_value = limits.discount, limits.high_value
        return {
            **asdict(self),
            "jurisdictions": list(self.jurisdictions),
            "disclosures": list(self.disclosures),
            "limit": {
                "percent_bp": limit.percent_bp,
                "transaction_free": limit.transaction_free,
                "transaction_max": limit.transaction_max,
                "customer_day": limit.customer_day,
                "location_day": limit.location_day,
                "campaign_total": limit.campaign_total,
                "price_age_s": limit.price_age_s,
                "stock_age_s": limit.stock_age_s,
                "high_value_spent": high_value.spent_from,
                "high_value_percent_bp": high_value.percent_bp,
                "high_value_customer_day": high_value.customer_day,
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
    """Facts about one stock adjustment; cents at cost and units.

    Attributes:
        settles: It settles counts that disagree.
        gone: They do not disagree any more as they did, or somebody settled it, or is about to.
    """

    value: int
    units: int
    undo: bool
    settles: bool = False
    gone: bool = False

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        limit = limits.stock_adjustment
        return {
            **asdict(self),
            "limit": {
                "value_free": limit.value_free,
                "units_confirm": limit.units_confirm,
                "units_max": limit.units_max,
            },
        }


@dataclass(frozen=True, slots=True)
class SyncFacts:
    """Facts about one sync of a count: the units it moves by, and whether it falls by them."""

    units: int
    lowers: bool

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        return {**asdict(self), "limit": {"units_free": limits.stock_sync.units_free}}


@dataclass(frozen=True, slots=True)
class ReorderFacts:
    """Facts about one purchase order; cents at cost.

    Attributes:
        order_day_total: Ordered for this location today, this order included.
        supplier_known: Somebody described the supplier.
        goods_of_supplier: The catalog has every line under this supplier's name.
        packs_whole: Every line is in the supplier's packs.
        minimum: Least value of an order to this supplier.
    """

    value: int
    order_day_total: int
    supplier_known: bool
    goods_of_supplier: bool
    packs_whole: bool
    minimum: int

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        return {**asdict(self), "limit": asdict(limits.reorder)}


@dataclass(frozen=True, slots=True)
class OverrideFacts:
    """Facts about one override of a forecast.

    Attributes:
        percent: By which it changes, up or down.
        overlaps: Another one changes some of its days already.
        record_bp: Share of what this maker's overrides for this cause changed that came true, in basis points.
    """

    percent: int
    days: int
    everywhere: bool
    overlaps: bool
    record_bp: int

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        return {**asdict(self), "limit": asdict(limits.forecast_override)}


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """Facts about one message; counts of messages with this one, seconds, and minutes after midnight.

    Attributes:
        consent: A platform told that the customer agreed to marketing over this channel, last of all it told of it.
        consent_age_s: How long ago a platform last told whether they agree; far beyond any limit when none ever did.
        opted_out: They told the provider that they want no messages over this channel at all.
        local_minute: Of the day at the location.
        customer_minute: The same where the customer last bought in person, who need not live near the location.
        customer_day_total: For this purpose, to this customer today.
        words_total: These very words, to this customer today.
        words_agree: It promises no percentage, amount or code but those of the discount it carries.
        code_holds: It carries no code, or one of a discount that was carried out here for this customer and holds now.
        stop_said: It says how to stop such messages, as far as the provider does not add that itself.
        personalized: It carries a price that an algorithm made for a customer it knew.
        jurisdictions: Packs in force at the location.
        disclosures: Packs whose sentence it carries.
    """

    channel: str
    purpose: str
    consent: bool
    consent_age_s: int
    opted_out: bool
    local_minute: int
    customer_minute: int
    customer_day_total: int
    customer_week_total: int
    location_day_total: int
    campaign_total: int
    words_total: int
    words_agree: bool
    code_holds: bool
    stop_said: bool
    personalized: bool = False
    jurisdictions: tuple[str, ...] = ()
    disclosures: tuple[str, ...] = ()

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        return {
            **asdict(self),
            "jurisdictions": list(self.jurisdictions),
            "disclosures": list(self.disclosures),
            "limit": asdict(limits.message),
        }


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Facts about one link of two customers.

    Attributes:
        apart: It takes them apart.
        certain: Evidence or a person links them already.
        taken_apart: A person took this pair apart.
        detour: Two others who were taken apart would meet by it.
    """

    apart: bool
    certain: bool
    taken_apart: bool
    detour: bool
    undo: bool

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CompensationFacts:
    """Ending a discount or cancelling a transfer: nothing about it is at stake."""

    def context(self, limits: PlaceLimits) -> dict[str, Any]:
        """As Cedar sees it."""
        return {}


Facts = (
    DiscountFacts
    | TransferFacts
    | AdjustmentFacts
    | SyncFacts
    | ReorderFacts
    | OverrideFacts
    | MessageFacts
    | LinkFacts
    | CompensationFacts
)


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


def completed(situation: Situation) -> dict[str, Any]:
    """What the rules are asked with: the recorded facts, and silence on those that did not exist when it was recorded.

    The rules of then do not look at what is added, so they answer as they did; rules of now can be tried on it.
    """
    kind, recorded = situation.kind, situation.context
    context = {**_LADDER_SINCE, **_SINCE.get(kind, {}), **recorded}
    if kind in _LIMITS_SINCE and "limit" in recorded:
        context["limit"] = {**_LIMITS_SINCE[kind], **recorded["limit"]}
    return context
