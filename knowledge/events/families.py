"""What each family of events says, as closed shapes: the platforms' JSON ends here and our words begin.

Money in minor units of `currency`; times aware. A customer is a list of keyed hashes, strongest first.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Minor = int
Units = Annotated[int, Field(ge=0, le=1_000_000)]


class Facts(BaseModel):
    """A family: closed, immutable, JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KeyedHash(BaseModel, frozen=True, extra="forbid"):
    """One identifier of a customer, normalized and hashed under our key; see `knowledge.identity.match_key`."""

    kind: Literal["loyalty", "phone", "email", "payment", "check_in", "shopify", "lightspeed", "replay"]
    digest: str = Field(pattern=r"^(?:[0-9a-z]{1,8}\.)?[0-9a-f]{32}$")


class LineFacts(Facts):
    """One line of an order: `discount` is off the whole line; `returned` counts units given back so far."""

    sku: str
    quantity: Units
    unit_price: Minor
    discount: Minor = 0
    returned: Units = 0


class OrderFacts(Facts):
    """An order as it stands after the event. `complete` is false when only some of its lines are told."""

    order: str  # "platform:order:id"
    channel: Literal["pos", "online"]
    location: str
    customer: tuple[KeyedHash, ...] = ()
    lines: tuple[LineFacts, ...]
    total: Minor
    currency: str
    codes: tuple[str, ...] = ()
    taken: dict[str, Minor] = Field(default_factory=dict)  # money off by code, where the platform tells it for each
    transaction: str = ""
    pickup_location: str = ""
    cancelled: bool = False
    fulfilled: bool = False
    complete: bool = True


class ReturnFacts(Facts):
    """Goods given back. `order` is the one they were sold on; "" when the platform does not say."""

    order: str
    location: str
    customer: tuple[KeyedHash, ...] = ()
    lines: tuple[LineFacts, ...]
    refund: Minor
    currency: str


class LevelFacts(Facts):
    """A count at one location. Either `sku` or the platform's `item` names the variant; unknown counts are `None`."""

    location: str
    sku: str = ""
    item: str = ""  # "shopify:InventoryItem:123" or "lightspeed:product:uuid"
    available: int | None
    on_hand: int | None = None
    committed: int | None = None
    incoming: int | None = None
    exact: str = ""  # the count as told, where it is no whole number


class CustomerFacts(Facts):
    """What may be known of a customer record: keys, consent and totals, never a name."""

    keys: tuple[KeyedHash, ...]
    consent_email: bool | None = None
    consent_sms: bool | None = None
    orders: int | None = None
    spent: Minor | None = None
    currency: str = ""


class VariantFacts(Facts):
    """One variant of a product."""

    sku: str
    title: str
    product: str
    vendor: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    description: str = ""
    price: Minor
    currency: str
    unit_cost: Minor | None = None
    item: str = ""  # the platform's name of it, as in LevelFacts
    variant: str = ""  # "shopify:ProductVariant:123"


class ProductFacts(Facts):
    """A product with all its variants."""

    variants: tuple[VariantFacts, ...]


class InterestFacts(Facts):
    """Somebody looked at, or put in a cart, these variants."""

    kind: Literal["view", "cart"]
    customer: tuple[KeyedHash, ...] = ()
    skus: tuple[str, ...]
    cart: str = ""


class WishlistFacts(Facts):
    """A customer's wishlist as it stands after the event, newest wish first; empty when nothing is left on it."""

    customer: tuple[KeyedHash, ...] = ()
    skus: tuple[str, ...]


class TicketFacts(Facts):
    """A question or complaint of a customer at the retailer's help desk, as it stands; never its text."""

    customer: tuple[KeyedHash, ...] = ()
    ticket: str
    state: Literal["open", "closed"]
    subject: str
    opened_at: AwareDatetime


class PromotionFacts(Facts):
    """A promotion the retailer planned. `sku` or `category` name its goods, neither all; `location` or `channel` where.

    Days are ISO dates, both included; either `percent` is taken off, or `price` is what one unit costs then.
    """

    name: str
    sku: str = ""
    category: str = ""
    location: str = ""
    channel: Literal["", "pos", "online"] = ""
    first_day: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    last_day: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    price: Minor | None = None
    currency: str


class PresenceFacts(Facts):
    """A customer made themselves known in a shop, by app, WiFi or a scanned card."""

    location: str
    customer: tuple[KeyedHash, ...]
    by: Literal["app", "wifi", "loyalty", "phone"]
    opted_in: bool


class TransferStateFacts(Facts):
    """A transfer's status as the platform words it."""

    transfer: str
    reference: str
    status: str


class CheckoutFacts(Facts):
    """A basket at a register before payment.

    `revision` names one state of it, where the register tells every change; such a state has a decision of its own.
    """

    location: str
    transaction: str
    revision: str = ""
    customer: tuple[KeyedHash, ...] = ()
    lines: tuple[LineFacts, ...]
    total: Minor
    currency: str


class ShownFacts(Facts):
    """A register showed a customer the offer of this decision."""

    location: str
    decision: str


class ClosureFacts(Facts):
    """A register was closed for the day."""

    location: str
    register_id: str
    closed_at: AwareDatetime


class ParkedFacts(Facts):
    """An event nobody here understands yet: its name, size and digest; the body is kept sealed beside it."""

    name: str
    size: int
    digest: str
    reason: str
