"""The shop floor as an associate sees it: who came in, and for each the offer or the silence that was decided."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.profile.arrivals import STAYS, Arrival, arrivals, records_of
from knowledge.store.places import SHOP, Place, Places
from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CustomerRef, LocationId
from server.floor.insight import FloorInsights, Guarding, Insight, age, pseudonym
from server.floor.offered import Offered, OfferedDesk, Seen
from server.pos.insight import items_of

SHOWN: Final = 30  # customers on one page
_HOW: Final = {
    "app": "checked in with the app",
    "wifi": "checked in with the WiFi",
    "phone": "gave their phone number",
    "loyalty": "scanned their loyalty card",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One customer who came in; `how` and `came` are words for the page."""

    event: str
    name: str
    how: str
    came: str
    offered: Offered


@dataclass(frozen=True, slots=True)
class Person:
    """One customer in full; `card` is `None` of whoever was looked up and did not check in."""

    card: Card | None
    insight: Insight
    offered: Offered


@dataclass(frozen=True, slots=True)
class FloorBoard:
    """Shows them.

    Attributes:
        agents: Whether specialists look at events now.
    """

    database: Database
    guard: Guarding
    places: Places
    insights: FloorInsights
    offers: OfferedDesk
    agents: Callable[[], bool]
    now: Callable[[], datetime]

    def may(self, actor: Actor) -> bool:
        """Whether this person serves customers in any shop."""
        return bool(self.shops(actor))

    def shops(self, actor: Actor) -> list[Place]:
        """Where this person serves customers."""
        return [place for place in self.places if place.kind == SHOP and self._serves(actor, place)]

    def shop(self, actor: Actor, name: str) -> Place:
        """The shop they ask about; their first one when they name none.

        Raises:
            Refused: They may not serve customers there, or anywhere.
            NotFound: There is no such location.
        """
        if name:
            place = self.places.get(name)
            self.guard.authorize(actor, "find_customer", place.id)
            return place
        self.guard.authorize(actor, "find_customer")
        if not (own := self.shops(actor)):
            raise Refused(
                "You serve no shop.",
                code="access.outside_locations",
                hint="Have the operator add a shop to your credential.",
            )
        return own[0]

    async def arrived(self, place: Place) -> list[Card]:
        """Who came in within the hour, newest first; nothing is read of them but that.

        Raises:
            Unavailable: The database does not answer.
        """
        here = (await self._here(place))[:SHOWN]
        now = self.now()
        seen = {one.customer: Seen(one.records, one.at, self._pending(one)) for one in here}
        offered = await self.offers.of(seen, place, now)
        return [_card(one, offered[one.customer], now) for one in here]

    async def person(self, actor: Actor, place: Place, event: str) -> Person:
        """One of those in full; the look stands in the ledger.

        Raises:
            NotFound: Nobody who is in this shop came with this event.
            Refused: This person may not look at customers.
        """
        one = next((each for each in await self._here(place) if each.event == event), None)
        if one is None:
            raise NotFound(
                "Nobody who is here now came in with this.",
                code="arrival.unknown",
                hint="Go back to who is here now.",
            )
        insight = await self.insights.of(actor, place, one.customer)
        now = self.now()
        seen = {one.customer: Seen(one.records, one.at, self._pending(one))}
        offered = (await self.offers.of(seen, place, now, pictured=True))[one.customer]
        return Person(_card(one, offered, now), insight, offered)

    async def find(self, actor: Actor, place: Place, field: str, value: str) -> Person:
        """Whoever says their loyalty id, phone or e-mail, with what they were offered here today.

        Args:
            actor: Who asks.
            place: Where.
            field: `loyalty_id`, `phone` or `email`.
            value: As they say it.

        Raises:
            NotFound: Nobody is known by it.
            Refused: It cannot be one, or this person may not look.
        """
        ref, insight = await self.insights.find(actor, place, {field: value})
        records = (await records_of(self.database.quick, [ref]))[ref]
        now = self.now()
        offered = (await self.offers.of({ref: Seen(records, now)}, place, now, pictured=True))[ref]
        return Person(None, insight, offered)

    async def title(self, place: Place, sku: str) -> str:
        """What a variant is called; "" for what is not in the catalog."""
        item = (await items_of(self.database.quick, [sku], place.stock_location)).get(sku)
        return item.title if item else ""

    async def _here(self, place: Place) -> list[Arrival]:
        return await arrivals(self.database.quick, place.id, since=self.now() - STAYS)

    def _pending(self, one: Arrival) -> bool:
        return one.pending and self.agents()

    def _serves(self, actor: Actor, place: Place) -> bool:
        try:
            self.guard.authorize(actor, "find_customer", LocationId(place.id))
        except Refused:
            return False
        return True


def _card(one: Arrival, offered: Offered, now: datetime) -> Card:
    return Card(one.event, pseudonym(CustomerRef(one.customer)), _HOW[one.by], age(one.at, now), offered)
