"""Shopify's webhook bodies as our events. Polls are brought into the same bodies first, so that both tell alike."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from knowledge.events.event import Event, Topic
from knowledge.events.families import CheckoutFacts, CustomerFacts, InterestFacts, LevelFacts, TransferStateFacts
from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Places
from policies.errors import NotFound
from tools.connectors.amounts import exact
from tools.connectors.moments import version_of
from tools.connectors.shopify import wire
from tools.connectors.shopify.goods import product_event
from tools.connectors.shopify.names import PLATFORM, item_name, number_of
from tools.connectors.shopify.purchases import customer_heard, line_facts, order_event, refund_event
from tools.connectors.told import CHAIN, Hearing, read_payload

TRANSFERS = "inventory_transfers/"


def to_event(  # noqa: PLR0913 - a delivery has this many parts
    topic: str,
    body: Mapping[str, Any],
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
        topic: As `X-Shopify-Topic` says, such as `orders/create`.
        body: The verified body, parsed with decimals kept.
        delivery: `X-Shopify-Webhook-Id`; for a poll, the resource and its version.
        received_at: Aware.
        places: The retailer's locations.
        keys: For the customer's identifiers, which are hashed here and go no further.
        currency: The shop's, for bodies that name none.
        source: `shopify`, or `poll:shopify`.

    Raises:
        NotFound: Nobody here knows the topic (`topic.unknown`) or the location (`location.unknown`).
        Refused: The body has not the shape the topic promises (`payload.malformed`).
    """
    told = Hearing(PLATFORM, source, delivery, received_at, places, keys, currency)
    if topic.startswith(TRANSFERS):
        return _transfer(topic, body, told)
    translate = _TOPICS.get(topic)
    if translate is None:
        raise NotFound(f"Shopify's topic {topic[:64]} is not one we know.", code="topic.unknown", field="topic")
    return translate(body, told)


def knows(topic: str) -> bool:
    """Whether `to_event` understands a topic."""
    return topic in _TOPICS or topic.startswith(TRANSFERS)


def _customer(body: Mapping[str, Any], told: Hearing) -> Event:
    customer = read_payload(wire.Customer, body)
    at = customer.updated_at or customer.created_at or told.received_at
    currency = customer.currency or told.currency
    heard = customer_heard(customer, told)
    facts = CustomerFacts(
        keys=heard.keys,
        consent_email=_given(customer.email_marketing_consent),
        consent_sms=_given(customer.sms_marketing_consent),
        orders=customer.orders_count,
        spent=None if customer.total_spent is None else exact(customer.total_spent, currency),
        currency="" if customer.total_spent is None else currency,
    )
    return told.event(
        Topic.CUSTOMER_UPDATED,
        CHAIN,
        facts,
        occurred_at=at,
        resource=f"{PLATFORM}:customer:{customer.id}",
        version=version_of(at),
        person=heard.person,
    )


def _level(body: Mapping[str, Any], told: Hearing) -> Event:
    level = read_payload(wire.Level, body)
    place = told.place(str(level.location_id))
    facts = LevelFacts(
        location=place.id,
        sku=level.sku or "",
        item=item_name(level.inventory_item_id),
        available=level.available,
        on_hand=level.on_hand,
        committed=level.committed,
        incoming=level.incoming,
    )
    return told.event(
        Topic.INVENTORY_UPDATED,
        place.id,
        facts,
        occurred_at=level.updated_at,
        resource=f"{PLATFORM}:level:{level.inventory_item_id}:{level.location_id}",
        version=version_of(level.updated_at),
    )


def _product(body: Mapping[str, Any], told: Hearing) -> Event:
    return product_event(read_payload(wire.Product, body), told)


def _cart(body: Mapping[str, Any], told: Hearing) -> Event:
    cart = read_payload(wire.Cart, body)
    at = cart.updated_at or cart.created_at or told.received_at
    heard = customer_heard(cart.customer, told)
    facts = InterestFacts(
        kind="cart",
        customer=heard.keys,
        skus=tuple(dict.fromkeys(line.sku for line in cart.line_items if line.sku)),
        cart=cart.token,
    )
    return told.event(
        Topic.CART_UPDATED,
        told.online().id,
        facts,
        occurred_at=at,
        resource=f"{PLATFORM}:cart:{cart.token}",
        version=version_of(at),
        person=heard.person,
    )


def _checkout(body: Mapping[str, Any], told: Hearing) -> Event:
    checkout = read_payload(wire.Checkout, body)
    place = told.place(str(checkout.location_id)) if checkout.location_id else told.online()
    currency = checkout.currency or told.currency
    lines = line_facts(checkout.line_items, currency)
    goods = sum(line.quantity * line.unit_price - line.discount for line in lines)
    heard = customer_heard(checkout.customer, told, checkout.phone, checkout.email, country=place.country)
    facts = CheckoutFacts(
        location=place.id,
        transaction=checkout.token,
        customer=heard.keys,
        lines=lines,
        total=goods if checkout.total_price is None else exact(checkout.total_price, currency),
        currency=currency,
    )
    return told.event(
        Topic.CHECKOUT_STARTED,
        place.id,
        facts,
        occurred_at=checkout.created_at,
        resource=f"{PLATFORM}:checkout:{checkout.token}",
        version=version_of(checkout.updated_at or checkout.created_at),
        person=heard.person,
    )


def _transfer(topic: str, body: Mapping[str, Any], told: Hearing) -> Event:
    transfer = read_payload(wire.Transfer, body)
    number = number_of(transfer.admin_graphql_api_id)
    at = transfer.updated_at or told.received_at
    place = told.places.by_platform(PLATFORM, str(transfer.destination.location_id))
    facts = TransferStateFacts(
        transfer=transfer.admin_graphql_api_id,
        reference=transfer.reference_name or "",
        status=transfer.status or topic.removeprefix(TRANSFERS).upper(),
    )
    return told.event(
        Topic.TRANSFER_UPDATED,
        place.id if place else CHAIN,
        facts,
        occurred_at=at,
        resource=f"{PLATFORM}:transfer:{number}",
        version=version_of(at),
    )


def _given(consent: wire.Consent | None) -> bool | None:
    return None if consent is None else consent.given


_TOPICS: dict[str, Callable[[Mapping[str, Any], Hearing], Event]] = {
    "orders/create": lambda body, told: order_event(Topic.ORDER_CREATED, read_payload(wire.Order, body), told),
    "orders/updated": lambda body, told: order_event(Topic.ORDER_UPDATED, read_payload(wire.Order, body), told),
    "orders/fulfilled": lambda body, told: order_event(Topic.ORDER_FULFILLED, read_payload(wire.Order, body), told),
    "orders/cancelled": lambda body, told: order_event(Topic.ORDER_CANCELLED, read_payload(wire.Order, body), told),
    "refunds/create": lambda body, told: refund_event(read_payload(wire.Refund, body), told),
    "customers/create": _customer,
    "customers/update": _customer,
    "inventory_levels/update": _level,
    "products/create": _product,
    "products/update": _product,
    "carts/create": _cart,
    "carts/update": _cart,
    "checkouts/create": _checkout,
}
