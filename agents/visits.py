"""Who is in a shop or online right now, read out of a burst of events: one visit per customer, the newest moment."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from knowledge.events.event import Event, Topic
from knowledge.profile.arrivals import STAYS, whereabouts
from knowledge.store.places import SHOP, Place, Places
from knowledge.store.quick import QuickReads
from policies.errors import NotFound
from policies.limits import Limits
from policies.vocabulary.ids import CustomerRef

_LOOKS: Final = frozenset({Topic.PRODUCT_VIEWED, Topic.CART_UPDATED})
_PRESENCE: Final = frozenset({Topic.CHECK_IN, Topic.LOYALTY_SCANNED})


@dataclass(slots=True)
class Visit:
    """One known customer, somewhere, now.

    Attributes:
        place: The shop they are in, or the online shop.
        event: The newest one.
        cart: The online cart's name, when one changed.
        holding: What is in that cart.
        viewed: Looked at in this burst, newest first.
    """

    customer: CustomerRef
    place: Place
    event: Event
    cart: str = ""
    holding: tuple[str, ...] = ()
    viewed: list[str] = field(default_factory=list[str])


def visits(  # noqa: PLR0913  # a burst, and what it is judged by
    events: Sequence[Event],
    customers: Mapping[str, CustomerRef],
    places: Places,
    limits: Limits,
    present: Callable[[Event], datetime],
    *,
    inside: Mapping[CustomerRef, Place] | None = None,
) -> tuple[list[Visit], Counter[str]]:
    """The burst's visits by customer, and how many events led to none, by reason.

    A stranger is offered nothing, a customer who did not opt in to being recognized in a shop neither, and a late
    event speaks of a moment that has passed. `present` says when an event is looked at. Who is `inside` a shop looks
    around online with the phone in their hand: what follows from it is for that shop.
    """
    inside = inside or {}
    found: dict[CustomerRef, Visit] = {}
    passed: Counter[str] = Counter()
    for event in events:
        if event.topic not in _LOOKS | _PRESENCE:
            continue
        customer = customers.get(event.id)
        place = _place(event, places)
        age = (present(event) - event.occurred_at).total_seconds()
        if customer is None:
            passed["stranger"] += 1
        elif event.topic in _PRESENCE and event.facts.get("opted_in") is not True:
            passed["not_opted_in"] += 1
        elif place is None:
            passed["location_unknown"] += 1
        elif age > limits.place(place.region, place.id).discount.late_s:
            passed["late"] += 1
        else:
            there = inside.get(customer, place) if event.topic in _LOOKS else place
            visit = found.setdefault(customer, Visit(customer, there, event))
            _extend(visit, event, there)
    return sorted(found.values(), key=lambda visit: visit.customer), passed


async def inside_shops(
    quick: QuickReads,
    events: Sequence[Event],
    customers: Mapping[str, CustomerRef],
    places: Places,
    present: Callable[[Event], datetime],
) -> dict[CustomerRef, Place]:
    """Who of the burst's customers that look around online came into a shop within the hour, and which.

    Raises:
        Unavailable: The database does not answer.
    """
    looks = [event for event in events if event.topic in _LOOKS and event.id in customers]
    if not looks:
        return {}
    since = min(map(present, looks)) - STAYS
    shops = [place.id for place in places if place.kind == SHOP]
    found = await whereabouts(quick, {customers[event.id] for event in looks}, shops, since=since)
    return {ref: places.get(shop) for ref, shop in found.items()}


def visit_key(customer: CustomerRef, place: Place, at: datetime) -> str:
    """What a customer's offer by events is called on a day: nobody is offered two, whatever the events and places.

    Args:
        customer: By the reference the person goes by.
        place: Whose calendar says which day it is.
        at: When they were seen.
    """
    return f"visit:{at.astimezone(ZoneInfo(place.timezone)).date().isoformat()}:{customer}"


def _extend(visit: Visit, event: Event, place: Place) -> None:
    if event.occurred_at >= visit.event.occurred_at:
        visit.event, visit.place = event, place
    skus = [str(sku) for sku in event.facts.get("skus", ())]
    if event.topic is Topic.CART_UPDATED:
        visit.cart, visit.holding = str(event.facts.get("cart", "")), tuple(skus)
    else:
        visit.viewed[:0] = [sku for sku in skus if sku not in visit.viewed]


def _place(event: Event, places: Places) -> Place | None:
    """Where it happened: as the event says, else its lane's location, else the platform's online shop."""
    for name in (event.facts.get("location"), event.lane):
        try:
            if name:
                return places.get(str(name))
        except NotFound:
            continue
    return places.online(event.source.removeprefix("poll:"))
