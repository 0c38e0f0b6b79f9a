"""Orders and refunds: what was bought and given back, at which of our locations, by whom."""

import re
from collections.abc import Sequence
from decimal import Decimal

from knowledge.events.event import Event, Topic
from knowledge.events.families import LineFacts, OrderFacts, ReturnFacts
from knowledge.store.places import Place
from tools.connectors.amounts import exact, nearest
from tools.connectors.moments import version_of
from tools.connectors.shopify import wire
from tools.connectors.shopify.names import PLATFORM, order_resource
from tools.connectors.told import Heard, Hearing

_POS = "pos"
_OURS = re.compile(r"Tillhand ([A-Z0-9-]{4,32})")  # as `pos_extension/src/Modal.tsx` titles it
_TRANSACTION = frozenset({"pos_transaction_id", "transaction_id"})


def order_event(topic: Topic, order: wire.Order, told: Hearing) -> Event:
    """An order as it stands.

    Raises:
        NotFound: Its location is not in the retailer's list.
    """
    channel = "pos" if order.source_name == _POS else "online"
    place = told.place(str(order.location_id)) if channel == "pos" and order.location_id else told.online()
    currency = order.currency or told.currency
    resource = order_resource(order.id)
    addresses = tuple(one for one in (order.shipping_address, order.billing_address) if one)
    heard = customer_heard(order.customer, told, order.phone, order.email, addresses=addresses, country=place.country)
    by_hand = _by_hand(order, currency)
    facts = OrderFacts(
        order=resource,
        channel=channel,
        location=place.id,
        customer=heard.keys,
        lines=line_facts(order.line_items, currency),
        total=_total(order, currency),
        currency=currency,
        codes=tuple(dict.fromkeys([*(code.code for code in order.discount_codes), *by_hand])),
        taken={code.code: nearest(code.amount, currency) for code in order.discount_codes if code.amount is not None}
        | by_hand,
        transaction=_transaction(order),
        pickup_location=_pickup(order, told),
        cancelled=order.cancelled_at is not None,
        fulfilled=order.fulfillment_status == "fulfilled",
    )
    return told.event(
        topic,
        place.id,
        facts,
        occurred_at=order.processed_at or order.created_at,
        resource=resource,
        version=version_of(order.updated_at),
        person=heard.person,
    )


def refund_event(refund: wire.Refund, told: Hearing) -> Event:
    """Goods given back; one without goods is money only.

    Raises:
        NotFound: Where it was given back is not in the retailer's list.
    """
    place = _returned_to(refund, told)
    paid = [one for one in refund.transactions if one.kind == "refund" and one.status in {None, "success"}]
    currency = next((one.currency for one in paid if one.currency), told.currency)
    back = sum((one.amount for one in paid), Decimal(0))
    if not paid:
        back = sum((line.subtotal for line in refund.refund_line_items), Decimal(0))
    lines = tuple(
        LineFacts(
            sku=line.line_item.sku,
            quantity=line.quantity,
            unit_price=exact(line.line_item.price, currency),
            returned=line.quantity,
        )
        for line in refund.refund_line_items
        if line.line_item.sku
    )
    facts = ReturnFacts(
        order=order_resource(refund.order_id),
        location=place.id,
        lines=lines,
        refund=exact(back, currency),
        currency=currency,
    )
    at = refund.processed_at or refund.created_at
    return told.event(
        Topic.RETURN_CREATED,
        place.id,
        facts,
        occurred_at=at,
        resource=f"{PLATFORM}:refund:{refund.id}",
        version=version_of(refund.created_at),
        story=order_resource(refund.order_id),
    )


def customer_heard(  # noqa: PLR0913 - an order says in this many places whose it is
    customer: wire.Customer | None,
    told: Hearing,
    phone: str | None = None,
    email: str | None = None,
    *,
    addresses: Sequence[wire.Address] = (),
    country: str = "",
) -> Heard:
    """Who it is, by the record and by what stands on the order itself.

    Whose order it is, an address alone does not say: it may be a neighbor's, so its phone number is no identifier.
    """
    names = [one.person for one in addresses]
    lines = [one.line for one in addresses]
    if customer is None:
        return told.identifiers(phones=(phone,), emails=(email,), names=names, addresses=lines, country=country)
    own = f"{customer.first_name or ''} {customer.last_name or ''}"
    return told.identifiers(
        str(customer.id),
        loyalty=customer.loyalty,
        phones=(customer.phone, phone),
        emails=(customer.email, email),
        names=[own, *(one.person for one in customer.places), *names],
        addresses=[*(one.line for one in customer.places), *lines],
        country=country,
    )


def line_facts(lines: Sequence[wire.Line], currency: str) -> tuple[LineFacts, ...]:
    """Lines with a sku; a custom sale has none, and counts in the total only."""
    return tuple(
        LineFacts(
            sku=line.sku,
            quantity=line.quantity,
            unit_price=exact(line.price, currency),
            discount=nearest(line.discount, currency),
            returned=max(
                0, line.quantity - (line.quantity if line.current_quantity is None else line.current_quantity)
            ),
        )
        for line in lines
        if line.sku
    )


def _by_hand(order: wire.Order, currency: str) -> dict[str, int]:
    """Money that came off under the title of one of our codes: a register without a line cannot have codes looked up.

    https://shopify.dev/docs/api/admin-rest/latest/resources/order#resource-object
    """
    found: dict[str, int] = {}
    for place, one in enumerate(order.discount_applications):
        named = next((match for text in (one.title, one.description) if (match := _OURS.fullmatch(text or ""))), None)
        if one.type == "manual" and named:
            shares = (share for line in order.line_items for share in line.discount_allocations)
            off = sum((share.amount for share in shares if share.discount_application_index == place), Decimal(0))
            found[named[1]] = found.get(named[1], 0) + nearest(off, currency)
    return found


def _total(order: wire.Order, currency: str) -> int:
    told = order.current_total_price if order.current_total_price is not None else order.total_price
    if told is not None:
        return exact(told, currency)
    return sum(line.quantity * line.unit_price - line.discount for line in line_facts(order.line_items, currency))


def _transaction(order: wire.Order) -> str:
    named = (note.value for note in order.note_attributes if note.name in _TRANSACTION and note.value)
    return next(named, "") or order.source_identifier or order.checkout_token or ""


def _pickup(order: wire.Order, told: Hearing) -> str:
    """The shop where an online order waits for its customer; "" when it is sent, or the shop is not one of ours."""
    if order.pickup_location_id is not None:
        place = told.places.by_platform(PLATFORM, str(order.pickup_location_id))
        return place.id if place else ""
    named = (place for line in order.shipping_lines for place in (_called(told, line.code), _called(told, line.title)))
    return next((place.id for place in named if place), "")


def _called(told: Hearing, name: str | None) -> Place | None:
    """A shop by its name, its code, or Shopify's number for it."""
    here = told.places.on(PLATFORM)
    return next((place for place in here if name and name in {place.name, place.id, place.platform_id}), None)


def _returned_to(refund: wire.Refund, told: Hearing) -> Place:
    numbers = (line.location_id for line in refund.refund_line_items)
    number = next((number for number in numbers if number is not None), None)
    return told.online() if number is None else told.place(str(number))
