"""The columns a file may have, by what it tells: closed, so that a misspelt column is told and not passed over."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What the rows of a file are."""

    PRODUCTS = "products"
    CUSTOMERS = "customers"
    STOCK = "stock"
    ORDERS = "orders"
    RETURNS = "returns"
    PROMOTIONS = "promotions"


class Form(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    AMOUNT = "amount"
    COUNT = "count"
    MOMENT = "moment"
    DAY = "day"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        needed: Every row has it, or an option says it for all.
        about: What it holds, for `tillhand import columns`.
    """

    name: str
    form: Form
    about: str
    needed: bool = False


_LOYALTY: Final = Column("loyalty_id", Form.TEXT, "the customer's loyalty id")
_PHONE: Final = Column("phone", Form.TEXT, "the customer's phone number")
_EMAIL: Final = Column("email", Form.TEXT, "the customer's e-mail address")
_LINES: Final = (
    Column("order", Form.TEXT, "the order's number", needed=True),
    Column("at", Form.MOMENT, "when it happened", needed=True),
    Column("location", Form.TEXT, "the location's code", needed=True),
    Column("sku", Form.TEXT, "what was sold", needed=True),
    Column("quantity", Form.COUNT, "units; below zero: given back", needed=True),
    Column("price", Form.AMOUNT, "of one unit", needed=True),
    Column("discount", Form.AMOUNT, "off the whole line"),
    Column("line", Form.TEXT, "the line's number in the order; without it, rows that say the same are one line"),
    Column("type", Form.TEXT, "sale, return or view; without it a sale"),
    Column("return", Form.TEXT, "the return's own number"),
    Column("channel", Form.TEXT, "pos or online; without it, what the location is"),
    Column("currency", Form.TEXT, "three letters; without it the chain's"),
    Column("code", Form.TEXT, "the discount code used"),
    Column("transaction", Form.TEXT, "the register's number of the sale"),
    Column("pickup_location", Form.TEXT, "the shop where an online order was fetched"),
    Column("cancelled", Form.FLAG, "the whole order was cancelled"),
    _LOYALTY,
    _PHONE,
    _EMAIL,
)

COLUMNS: Final[dict[Kind, tuple[Column, ...]]] = {
    Kind.PRODUCTS: (
        Column("sku", Form.TEXT, "the variant's sku", needed=True),
        Column("title", Form.TEXT, "what the variant is called", needed=True),
        Column("price", Form.AMOUNT, "of one unit", needed=True),
        Column("product", Form.TEXT, "the product it is a variant of; without it, its title"),
        Column("vendor", Form.TEXT, "the brand or supplier"),
        Column("category", Form.TEXT, "the category"),
        Column("tags", Form.TEXT, "with commas"),
        Column("description", Form.TEXT, "a text about it"),
        Column("currency", Form.TEXT, "three letters; without it the chain's"),
        Column("unit_cost", Form.AMOUNT, "what one unit cost the retailer"),
        Column("updated_at", Form.MOMENT, "as of when; without it, nothing known is changed"),
    ),
    Kind.CUSTOMERS: (
        _LOYALTY,
        _PHONE,
        _EMAIL,
        Column("name", Form.TEXT, "the customer's name, for the vault alone"),
        Column("address", Form.TEXT, "the customer's address in one line, for the vault alone"),
        Column("country", Form.TEXT, "two letters, of a phone number without a country code"),
        Column("consent_email", Form.FLAG, "agreed to e-mails"),
        Column("consent_sms", Form.FLAG, "agreed to text messages"),
        Column("updated_at", Form.MOMENT, "as of when; without it, nothing known is changed"),
    ),
    Kind.STOCK: (
        Column("sku", Form.TEXT, "the variant's sku", needed=True),
        Column("location", Form.TEXT, "the location's code", needed=True),
        Column("available", Form.COUNT, "units that can be sold", needed=True),
        Column("on_hand", Form.COUNT, "units on the shelf"),
        Column("committed", Form.COUNT, "units that are promised"),
        Column("incoming", Form.COUNT, "units on their way"),
        Column("counted_at", Form.MOMENT, "as of when", needed=True),
    ),
    Kind.PROMOTIONS: (
        Column("name", Form.TEXT, "what the promotion is called", needed=True),
        Column("sku", Form.TEXT, "what it is of; without sku and category, of everything"),
        Column("category", Form.TEXT, "of every variant of a category"),
        Column("location", Form.TEXT, "the location's code; without location and channel, everywhere"),
        Column("channel", Form.TEXT, "pos or online"),
        Column("first_day", Form.DAY, "its first day", needed=True),
        Column("last_day", Form.DAY, "its last day", needed=True),
        Column("percent", Form.COUNT, "off the price, 1 to 100; or price"),
        Column("price", Form.AMOUNT, "of one unit while it lasts; or percent"),
        Column("currency", Form.TEXT, "three letters; without it the chain's"),
    ),
    Kind.ORDERS: _LINES,
    Kind.RETURNS: tuple(
        Column(each.name, each.form, "the order it was sold on") if each.name == "order" else each for each in _LINES
    ),
}
AS_OF: Final = frozenset({"updated_at", "counted_at"})  # what `--as-of` says for a whole file
PLACED: Final = frozenset({"location"})  # what `--location` says
