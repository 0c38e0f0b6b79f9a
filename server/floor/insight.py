"""What helps an associate with a customer on the floor: what is known, each part with its age, and what is missing.

Read through the guard under the associate's own role, one person at a time: every look stands in the ledger as theirs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import uuid4

from knowledge.store.places import Place
from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId, CustomerRef, LocationId
from policies.vocabulary.money import Money
from server.pos.insight import items_of, lines_of, picked
from server.pos.told import Item
from tools.proposal import Origin
from tools.read.customer import Customer
from tools.read.known import LoyaltyRecord
from tools.tool import Answer

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_SEEN_AS_HOURS: Final = 2 * _DAY


class Guarding(Protocol):
    """The guard, as far as the floor uses it."""

    def authorize(self, actor: Actor, what: str, location: LocationId | None = None) -> None:
        """Let through whom the access rules let through."""
        ...

    async def invoke(self, actor: Actor, tool_name: str, arguments: Mapping[str, Any], origin: Origin) -> Answer:
        """Run a tool for somebody."""
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """Goods that have something to do with a customer, under a heading; `age` of the newest fact, "" for unknown."""

    heading: str
    items: tuple[Item, ...]
    age: str


@dataclass(frozen=True, slots=True)
class Insight:
    """What helps with one customer.

    Attributes:
        lines: Facts in sentences, each of `age`.
        standing: Tier and group, by platform.
        tickets: What they wait for an answer to, and for how long.
        partial: Parts that could not be read in time.
    """

    name: str
    lines: tuple[str, ...]
    age: str
    standing: tuple[str, ...]
    tickets: tuple[str, ...]
    shelves: tuple[Shelf, ...]
    consent: str
    partial: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FloorInsights:
    """Tells them."""

    database: Database
    guard: Guarding
    now: Callable[[], datetime]

    async def of(self, actor: Actor, place: Place, ref: CustomerRef) -> Insight:
        """What is known of somebody who came in.

        Raises:
            Refused: This person may not look at customers.
        """
        return await self._insight(actor, place, await self._ask(actor, "get_customer", {"customer": ref}))

    async def find(self, actor: Actor, place: Place, asked: Mapping[str, str]) -> tuple[CustomerRef, Insight]:
        """The same for whoever says their loyalty id, phone or e-mail: it is hashed at once and kept nowhere.

        Raises:
            Refused: It cannot be one, or this person may not look.
            NotFound: Nobody is known by it.
        """
        found = await self._ask(actor, "find_customer", asked)
        return CustomerRef(found.customer), await self._insight(actor, place, found)

    async def _ask(self, actor: Actor, tool: str, arguments: Mapping[str, str]) -> Customer:
        call = uuid4().hex
        found = await self.guard.invoke(actor, tool, arguments, Origin(CorrelationId(call), f"floor:{call}"))
        assert isinstance(found, Customer)  # noqa: S101  # the tool's own answer
        return found

    async def _insight(self, actor: Actor, place: Place, found: Customer) -> Insight:
        known, now, money = found.known, self.now(), self._sees_money(actor, place.id)
        shelves = {
            "Looked at lately": (known.viewed, "interest"),
            "Left in a cart": (known.left_in_cart, "interest"),
            "Wishes for": (known.wishlist, "wishlist"),
            "Will likely need": (known.likely_next, "purchases"),
        }
        skus = {sku for each, _ in shelves.values() for sku in each}
        items = await items_of(self.database.quick, skus, place.stock_location)

        def since(part: str) -> str:
            return age(known.as_of[part], now) if part in known.as_of else ""

        return Insight(
            name=pseudonym(CustomerRef(found.customer)),
            lines=lines_of(found, money=money),
            age=since("purchases"),
            standing=tuple(filter(None, (_standing(each, money=money) for each in known.loyalty))),
            tickets=tuple(
                f"{each.subject.replace('_', ' ')}, {age(each.opened_at, now)}" for each in known.open_tickets
            ),
            shelves=tuple(
                Shelf(heading, told, since(part))
                for heading, (skus, part) in shelves.items()
                if (told := picked(skus, items))
            ),
            consent=_consent(found),
            partial=known.partial,
        )

    def _sees_money(self, actor: Actor, location: LocationId) -> bool:
        try:
            self.guard.authorize(actor, "see_costs", location)
        except Refused:
            return False
        return True


def pseudonym(ref: CustomerRef) -> str:
    """How a customer is told apart on the page: enough to tell two in a shop apart, and no name."""
    return f"Customer {ref.removeprefix('c_')[-4:].upper()}"


def age(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that tells it."""
    past = now - then
    if past < _MINUTE:
        return "just now"
    if past < _HOUR:
        return f"{past // _MINUTE} min ago"
    if past < _SEEN_AS_HOURS:
        return f"{past // _HOUR} h ago"
    return f"{past // _DAY} days ago"


def _standing(told: LoyaltyRecord, *, money: bool) -> str:
    words = [each.replace("_", " ") for each in (told.tier, told.group) if each]
    if money and told.loyalty is not None:
        words.append(f"points worth {Money(told.loyalty.minor, told.loyalty.currency)}")
    return f"{', '.join(words)} ({told.platform})" if words else ""


def _consent(found: Customer) -> str:
    agreed = [name for name, yes in (("e-mail", found.consent_email), ("text", found.consent_sms)) if yes]
    may = f"May be written to by {' and '.join(agreed)}." if agreed else "May not be written to."
    return f"{may} Their records disagree: ask them." if found.unclear_consent else may
