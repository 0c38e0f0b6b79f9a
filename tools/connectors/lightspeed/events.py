"""Lightspeed's webhook payloads as our events. Polls are brought into the same shapes, so that both tell alike."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from knowledge.events.event import Event, Topic
from knowledge.events.families import ClosureFacts, CustomerFacts, LevelFacts, TransferStateFacts
from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Places
from policies.errors import NotFound
from tools.connectors.amounts import nearest
from tools.connectors.lightspeed import wire
from tools.connectors.lightspeed.goods import product_event
from tools.connectors.lightspeed.names import PLATFORM, item_name, version_text
from tools.connectors.lightspeed.purchases import customer_heard, sale_event
from tools.connectors.moments import version_of
from tools.connectors.told import CHAIN, Hearing, read_payload


def to_event(  # noqa: PLR0913 - a delivery has this many parts
    type: str,  # noqa: A002 - Lightspeed's word
    payload: Mapping[str, Any],
    *,
    delivery: str,
    received_at: datetime,
    places: Places,
    keys: MatchKeys,
    currency: str,
    source: str = PLATFORM,
) -> Event:
    """What a delivery tells.

    Args:
        type: Such as `sale.update`.
        payload: The verified JSON of the form's field `payload`, parsed with decimals kept.
        delivery: A name for this delivery: Lightspeed sends none, so the inlet uses the body's digest. "" for a poll.
        received_at: Aware.
        places: The retailer's locations.
        keys: For the customer's identifiers, which are hashed here and go no further.
        currency: The retailer's: Lightspeed's amounts do not name theirs.
        source: `lightspeed`, or `poll:lightspeed`.

    Raises:
        NotFound: Nobody here knows the type (`topic.unknown`) or the location (`location.unknown`).
        Refused: The payload has not the shape the type promises (`payload.malformed`).
    """
    told = Hearing(PLATFORM, source, delivery, received_at, places, keys, currency)
    translate = _TYPES.get(type)
    if translate is None:
        raise NotFound(f"Lightspeed's type {type[:64]} is not one we know.", code="topic.unknown", field="type")
    return translate(payload, told)


def knows(type: str) -> bool:  # noqa: A002 - Lightspeed's word
    """Whether `to_event` understands a type."""
    return type in _TYPES


def _sale(payload: Mapping[str, Any], told: Hearing) -> Event:
    return sale_event(read_payload(wire.Sale, payload), told)


def _product(payload: Mapping[str, Any], told: Hearing) -> Event:
    return product_event(read_payload(wire.Product, payload), told)


def _customer(payload: Mapping[str, Any], told: Hearing) -> Event:
    """A customer. Lightspeed keeps who refused e-mail, and nobody's consent: only a refusal is told."""
    customer = read_payload(wire.Customer, payload)
    heard = customer_heard(customer, told)
    facts = CustomerFacts(
        keys=heard.keys,
        consent_email=False if customer.do_not_email else None,
        spent=None if customer.year_to_date is None else nearest(customer.year_to_date, told.currency),
        currency="" if customer.year_to_date is None else told.currency,
    )
    return told.event(
        Topic.CUSTOMER_UPDATED,
        CHAIN,
        facts,
        occurred_at=customer.updated_at or told.received_at,
        resource=f"{PLATFORM}:customer:{customer.id}",
        version=version_text(customer.version),
        person=heard.person,
    )


def _inventory(payload: Mapping[str, Any], told: Hearing) -> Event:
    """A count: the one Lightspeed keeps. Part of a unit cannot be promised to anybody."""
    level = read_payload(wire.Inventory, payload)
    place = told.place(level.outlet_id)
    facts = LevelFacts(
        location=place.id,
        sku=level.product.sku or "",
        item=item_name(level.product_id),
        available=int(level.count.to_integral_value("ROUND_FLOOR")),
        exact="" if level.count == level.count.to_integral_value() else str(level.count),
    )
    return told.event(
        Topic.INVENTORY_UPDATED,
        place.id,
        facts,
        occurred_at=told.received_at,
        resource=f"{PLATFORM}:level:{level.product_id}:{level.outlet_id}",
        version=version_text(level.version),
    )


def _closure(payload: Mapping[str, Any], told: Hearing) -> Event:
    closure = read_payload(wire.Closure, payload)
    place = told.place(closure.outlet_id)
    at = closure.register_close_time
    return told.event(
        Topic.REGISTER_CLOSED,
        place.id,
        ClosureFacts(location=place.id, register_id=closure.register_id, closed_at=at),
        occurred_at=at,
        resource=f"{PLATFORM}:closure:{closure.id}",
        version=version_of(at),
    )


def _consignment(payload: Mapping[str, Any], told: Hearing) -> Event:
    consignment = read_payload(wire.Consignment, payload)
    place = told.place(consignment.outlet_id)
    facts = TransferStateFacts(
        transfer=consignment.id, reference=consignment.reference or "", status=consignment.status
    )
    return told.event(
        Topic.TRANSFER_UPDATED,
        place.id,
        facts,
        occurred_at=consignment.updated_at or told.received_at,
        resource=f"{PLATFORM}:transfer:{consignment.id}",
        version=version_text(consignment.version),
    )


_TYPES: dict[str, Callable[[Mapping[str, Any], Hearing], Event]] = {
    "sale.update": _sale,
    "product.update": _product,
    "customer.update": _customer,
    "inventory.update": _inventory,
    "register_closure.create": _closure,
    "consignment.send": _consignment,
    "consignment.receive": _consignment,
}
