"""Sales: bought, changed, voided, given back or still open, at which of our locations, by whom."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from knowledge.events.event import Event, Topic
from knowledge.events.families import CheckoutFacts, LineFacts, OrderFacts, ReturnFacts
from policies.errors import Refused
from tools.connectors.amounts import nearest
from tools.connectors.lightspeed import wire
from tools.connectors.lightspeed.names import order_resource, version_text
from tools.connectors.told import Heard, Hearing

_VOIDED = "VOIDED"
_OPEN = frozenset({"SAVED", "OPEN", "PARKED", "PENDING"})
_FIRST = timedelta(minutes=1)  # there is no sale.create: a sale told this soon after it was made is told first


def sale_event(sale: wire.Sale, told: Hearing) -> Event:
    """What became of a sale: an order, a return, a void, or a basket that waits for payment.

    Raises:
        NotFound: Its outlet is not in the retailer's list.
        Refused: A line tells no sku.
    """
    if sale.return_for:
        return _return(sale, told)
    if sale.status in _OPEN:
        return _basket(sale, told)
    place = told.place(sale.outlet_id)
    resource = order_resource(sale.id)
    heard = _customer(sale, told, place.country)
    facts = OrderFacts(
        order=resource,
        channel="pos",
        location=place.id,
        customer=heard.keys,
        lines=_lines(sale, told.currency),
        total=_total(sale, told.currency),
        currency=told.currency,
        codes=_codes(sale),
        taken=_taken(sale, told.currency),
        transaction=sale.source_id or "",
        cancelled=sale.status == _VOIDED,
        fulfilled="PICKUP" not in sale.status and "DISPATCH" not in sale.status,
    )
    return told.event(
        _topic(sale),
        place.id,
        facts,
        occurred_at=sale.sale_date or sale.created_at,
        resource=resource,
        version=version_text(sale.version),
        person=heard.person,
    )


def customer_heard(customer: wire.Customer, told: Hearing, country: str = "") -> Heard:
    """Who it is."""
    contact = customer.contact
    return told.identifiers(
        customer.id,
        loyalty=customer.loyalty,
        phones=(customer.phone, customer.mobile, contact.phone, contact.mobile),
        emails=(customer.email, contact.email),
        names=customer.names,
        addresses=(customer.address,),
        births=(customer.date_of_birth or "",),
        country=country,
    )


def _return(sale: wire.Sale, told: Hearing) -> Event:
    place = told.place(sale.outlet_id)
    original = order_resource(sale.return_for or "")
    heard = _customer(sale, told, place.country)
    facts = ReturnFacts(
        order=original,
        location=place.id,
        customer=heard.keys,
        lines=_lines(sale, told.currency, returned=True),
        refund=abs(_total(sale, told.currency)),
        currency=told.currency,
    )
    return told.event(
        Topic.RETURN_CREATED,
        place.id,
        facts,
        occurred_at=sale.sale_date or sale.created_at,
        resource=order_resource(sale.id),
        version=version_text(sale.version),
        person=heard.person,
        story=original,
    )


def _basket(sale: wire.Sale, told: Hearing) -> Event:
    place = told.place(sale.outlet_id)
    heard = _customer(sale, told, place.country)
    facts = CheckoutFacts(
        location=place.id,
        transaction=sale.source_id or sale.id,
        customer=heard.keys,
        lines=_lines(sale, told.currency),
        total=_total(sale, told.currency),
        currency=told.currency,
    )
    return told.event(
        Topic.CHECKOUT_STARTED,
        place.id,
        facts,
        occurred_at=sale.sale_date or sale.created_at,
        resource=order_resource(sale.id),
        version=version_text(sale.version),
        person=heard.person,
    )


def _topic(sale: wire.Sale) -> Topic:
    if sale.status == _VOIDED:
        return Topic.ORDER_CANCELLED
    changed = sale.updated_at or sale.created_at
    return Topic.ORDER_CREATED if changed - sale.created_at <= _FIRST else Topic.ORDER_UPDATED


def _customer(sale: wire.Sale, told: Hearing, country: str) -> Heard:
    if sale.customer is not None:
        return customer_heard(sale.customer, told, country)
    return told.identifiers(sale.customer_id or "", phones=(), emails=())


def _lines(sale: wire.Sale, currency: str, *, returned: bool = False) -> tuple[LineFacts, ...]:
    lines: list[LineFacts] = []
    for line in sale.register_sale_products:
        units = _units(line.quantity)
        if not units:
            continue
        if not line.sku:
            raise Refused(
                "A sale names a product without its sku.",
                code="payload.malformed",
                hint="The next poll of sales brings it.",
                field="register_sale_products",
            )
        off = abs(line.discount * line.quantity if line.discount_total is None else line.discount_total)
        lines.append(
            LineFacts(
                sku=line.sku,
                quantity=units,
                unit_price=nearest(line.price, currency),
                discount=nearest(off, currency),
                returned=units if returned else 0,
            )
        )
    return tuple(lines)


def _units(quantity: Decimal) -> int:
    """Whole units: Lightspeed also sells parts of one, and each part takes a unit off the shelf."""
    return int(abs(quantity).to_integral_value(ROUND_HALF_UP)) or (1 if quantity else 0)


def _total(sale: wire.Sale, currency: str) -> int:
    return nearest(sale.totals.total_price + sale.totals.total_tax, currency)


def _codes(sale: wire.Sale) -> tuple[str, ...]:
    told = (one.promo_code for line in sale.register_sale_products for one in line.promotions if one.promo_code)
    return tuple(dict.fromkeys(told))


def _taken(sale: wire.Sale, currency: str) -> dict[str, int]:
    """The money each code took off, over all lines; nothing for a code whose money is not told."""
    off: dict[str, Decimal] = {}
    for line in sale.register_sale_products:
        for one in line.promotions:
            if one.promo_code and one.amount is not None:
                off[one.promo_code] = off.get(one.promo_code, Decimal(0)) + abs(one.amount)
    return {code: nearest(amount, currency) for code, amount in off.items()}
