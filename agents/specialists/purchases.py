"""The purchases specialist: a word to who just bought for much, before they leave the shop, or thanks after a purchase.

It names one thing they wish for, or that goes with what they bought, where it is in stock (`agents.suggestion`). It
promises nothing: a code in a message is a discount's, and a discount has to be worth more than silence by itself. It
asks once for each purchase, of who agreed to marketing over a channel we have, and never about a sale told of late.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from agents.routing import PURCHASES, topics_of
from agents.specialist import Finding
from agents.standing import settled
from agents.suggestion import Suggestion, suggest
from knowledge.events.event import Event, Topic
from knowledge.identity.consent import consents
from knowledge.offers.companions import CompanionTable
from knowledge.offers.history import Past, pasts
from knowledge.offers.lottery import NO_LOTTERY, Lottery
from knowledge.profile.complaints import Complaints, hushed
from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places
from knowledge.store.session import Database, utc_now
from policies.actions.message import Channel, Message
from policies.errors import NotFound
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CustomerRef, EventId
from policies.vocabulary.money import Money
from tools.proposal import Origin, Proposal

Occasion = Literal["high_value", "afterwards"]
"""Bought for much, in a shop, and likely still there; or any other purchase that is worth a word."""

_WORDS: Final[Mapping[Occasion, str]] = {
    "high_value": "Thank you for your purchase. Before you leave, our associates are glad to help with anything more.",
    "afterwards": "Thank you for your purchase. Tell us if anything is not as you expected: we are glad to help.",
}
_OPENING: Final[Mapping[Occasion, str]] = {
    "high_value": "Thank you for your purchase. Before you leave: ",
    "afterwards": "Thank you for your purchase. ",
}
_SUBJECT: Final = "Thank you for your purchase"
_STOP: Final = " Reply STOP to stop."  # texts of ours say so themselves; e-mails carry their provider's own line
_PREFERRED: Final[tuple[Channel, ...]] = ("sms", "email")  # a text reaches who still is in the shop


@dataclass(frozen=True, slots=True)
class _Purchase:
    """One purchase that is worth a word."""

    event: Event
    customer: CustomerRef
    place: Place
    order: str
    total: Money
    occasion: Occasion

    @property
    def key(self) -> str:
        return f"purchase:{self.order}"


class PurchasesSpecialist:
    """Proposes messages to customers who just bought.

    Args:
        database: The unified store.
        places: Where it was bought.
        limits: From how much a purchase is worth a word, and how late it may be told of.
        channels: Those that are set up.
        campaign: The name specialists' offers count under; who is held out of it is written nothing either.
        lottery: Says who is held out.
        companions: What goes with what.
        complaints: Who waits for an answer to one is not written to.
        now: The present.
        present: When an event is looked at: now, unless a burst is handed over long after it could have been.
    """

    name = PURCHASES
    actor = Actor("specialist:purchases", Role.OFFERS_SPECIALIST, None, Door.EVENT)
    topics = topics_of(PURCHASES)

    def __init__(  # noqa: PLR0913
        self,
        database: Database,
        places: Places,
        limits: Limits,
        *,
        channels: AbstractSet[Channel] = frozenset(),
        campaign: str = "",
        lottery: Lottery = NO_LOTTERY,
        complaints: Complaints | None = None,
        companions: CompanionTable | None = None,
        now: Callable[[], datetime] = utc_now,
        present: Callable[[Event], datetime] | None = None,
    ) -> None:
        self._database = database
        self._places = places
        self._limits = limits
        self._channels = channels
        self._campaign = campaign
        self._lottery = lottery
        self._companions = companions or CompanionTable()
        self._complaints = complaints or Complaints()
        self._present: Callable[[Event], datetime] = present or (lambda _: now())

    async def consider(self, events: Sequence[Event], customers: Mapping[str, CustomerRef]) -> Finding:
        """Messages about the purchases of a burst, each asked for once."""
        passed: Counter[str] = Counter()
        found: dict[str, _Purchase] = {}
        for event in events:
            one = self._purchase(event, customers.get(event.id), passed)
            if one is not None:
                found[one.key] = one
        if not found:
            return Finding((), (), passed)
        async with self._database.reading() as connection:
            asked = await settled(connection, self.actor.id, found)
            channels = await self._agreed(connection, {one.customer for one in found.values()})
        complaints = await self._complaints.of(self._database.quick, sorted({one.customer for one in found.values()}))
        proposals: list[Proposal] = []
        notes: list[tuple[EventId, str]] = []
        for key, one in found.items():
            channel = channels.get(one.customer)
            if key in asked:
                passed["asked_before"] += 1
            elif channel is None:
                passed["no_consent"] += 1
            elif one.customer in complaints:
                passed["complaint"] += 1
                notes.append((one.event.id, hushed(complaints[one.customer])))
            else:
                proposals.append(self._propose(one, channel, await self._suggested(one)))
        return Finding(tuple(proposals), tuple(notes), passed)

    def _purchase(self, event: Event, customer: CustomerRef | None, passed: Counter[str]) -> _Purchase | None:
        facts = event.facts
        if event.topic is not Topic.ORDER_CREATED or facts.get("cancelled") is True:
            return None
        try:
            place = self._places.get(str(facts.get("location", "")))
        except NotFound:
            passed["location_unknown"] += 1
            return None
        limits = self._limits.place(place.region, place.id).purchase
        total = Money(int(facts.get("total", 0)), str(facts.get("currency", "")))
        occasion = _occasion(total.minor, str(facts.get("channel", "")), limits.high_value_from, limits.message_from)
        if occasion is None:
            passed["too_small"] += 1
        elif customer is None:
            passed["stranger"] += 1
        elif (self._present(event) - event.occurred_at).total_seconds() > limits.late_s:
            passed["late"] += 1
        elif self._lottery.holds_out(self._campaign, customer):
            passed["held_out"] += 1
        else:
            return _Purchase(event, customer, place, str(facts.get("order", "")), total, occasion)
        return None

    async def _agreed(self, connection: Connection, customers: AbstractSet[CustomerRef]) -> dict[CustomerRef, Channel]:
        """Over which channel each may be written, of those that are set up."""
        found: dict[CustomerRef, Channel] = {}
        for ref, agreed in (await consents(connection, customers)).items():
            for channel in _PREFERRED:
                if agreed[channel].agreed and channel in self._channels:
                    found.setdefault(CustomerRef(ref), channel)
        return found

    async def _suggested(self, one: _Purchase) -> Suggestion | None:
        """What is named in the message; `None` for plain thanks."""
        await self._companions.keep_fresh(self._database)
        quick = self._database.quick
        past = (await pasts(quick, [one.customer], now=self._present(one.event))).get(one.customer, Past())
        bought = [str(line["sku"]) for line in one.event.facts.get("lines", ()) if line.get("sku")]
        return await suggest(self._database, self._companions, bought, past, one.place)

    def _propose(self, one: _Purchase, channel: Channel, named: Suggestion | None) -> Proposal:
        words = _OPENING[one.occasion] + named.sentence if named else _WORDS[one.occasion]
        message = Message(
            store=one.place.id,
            customer=one.customer,
            channel=channel,
            purpose="marketing",  # they did not ask for it: consent, caps and hours hold
            subject=_SUBJECT if channel == "email" else "",
            text=words if channel == "email" else words + _STOP,
            worth=Money(0, one.total.currency),
            campaign=self._campaign,
        )
        event = one.event
        evidence = {"order": one.order, "total": one.total.minor, "occasion": one.occasion, "words": "template"}
        evidence |= named.facts() if named else {}
        why = "Bought for much in this shop just now." if one.occasion == "high_value" else "Bought something just now."
        return Proposal(message, one.key, Origin(event.correlation, event.id, event.occurred_at), why, evidence)


def _occasion(total: int, channel: str, high_value_from: int, message_from: int) -> Occasion | None:
    """What a purchase is worth a word for; a threshold of 0 is nobody's."""
    if channel == "pos" and 0 < high_value_from <= total:
        return "high_value"
    return "afterwards" if 0 < message_from <= total else None
