"""What the Lightspeed side keeps beyond the world: look-ups, tokens, promotions, parked sales, rules and webhooks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evals.retailer.lightspeed.access import Tokens
from evals.retailer.lightspeed.allowance import Allowance
from evals.retailer.lightspeed.feed import Feed
from evals.retailer.lightspeed.index import Index
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.lightspeed.wire import derived_id
from evals.retailer.world import Transfer, World


@dataclass(slots=True)
class Adjustment:
    """A stock adjustment, as it was asked for."""

    id: str
    product_id: str
    outlet_id: str
    quantity: int
    reason: str
    custom_reason_id: str
    created_at: datetime
    version: int


@dataclass(slots=True)
class AdjustmentReason:
    """A custom reason of stock adjustments."""

    id: str
    name: str
    positive: bool
    enabled: bool
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(slots=True)
class ConsignmentNotes:
    """What X-Series keeps about a consignment and the world does not."""

    name: str
    due_at: str = ""
    supplier_id: str = ""
    received_at: datetime | None = None
    received: dict[str, int] = field(default_factory=dict[str, int])  # sku -> units counted at the destination


@dataclass(slots=True)
class Promotion:
    """A promotion as the retailer set it up; its codes live in the world as discounts."""

    id: str
    body: dict[str, Any]  # as X-Series writes it, without codes
    starts_at: datetime
    ends_at: datetime | None
    codes: dict[str, str] = field(default_factory=dict[str, str])  # promo code id -> code, upper case
    deleted: bool = False


@dataclass(slots=True)
class Webhook:
    """A webhook the app asked for."""

    id: str
    type: str
    url: str
    active: bool


@dataclass(slots=True)
class RemoteRule:
    """An address of the app that answers business-rule calls."""

    id: str
    url: str
    created_at: datetime


@dataclass(slots=True)
class Rule:
    """A register event that calls a remote rule."""

    id: str
    event_type: str
    remote_rule_id: str
    created_at: datetime


class Account:
    """One Lightspeed retailer over a world, with the one app that is connected to it."""

    def __init__(self, world: World, settings: LightspeedSettings) -> None:
        self.world = world
        self.settings = settings
        self.index = Index(world)
        self.tokens = Tokens(settings)
        self.allowance = Allowance(settings.registers, settings.monotonic)
        self.retailer_id = derived_id("retailer", settings.domain_prefix)
        self.user_id = derived_id("user", "owner")
        self.adjustments: dict[str, Adjustment] = {}
        self.adjustment_feed: Feed[str] = Feed()
        self.adjustment_reasons: dict[str, AdjustmentReason] = {}
        self.purchase_orders: dict[str, Transfer] = {}  # consignments from a supplier; their origin is ""
        self.purchase_order_feed: Feed[str] = Feed()
        self.notes: dict[str, ConsignmentNotes] = {}
        self.promotions: dict[str, Promotion] = {}
        self.parked: dict[str, dict[str, Any]] = {}  # sales not closed: they moved no goods
        self.webhooks: dict[str, Webhook] = {}
        self.remote_rules: dict[str, RemoteRule] = {}
        self.rules: dict[str, Rule] = {}

    @property
    def now(self) -> Callable[[], datetime]:
        """The retailer's clock."""
        return self.world.now

    def new_id(self, kind: str) -> str:
        """A uuid for a thing that only the Lightspeed side keeps, the same in every world of one seed."""
        return derived_id(kind, self.world.seed, self.world.next_serial(f"lightspeed {kind}"))
