"""From what was told to an event: money exact, identifiers hashed and dropped, the location known."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4, uuid5

from pydantic import ValidationError

from knowledge.events.event import Event, Topic
from knowledge.events.families import (
    CheckoutFacts,
    ClosureFacts,
    CustomerFacts,
    Facts,
    InterestFacts,
    KeyedHash,
    LevelFacts,
    LineFacts,
    OrderFacts,
    PresenceFacts,
    ReturnFacts,
    ShownFacts,
    TicketFacts,
    WishlistFacts,
)
from knowledge.identity.card import refuse_cards
from knowledge.identity.match_key import MatchKeys
from knowledge.identity.normal import Kind
from knowledge.store.places import Place, Places
from knowledge.vault.intake import Intake
from policies.errors import Refused
from policies.vocabulary.ids import CorrelationId, EventId
from policies.vocabulary.money import Money
from server.problems import refusal
from server.webhooks import told

SOURCE: Final = "register"
_FIELDS: Final[Mapping[str, str]] = {
    "loyalty": "loyalty_id",
    "phone": "phone",
    "email": "email",
    "payment": "payment",
    "check_in": "check_in",
}
_PLATFORM_ORDERS: Final = ("shopify:order:", "lightspeed:order:")
_SPACE = UUID("3b6d1f5a-64a1-5d0b-8a63-5e1c9f0d2b77")  # ours, drawn once
_Shape = TypeVar("_Shape", bound=told.Told)


@dataclass(frozen=True, slots=True)
class Listener:
    """What is needed to understand a register.

    Attributes:
        currency: Of amounts told without one.
        country: Of phone numbers told without one.
    """

    places: Places
    keys: MatchKeys
    currency: str
    country: str

    def event(self, topic: Topic, body: Mapping[str, Any], at: datetime) -> Event:
        """The event a register told.

        Raises:
            Refused: The body is not what this topic needs; a card number was sent; or a total does not add up.
            NotFound: The location is not known.
        """
        shape, build = _FAMILIES[topic]
        said = read_told(shape, body)
        place = self.places.get(said.store_id)
        facts = build(self, said, place, topic)
        customer = getattr(said, "customer", None)
        occurred = said.occurred_at or at
        name = said.id or _name(said, facts)
        resource, story = _names(facts)
        return Event(
            id=EventId(str(uuid5(_SPACE, f"{place.id}\0{topic.value}\0{name}"))),
            source=SOURCE,
            delivery=f"{place.id}:{topic.value}:{name}",
            topic=topic,
            lane=place.id,
            occurred_at=occurred,
            received_at=at,
            correlation=CorrelationId(str(uuid5(_SPACE, story or name))),
            facts=facts.model_dump(mode="json"),
            resource=resource,
            version=occurred.isoformat() if resource else "",
            sealed_person=self.sealed(customer, place),
        )

    def identifiers(self, customer: told.Customer | None, place: Place) -> tuple[KeyedHash, ...]:
        """Match keys of a told customer, strongest first.

        Raises:
            Refused: Any of its fields holds a card number, or a raw identifier where only hashes are taken.
        """
        if customer is None:
            return ()
        named = _named(customer)
        for kind, value in named:
            self.keys.refuse_raw(value, f"customer.{_FIELDS[kind]}")
        return tuple(key for kind, value in named for key in self.keys.readings(kind, value, self.region(place)))

    def sealed(self, customer: told.Customer | None, place: Place) -> bytes:
        """What was told of a customer, for the vault; b"" when it keeps nothing of them."""
        if customer is None or not isinstance(self.keys, Intake):
            return b""
        region = self.region(place)
        return self.keys.seal((kind, self.keys.normal(kind, value, region)) for kind, value in _named(customer))

    def region(self, place: Place) -> str:
        """The country of phone numbers told at a location without their country code."""
        return place.country or self.country

    def money(self, amount: Any, currency: str | None) -> int:
        """Minor units of an exact amount.

        Raises:
            Refused: It is finer than the currency's minor unit.
        """
        return Money.parse(amount, currency or self.currency).minor

    def lines(self, said: Sequence[told.Line], currency: str | None) -> tuple[LineFacts, ...]:
        """Lines as told; their names are dropped, for the catalog knows better."""
        return tuple(
            LineFacts(
                sku=line.sku,
                quantity=line.quantity,
                unit_price=self.money(line.price, currency),
                discount=self.money(line.discount, currency),
            )
            for line in said
        )

    def checkout(self, said: told.CheckoutTold, place: Place) -> CheckoutFacts:
        """A basket whose total adds up.

        Raises:
            Refused: It does not (`checkout.total`).
        """
        lines = self.lines(said.basket, said.currency)
        total = self.money(said.total_amount, said.currency)
        counted = sum(line.unit_price * line.quantity - line.discount for line in lines)
        if total != counted:
            currency = said.currency or self.currency
            raise Refused(
                f"The total is {Money(total, currency)}, but the lines add up to {Money(counted, currency)}.",
                code="checkout.total",
                hint="Send the total of exactly these lines.",
                field="total_amount",
            )
        return CheckoutFacts(
            location=place.id,
            transaction=said.pos_transaction_id,
            customer=self.identifiers(said.customer, place),
            lines=lines,
            total=total,
            currency=said.currency or self.currency,
        )


def read_told(shape: type[_Shape], body: Mapping[str, Any]) -> _Shape:
    """The body in a closed shape.

    Raises:
        Refused: The first field at fault, without its value; or a card number anywhere.
    """
    refuse_cards(body)
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        raise refusal(error.errors(include_input=False, include_url=False)[0]) from None  # the cause holds the value


def order_name(said: str) -> str:
    """A platform's own name of an order is kept, so that the platform's own telling of it meets this one."""
    return said if said.startswith(_PLATFORM_ORDERS) else f"{SOURCE}:order:{said}"


def _named(customer: told.Customer) -> tuple[tuple[Kind, str | None], ...]:
    return (
        ("loyalty", customer.loyalty_id),
        ("phone", customer.phone),
        ("email", customer.email),
        ("payment", customer.payment),
        ("check_in", customer.check_in),
    )


def _order(listener: Listener, said: told.OrderTold, place: Place, topic: Topic) -> OrderFacts:
    pickup = listener.places.get(said.pickup_store_id).id if said.pickup_store_id else ""
    return OrderFacts(
        order=order_name(said.order_id),
        channel=said.channel,
        location=place.id,
        customer=listener.identifiers(said.customer, place),
        lines=listener.lines(said.lines, said.currency),
        total=listener.money(said.total_amount, said.currency),
        currency=said.currency or listener.currency,
        codes=said.discount_codes,
        transaction=said.pos_transaction_id,
        pickup_location=pickup,
        cancelled=topic is Topic.ORDER_CANCELLED,
        fulfilled=topic is Topic.ORDER_FULFILLED,
    )


def _return(listener: Listener, said: told.ReturnTold, place: Place, topic: Topic) -> ReturnFacts:  # noqa: ARG001
    return ReturnFacts(
        order=order_name(said.order_id) if said.order_id else "",
        location=place.id,
        customer=listener.identifiers(said.customer, place),
        lines=listener.lines(said.lines, said.currency),
        refund=listener.money(said.refund_amount, said.currency),
        currency=said.currency or listener.currency,
    )


def _customer(listener: Listener, said: told.CustomerTold, place: Place, topic: Topic) -> CustomerFacts:  # noqa: ARG001
    keys = listener.identifiers(said.customer, place)
    if not keys:
        raise Refused(
            "No identifier of this customer can be read.",
            code="customer.unreadable",
            hint="Send a loyalty id, a phone number with its country code, or an e-mail address.",
            field="customer",
        )
    return CustomerFacts(keys=keys, consent_email=said.consent_email, consent_sms=said.consent_sms)


def _level(listener: Listener, said: told.LevelTold, place: Place, topic: Topic) -> LevelFacts:  # noqa: ARG001
    return LevelFacts(
        location=place.id,
        sku=said.sku,
        available=said.available,
        on_hand=said.on_hand,
        committed=said.committed,
        incoming=said.incoming,
    )


def _interest(listener: Listener, said: told.InterestTold, place: Place, topic: Topic) -> InterestFacts:
    return InterestFacts(
        kind="view" if topic is Topic.PRODUCT_VIEWED else "cart",
        customer=listener.identifiers(said.customer, place),
        skus=tuple(dict.fromkeys(said.skus)),
        cart=said.cart_id,
    )


def _wishlist(listener: Listener, said: told.WishlistTold, place: Place, topic: Topic) -> WishlistFacts:  # noqa: ARG001
    return WishlistFacts(customer=listener.identifiers(said.customer, place), skus=tuple(dict.fromkeys(said.skus)))


def _ticket(listener: Listener, said: told.TicketTold, place: Place, topic: Topic) -> TicketFacts:  # noqa: ARG001
    return TicketFacts(
        customer=listener.identifiers(said.customer, place),
        ticket=said.ticket_id,
        state=said.state,
        subject=said.subject,
        opened_at=said.opened_at,
    )


def _presence(listener: Listener, said: told.PresenceTold, place: Place, topic: Topic) -> PresenceFacts:
    default = "loyalty" if topic is Topic.LOYALTY_SCANNED else "app"
    return PresenceFacts(
        location=place.id,
        customer=listener.identifiers(said.customer, place),
        by=said.by or default,
        # a card handed over at the till is consent for that moment; a phone seen in the WiFi is not
        opted_in=said.opted_in or topic is Topic.LOYALTY_SCANNED,
    )


def _checkout(listener: Listener, said: told.CheckoutTold, place: Place, topic: Topic) -> CheckoutFacts:  # noqa: ARG001
    return listener.checkout(said, place)


def _shown(listener: Listener, said: told.ShownTold, place: Place, topic: Topic) -> ShownFacts:  # noqa: ARG001
    return ShownFacts(location=place.id, decision=said.decision_id)


def _closure(listener: Listener, said: told.ClosureTold, place: Place, topic: Topic) -> ClosureFacts:  # noqa: ARG001
    return ClosureFacts(location=place.id, register_id=said.register_id, closed_at=said.closed_at)


_Build = Callable[[Listener, Any, Place, Topic], Facts]
_FAMILIES: Final[Mapping[Topic, tuple[type[told.EventTold], _Build]]] = {
    Topic.ORDER_CREATED: (told.OrderTold, _order),
    Topic.ORDER_UPDATED: (told.OrderTold, _order),
    Topic.ORDER_FULFILLED: (told.OrderTold, _order),
    Topic.ORDER_CANCELLED: (told.OrderTold, _order),
    Topic.RETURN_CREATED: (told.ReturnTold, _return),
    Topic.CUSTOMER_UPDATED: (told.CustomerTold, _customer),
    Topic.INVENTORY_UPDATED: (told.LevelTold, _level),
    Topic.PRODUCT_VIEWED: (told.InterestTold, _interest),
    Topic.CART_UPDATED: (told.InterestTold, _interest),
    Topic.CHECKOUT_STARTED: (told.CheckoutTold, _checkout),
    Topic.WISHLIST_UPDATED: (told.WishlistTold, _wishlist),
    Topic.TICKET_UPDATED: (told.TicketTold, _ticket),
    Topic.CHECK_IN: (told.PresenceTold, _presence),
    Topic.LOYALTY_SCANNED: (told.PresenceTold, _presence),
    Topic.OFFER_SHOWN: (told.ShownTold, _shown),
    Topic.REGISTER_CLOSED: (told.ClosureTold, _closure),
}


def _names(facts: Facts) -> tuple[str, str]:
    """The resource an event is about, and the story it belongs to."""
    if isinstance(facts, OrderFacts):
        return facts.order, facts.order
    if isinstance(facts, ReturnFacts):
        return "", facts.order
    if isinstance(facts, LevelFacts):
        return f"{SOURCE}:level:{facts.sku}:{facts.location}", ""
    if isinstance(facts, CheckoutFacts):
        return "", f"{facts.location}\0{facts.transaction}"
    return "", ""


def _name(said: told.EventTold, facts: Facts) -> str:
    """A name for a telling without one: its words and its time; without a time either, every telling is a new one."""
    if said.occurred_at is None:
        return uuid4().hex
    told_as = json.dumps([facts.model_dump(mode="json"), said.occurred_at.isoformat()], sort_keys=True)
    return hashlib.sha256(told_as.encode()).hexdigest()[:32]
