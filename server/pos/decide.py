"""A basket at a register with our extension: its offer or silence, anew with every change, from the core of all doors.

A register tells every state of a basket, and the newest one counts: what comes late about an older one, or is overtaken
while it is decided, is answered with silence, and what it proposed meanwhile gives way.
"""

import asyncio
import hmac
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakValueDictionary

from sqlalchemy import text

from knowledge.events.families import CheckoutFacts
from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.discount import Discount
from policies.errors import NotFound, Refused, Unavailable
from server.checkout.deadline import Deadline
from server.checkout.desk import CheckoutAnswer, CheckoutDesk
from server.checkout.sent_home import link_home
from server.pos.asked import DecisionAsked
from server.pos.basket import read_basket, transaction_of
from server.pos.earlier import EarlierOffers
from server.pos.known import Counter, approvers_at
from server.pos.offer import offer_told, receipt_text
from server.pos.told import DecisionTold, OfferTold, Why

SOURCE: Final = "pos"
_KEPT: Final = timedelta(days=2)  # a basket nobody asked about for so long is over
_OVERTAKEN: Final = Why.of(
    Refused("The basket has changed since; its newest state has an answer.", code="basket.overtaken")
)
_DISMISSED: Final = Why.of(Refused("The customer did not want an offer with this sale.", code="offer.dismissed"))

# not waited for on disk: a state that a crash forgets is told again, and a customer waits here
_STATE = text(
    """
    WITH over AS (
        DELETE FROM pos_basket WHERE (device, basket) IN (
            SELECT device, basket FROM pos_basket WHERE at < :over AND (device, basket) <> (:device, :basket)
            ORDER BY at LIMIT 20 FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO pos_basket (device, basket, revision, fingerprint, at)
    SELECT CAST(:device AS varchar), CAST(:basket AS varchar), CAST(:revision AS bigint),
           CAST(:fingerprint AS varchar), CAST(:at AS timestamptz)
    WHERE set_config('synchronous_commit', 'off', true) = 'off'
    ON CONFLICT (device, basket) DO UPDATE SET
        fingerprint = CASE WHEN :revision > pos_basket.revision THEN :fingerprint ELSE pos_basket.fingerprint END,
        revision = greatest(pos_basket.revision, :revision), at = :at
    RETURNING revision, fingerprint
    """
)
_NEWEST: Final = "SELECT revision FROM pos_basket WHERE device = $1 AND basket = $2"


@dataclass(frozen=True, slots=True)
class PosDesk:
    """Decides baskets.

    Attributes:
        secret: Signs scannable offers, and keys what is kept of a basket.
        receipt_days: How long an offer that was decided may be scanned from a receipt; 0: none is printed.
        turns: One decision at a time for each sale, in this process; another process's is seen when ours is made.
    """

    database: Database
    desk: CheckoutDesk
    places: Places
    keys: MatchKeys
    secret: bytes
    receipt_days: int
    now: Callable[[], datetime]
    turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary[str, asyncio.Lock])

    async def decide(self, counter: Counter, asked: DecisionAsked) -> DecisionTold:
        """The answer to one state of a basket; a till is told why there is silence, and never an error.

        Raises:
            Unavailable: The database does not answer.
        """
        deadline = self.desk.deadline()
        try:
            overtaken = await self._overtaken(asked)
            if overtaken is not None:
                return overtaken
            customer = self.keys.readings("shopify", asked.customer) if asked.customer else ()
            checkout = await read_basket(self.database.quick, asked, counter.location, customer)
            answer = await self._in_turn(counter, asked, checkout, deadline)
            if answer is None:
                return self._silent(asked, _OVERTAKEN)
        except (Refused, NotFound) as error:
            return self._silent(asked, Why.of(error))
        return await self._told(counter, asked, checkout, answer)

    async def _in_turn(
        self, counter: Counter, asked: DecisionAsked, checkout: CheckoutFacts, deadline: Deadline
    ) -> CheckoutAnswer | None:
        """The answer, one state after the other, so that each sees what was decided on the one before.

        Of those that wait here the newest is asked about alone: `None` for the others. Waiting counts in the deadline.
        """
        turn = self.turns.setdefault(checkout.transaction, asyncio.Lock())
        waited = turn.locked()
        async with AsyncExitStack() as holding:
            async with deadline.or_silence():
                await holding.enter_async_context(turn)
            if deadline.missed:
                self.desk.metrics.count("checkouts", status="late")
                return CheckoutAnswer("silent", self.now(), partial=True)
            if waited and await self._newest(asked) > asked.revision:
                return None
            earlier = EarlierOffers(self.database.quick, self.desk.offers.actor.id, self.now())
            answer = await self.desk.answer(
                counter.actor, checkout, source=SOURCE, scanned=asked.scanned, earlier=earlier, deadline=deadline
            )
            if answer.status != "silent" and await self._newest(asked) > asked.revision:
                await self._give_way(answer)
                return None
            return answer

    async def _overtaken(self, asked: DecisionAsked) -> DecisionTold | None:
        """Keep this state as the newest; silence when a newer one, or another one under its number, was told before."""
        at = self.now()
        # keyed: a plain hash of what names a customer could be undone by trying
        said = hmac.digest(self.secret, asked.model_dump_json(exclude={"scanned"}).encode(), "sha256").hex()
        told = {
            "device": asked.device,
            "basket": asked.basket,
            "revision": asked.revision,
            "fingerprint": said,
            "at": at,
            "over": at - _KEPT,
        }
        row = (await self.database.at_once(_STATE, told)).one()
        if row.revision > asked.revision:
            return self._silent(asked, _OVERTAKEN)
        if row.fingerprint != said:
            raise Refused(
                "This number was used for another state of the basket.",
                code="basket.revision",
                hint="Count every state of a basket anew.",
                field="revision",
            )
        return None

    async def _newest(self, asked: DecisionAsked) -> int:
        rows = await self.database.quick.rows(_NEWEST, asked.device, asked.basket)
        return int(rows[0]["revision"]) if rows else asked.revision

    async def _give_way(self, answer: CheckoutAnswer) -> None:
        """Nobody is asked about a basket that is no more; a code that was made stays within the caps, and ends soon."""
        if answer.status == "waiting_for_manager":
            with suppress(Refused, NotFound, Unavailable):
                reason = "The basket changed while this was decided."
                await self.desk.guard.withdraw(self.desk.offers.actor, answer.decision_id, reason=reason)

    async def _told(
        self, counter: Counter, asked: DecisionAsked, checkout: CheckoutFacts, answer: CheckoutAnswer
    ) -> DecisionTold:
        approvers: tuple[str, ...] = ()
        if answer.status == "waiting_for_manager":
            async with self.database.reading() as connection:
                found = await approvers_at(connection, counter.location, self.now())
            approvers = tuple(each.actor.id for each in found if each.actor.id != counter.actor.id)
        return DecisionTold(
            basket=asked.basket,
            revision=asked.revision,
            transaction=transaction_of(asked.device, asked.basket),
            status=answer.status,
            decision=answer.decision_id,
            offer=await self._offer(checkout, answer) if answer.discount else None,
            approvers=approvers,
            why=_DISMISSED if answer.dismissed else None,
            scan=Why(code=answer.scan, message=answer.scan_said) if answer.scan else None,
            partial=answer.partial,
            receipt=await self._receipt(answer.decision_id, answer.discount) if answer.discount else "",
            as_of=answer.as_of,
        )

    async def _offer(self, checkout: CheckoutFacts, answer: CheckoutAnswer) -> OfferTold:
        assert answer.discount is not None  # noqa: S101  # asked for by whoever saw it
        here = {line.sku for line in checkout.lines}
        return await offer_told(self.database.quick, answer.decision_id, answer.discount, answer.message, here)

    async def _receipt(self, decision: str, discount: Discount) -> str:
        if discount.at_full_price:
            return await link_home(self.database.quick, self.desk.online, discount)
        if not self.receipt_days:
            return ""
        return receipt_text(decision, discount, self.receipt_days, self.secret)

    def _silent(self, asked: DecisionAsked, why: Why) -> DecisionTold:
        return DecisionTold(
            basket=asked.basket,
            revision=asked.revision,
            transaction=transaction_of(asked.device, asked.basket),
            status="silent",
            why=why,
            as_of=self.now(),
        )
