"""A guard over a small shop that writes to its customers through simulated providers on loopback."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import insert, text

from evals.retailer.messaging import ACCOUNT, KEY, SENDER, TOKEN, Mailbox, MessagingFaults, messaging_app
from knowledge.store.session import Database
from knowledge.store.tables import customer
from policies.actions.message import Channel, Message
from policies.errors import Refused, Unavailable
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import CustomerRef
from policies.vocabulary.money import Money
from tests.flows.guarded_shop import ORIGIN, PLACES, S1, START, Shop, actor, open_shop
from tests.served import served
from tools.connectors.http import Patience
from tools.connectors.klaviyo import KlaviyoMails, KlaviyoSettings
from tools.connectors.messaging import Messaging, Sender
from tools.connectors.twilio import TwilioSettings, TwilioTexts
from tools.executor import Executor
from tools.guard import Guard
from tools.platform import Addresses
from tools.proposal import Proposal

MIA = actor(Role.MARKETING, "marketing:mia")
CLARA, PHONE, EMAIL = CustomerRef("c_clara"), "+12125550142", "clara@example.com"
TEXT = "The new coats are here. Reply STOP to stop."
_numbers = count(1)


class NoWait:
    """A clock on which no time passes while somebody waits."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Book:
    """Everybody's addresses; `down` when whoever keeps them does not answer."""

    known: dict[tuple[str, str], str] = field(default_factory=lambda: {(CLARA, "sms"): PHONE, (CLARA, "email"): EMAIL})
    down: bool = False
    asked: int = 0

    async def of(self, customer: CustomerRef, channel: Channel) -> SecretStr:
        self.asked += 1
        if self.down:
            raise Unavailable("Addresses cannot be read.", code="address.unavailable")
        if (customer, channel) not in self.known:
            raise Refused("No address of this customer is kept here.", code="address.unknown")
        return SecretStr(self.known[customer, channel])


@dataclass
class WritingShop:
    """The shop, the customers' mailbox, and what goes wrong between them."""

    shop: Shop
    mailbox: Mailbox
    faults: MessagingFaults
    book: Book
    messaging: Messaging

    @property
    def guard(self) -> Guard:
        return self.shop.guard

    @property
    def texts(self) -> list[str]:
        """What Clara's phone shows, newest first."""
        return [each["body"] for each in self.mailbox.texts if each["to"] == PHONE]

    async def say(self, *statements: str, **parameters: Any) -> None:
        async with self.shop.database.transaction() as connection:
            for statement in statements:
                await connection.execute(text(statement), parameters)

    async def everything(self) -> str:
        """All that is kept of actions and in the ledger, as one text."""
        await self.guard.flush()
        async with self.shop.database.reading() as connection:
            rows = await connection.execute(
                text(
                    "SELECT (SELECT coalesce(json_agg(action)::text, '') FROM action)"
                    " || (SELECT coalesce(json_agg(ledger)::text, '') FROM ledger)"
                    " || (SELECT coalesce(json_agg(promise)::text, '') FROM promise)"
                )
            )
            return str(rows.scalar_one())


def message(**more: Any) -> Proposal:
    """A proposal to text Clara."""
    number = next(_numbers)
    key = more.pop("key", f"message-{number}")
    evidence = more.pop("evidence", {})
    told: dict[str, Any] = {
        "store": S1,
        "customer": CLARA,
        "channel": "sms",
        "purpose": "marketing",
        "text": TEXT,
        "worth": Money(0, "USD"),
    }
    return Proposal(Message(**{**told, **more}), key, ORIGIN, "The season begins.", evidence)


def mail(**more: Any) -> Proposal:
    """The same as an e-mail."""
    return message(**{"channel": "email", "subject": "New coats", "text": "The new coats are here.", **more})


async def agree(shop: Shop, ref: str = CLARA, *, told: datetime | None = START, **more: Any) -> None:
    """A customer who agreed to everything, as a platform told."""
    row = {"consent_email": True, "consent_sms": True, "consent_email_at": told, "consent_sms_at": told}
    async with shop.database.transaction() as connection:
        await connection.execute(insert(customer).values(ref=ref, observed_at=START, **{**row, **more}))


@asynccontextmanager
async def writing_shop(
    database: Database, *, patience: Patience | None = None, addresses: Addresses | None = None
) -> AsyncGenerator[WritingShop]:
    """Clara has agreed to everything; calls to the providers give up after `patience`."""
    shop = await open_shop(database)
    await agree(shop)
    mailbox, faults, book = Mailbox(shop.now), MessagingFaults(), Book()
    async with served(messaging_app(mailbox, faults)) as port:
        messaging = Messaging(senders(f"http://127.0.0.1:{port}", patience), addresses or book, shop.now, NoWait())
        shop.executor = Executor(shop.database, {}, PLACES, shop.engine, shop.now, messages=messaging)
        shop.guard = Guard(shop.database, shop.engine, PLACES, shop.executor, shop.tools, shop.now)
        try:
            yield WritingShop(shop, mailbox, faults, book, messaging)
        finally:
            await messaging.close()


def senders(
    url: str, patience: Patience | None = None, client: httpx.AsyncClient | None = None
) -> Mapping[Channel, Sender]:
    """Both providers at this address."""
    quick = patience or Patience(pause_s=0.0, answer_s=2.0, attempts=2, give_up_s=3.0)
    return {
        "sms": TwilioTexts(TwilioSettings(url, ACCOUNT, TOKEN, SENDER, quick), client),
        "email": KlaviyoMails(KlaviyoSettings(url, KEY, patience=quick), client),
    }


async def empty(at: WritingShop) -> None:
    """Take everything out of the store again."""
    await at.say(
        "TRUNCATE customer, message_stop, promise, action, approval, variant, inventory_level, location, ledger CASCADE"
    )
    await at.say("DELETE FROM procrastinate_events", "DELETE FROM procrastinate_jobs")
    await at.say("UPDATE ledger_head SET seq = 0, hash = repeat('0', 64)")
