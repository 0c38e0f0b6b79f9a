"""find_customer: what an associate may know of a customer who gave a phone, an e-mail address or a loyalty id.

The identifier becomes a keyed hash before anything else happens, and no personal data comes back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import model_validator
from sqlalchemy import text

from knowledge.events.families import KeyedHash
from knowledge.identity.consent import CHANNELS, Consents, consents
from knowledge.identity.graph import STRENGTH
from knowledge.identity.links import members
from knowledge.identity.match_key import MatchKeys
from knowledge.identity.normal import Kind
from knowledge.identity.resolve import resolve
from knowledge.offers.ceiling import ChainDepth
from knowledge.offers.companions import CompanionTable
from knowledge.profile.profile import Outside, Profile, profile_of
from knowledge.store.connection import Connection
from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import CustomerRef, LocationId
from tools.read.amount import Amount
from tools.read.fields import Contact, Cursor, Identifier
from tools.read.known import Known, known_of
from tools.read.page import next_page, page_start
from tools.read.place import seen_by
from tools.tool import Answer, Arguments, Call, Tool

Segment = Literal["new", "returning", "loyal", "lapsed"]

LOYAL_ORDERS = 5  # from the fifth order on
LAPSED_AFTER = timedelta(days=365)
SHOWN_PURCHASES = 5

_CUSTOMER = text(
    """
    SELECT customer.ref, customer.observed_at,
           together.orders, together.spent, together.last_order_at, together.channels
    FROM customer, (
        SELECT sum(orders) AS orders, sum(spent) AS spent, max(last_order_at) AS last_order_at,
               ARRAY(SELECT DISTINCT channel FROM purchase
                     WHERE customer_ref = ANY(CAST(:refs AS text[])) AND NOT cancelled ORDER BY channel) AS channels
        FROM customer WHERE ref = ANY(CAST(:refs AS text[]))
    ) AS together
    WHERE customer.ref = :ref
    """
)
_LINKS = text(
    """
    SELECT DISTINCT ON (one, other) one, other, says, basis FROM customer_link
    WHERE one = ANY(CAST(:refs AS text[])) AND other = ANY(CAST(:refs AS text[])) ORDER BY one, other, id DESC
    """
)
_PURCHASES = text(
    """
    SELECT id, channel, location_id, occurred_at, total, currency FROM purchase
    WHERE customer_ref = ANY(CAST(:refs AS text[])) AND NOT cancelled
      AND (CAST(:everywhere AS bool) OR location_id = ANY(CAST(:locations AS text[])))
    ORDER BY occurred_at DESC, id OFFSET :start LIMIT :limit
    """
)
_CURRENCY = text(
    "SELECT coalesce((SELECT currency FROM purchase WHERE customer_ref = :ref LIMIT 1),"
    " (SELECT currency FROM variant LIMIT 1), 'USD')"
)


class FindCustomer(Arguments):
    """Exactly one identifier; with a cursor, older purchases."""

    loyalty_id: Contact = ""
    phone: Contact = ""
    email: Contact = ""
    cursor: Cursor = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(map(bool, (self.loyalty_id, self.phone, self.email))) != 1:
            raise ValueError("give exactly one of loyalty_id, phone and email")
        return self

    def identifier(self) -> tuple[Kind, str]:
        """Its kind and text."""
        if self.loyalty_id:
            return "loyalty", self.loyalty_id
        return ("phone", self.phone) if self.phone else ("email", self.email)


class GetCustomer(Arguments):
    """A customer as find_customer names them."""

    customer: Identifier
    cursor: Cursor = ""


class Purchase(Answer):
    """One order of the customer at a location the caller may look at."""

    order_id: str
    channel: str
    location_id: str
    occurred_at: datetime
    total: Amount


class Linked(Answer):
    """Another record of the same person: joined by a person's word, a shared identifier, or likeness."""

    customer: str
    basis: str


class Customer(Answer):
    """A customer without personal data, over both channels. `truncated` says that older purchases exist.

    Orders, money and consent are the person's. `unclear_consent` names channels over which their records contradict
    each other, which counts as no.
    """

    customer: str
    segment: Segment
    channels: tuple[str, ...]
    linked: tuple[Linked, ...]
    orders: int
    spent: Amount
    last_order_at: datetime | None
    consent_email: bool
    consent_sms: bool
    unclear_consent: tuple[str, ...]
    known: Known
    last_purchases: tuple[Purchase, ...]
    truncated: bool
    next_cursor: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Profiles:
    """Where profiles come from; `outside` names who is asked beside our own store."""

    database: Database
    companions: CompanionTable
    now: Callable[[], datetime]
    outside: Mapping[str, Outside] = field(default_factory=dict[str, Outside])
    depth: ChainDepth = field(default_factory=ChainDepth)

    async def of(self, refs: Sequence[CustomerRef]) -> Profile:
        """One person's, with as much as comes in time."""
        return await profile_of(
            self.database, self.companions, refs, now=self.now(), outside=self.outside, depth=self.depth
        )


def customer_tool(profiles: Profiles, keys: MatchKeys) -> Tool:
    """The tool over the unified store and whoever else knows of a customer."""
    database = profiles.database

    async def find(call: Call, asked: FindCustomer) -> Customer:
        known_as = _keys(keys, asked)
        async with database.reading() as connection:
            ref = await resolve(connection, known_as)
            if ref is None:
                raise NotFound(
                    "No customer is known by this identifier.",
                    code="customer.unknown",
                    hint="Ask for another one: a loyalty id, phone or e-mail address.",
                )
            found = await _found(connection, ref, seen_by(call.actor), page_start(asked.cursor))
        return _answer(found, await profiles.of(found.refs), call.actor.role, profiles.now())

    return Tool(
        name="find_customer",
        toolset="customers",
        title="Find a customer",
        description="Find a customer by loyalty id, phone or e-mail address. Answers a reference, history and consent, "
        "never personal data.",
        effect=Effect.READ,
        arguments=FindCustomer,
        answer=Customer,
        run=find,
    )


def profile_tool(profiles: Profiles) -> Tool:
    """The same answer for a reference that find_customer gave out; read at an address."""
    database = profiles.database

    async def read(call: Call, asked: GetCustomer) -> Customer:
        async with database.reading() as connection:
            found = await _found(connection, CustomerRef(asked.customer), seen_by(call.actor), page_start(asked.cursor))
        return _answer(found, await profiles.of(found.refs), call.actor.role, profiles.now())

    return Tool(
        name="get_customer",
        toolset="customers",
        title="Get a customer",
        description="History and consent of a customer that find_customer named.",
        effect=Effect.READ,
        arguments=GetCustomer,
        answer=Customer,
        run=read,
        listed=False,
    )


def segment(orders: int, last_order_at: datetime | None, at: datetime) -> Segment:
    """How the customer shops, as the shop would say it."""
    if last_order_at is not None and at - last_order_at > LAPSED_AFTER:
        return "lapsed"
    if orders >= LOYAL_ORDERS:
        return "loyal"
    return "returning" if orders > 1 else "new"


def _keys(keys: MatchKeys, asked: FindCustomer) -> tuple[KeyedHash, ...]:
    kind, value = asked.identifier()
    keys.refuse_raw(value, "loyalty_id" if kind == "loyalty" else kind)
    found = keys.readings(kind, value)
    if not found:
        raise Refused(
            f"This cannot be a customer's {kind}.",
            code="customer.identifier",
            hint="Check for a typing error; a phone number needs its area code.",
            field="loyalty_id" if kind == "loyalty" else kind,
        )
    return found


@dataclass(frozen=True, slots=True)
class _Found:
    """A person's records and orders, as the caller may see them; `further` is the cursor of older ones."""

    refs: Sequence[CustomerRef]
    head: Any
    consents: Consents
    currency: str
    rows: Sequence[Any]
    linked: tuple[Linked, ...]
    further: str


async def _found(connection: Connection, ref: CustomerRef, places: Sequence[LocationId] | None, start: int) -> _Found:
    refs = await members(connection, ref)
    head = (await connection.execute(_CUSTOMER, {"ref": ref, "refs": refs})).one_or_none()
    if head is None:
        raise NotFound("This customer is not known.", code="customer.unknown", field="customer")
    agreed = (await consents(connection, [ref]))[ref]
    currency = (await connection.execute(_CURRENCY, {"ref": ref})).scalar_one()
    held: Sequence[Any] = (await connection.execute(_LINKS, {"refs": refs})).all() if len(refs) > 1 else []
    asked_for = {
        "refs": refs,
        "everywhere": places is None,
        "locations": list(places or ()),
        "start": start,
        "limit": SHOWN_PURCHASES + 1,
    }
    rows = (await connection.execute(_PURCHASES, asked_for)).all()
    further = next_page(start + SHOWN_PURCHASES) if len(rows) > SHOWN_PURCHASES else ""
    return _Found(refs, head, agreed, currency, rows[:SHOWN_PURCHASES], _linked(refs, ref, held), further)


def _linked(refs: Sequence[CustomerRef], ref: CustomerRef, held: Sequence[Any]) -> tuple[Linked, ...]:
    """Each other record, by the strongest link that holds it."""
    found: dict[str, str] = {}
    for row in sorted((row for row in held if row.says == "link"), key=lambda row: STRENGTH.index(row.basis)):
        for one in (row.one, row.other):
            found.setdefault(one, row.basis)
    return tuple(Linked(customer=one, basis=found.get(one, "")) for one in refs if one != ref)


def _answer(found: _Found, profile: Profile, role: Role, at: datetime) -> Customer:
    head, currency = found.head, found.currency
    return Customer(
        customer=head.ref,
        channels=tuple(head.channels),
        linked=found.linked,
        segment=segment(int(head.orders), head.last_order_at, at),
        orders=int(head.orders),
        spent=Amount(minor=int(head.spent), currency=currency),
        last_order_at=head.last_order_at,
        consent_email=found.consents["email"].agreed,
        consent_sms=found.consents["sms"].agreed,
        unclear_consent=tuple(name for name in CHANNELS if found.consents[name].unclear),
        known=known_of(profile, role, currency),
        last_purchases=tuple(
            Purchase(
                order_id=row.id,
                channel=row.channel,
                location_id=row.location_id,
                occurred_at=row.occurred_at,
                total=Amount(minor=row.total, currency=row.currency),
            )
            for row in found.rows
        ),
        truncated=bool(found.further),
        next_cursor=found.further,
        as_of=head.observed_at,
    )
