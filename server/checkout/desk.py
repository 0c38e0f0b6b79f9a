"""Basket in, offer out, inline: the one core behind every register, whatever its platform.

The offer is decided by the guard before it is spoken. Its code is made on the platform at once, in the background; a
worker does it when this process cannot. Asking again about the same transaction gives the same answer.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, Protocol
from uuid import UUID, uuid5

from knowledge.events.event import Event, Topic
from knowledge.events.families import CheckoutFacts
from knowledge.identity.resolve import recognize
from knowledge.store.session import Database, utc_now
from policies.actions.discount import Discount
from policies.errors import Refused
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.ids import ActionId, CorrelationId, EventId, LocationId
from server.background import Background
from server.checkout.deadline import Deadline
from server.checkout.one_offer import not_now
from server.checkout.ports import Deciding, Offer, Offers
from server.checkout.scanned import ScanDesk, used
from server.checkout.sent_home import link_home
from server.queue.inbox import Inbox
from server.telemetry import Metrics
from tools.proposal import REGISTER_AT, Decision, Origin

_KNOWN: Final = "SELECT sku FROM variant WHERE sku = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))"
_FIRST: Final = "SELECT proposal -> 'evidence' ->> 'message' AS message FROM action WHERE id = $1"
_INSTEAD: Final = """
    SELECT id, facts, proposal -> 'evidence' ->> 'message' AS message FROM action
    WHERE supersedes = $1 AND state IN ('allowed', 'executing', 'executed')
"""
_STORIES = UUID("b0a4d7de-0f9e-5a57-9e53-2a8ad0f4c6e1")  # ours, drawn once
_MAKING = 4  # codes made at once: most database connections are for those who wait for an answer
_GIVEN = frozenset({"allowed", "executing", "executed"})

Status = Literal["offered", "waiting_for_manager", "silent"]


class Earlier(Protocol):
    """What was decided on the same basket before it changed, for registers that tell every change."""

    async def look(self, checkout: CheckoutFacts) -> "CheckoutAnswer | None":
        """Read it; an answer when that settles the basket as it is now too."""
        ...

    def stands(self, discount: Discount) -> "CheckoutAnswer | None":
        """The earlier answer, when what would be offered now is what it offers."""
        ...

    def waits(self) -> str:
        """The proposal that waits for a person and would give way to another one; "" for none."""
        ...


@dataclass(frozen=True, slots=True)
class CheckoutAnswer:
    """What the register is told.

    Attributes:
        discount: The decided discount; `None` unless the status is `offered`.
        decision_id: Also for `explain`; "" when nothing was asked of the guard.
        partial: Something was late or missing; asking again may say more.
        as_of: The oldest price the answer rests on.
        scan: What became of a scanned code: "accepted", or why it was not; "" when none was scanned.
        scan_said: That in a sentence.
        link: Where what is sent home is ordered, to be shown as a QR code; "" for none.
        dismissed: It is silence because an offer with this sale was declined before.
        used: The offer is on the basket, or was paid with.
    """

    status: Status
    as_of: datetime
    discount: Discount | None = None
    message: str = ""
    decision_id: str = ""
    approval_id: str = ""
    partial: bool = False
    scan: str = ""
    scan_said: str = ""
    link: str = ""
    dismissed: bool = False
    used: bool = False

    def facts(self) -> dict[str, Any]:
        """As JSON; the first two names are fixed by the registers that exist."""
        return {
            "discount_code": self.discount.code if self.discount and not self.discount.at_full_price else None,
            "personalized_message": self.message or None,
            "offer": _offer(self.discount, self.link) if self.discount else None,
            "decision_id": self.decision_id or None,
            "approval_id": self.approval_id or None,
            "status": self.status,
            "partial": self.partial,
            "as_of": self.as_of.isoformat(),
            **({"scan": {"code": self.scan, "message": self.scan_said or None}} if self.scan else {}),
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    """One basket: who asks, until when, and what is known of it.

    Attributes:
        checkout: As it was told; of what is not in the catalog nobody speaks any more.
    """

    register: Actor
    checkout: CheckoutFacts
    event: Event
    deadline: Deadline
    earlier: Earlier | None
    live_words: bool


@dataclass(frozen=True, slots=True)
class CheckoutDesk:
    """Answers baskets.

    Attributes:
        agents: Whether specialists may speak now.
        carry_out: Makes a decided action happen on its platform.
        within: Seconds for everything.
        scans: Reads scanned offers; without it none is ours.
        making: Codes that may be made on platforms at once.
        online: The online shop's address, such as https://example.myshopify.com; "" for none.
    """

    database: Database
    offers: Offers
    guard: Deciding
    inbox: Inbox
    background: Background
    metrics: Metrics
    agents: Callable[[], bool]
    carry_out: Callable[[ActionId], Awaitable[Decision]]
    within: float
    now: Callable[[], datetime] = utc_now
    scans: ScanDesk | None = None
    making: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MAKING))
    online: str = ""

    def deadline(self) -> Deadline:
        """By when a register is answered that asks now."""
        return Deadline.after(self.within)

    async def answer(  # noqa: PLR0913  # who asks about what, and what is known of it
        self,
        register: Actor,
        checkout: CheckoutFacts,
        *,
        source: str,
        scanned: str = "",
        earlier: Earlier | None = None,
        live_words: bool = True,
        deadline: Deadline | None = None,
    ) -> CheckoutAnswer:
        """The offer for a basket, or silence, within the deadline; a scanned offer comes before any of ours.

        Args:
            register: Who asks.
            checkout: The basket; lines that are not in the catalog count in its total, and nothing goes with them.
            source: Which door it came through.
            scanned: The text of an offer's QR code; "" for none.
            earlier: What was decided on the basket before it changed.
            live_words: A model may be asked for its line now; else a kept line or the template is said, at once.
            deadline: When a part of the time was spent before; by default it begins now.

        Raises:
            Refused: Nothing in the basket is in the catalog.
        """
        at = self.now()
        event = _event(checkout, source, at)
        deadline = deadline or self.deadline()
        answer = CheckoutAnswer("silent", at)
        with self.metrics.timed("checkout_seconds"):
            async with deadline.or_silence():
                known = await self._in_catalog(checkout)
                answer = await self._decide(_Asked(register, known, event, deadline, earlier, live_words), scanned)
        if deadline.missed:
            answer = replace(answer, partial=True)
        self.background.start(self.inbox.record(event), "checkout record")
        if answer.status == "offered":
            self.background.start(self._make_code(ActionId(answer.decision_id)), "discount code")
        self.metrics.count("checkouts", status="late" if deadline.missed else answer.status)
        return answer

    async def _decide(self, asked: _Asked, scanned: str) -> CheckoutAnswer:
        register, checkout, event, earlier = asked.register, asked.checkout, asked.event, asked.earlier
        silence = CheckoutAnswer("silent", event.received_at)
        customer = await recognize(self.database.quick, checkout.customer)
        if not self.agents():
            return replace(silence, partial=True)
        origin = Origin(event.correlation, event.id, event.occurred_at)
        settled = await earlier.look(checkout) if earlier is not None else None
        refused = ("", "")
        if scanned and self.scans is not None:
            try:
                told = await self.scans.read(scanned, checkout, customer, origin=origin, actor=self.offers.actor.id)
                _only_one(settled, told)
                if earlier is None:
                    await self.scans.only_one(checkout, told)
                answer = await self._proposed(register, checkout, told, event)
            except Refused as error:
                again = error.code == "idempotency.key_reused"  # two registers at the same moment
                error = used() if again else error
                refused = (error.code, f"{error.message} {error.hint}".strip())
            else:
                return replace(answer, scan="accepted" if answer.status == "offered" else "scan.not_now")
        if settled is None:
            offer = await self.offers.for_basket(
                checkout, customer, origin=origin, deadline=asked.deadline.at, live_words=asked.live_words
            )
            settled = await self._fresh(asked, offer)
        elif settled.status == "silent":
            await self._take_back(register, checkout, earlier)
        return replace(settled, scan=refused[0], scan_said=refused[1])

    async def _fresh(self, asked: _Asked, offer: Offer | None) -> CheckoutAnswer:
        """The answer to a basket that no earlier answer settles; what still waits from before gives way to it."""
        register, checkout, event, earlier = asked.register, asked.checkout, asked.event, asked.earlier
        if offer is None:
            await self._take_back(register, checkout, earlier)
            return CheckoutAnswer("silent", event.received_at)
        if earlier is None and self.scans is not None and await self.scans.scanned_before(checkout):
            return CheckoutAnswer("silent", event.received_at)  # one sale has one offer, and it was scanned
        action = offer.proposal.action
        same = earlier.stands(action) if earlier is not None and isinstance(action, Discount) else None
        waits = earlier.waits() if earlier is not None else ""
        return same or await self._proposed(register, checkout, offer, event, instead_of=waits)

    async def _take_back(self, register: Actor, checkout: CheckoutFacts, earlier: Earlier | None) -> None:
        """Nobody is asked any more about what the basket no longer calls for."""
        if earlier is not None and (waits := earlier.waits()):
            with suppress(Refused):  # a person was faster, and their answer stands
                await self.guard.withdraw(self._speaker(register, checkout), waits, reason="The basket changed.")

    def _speaker(self, register: Actor, checkout: CheckoutFacts, *also: LocationId) -> Actor:
        """Who proposes, for whom, and where alone; what is sent home is bought of the online shop."""
        here = frozenset({LocationId(checkout.location), *also})
        return replace(self.offers.actor, door=register.door, on_behalf_of=register.id, locations=here)

    async def _proposed(
        self, register: Actor, checkout: CheckoutFacts, offer: Offer, event: Event, *, instead_of: str = ""
    ) -> CheckoutAnswer:
        """What the guard makes of an offer."""
        silence = CheckoutAnswer("silent", event.received_at)
        if not isinstance(offer.proposal.action, Discount):
            return silence
        evidence = {**offer.proposal.evidence, "message": offer.message}
        if offer.proposal.action.store != checkout.location:
            evidence[REGISTER_AT] = checkout.location
        proposal = replace(offer.proposal, evidence=evidence)
        speaker = self._speaker(register, checkout, offer.proposal.action.store)
        decision = await self.guard.propose(speaker, proposal, wait=False, instead_of=instead_of)
        found = replace(
            silence,
            as_of=offer.proposal.priced_at or event.received_at,
            decision_id=decision.action_id,
            approval_id=decision.approval_id or "",
        )
        if decision.state == "waiting":
            return replace(found, status="waiting_for_manager")
        if decision.state not in _GIVEN:
            return await self._instead(decision, found) if decision.replayed else found
        message = await self._first_message(decision) if decision.replayed else offer.message
        discount = offer.proposal.action
        link = await link_home(self.database.quick, self.online, discount)
        return replace(found, status="offered", discount=discount, message=message or offer.message, link=link)

    async def _make_code(self, action: ActionId) -> None:
        async with self.making:
            await self.carry_out(action)

    async def _in_catalog(self, checkout: CheckoutFacts) -> CheckoutFacts:
        """The basket without the lines of what is not in the catalog: they cost the others nothing."""
        skus = [line.sku for line in checkout.lines]
        known = {row["sku"] for row in await self.database.quick.rows(_KNOWN, json.dumps(skus))}
        lines = tuple(line for line in checkout.lines if line.sku in known)
        if not lines:
            raise Refused(
                "Nothing in the basket is in the catalog.",
                code="sku.unknown",
                hint="Check the skus, or have the products synced from their platform.",
                field="basket",
            )
        return checkout if len(lines) == len(skus) else checkout.model_copy(update={"lines": lines})

    async def _instead(self, decision: Decision, found: CheckoutAnswer) -> CheckoutAnswer:
        """The offer a person carried through as their own after this one was asked for; silence when nobody did."""
        for row in await self.database.quick.rows(_INSTEAD, decision.action_id):
            discount = Discount.model_validate(row["facts"])
            if discount.valid_until > self.now():
                message = row["message"] or f"{discount.percent} off for you today."
                return replace(found, status="offered", discount=discount, message=message, decision_id=row["id"])
        return found

    async def _first_message(self, decision: Decision) -> str | None:
        rows = await self.database.quick.rows(_FIRST, decision.action_id)
        return rows[0]["message"] if rows else None


def may_check_out(actor: Actor) -> None:
    """Refuse a key that is no register's.

    Raises:
        Refused: `access.role`.
    """
    if actor.role is not Role.REGISTER:
        raise Refused(
            "Only a register's key is good for checkouts.",
            code="access.role",
            hint="tillhand credential add --role register --location CODE",
        )


def _only_one(settled: CheckoutAnswer | None, scan: Offer) -> None:
    """One sale has one offer: nothing is added to one that was used, and nothing offered to whoever declined.

    Raises:
        Refused: `scan.not_now`; not for the scanned offer itself, which is answered again.
    """
    if settled is None or not (settled.used or settled.dismissed):
        return
    action = scan.proposal.action
    if settled.discount is None or not isinstance(action, Discount) or action.code != settled.discount.code:
        raise not_now()


def _offer(discount: Discount, link: str) -> dict[str, Any]:
    sent = {"by": discount.store, "within_days": discount.within_days, "link": link or None}
    return {
        "percent_off": str(discount.percent).removesuffix("%"),
        "amount_off": str(discount.amount.decimal()),
        "currency": discount.amount.currency,
        "skus": list(discount.skus),
        "valid_until": discount.valid_until.isoformat(),
        **({"form": discount.form} if discount.form != "single" else {}),
        **({"sent_home": sent} if discount.within_days else {}),
    }


def _event(checkout: CheckoutFacts, source: str, at: datetime) -> Event:
    """The checkout as an event that was answered inline: recorded, never handled again."""
    story = uuid5(_STORIES, f"{checkout.location}\0{checkout.transaction}")
    own = uuid5(_STORIES, f"{story}\0{checkout.model_dump_json()}\0{at.date().isoformat()}")
    return Event(
        id=EventId(str(own)),
        source=source,
        delivery=f"checkout:{own}",
        topic=Topic.CHECKOUT_STARTED,
        lane=LocationId(checkout.location),
        occurred_at=at,
        received_at=at,
        correlation=CorrelationId(str(story)),
        # whom it is about stands with the decision; a basket of somebody unknown stays nobody's
        facts=checkout.model_dump(mode="json") | {"customer": []},
    )
