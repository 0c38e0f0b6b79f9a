"""The facts of a message: what its customer agreed to, what time it is there, whether its words and code hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from knowledge.identity.consent import CONSENT, Consents, consents_of
from knowledge.store.connection import Asked, Connection
from knowledge.store.places import Place, Places
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.actions.message import Message
from policies.errors import NotFound
from policies.limits import PlaceLimits
from policies.packs.pack import carried
from policies.situation import MessageFacts
from tools.action_row import read_actor
from tools.ladder.standing import bound
from tools.promises import Counted, fact
from tools.words_agree import agree, promises_nothing

NEVER_TOLD: Final = 10**12  # seconds: older than any limit lets consent be
_STOP: Final = re.compile(r"\bSTOP\b", re.IGNORECASE)
_PEOPLE = text(
    f"""
    WITH asked AS (SELECT ref FROM customer WHERE ref = ANY(CAST(:customers AS text[]))), {CONSENT}
    SELECT consent.*,
           ARRAY(SELECT DISTINCT channel FROM message_stop JOIN who ON who.customer = message_stop.customer_ref
                 WHERE who.ref = consent.ref) AS stops,
           (SELECT purchase.location_id FROM purchase JOIN who ON who.customer = purchase.customer_ref
            WHERE who.ref = consent.ref AND purchase.channel = 'pos'
            ORDER BY purchase.occurred_at DESC LIMIT 1) AS bought_at
    FROM consent
    """  # noqa: S608  # our own texts
)
_CODES = text(
    """
    SELECT action.facts ->> 'code' AS code, action.facts, action.actor,
           ARRAY(SELECT variant.title FROM variant WHERE variant.sku IN (
               SELECT line ->> 'sku' FROM jsonb_array_elements(action.proposal -> 'evidence' -> 'lines') AS line
           )) AS titles
    FROM action
    WHERE action.kind = 'discount' AND action.facts ->> 'code' = ANY(CAST(:codes AS text[]))
      AND action.state = 'executed'
    """
)


@dataclass(frozen=True, slots=True)
class Reachable:
    """What is known of a customer that matters to a message.

    Attributes:
        consent: By channel, to marketing, over every record of the person.
        stops: Channels over which they want nothing.
        bought_at: Where they last bought in person; "" when they never did.
    """

    consent: Consents
    stops: frozenset[str]
    bought_at: str


@dataclass(frozen=True, slots=True)
class Carried:
    """A discount that was carried out, whose code a message may carry; `by_algorithm` when no person decided it."""

    discount: Discount
    titles: tuple[str, ...]
    by_algorithm: bool


@dataclass(frozen=True, slots=True)
class MessageNews:
    """What the store knows around messages, by customer and by code."""

    people: Mapping[str, Reachable]
    codes: Mapping[str, Carried]


@dataclass(frozen=True, slots=True)
class AskedNews:
    """The questions behind `MessageNews`, asked."""

    people: Asked[Any]
    codes: Asked[Any] | None

    async def found(self) -> MessageNews:
        """Their answers; once."""
        people = {row.ref: _reachable(row) for row in await self.people}
        codes: dict[str, Carried] = {}
        for row in await self.codes if self.codes else ():
            discount = read_action(row.facts)
            assert isinstance(discount, Discount)  # noqa: S101  # the question asks for no other kind
            codes[row.code] = Carried(discount, tuple(row.titles), bound(read_actor(row.actor)))
        return MessageNews(people, codes)


def ask_news(connection: Connection, messages: Sequence[Message]) -> AskedNews | None:
    """Ask for what these messages look at; `None` when there are none."""
    if not messages:
        return None
    codes = sorted({each.code for each in messages if each.code})
    return AskedNews(
        connection.ask(_PEOPLE, {"customers": sorted({each.customer for each in messages})}),
        connection.ask(_CODES, {"codes": codes}) if codes else None,
    )


def message_facts(  # noqa: PLR0913  # what a message is judged by, each by name
    message: Message,
    news: MessageNews,
    *,
    place: Place,
    places: Places,
    limits: PlaceLimits,
    totals: Sequence[tuple[Counted, int]],
    at: datetime,
) -> MessageFacts:
    """The facts of one message.

    Args:
        message: What would be sent.
        news: What the store knows around it.
        place: The location it is sent for.
        places: All locations.
        limits: That hold at the location.
        totals: Of all it counts in, itself included.
        at: Now.

    Raises:
        NotFound: The customer is not known.
    """
    person = news.people.get(message.customer)
    if person is None:
        raise NotFound("This customer is not known.", code="customer.unknown", field="customer")
    held = _held(message, news.codes.get(message.code), at)
    agreed = person.consent[message.channel]
    counts = {fact(total.scope): count for total, count in totals}
    return MessageFacts(
        channel=message.channel,
        purpose=message.purpose,
        consent=agreed.agreed,
        consent_age_s=NEVER_TOLD if agreed.told is None else max(0, -((agreed.told - at) // timedelta(seconds=1))),
        opted_out=message.channel in person.stops,
        local_minute=_minute(at, place.timezone),
        customer_minute=_minute(at, _home(person, place, places).timezone),
        customer_day_total=counts["customer_day_total"],
        customer_week_total=counts["customer_week_total"],
        location_day_total=counts["location_day_total"],
        campaign_total=counts.get("campaign_total", 0),
        words_total=counts["words_total"],
        words_agree=_words_agree(message, held),
        code_holds=not message.code or held is not None,
        stop_said=message.channel == "email" or _STOP.search(message.text) is not None,
        personalized=held is not None and held.by_algorithm and held.discount.customer is not None,
        jurisdictions=limits.packs,
        disclosures=carried(message.text, limits.packs),
    )


def _held(message: Message, named: Carried | None, at: datetime) -> Carried | None:
    """The discount behind a message's code, when it is good for this customer, here and now."""
    if named is None:
        return None
    discount = named.discount
    good = (
        discount.store == message.store
        and discount.customer in {None, message.customer}
        and discount.amount == message.worth
        and discount.valid_until > at
    )
    return named if good else None


def _words_agree(message: Message, held: Carried | None) -> bool:
    if held is None:
        return promises_nothing(message.said)
    return message.code in message.text and agree(message.said, held.discount, held.titles)


def _home(person: Reachable, place: Place, places: Places) -> Place:
    """Where the customer last bought in person; the message's own location when nobody knows."""
    try:
        return places.get(person.bought_at) if person.bought_at else place
    except NotFound:  # a location that is kept no more
        return place


def _minute(at: datetime, timezone: str) -> int:
    local = at.astimezone(ZoneInfo(timezone))
    return local.hour * 60 + local.minute


def _reachable(row: Any) -> Reachable:
    return Reachable(consents_of(row), frozenset(row.stops), row.bought_at or "")
