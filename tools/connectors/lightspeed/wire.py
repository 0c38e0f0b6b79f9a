"""What Lightspeed's webhooks send, as far as we read it: API 1.0, with numbers as texts and times without a zone."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tools.connectors.moments import read_moment
from tools.connectors.sworn import Believable
from tools.connectors.told import Wire


def _moment(value: object) -> object:
    return read_moment(value) if isinstance(value, str) else value


def _named(value: object) -> object:
    """Newer versions tell an object with a name where 1.0 tells the name."""
    return value.get("name", "") if isinstance(value, dict) else value or ""  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON


Moment = Annotated[datetime, BeforeValidator(_moment)]
Name = Annotated[str, BeforeValidator(_named)]


class Contact(Wire):
    """Where 1.0 also keeps what identifies a customer."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None


class Customer(Wire):
    """A customer record."""

    id: str
    customer_code: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    date_of_birth: str | None = None
    physical_address_1: str | None = None
    physical_address_2: str | None = None
    physical_city: str | None = None
    physical_state: str | None = None
    physical_postcode: str | None = None
    physical_country_id: str | None = None
    enable_loyalty: bool | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    contact: Contact = Field(default_factory=Contact)
    do_not_email: bool | None = None
    year_to_date: Decimal | None = None
    updated_at: Moment | None = None
    version: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The person's name, wherever it stands."""
        told = ((self.first_name, self.last_name), (self.contact.first_name, self.contact.last_name))
        return tuple(f"{first or ''} {last or ''}" for first, last in told)

    @property
    def address(self) -> str:
        """In one line; "" when it names no street, for a town alone says nothing of anybody."""
        if not self.physical_address_1:
            return ""
        parts = (
            self.physical_address_1,
            self.physical_address_2,
            self.physical_city,
            self.physical_state,
            self.physical_postcode,
            self.physical_country_id,
        )
        return ", ".join(part.strip() for part in parts if part and part.strip())

    @property
    def loyalty(self) -> str | None:
        """The customer code, where it is a loyalty id; for others Lightspeed makes one up from the name."""
        return None if self.enable_loyalty is False else self.customer_code


class Loyal(Wire):
    """What a customer record says of loyalty; an amount nobody can have is not believed."""

    id: str
    enable_loyalty: bool = False
    loyalty_balance: Believable | None = None


class Promotion(Wire):
    """A promotion that lowered a line, and the money it took off the whole of it."""

    promo_code: str | None = None
    amount: Decimal | None = None


class Line(Wire):
    """A line of a sale; a return's quantities are below zero."""

    product_id: str
    sku: str | None = None
    quantity: Decimal
    price: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)  # off one unit
    discount_total: Decimal | None = None
    promotions: tuple[Promotion, ...] = ()


class Totals(Wire):
    """A sale's sums."""

    total_price: Decimal = Decimal(0)  # without tax
    total_tax: Decimal = Decimal(0)


class Sale(Wire):
    """A register sale."""

    id: str
    outlet_id: str
    status: str
    return_for: str | None = None
    source_id: str | None = None
    customer: Customer | None = None
    customer_id: str | None = None
    created_at: Moment
    updated_at: Moment | None = None
    sale_date: Moment | None = None
    totals: Totals = Field(default_factory=Totals)
    register_sale_products: tuple[Line, ...] = ()
    version: int


class Product(Wire):
    """A product: each variant is one."""

    id: str
    sku: str
    name: str
    base_name: str | None = None
    brand_name: Name = ""
    type: Name = ""
    tags: str | tuple[str, ...] = ""
    description: str | None = None
    price: Decimal
    supply_price: Decimal | None = None
    updated_at: Moment | None = None
    deleted_at: Any = None
    version: int


class Named(Wire):
    """A product where something else is told."""

    sku: str | None = None


class Inventory(Wire):
    """The stock of one product at one outlet."""

    product_id: str
    outlet_id: str
    count: Decimal
    product: Named = Field(default_factory=Named)
    version: int


class Closure(Wire):
    """A register closed for the day."""

    id: str
    outlet_id: str
    register_id: str
    register_close_time: Moment


class Consignment(Wire):
    """A consignment that was sent or received."""

    id: str
    outlet_id: str
    status: str
    reference: str | None = None
    updated_at: Moment | None = None
    version: int = 0
