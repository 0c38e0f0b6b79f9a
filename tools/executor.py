"""Carries out allowed actions: every effect exactly once, whatever dies in between.

An action is claimed, the platform is called, the receipt is kept: three steps, of which only the middle one leaves
the house. Whoever takes over after a death calls with the same key, and the platform answers with what it did first.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from knowledge.unify.customers import stop_messages
from policies.actions.discount import Discount, EndDiscount
from policies.actions.forecast_override import CancelForecastOverride, ForecastOverride
from policies.actions.message import Message
from policies.actions.profile_link import ProfileLink
from policies.actions.reorder import CancelReorder, Reorder
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.stock_sync import StockSync
from policies.actions.transfer import CancelTransfer, Transfer
from policies.engine import Engine
from policies.errors import Misconfigured, NotFound, Refused, TillhandError, Unavailable
from policies.vocabulary.ids import ActionId
from tools import promises
from tools.action_row import LEASE, ActionRow, done, find, settle, write_key
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.books import Links, Overrides
from tools.compensate import undone
from tools.fresh_prices import FreshPrices
from tools.ladder.standing import bound, standing_now
from tools.platform import (
    Messages,
    Platform,
    PurchaseOrders,
    Receipt,
    Unsure,
    WriteContext,
    not_set_up,
)
from tools.proposal import Decision
from tools.recheck import recheck
from tools.record import queue
from tools.settling import book, let_go, take_in_hand, write_adjustment
from tools.write_context import context_of

_log = logging.getLogger(__name__)

WITHIN: Final = 20.0  # seconds one platform call may take; well under the lease, so that nobody takes over a live one
TRIES: Final = 8  # then a person looks
_LOOK_EVERY: Final = 0.5  # seconds; a stop switch holds within one, however long a platform makes us wait
_STOPPED: Final = "AI was stopped before the platform had answered."
_FIRST_WAIT: Final = timedelta(seconds=10)  # doubled after each try: the last one comes 21 minutes after the first
OPTED_OUT: Final = "message.opted_out"
"""The code with which a provider's connector says that a customer wants nothing over a channel."""
_STRANDED_AFTER: Final = timedelta(minutes=30)  # an allowed action waits for its next try at most 11 minutes

_CLAIM = text("UPDATE action SET state = 'executing', claimed_until = :until, attempts = attempts + 1 WHERE id = :id")
_PUT_BACK = text("UPDATE action SET state = 'allowed', claimed_until = NULL, error = :error WHERE id = :id")
_STRANDED = text(
    """
    SELECT id FROM action
    WHERE (state = 'executing' AND claimed_until < :at)
       OR (state = 'allowed' AND coalesce(settled_at, created_at) < :since)
    ORDER BY id LIMIT 500
    """
)


class _StoppedMidwayError(Exception):
    """A stop switch was thrown while the platform had not answered yet."""


class Executor:
    """Exactly once per action, on whichever platform its location is kept by.

    Args:
        database: Where actions wait.
        platforms: By name, as locations name them.
        places: The locations.
        engine: The rules, asked again before an approved action happens.
        now: The present, aware.
        prices: Where prices that grew old before their discount is made are asked for again.
        messages: Sends messages to customers; `None`: nobody does.
        links: Writes down which customers are one person; `None`: nobody does.
        overrides: Writes down changes of forecasts; `None`: nobody does.
        orders: Who drafts purchase orders, by platform; "" for the locations of all others.
        read_only: Nothing is carried out; what was allowed earlier waits.
    """

    def __init__(  # noqa: PLR0913  # what carrying out needs, each by name
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        places: Places,
        engine: Engine,
        now: Callable[[], datetime] = utc_now,
        *,
        prices: FreshPrices | None = None,
        messages: Messages | None = None,
        links: Links | None = None,
        overrides: Overrides | None = None,
        orders: Mapping[str, PurchaseOrders] | None = None,
        read_only: bool = False,
    ) -> None:
        self._prices = prices
        self._messages = messages
        self._links = links
        self._overrides = overrides
        self._orders = orders or {}
        self._database = database
        self._platforms = platforms
        self._places = places
        self._engine = engine
        self._now = now
        self._read_only = read_only

    @property
    def prices(self) -> FreshPrices | None:
        """Where prices are asked for again; `None`: nowhere."""
        return self._prices

    @property
    def links(self) -> Links | None:
        """Who writes down which customers are one person; `None`: nobody."""
        return self._links

    async def carry_out(self, action: str) -> Decision:
        """Carry out an allowed action, or answer where it stands when there is nothing to do.

        Raises:
            NotFound: There is no such action.
            Unavailable: The database does not answer; nothing was lost, and the same call may be repeated.
        """
        row, claimed = await self._claim(ActionId(action))
        return await self.perform(row, unsure=row.state == "executing") if claimed else row.decision()

    async def perform(self, row: ActionRow, *, unsure: bool = False) -> Decision:
        """Call the platform for an action that is claimed, and keep what it answers.

        `unsure`: whoever had it before may have called the platform, and was heard of no more.
        """
        try:
            receipt = await self._call_unless_stopped(row, unsure=unsure)
        except _StoppedMidwayError:
            return await self._hold(row, _STOPPED)
        except Unsure as error:
            return await self._hold(row, error.message)
        except (Unavailable, Misconfigured) as error:
            return await self._later(row, error)
        except (Refused, NotFound) as error:
            return await self._fail(row, error)
        return await self._done(row, receipt)

    async def take_over(self) -> int:
        """Queue what was left lying by workers that died; returns how many actions."""
        at = self._now()
        async with self._database.transaction() as connection:
            rows = await connection.execute(_STRANDED, {"at": at, "since": at - _STRANDED_AFTER})
            stranded = [ActionId(row.id) for row in rows]
            for action in stranded:
                queue(connection, action, only=f"take over {action}")
        return len(stranded)

    async def _claim(self, action: ActionId) -> tuple[ActionRow, bool]:
        at = self._now()
        async with self._database.transaction() as connection:
            row = await find(connection, action, lock=True)
            if row is None:
                raise NotFound("No action of this id is known.", code="action.unknown", field="action_id")
            lapsed = row.state == "executing" and (row.claimed_until is None or row.claimed_until <= at)
            if self._read_only or (row.state != "allowed" and not lapsed):
                return row, False
            if row.attempts >= TRIES:
                await self._give_up(connection, row, at, row.error or "It was tried too often without an answer.")
            elif await self._holds(connection, row, at):
                connection.post(_CLAIM, {"id": action, "until": at + LEASE})
                return row, True
            settled = await find(connection, action)
            return settled or row, False

    async def _holds(self, connection: Connection, row: ActionRow, at: datetime) -> bool:
        """Whether it may still happen; if not, a person sees why, and what it promised is settled.

        What was tried before may have had its effect already, so it is not judged again; a stop switch holds it all
        the same, and a person looks. A message that was put back was not sent for certain: while it waits the hours may
        turn quiet, and so it is judged before every try.
        """
        standing = await standing_now(connection, self._engine, self._places, row)
        message = isinstance(row.action, Message) and row.state == "allowed"
        if row.attempts and not message:
            if standing is not None and standing.stopped:
                await self._give_up(connection, row, at, _STOPPED)
                return False
            return True
        judged = row.situation["context"]
        same = standing is None or all(judged.get(name) == now for name, now in standing.context().items())
        if same and not row.approval_id and not message:
            return True
        return await recheck(connection, self._engine, self._places, row, at, self._prices)

    async def _call_unless_stopped(self, row: ActionRow, *, unsure: bool) -> Receipt:
        """Call the platform; a call that takes long, such as one that waits for its turn, is watched for a stop switch.

        Raises:
            _StoppedMidwayError: AI was stopped before the platform answered.
        """
        if not bound(row.actor):
            return await self._call(row, unsure=unsure)
        call = asyncio.create_task(self._call(row, unsure=unsure), name=f"call {row.id}")
        try:
            while not (await asyncio.wait({call}, timeout=_LOOK_EVERY))[0]:
                if await self._stopped(row):
                    raise _StoppedMidwayError
            return call.result()
        finally:
            call.cancel()
            await asyncio.wait({call})

    async def _stopped(self, row: ActionRow) -> bool:
        with suppress(Unavailable):  # a database that does not answer is no reason to give a call up
            async with self._database.reading() as connection:
                standing = await standing_now(connection, self._engine, self._places, row)
                return standing is not None and bool(standing.stopped)
        return False

    async def _hold(self, row: ActionRow, why: str) -> Decision:
        """Leave to a person what the platform may have done or not: it was stopped midway, or nobody can tell."""
        async with self._database.transaction() as connection:
            standing = await find(connection, row.id, lock=True)
            if standing is not None and standing.state == "executing":
                await self._give_up(connection, standing, self._now(), why)
        return await self._standing(row)

    async def _call(self, row: ActionRow, *, unsure: bool) -> Receipt:
        context = context_of(row, unsure=unsure)
        if isinstance(row.action, Message):
            return await self._send(row.action, context)
        if isinstance(row.action, ProfileLink):
            return await self._join(row.action, context)
        if isinstance(row.action, Discount) and row.action.at_full_price:
            return _told(row.action, context, self._now())
        if isinstance(row.action, ForecastOverride | CancelForecastOverride):
            return await self._override(row.action, context)
        name = self._places.get(row.location).platform
        if isinstance(row.action, Reorder | CancelReorder):
            return await self._order(row.action, name, context)
        platform = self._platforms.get(name)
        if platform is None:
            raise Misconfigured(f"No connection to {name} is set up.", code="platform.missing")
        await take_in_hand(self._database, row, self._places, self._now())
        try:
            async with asyncio.timeout(WITHIN):
                return await self._write(platform, row, context)
        except TimeoutError as error:
            raise Unavailable(f"{name} did not answer within {WITHIN:.0f} s.", code="platform.timeout") from error

    async def _write(self, platform: Platform, row: ActionRow, context: WriteContext) -> Receipt:
        if isinstance(row.action, StockAdjustment):
            return await write_adjustment(platform, row, self._places, context, self._now())
        return await _write(platform, row, context)

    async def _order(self, order: Reorder | CancelReorder, platform: str, context: WriteContext) -> Receipt:
        drafting = self._orders.get(platform) or self._orders.get("")
        if drafting is None:
            raise Misconfigured("Nobody takes purchase orders here.", code="orders.missing")
        try:
            async with asyncio.timeout(WITHIN):
                if isinstance(order, Reorder):
                    return await drafting.draft_order(order, context)
                return await drafting.cancel_order(order, context)
        except TimeoutError as error:
            raise Unavailable(f"No answer to the order came within {WITHIN:.0f} s.", code="platform.timeout") from error

    async def _send(self, message: Message, context: WriteContext) -> Receipt:
        if self._messages is None:
            raise not_set_up(message.channel)
        try:
            async with asyncio.timeout(WITHIN):
                return await self._messages.send(message, context)
        except TimeoutError as error:
            raise Unsure(
                f"Nobody can tell whether the message was sent: no answer came within {WITHIN:.0f} s.",
                code="message.unsure",
            ) from error

    async def _join(self, link: ProfileLink, context: WriteContext) -> Receipt:
        if self._links is None:
            raise Misconfigured("Nobody here writes down which customers are one person.", code="identity.missing")
        return await self._links.say(link, context)

    async def _override(self, change: ForecastOverride | CancelForecastOverride, context: WriteContext) -> Receipt:
        if self._overrides is None:
            raise Misconfigured("Nobody here writes changes of forecasts down.", code="override.missing")
        if isinstance(change, ForecastOverride):
            return await self._overrides.keep(change, context)
        return await self._overrides.end(change, context)

    async def _done(self, row: ActionRow, receipt: Receipt) -> Decision:
        at = self._now()
        told = {**asdict(receipt), "at": receipt.at.isoformat()}
        async with self._database.transaction() as connection:
            tries = await done(connection, row.id, at, told)
            if tries is not None:
                book(connection, row, self._places, at)
                body = {**told, "key": write_key(row.id), "tries": tries, "approval": row.approval_id or ""}
                entries = [Entry("executed", at, body, row.id, row.correlation)]
                if row.undoes:
                    entries += await undone(connection, row.undoes, row, at)
                await append(connection, entries)
        if tries is None:  # whoever took over was faster
            return await self._standing(row)
        return replace(row, state="executed", receipt=told, error="").decision()

    async def _later(self, row: ActionRow, error: TillhandError) -> Decision:
        at = self._now()
        async with self._database.transaction() as connection:
            standing = await find(connection, row.id, lock=True)
            if standing is None or standing.state != "executing":
                return (standing or row).decision()
            if standing.attempts >= TRIES:
                await self._give_up(connection, standing, at, error.message)
            else:
                connection.post(_PUT_BACK, {"id": row.id, "error": error.message})
                queue(connection, row.id, at + _FIRST_WAIT * 2 ** (standing.attempts - 1))
        return await self._standing(row)

    async def _fail(self, row: ActionRow, error: TillhandError) -> Decision:
        at = self._now()
        async with self._database.transaction() as connection:
            standing = await find(connection, row.id, lock=True)
            if standing is None or standing.state != "executing":
                return (standing or row).decision()
            settle(connection, row.id, "failed", at, error=error.message)
            await promises.release(connection, [row.proposal])
            let_go(connection, row)
            if isinstance(row.action, Message) and error.code == OPTED_OUT:
                stop_messages(connection, row.action.customer, row.action.channel, at)
            body: dict[str, Any] = {"code": error.code, "sentence": error.message, "effect": "none"}
            await append(connection, [Entry("failed", at, body, row.id, row.correlation)])
        return await self._standing(row)

    async def _give_up(self, connection: Connection, row: ActionRow, at: datetime, why: str) -> None:
        """Leave it to a person. The platform may have done it without our hearing: what it promised stays counted."""
        _log.error("action %s was tried %d times and is left to a person: %s", row.id, row.attempts, why)
        settle(connection, row.id, "failed", at, error=why)
        let_go(connection, row)
        body: dict[str, Any] = {
            "code": "platform.unavailable",
            "sentence": why,
            "effect": "unknown",
            "tries": row.attempts,
        }
        await append(connection, [Entry("failed", at, body, row.id, row.correlation)])

    async def _standing(self, row: ActionRow) -> Decision:
        async with self._database.reading() as connection:
            return (await find(connection, row.id) or row).decision()


def _told(offer: Discount, context: WriteContext, at: datetime) -> Receipt:
    """What is told at full price changes nothing on a platform: it is on record, and there is nothing to undo."""
    digest = hashlib.sha256(f"{context.key} {offer.code}".encode()).hexdigest()
    return Receipt("tillhand", offer.code, at, replayed=False, undo="", call="TELL home", digest=digest)


async def _write(platform: Platform, row: ActionRow, context: WriteContext) -> Receipt:
    action = row.action
    if isinstance(action, Discount):
        return await platform.discounts.create(action, context)
    if isinstance(action, EndDiscount):
        return await platform.discounts.end(action, context)
    if isinstance(action, Transfer):
        return await platform.inventory.draft_transfer(action, context)
    if isinstance(action, CancelTransfer):
        return await platform.inventory.cancel_transfer(action, context)
    assert isinstance(action, StockSync)  # noqa: S101  # the last of a closed type
    return await platform.inventory.adjust(action.adjustment(), context)
