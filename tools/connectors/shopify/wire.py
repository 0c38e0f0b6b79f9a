"""What Shopify's webhooks send, as far as we read it: REST shapes, with only the fields we use."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from tools.connectors.moments import read_moment
from tools.connectors.told import Wire


def _moment(value: object) -> object:
    return read_moment(value) if isinstance(value, str) else value


Moment = Annotated[datetime, BeforeValidator(_moment)]


class Code(Wire):
    """A discount code on an order, and the money it took off; a poll names the code alone."""

    code: str
    amount: Decimal | None = None


class Application(Wire):
    """A discount as it was put on an order: by its code, by itself, or `manual`, under the title it was given."""

    type: str | None = None
    title: str | None = None
    description: str | None = None


class Allocation(Wire):
    """One discount's share of a line; which one, by its place among the order's applications."""

    amount: Decimal
    discount_application_index: int | None = None


class Line(Wire):
    """A line of an order, a cart or a checkout; a custom sale has no sku."""

    id: int | None = None
    sku: str | None = None
    quantity: int
    current_quantity: int | None = None
    price: Decimal = Decimal(0)
    total_discount: Decimal = Decimal(0)
    discount_allocations: tuple[Allocation, ...] = ()

    @property
    def discount(self) -> Decimal:
        """Money off the whole line, by codes and by hand."""
        return sum((part.amount for part in self.discount_allocations), Decimal(0)) or self.total_discount


class Metafield(Wire):
    """One metafield of a customer."""

    namespace: str = ""
    key: str
    value: str


class Consent(Wire):
    """Marketing consent."""

    state: str | None = None

    @property
    def given(self) -> bool:
        """Whether it was given; webhooks write small letters, GraphQL capitals."""
        return (self.state or "").lower() == "subscribed"


class Address(Wire):
    """A mailing address; read for the vault alone."""

    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    phone: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country_code: str | None = None

    @property
    def line(self) -> str:
        """In one line; "" when it names no street, for a town alone says nothing of anybody."""
        if not self.address1:
            return ""
        parts = (self.address1, self.address2, self.city, self.province_code, self.zip, self.country_code)
        return ", ".join(part.strip() for part in parts if part and part.strip())

    @property
    def person(self) -> str:
        """Whom it names."""
        return self.name or f"{self.first_name or ''} {self.last_name or ''}".strip()


class Customer(Wire):
    """A customer record, or the part of it on an order."""

    id: int
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    default_address: Address | None = None
    addresses: tuple[Address, ...] = ()
    updated_at: Moment | None = None
    created_at: Moment | None = None
    orders_count: int | None = None
    total_spent: Decimal | None = None
    currency: str | None = None
    email_marketing_consent: Consent | None = None
    sms_marketing_consent: Consent | None = None
    metafields: tuple[Metafield, ...] = ()

    @property
    def places(self) -> tuple[Address, ...]:
        """Every address of the record."""
        return (*((self.default_address,) if self.default_address else ()), *self.addresses)

    @property
    def loyalty(self) -> str | None:
        """The loyalty id, which we keep in a metafield of our namespace."""
        return next((one.value for one in self.metafields if one.key in {"loyalty", "loyalty_id"}), None)


class Attribute(Wire):
    """One note attribute."""

    name: str
    value: str | None = None


class ShippingLine(Wire):
    """How an order reaches its customer; a pickup names the shop."""

    code: str | None = None
    title: str | None = None


class Order(Wire):
    """An order."""

    id: int
    created_at: Moment
    updated_at: Moment
    processed_at: Moment | None = None
    cancelled_at: Moment | None = None
    source_name: str | None = None
    location_id: int | None = None
    currency: str | None = None
    total_price: Decimal | None = None
    current_total_price: Decimal | None = None
    discount_codes: tuple[Code, ...] = ()
    discount_applications: tuple[Application, ...] = ()
    fulfillment_status: str | None = None
    email: str | None = None
    phone: str | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    line_items: tuple[Line, ...] = ()
    shipping_lines: tuple[ShippingLine, ...] = ()
    note_attributes: tuple[Attribute, ...] = ()
    source_identifier: str | None = None
    checkout_token: str | None = None
    pickup_location_id: int | None = None  # not Shopify's: set where a poll knows the fulfillment order


class RefundLine(Wire):
    """Units of one line given back."""

    quantity: int
    location_id: int | None = None
    subtotal: Decimal = Decimal(0)
    line_item: Line


class Transaction(Wire):
    """Money that moved."""

    kind: str | None = None
    status: str | None = None
    amount: Decimal = Decimal(0)
    currency: str | None = None


class Refund(Wire):
    """Goods or money given back."""

    id: int
    order_id: int
    created_at: Moment
    processed_at: Moment | None = None
    refund_line_items: tuple[RefundLine, ...] = ()
    transactions: tuple[Transaction, ...] = ()


class Level(Wire):
    """A count at one location; a poll also knows the sku and the other counts."""

    inventory_item_id: int
    location_id: int
    available: int | None
    updated_at: Moment
    sku: str | None = None
    on_hand: int | None = None
    committed: int | None = None
    incoming: int | None = None


class Variant(Wire):
    """One variant of a product."""

    id: int
    title: str = ""
    display_name: str = ""
    sku: str | None = None
    price: Decimal
    inventory_item_id: int
    cost: Decimal | None = None


class Product(Wire):
    """A product; `tags` is one text with commas."""

    id: int
    title: str
    body_html: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    tags: str | tuple[str, ...] = ""
    updated_at: Moment | None = None
    variants: tuple[Variant, ...] = ()


class Cart(Wire):
    """An online cart."""

    token: str
    updated_at: Moment | None = None
    created_at: Moment | None = None
    line_items: tuple[Line, ...] = ()
    customer: Customer | None = None


class Checkout(Wire):
    """An online checkout that began."""

    token: str
    created_at: Moment
    updated_at: Moment | None = None
    email: str | None = None
    phone: str | None = None
    customer: Customer | None = None
    currency: str | None = None
    total_price: Decimal | None = None
    location_id: int | None = None
    line_items: tuple[Line, ...] = ()


class End(Wire):
    """Where a transfer begins or ends."""

    location_id: int | None = None


class Transfer(Wire):
    """An inventory transfer. Shopify publishes no shape for its webhooks; this follows the GraphQL object."""

    admin_graphql_api_id: str = Field(min_length=1)
    status: str = ""
    reference_name: str | None = None
    updated_at: Moment | None = None
    destination: End = Field(default_factory=End)
