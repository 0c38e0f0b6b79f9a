"""What may be told to `/v1/events`, as closed shapes: raw identifiers come in here and go no further.

Money is decimal, as a number or text; times carry their offset. A location is named by the retailer's own code.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=128)]
Sku = Annotated[str, Field(min_length=1, max_length=64)]
Units = Annotated[int, Field(ge=0, le=100_000, strict=True)]
Amount = Annotated[Decimal, Field(ge=0, le=Decimal(1_000_000_000), allow_inf_nan=False)]
Raw = Annotated[str, Field(max_length=320)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Told(BaseModel):
    """Every shape is closed: a misspelt field is an error and not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Customer(Told):
    """Identifiers, raw; those that cannot be read as what they claim to be count as missing."""

    loyalty_id: Raw | None = None
    email: Raw | None = None
    phone: Raw | None = None
    payment: Raw | None = None  # the payment provider's token, never a card number
    check_in: Raw | None = None  # the token of the app or WiFi network they checked in with


class Line(Told):
    """One line; `discount` is off the whole line."""

    sku: Sku
    name: Annotated[str, Field(max_length=255)] = ""
    price: Amount
    quantity: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    discount: Amount = Decimal(0)


Lines = Annotated[tuple[Line, ...], Field(min_length=1, max_length=200)]


class EventTold(Told):
    """What every told event carries. `id` names this telling: the same one twice is a duplicate."""

    event: Name
    store_id: Name
    occurred_at: AwareDatetime | None = None
    id: Annotated[str, Field(max_length=128)] = ""


class OrderTold(EventTold):
    """An order as it stands now."""

    order_id: Name
    channel: Literal["pos", "online"] = "pos"
    customer: Customer | None = None
    lines: Lines
    total_amount: Amount
    currency: Currency | None = None
    discount_codes: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    pos_transaction_id: Annotated[str, Field(max_length=128)] = ""
    pickup_store_id: Annotated[str, Field(max_length=128)] = ""


class ReturnTold(EventTold):
    """Goods given back."""

    order_id: Annotated[str, Field(max_length=128)] = ""
    customer: Customer | None = None
    lines: Lines
    refund_amount: Amount
    currency: Currency | None = None


class CustomerTold(EventTold):
    """A customer's identifiers and consent."""

    customer: Customer
    consent_email: bool | None = None
    consent_sms: bool | None = None


class LevelTold(EventTold):
    """Counts of one variant at `store_id`."""

    sku: Sku
    available: Units
    on_hand: Units | None = None
    committed: Units | None = None
    incoming: Units | None = None


class InterestTold(EventTold):
    """Somebody looked at, or put in a cart, these variants."""

    customer: Customer | None = None
    skus: Annotated[tuple[Sku, ...], Field(min_length=1, max_length=200)]
    cart_id: Annotated[str, Field(max_length=128)] = ""


class WishlistTold(EventTold):
    """A customer's whole wishlist as it is now, newest wish first; empty when it was cleared."""

    customer: Customer
    skus: Annotated[tuple[Sku, ...], Field(max_length=200)]


class TicketTold(EventTold):
    """A ticket of the help desk as it is now. `subject` is the retailer's code for what it is about, never its text."""

    customer: Customer
    ticket_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
    state: Literal["open", "closed"]
    subject: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    opened_at: AwareDatetime


class PresenceTold(EventTold):
    """A customer made themselves known in a shop."""

    customer: Customer
    by: Literal["app", "wifi", "loyalty", "phone"] | None = None
    opted_in: bool = False


class CheckoutTold(EventTold):
    """A basket at a register before payment."""

    pos_transaction_id: Name
    customer: Customer | None = None
    basket: Lines
    total_amount: Amount
    currency: Currency | None = None
    scanned: Annotated[str, Field(max_length=512)] = ""  # the text of an offer's QR code


class OfflineAsked(Told):
    """A register wants the offers it may make while it cannot ask."""

    store_id: Name
    register_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]


class ReservationAsked(Told):
    """Units of one variant to be promised to a basket; none lets go of what was promised to it."""

    store_id: Name
    sku: Sku
    units: Annotated[int, Field(ge=0, le=1_000, strict=True)]
    pos_transaction_id: Name


class ShownTold(EventTold):
    """An offer was shown; `decision_id` as the checkout's answer named it."""

    decision_id: Name


class ClosureTold(EventTold):
    """A register was closed for the day."""

    register_id: Name
    closed_at: AwareDatetime
