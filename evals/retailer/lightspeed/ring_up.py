"""A sale rung up at a Lightspeed register, with the cashier's own prices and the client's own id."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evals.retailer.codes import count_use, price_code
from evals.retailer.orders import new_order
from evals.retailer.stock import require_available, shift
from evals.retailer.world import Change, Order, OrderLine, Place, World


@dataclass(frozen=True, slots=True)
class RungLine:
    """One line of a sale.

    Attributes:
        sku: What.
        quantity: Units, above zero.
        unit_price: Cents, as the register asks for it.
        discount: Cents the cashier takes off the whole line.
    """

    sku: str
    quantity: int
    unit_price: int
    discount: int = 0


def ring_up(  # noqa: PLR0913 - a sale has this many facts
    world: World,
    *,
    place: Place,
    lines: Sequence[RungLine],
    occurred_at: datetime,
    id: str = "",  # noqa: A002 - Lightspeed's word
    customer: int | None = None,
    codes: Sequence[str] = (),
    transaction: str = "",
) -> Order:
    """Close a sale: the goods leave, codes are counted as used, the customer's totals grow.

    Args:
        world: The retailer.
        place: Where.
        lines: At least one.
        occurred_at: When, at the register.
        id: The sale's uuid when the client chose it; else the next of the world.
        customer: Person.key, if known.
        codes: Promo codes typed by the cashier.
        transaction: The register's transaction id; given when empty.

    Raises:
        OutOfStock: Fewer units are available; nothing changed.
        CodeRefused: A code does not apply; nothing changed.
        Unknown: No code is called that; nothing changed.
    """
    units: Counter[str] = Counter()
    for line in lines:
        units[line.sku] += line.quantity
    require_available(world, dict(units), place.code)
    off = [line.discount for line in lines]
    sold = [(line.sku, line.quantity) for line in lines]
    for code in codes:
        for number, cents in enumerate(price_code(world, code, sold, customer, occurred_at, place=place.code)):
            off[number] += cents
    for code in codes:
        count_use(world, code, customer)
    order = new_order(
        world,
        place=place.code,
        customer_key=customer,
        lines=[
            OrderLine(line.sku, line.quantity, line.unit_price, min(cents, line.quantity * line.unit_price))
            for line, cents in zip(lines, off, strict=True)
        ],
        channel="pos",
        occurred_at=occurred_at,
        transaction=transaction,
    )
    order.id = id or order.id
    order.discount_codes = tuple(code.strip().upper() for code in codes)
    order.fulfilled_at = occurred_at
    order.updated_at = world.now()
    order.version = world.next_version()
    world.announce(Change("order.created", order.updated_at, "lightspeed", order))
    for sku, count in units.items():
        shift(world, sku, place.code, on_hand=-count)
    return order
