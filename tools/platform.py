"""The ports: what we need from any platform, in our words, with capability flags for what only some can do.

Reads may be called by anyone who is handed a port. Writes are called by `tools.executor` alone, and every write takes
a `WriteContext` and returns a `Receipt` that says how to undo it.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from pydantic import SecretStr

from knowledge.events.event import Event
from knowledge.profile.standing import CrmFacts, Standing
from policies.actions.discount import Discount, EndDiscount
from policies.actions.message import Channel, Message
from policies.actions.reorder import CancelReorder, Reorder
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import CancelTransfer, Transfer
from policies.errors import Refused, Unavailable
from policies.vocabulary.ids import ActionId, CorrelationId, CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money


class Capability(StrEnum):
    """What a platform can do; a tool that needs one is offered only where it exists."""

    DISCOUNT_CODES = "discount_codes"
    DRAFT_TRANSFERS = "draft_transfers"
    COMPARE_AND_SWAP = "compare_and_swap"  # a stock write may name the count it expects
    IDEMPOTENCY_KEYS = "idempotency_keys"  # the platform itself remembers a write's key
    REGISTER_PUSH = "register_push"  # an extension at the till calls us
    REGISTER_RULES = "register_rules"  # the till asks us synchronously, and obeys
    WEBHOOKS = "webhooks"
    POLLING = "polling"


@dataclass(frozen=True, slots=True)
class WriteContext:
    """What every write carries.

    Attributes:
        key: Same key, same effect, once; derived from the action's id, so every retry carries the same one.
        reason: One sentence for the platform's own history, without personal data.
        dry_run: Check everything that can be checked, change nothing.
        since: When the action was proposed: nothing that is older is it.
        unsure: An earlier try may have been carried out. Where no key is remembered, look for it and do it no more.
    """

    key: str
    action: ActionId
    actor: str
    approval: str | None
    trace: CorrelationId
    reason: str
    dry_run: bool = False
    since: datetime | None = None
    unsure: bool = False


class Unsure(Unavailable):
    """Whether it happened is not known, and it must not happen twice: nobody repeats it, and a person looks."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform answered.

    Attributes:
        reference: The platform's name of what was made or changed; what `Action.inverse` needs.
        replayed: The platform had done it before under the same key: nothing was done twice.
        undo: How it can be undone, in one word of ours (`end_discount`, `cancel_transfer`, `stock_adjustment`,
            `profile_link`), or "".
        call: Method and operation, such as `POST discountCodeBasicCreate`: the resultant API call, for the ledger.
        digest: SHA-256 of the platform's raw answer.
    """

    platform: str
    reference: str
    at: datetime
    replayed: bool
    undo: str
    call: str
    digest: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class PlatformLevel:
    """A count as the platform tells it now; counts it does not keep are `None`."""

    sku: Sku
    item: str
    location: LocationId
    available: int
    on_hand: int | None
    committed: int | None
    incoming: int | None
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class PlatformPrice:
    """What one unit costs as the platform tells it now.

    Attributes:
        observed_at: When it was asked: the price is at least as new.
    """

    sku: Sku
    price: Money
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class PlatformCustomer:
    """What a platform's customer record may tell us; identifiers are already keyed hashes."""

    keys: tuple[tuple[str, str], ...]  # (kind, digest)
    orders: int
    spent: Money
    consent_email: bool
    consent_sms: bool
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class PlatformPlace:
    """A location as the platform lists it."""

    platform_id: str
    name: str
    active: bool


class Discounts(Protocol):
    """Single-use codes."""

    async def create(self, discount: Discount, context: WriteContext) -> Receipt:
        """Create the code, or find the one an earlier try made."""
        ...

    async def end(self, discount: EndDiscount, context: WriteContext) -> Receipt:
        """Stop the code from being used; ending an ended one succeeds."""
        ...


class Inventory(Protocol):
    """Counts and transfers."""

    async def levels(self, skus: Sequence[Sku], locations: Sequence[LocationId]) -> list[PlatformLevel]:
        """Counts as of now."""
        ...

    async def draft_transfer(self, transfer: Transfer, context: WriteContext) -> Receipt:
        """Draft a transfer, or find the one an earlier try drafted. A draft moves no stock."""
        ...

    async def cancel_transfer(self, transfer: CancelTransfer, context: WriteContext) -> Receipt:
        """Withdraw it; withdrawing a withdrawn one succeeds."""
        ...

    async def adjust(self, adjustment: StockAdjustment, context: WriteContext) -> Receipt:
        """Change a count once, comparing with the expected count where the platform can."""
        ...


class PurchaseOrders(Protocol):
    """Orders to suppliers."""

    async def draft_order(self, order: Reorder, context: WriteContext) -> Receipt:
        """Draft an order, or find the one an earlier try drafted. A draft asks no supplier for anything."""
        ...

    async def cancel_order(self, order: CancelReorder, context: WriteContext) -> Receipt:
        """Withdraw it; withdrawing a withdrawn one succeeds."""
        ...


class Catalog(Protocol):
    """Products."""

    def products(self) -> AsyncIterator[Event]:
        """Every product as a `product.updated` event; for the first fill and for repairs."""
        ...

    async def prices(self, skus: Iterable[Sku]) -> list[PlatformPrice]:
        """What these cost as of now; those the platform does not sell are left out."""
        ...


class Customers(Protocol):
    """Customer records."""

    async def standing(self, number: str) -> Standing | None:
        """Loyalty and store credit of the customer the platform calls so; `None` when it calls nobody so.

        Raises:
            Unavailable: It does not answer, or what it answers cannot be right (`shopify.answer`, `lightspeed.answer`).
        """
        ...

    async def find(self, kind: str, value: str) -> PlatformCustomer | None:
        """By `email`, `phone` or `loyalty`; the raw value goes to the platform and nowhere else."""
        ...

    def customers(self) -> AsyncIterator[Event]:
        """Every customer as a `customer.updated` event, hashed at once."""
        ...


class Crm(Protocol):
    """The retailer's CRM: what it makes of a customer."""

    async def facts(self, email: SecretStr) -> CrmFacts | None:
        """What it says of whoever has this address; `None` when it knows nobody by it.

        Raises:
            Unavailable: It does not answer, or what it answers cannot be right (`klaviyo.answer`).
            Misconfigured: It does not know our key.
        """
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...


class Orders(Protocol):
    """Orders of both channels."""

    async def get(self, order: str) -> Event | None:
        """One order as the event it would have been."""
        ...

    def since(self, moment: datetime) -> AsyncIterator[Event]:
        """Every order since then as the event it would have been; one that cannot be told is left out.

        For repairs and comparisons; what is told here does not move `Changes` on.
        """
        ...


class Changes(Protocol):
    """What webhooks may have missed, read page by page."""

    streams: tuple[str, ...]  # such as orders, inventory, customers, products

    async def since(self, stream: str, cursor: str) -> tuple[list[Event], str]:
        """Changes after the cursor and the next cursor; an empty cursor means from the beginning of what is kept."""
        ...

    def unplaced(self) -> Sequence[str]:
        """The platform's names of locations that something was left out for since this was last asked."""
        ...


class Subscriptions(Protocol):
    """Webhooks the platform sends us."""

    async def ensure(self, base_url: str) -> list[str]:
        """Register every topic we need at our address; returns the names added. Repeating changes nothing."""
        ...


_SET_UP_BY: Final[Mapping[Channel, str]] = {
    "sms": "TILLHAND_TWILIO_URL, _ACCOUNT, _TOKEN and _FROM",
    "email": "TILLHAND_KLAVIYO_URL and _KEY",
}


class Addresses(Protocol):
    """Where customers are reached; asked by whoever sends, at the moment of sending, and by nobody else."""

    async def of(self, customer: CustomerRef, channel: Channel) -> SecretStr:
        """The phone number in E.164 form, or the e-mail address; never logged, kept or put into an error.

        Raises:
            Refused: None is known (`address.unknown`).
            Unavailable: Whoever keeps them does not answer.
        """
        ...


class Messages(Protocol):
    """Messages to customers, over the channels the operator has set up."""

    @property
    def channels(self) -> frozenset[Channel]:
        """Those that are set up."""
        ...

    async def send(self, message: Message, context: WriteContext) -> Receipt:
        """Send it once, or find that an earlier try did.

        Raises:
            Refused: The channel is not set up, nobody knows the address, or the provider does not take the message.
            Unsure: It may have been sent and may not; it is not sent again.
            Unavailable: It was not sent; the same call may be repeated.
        """
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...


def not_set_up(channel: Channel) -> Refused:
    """The refusal of a message over a channel that nobody set up."""
    return Refused(
        f"No {'text messages' if channel == 'sms' else 'e-mails'} can be sent from here: none were set up.",
        code="messages.not_set_up",
        hint=f"The operator sets {_SET_UP_BY[channel]}.",
        field="channel",
    )


class Platform(Protocol):
    """One platform, whole. `name` is `shopify` or `lightspeed`; nothing about it can be replaced."""

    @property
    def name(self) -> str:
        """What locations call it."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        ...

    @property
    def discounts(self) -> Discounts:
        """Single-use codes."""
        ...

    @property
    def inventory(self) -> Inventory:
        """Counts and transfers."""
        ...

    @property
    def catalog(self) -> Catalog:
        """Products."""
        ...

    @property
    def customers(self) -> Customers:
        """Customer records."""
        ...

    @property
    def orders(self) -> Orders:
        """Orders of both channels."""
        ...

    @property
    def changes(self) -> Changes:
        """What webhooks may have missed."""
        ...

    @property
    def subscriptions(self) -> Subscriptions:
        """Webhooks it sends us."""
        ...

    async def places(self) -> list[PlatformPlace]:
        """Its locations."""
        ...

    async def health(self) -> dict[str, Any]:
        """Reachable or not, and what is left of its budget."""
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...
