"""A manager's PIN on the register's PIN pad: it proves who says yes, to the one offer that waits on this register.

Every try is counted before it is looked at, and stands in the ledger with who was named; the PIN itself goes from the
request into the hash and nowhere else. What a yes is good for, the guard decides as at every other door.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from knowledge.store.session import Database
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.errors import NotFound, Refused, TillhandError
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId
from server.pos.asked import ApproveAsked
from server.pos.attempts import count_attempt, forget_attempts
from server.pos.basket import transaction_of
from server.pos.known import Approver, Counter, approvers_at
from server.pos.offer import offer_told
from server.pos.pin import NOBODYS, is_right
from server.pos.told import ApproveTold, OfferTold, Why
from tools.action_row import actor_facts
from tools.audit.entry import Entry, storable
from tools.audit.ledger import append
from tools.proposal import TOLD_FROM, Decision

_GIVEN: Final = frozenset({"allowed", "executing", "executed"})
_AT_ONCE: Final = 2  # PINs hashed at a time: each takes 32 MiB and a tenth of a second of one core
_UNKNOWN: Final = "?"  # for whoever is no approver here: their wrong tries are counted together
_SHOWN: Final = f"""
    SELECT action.id, action.state, action.facts, action.correlation_id, action.location_id,
           action.proposal -> 'evidence' ->> 'message' AS message, approval.id AS approval_id,
           approval.state AS answer, approval.decided_by, approval.first_by
    FROM action JOIN approval ON approval.action_id = action.id
    WHERE action.id = $1 AND action.kind = 'discount' AND {TOLD_FROM} = $2
      AND action.facts ->> 'transaction' = $3
"""  # noqa: S608  # our own text


class Guarding(Protocol):
    """The guard, as far as an approval uses it."""

    async def answer(self, actor: Actor, approval_id: str, approve: bool, note: str = "") -> Decision:
        """A person's yes or no."""
        ...


@dataclass(frozen=True, slots=True)
class ApproveDesk:
    """Takes PINs.

    Attributes:
        key: Keys every PIN before it is hashed.
    """

    database: Database
    guard: Guarding
    key: bytes
    now: Callable[[], datetime]
    hashing: asyncio.Semaphore

    @classmethod
    def opened(cls, database: Database, guard: Guarding, key: bytes, now: Callable[[], datetime]) -> "ApproveDesk":
        """One for the whole process."""
        return cls(database, guard, key, now, asyncio.Semaphore(_AT_ONCE))

    async def approve(self, counter: Counter, asked: ApproveAsked) -> ApproveTold:
        """A manager's yes; the same one again is answered the same, for the right PIN.

        Raises:
            Unavailable: The database does not answer; the same call may be made again.
        """
        try:
            shown = await self._shown(counter, asked)
            manager = await self._proved(counter, asked, shown)
            return await self._answered(counter, manager, shown)
        except (Refused, NotFound) as error:
            return ApproveTold(approved=False, why=Why.of(error))

    async def _shown(self, counter: Counter, asked: ApproveAsked) -> dict[str, Any]:
        transaction = transaction_of(counter.device, asked.basket)
        rows = await self.database.quick.rows(_SHOWN, asked.decision, counter.location, transaction)
        if not rows:
            raise NotFound(
                "No offer of this id waits on this register.",
                code="pos.not_shown",
                hint="Ask for the basket's offer again.",
                field="decision",
            )
        return rows[0]

    async def _proved(self, counter: Counter, asked: ApproveAsked, shown: dict[str, Any]) -> Actor:
        """The manager whose PIN this is.

        Raises:
            Refused: `pin.wrong`, for whoever has none here too; or `pin.locked`.
        """
        at = self.now()
        async with self.database.reading() as connection:
            here = {each.actor.id: each for each in await approvers_at(connection, counter.location, at)}
        named: Approver | None = here.get(asked.approver)
        name = named.actor.id if named else _UNKNOWN
        try:
            async with self.database.transaction() as connection:
                await count_attempt(connection, name, counter.device, at)
            kept = named.pin if named else NOBODYS
            async with self.hashing:
                right = await asyncio.to_thread(is_right, asked.pin.get_secret_value(), kept, self.key)
            if named is None or not right:
                raise _wrong()
        except Refused as error:
            await self._record(counter, name, shown, error, at)
            raise
        async with self.database.transaction() as connection:
            await forget_attempts(connection, name, counter.device)
        return named.actor

    async def _answered(self, counter: Counter, manager: Actor, shown: dict[str, Any]) -> ApproveTold:
        said = {shown["decided_by"], shown["first_by"]}
        if shown["answer"] in {"waiting", "approved"} and manager.id in said:
            state, action = str(shown["state"]), str(shown["id"])  # told again: the first answer did not arrive
        else:
            # who is signed in there stands with the proposal; a note is scrubbed of names
            note = f"Typed at register {counter.device}."
            here = _reaching(manager, LocationId(shown["location_id"]))
            decision = await self.guard.answer(here, shown["approval_id"], approve=True, note=note)
            state, action = decision.state, decision.action_id
        if state == "waiting":
            return ApproveTold(approved=False, decision=action, second=True)
        if state not in _GIVEN:
            raise Refused(
                "The offer was approved, and cannot be made any more: the facts have changed since it was asked.",
                code="pos.not_made",
                hint="Ask for the basket's offer again.",
            )
        return ApproveTold(approved=True, decision=action, offer=await self._offer(shown))

    async def _offer(self, shown: dict[str, Any]) -> OfferTold:
        discount = read_action(shown["facts"])
        assert isinstance(discount, Discount)  # noqa: S101  # asked for by kind
        words = shown["message"] or f"{discount.percent} off for you today."
        return await offer_told(self.database.quick, shown["id"], discount, words, ())

    async def _record(
        self, counter: Counter, name: str, shown: dict[str, Any], error: TillhandError, at: datetime
    ) -> None:
        body: dict[str, Any] = {
            "actor": actor_facts(counter.actor),
            "asked": "decide_approval",
            "about": shown["approval_id"],
            "location": counter.location,
            "register": storable(counter.device),
            "named": name,
            "code": error.code,
            "sentence": error.message,
        }
        async with self.database.transaction() as connection:
            await append(connection, [Entry("refused", at, body, shown["id"], shown["correlation_id"])])


def _reaching(manager: Actor, place: LocationId) -> Actor:
    """The manager where the offer counts: what is sent home counts for the online shop, and is answered here."""
    return manager if manager.locations is None else replace(manager, locations=manager.locations | {place})


def _wrong() -> Refused:
    return Refused(
        "This is not the PIN of a manager of this location.",
        code="pin.wrong",
        hint="Type it again; after a few wrong ones nobody can try for a quarter of an hour.",
        field="pin",
    )
