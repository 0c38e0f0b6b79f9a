"""The retailer's state: places, products, people, stock and orders, with every change announced once.

The platforms' HTTP APIs, the trading day and the graders all read and change this one object, on one event loop.
Ids are the platforms' own. Nothing here imports the product, so it is tested against something it did not shape.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Platform = Literal["shopify", "lightspeed"]


@dataclass(slots=True)
class Place:
    """A location as the retailer names it, with the platform that keeps its stock."""

    code: str  # the retailer's own code, such as STORE_123; what a register sends
    name: str
    platform: Platform
    kind: Literal["warehouse", "shop", "online"]
    region: str  # a US state, such as NY
    timezone: str
    shopify_id: int = 0  # numeric location id, when on Shopify
    outlet_id: str = ""  # uuid, when on Lightspeed
    register_id: str = ""


@dataclass(slots=True)
class Variant:
    """One sellable variant; the same sku on both platforms, under each platform's own ids."""

    sku: str
    title: str  # "Slim Jeans - M / Blue"
    product_title: str
    option: str  # "M / Blue"
    vendor: str
    category: str
    tags: tuple[str, ...]
    description: str
    price: int  # cents
    cost: int | None  # cents; None when the retailer never recorded it
    shopify_product_id: int
    shopify_variant_id: int
    shopify_item_id: int
    lightspeed_product_id: str
    updated_at: datetime
    version: int = 0  # Lightspeed's row version


@dataclass(slots=True)
class Person:
    """A customer with (invented) personal data, known to one or both platforms."""

    key: int
    first_name: str
    last_name: str
    email: str
    phone: str  # E.164
    loyalty_id: str
    city: str
    region: str
    home_place: str  # place code
    created_at: datetime
    updated_at: datetime
    shopify_id: int = 0  # 0: not a Shopify customer
    lightspeed_id: str = ""  # "": not a Lightspeed customer
    consent_email: bool = False
    consent_sms: bool = False
    orders: int = 0
    spent: int = 0  # cents
    version: int = 0
    taste: tuple[str, ...] = ()  # categories this person leans to; hidden from the platforms
    same_as: int | None = None  # Person.key of the same human's other record; hidden from the platforms


@dataclass(slots=True)
class Level:
    """Stock of one sku at one place."""

    on_hand: int
    committed: int = 0
    reserved: int = 0  # set aside for a transfer that is ready to ship
    incoming: int = 0
    updated_at: datetime | None = None
    version: int = 0

    @property
    def available(self) -> int:
        """What can be sold now."""
        return self.on_hand - self.committed - self.reserved


@dataclass(slots=True)
class OrderLine:
    """One variant on an order."""

    sku: str
    quantity: int
    unit_price: int  # cents, before discounts
    discount: int = 0  # cents off the whole line
    returned: int = 0
    id: int = 0


@dataclass(slots=True)
class Refund:
    """Money and goods given back on a Shopify order."""

    id: int
    at: datetime
    quantities: dict[str, int]  # sku -> units
    amount: int  # cents
    place: str  # place code where the goods came back; "" when they had not left yet


@dataclass(slots=True)
class Order:
    """A paid order in either channel, on the platform of its place."""

    key: int
    platform: Platform
    id: str  # Shopify numeric id, or Lightspeed sale uuid
    name: str  # "#1001"
    channel: Literal["pos", "online"]
    place: str  # place code: where it was rung up; the online shop for online orders
    customer: int | None  # Person.key
    lines: list[OrderLine]
    occurred_at: datetime  # at the till; a late till reports it later
    updated_at: datetime
    discount_codes: tuple[str, ...] = ()
    pickup_place: str = ""  # place code, when it is collected in a shop
    cancelled_at: datetime | None = None
    fulfilled_at: datetime | None = None
    return_of: str = ""  # Lightspeed: the sale this one gives back
    version: int = 0
    transaction: str = ""  # the register's transaction id
    created_at: datetime | None = None  # when the platform heard of it; None: when it happened
    refunds: list[Refund] = field(default_factory=list[Refund])  # Shopify; Lightspeed rings a sale with `return_of`

    @property
    def total(self) -> int:
        """Cents paid."""
        return sum(line.quantity * line.unit_price - line.discount for line in self.lines)


@dataclass(slots=True)
class Cart:
    """Lines online before payment, on the Shopify side."""

    token: str
    customer: int | None  # Person.key, when signed in
    lines: dict[str, int]  # sku -> units
    created_at: datetime
    updated_at: datetime
    checkout_at: datetime | None = None  # when the checkout began
    order: int | None = None  # Order.key, once paid


@dataclass(slots=True)
class CodeDiscount:
    """A discount code as the platform keeps it."""

    id: str
    platform: Platform
    code: str
    title: str
    basis_points: int  # share off, 0 when `amount` is used
    amount: int  # cents off, 0 when a share is used
    skus: tuple[str, ...]  # empty: the whole order
    customer: int | None
    starts_at: datetime
    ends_at: datetime | None
    usage_limit: int | None
    used: int = 0
    active: bool = True
    places: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Transfer:
    """Goods on their way, or asked for: Shopify's inventory transfer, Lightspeed's OUTLET consignment."""

    id: str
    platform: Platform
    name: str
    origin: str
    destination: str
    lines: dict[str, int]  # sku -> units
    status: str  # the platform's own word: DRAFT, READY_TO_SHIP, ... or OPEN, SENT, RECEIVED, CANCELLED
    reference: str
    created_at: datetime
    updated_at: datetime
    version: int = 0


@dataclass(slots=True)
class Change:
    """Something happened: what the platforms' webhooks and the graders hear."""

    topic: Literal[
        "order.created",
        "order.updated",
        "order.fulfilled",
        "order.refunded",
        "customer.created",
        "customer.updated",
        "inventory.updated",
        "product.updated",
        "cart.updated",
        "checkout.created",
        "transfer.updated",
        "discount.created",
        "discount.updated",
        "register.closed",
    ]
    at: datetime
    platform: Platform
    subject: Any  # the Order, Person, (sku, place code), Variant, Transfer, CodeDiscount, Place (register.closed), or
    # for the cart topics a dict: token, customer (Person.key or None), lines ({sku: units}), created_at, updated_at


@dataclass
class World:
    """The whole retailer. Build it with `evals.retailer.build.build_world(seed=..., ...)`."""

    seed: int
    currency: str
    now: Callable[[], datetime]
    places: dict[str, Place]
    variants: dict[str, Variant]
    people: dict[int, Person]
    levels: dict[tuple[str, str], Level]  # (sku, place code)
    orders: dict[int, Order] = field(default_factory=dict[int, Order])
    discounts: dict[str, CodeDiscount] = field(default_factory=dict[str, CodeDiscount])  # by upper-case code
    transfers: dict[str, Transfer] = field(default_factory=dict[str, Transfer])
    carts: dict[str, Cart] = field(default_factory=dict[str, Cart])  # by token
    views: dict[int, list[tuple[str, datetime]]] = field(default_factory=dict[int, list[tuple[str, datetime]]])
    # Person.key -> (sku, at), oldest first: product pages seen online
    listeners: list[Callable[[Change], None]] = field(default_factory=list[Callable[[Change], None]])
    version: int = 0  # Lightspeed's monotonic row version
    serials: dict[str, int] = field(default_factory=dict[str, int])  # last number given out, by kind of thing

    def announce(self, change: Change) -> None:
        """Tell every listener, in the order they registered."""
        for listener in self.listeners:
            listener(change)

    def next_version(self) -> int:
        """The next Lightspeed row version."""
        self.version += 1
        return self.version

    def next_serial(self, kind: str) -> int:
        """The next number, from 1, for one kind of thing."""
        self.serials[kind] = number = self.serials.get(kind, 0) + 1
        return number
