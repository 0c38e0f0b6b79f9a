"""The office a customer's rights go through: asked durably, done step by step, receipted, and on record."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from knowledge.erasure.access import access
from knowledge.erasure.receipt import receipt_of
from knowledge.erasure.request import (
    Request,
    RequestKind,
    Step,
    add_request,
    add_step,
    all_requests,
    do_again,
    finish,
    open_requests,
    read_request,
    steps_of,
    take_request,
)
from knowledge.erasure.steps import AGAIN_FROM, STEPS, Case, case_keys
from knowledge.store.connection import Connection
from knowledge.store.session import Database, utc_now
from knowledge.vault.person import Person
from knowledge.vault.rotation import Rotated, Rotation
from knowledge.vault.vault import Vault
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from tools.audit.entry import Entry, canonical, digest
from tools.audit.ledger import append
from tools.privacy.recorded import recorded_digest, shredded, unshredded

logger = logging.getLogger(__name__)

_SHOWN: Final = 200
_CLOCK: Final = Actor("schedule:keys", Role.OPERATOR, None, Door.EVENT)


@dataclass(frozen=True, slots=True)
class Standing:
    """A request, and how far it is."""

    request: Request
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class PrivacyOffice:
    """Takes requests, does them, and shows what was done.

    Attributes:
        memory: Folders of LanceDB's files.
        unseal: Opens the body of a parked event; raises ValueError when it cannot.
    """

    database: Database
    vault: Vault
    memory: Sequence[Path]
    unseal: Callable[[bytes], bytes]
    now: Callable[[], datetime] = utc_now

    async def ask(self, kind: RequestKind, person: Person, *, source: str, delivery: str, by: str) -> tuple[str, bool]:
        """Keep a request; its id, and whether it is new. Durable when this returns.

        Raises:
            Refused: Nothing says whom it is about.
        """
        if kind != "shop" and not person:
            raise Refused(
                "The request names nobody.",
                code="privacy.nobody",
                hint="Give an e-mail address, a phone number, a loyalty id or the platform's number of the customer.",
            )
        at = self.now()
        async with self.database.transaction() as connection:
            name, new = await add_request(
                connection, self.vault, kind, person, source=source, delivery=delivery, by=by, at=at
            )
            if new:
                body = {"request": name, "kind": kind, "step": "asked", "source": source, "by": by}
                await append(connection, [Entry("privacy", at, body, correlation=name)])
        return name, new

    async def carry_on(self) -> int:
        """Go on with every erasure that is not done; returns how many were finished."""
        async with self.database.reading() as connection:
            names = await open_requests(connection)
        finished = 0
        for name in names:
            finished += await self.erase(name)
        return finished

    async def erase(self, name: str) -> bool:
        """Do what is left to do of one erasure; False when it is not done yet, or somebody else is at it."""
        while True:
            async with self.database.transaction() as connection:
                request = await take_request(connection, name)
                if request is None or request.kind == "access":
                    return False
                steps = await steps_of(connection, name)
                if len(steps) == len(STEPS):
                    await self._finish(connection, request, steps)
                    return True
                if not await self._step(connection, request, len(steps)):
                    return False

    async def standing(self, actor: Actor) -> list[Standing]:
        """Every request, open ones first.

        Raises:
            Refused: The actor is no operator or auditor.
        """
        _may(actor, Role.OPERATOR, Role.AUDITOR)
        async with self.database.reading() as connection:
            found = await all_requests(connection, _SHOWN)
            return [Standing(each, tuple(await steps_of(connection, each.id))) for each in found]

    async def receipt(self, actor: Actor, name: str) -> tuple[Request, bool]:
        """A finished request, and whether its receipt is the one the ledger recorded.

        Raises:
            NotFound: There is none, or it is not done.
            Refused: The actor is no operator or auditor.
        """
        _may(actor, Role.OPERATOR, Role.AUDITOR)
        async with self.database.reading() as connection:
            request = await read_request(connection, name)
            if not request.receipt:
                raise NotFound(
                    "This request is not done yet.", code="privacy.not_done", hint="tillhand privacy status", field="id"
                )
            told = digest(json.loads(request.receipt))
            return request, told == request.digest == await recorded_digest(connection, name)

    async def export(self, actor: Actor, person: Person, *, request: str = "") -> dict[str, Any]:
        """Everything kept of a customer, for the customer; the reading is on record, and so is what asked for it.

        Args:
            actor: An operator.
            person: By any identifier; empty where `request` says whom it is about.
            request: A platform's request, which this answers.

        Raises:
            NotFound: Nobody is known by these identifiers.
            Refused: The actor is no operator.
        """
        _may(actor, Role.OPERATOR)
        at = self.now()
        async with self.database.transaction() as connection:
            if request:
                asked = await read_request(connection, request)
                if not asked.sealed:
                    raise NotFound("This request is closed.", code="privacy.closed", field="id")
                person = self.vault.open_subject(asked.sealed, asked.id)
            told = await access(connection, self.vault, person, at)
            if request:
                answered = {"request": request, "done_at": at.isoformat(), "answered_by": actor.id}
                await finish(connection, request, canonical(answered), digest(answered), at)
            body = {"by": actor.id, "step": "exported", "customers": len(told["customers"]), "request": request}
            await append(connection, [Entry("privacy", at, body, correlation=request)])
        return told

    async def rotate(self, actor: Actor, *, retire: bool = False) -> Rotated:
        """Bring everything under new keys and destroy the old ones: no backup of before can be read any more.

        Args:
            actor: An operator.
            retire: Also give up match keys of customers who were not seen since, and whose identifiers nobody kept.

        Raises:
            Refused: The actor is no operator.
        """
        _may(actor, Role.OPERATOR)
        done = await Rotation(self.database, self.vault, self.now).run(retire=retire)
        at = self.now()
        async with self.database.transaction() as connection:
            closed = await shredded(connection, at) if done.chain_destroyed and not done.unseen else 0
            body = {"by": actor.id, "step": "rotated", "records": done.records, "closed": closed}
            await append(connection, [Entry("privacy", at, body)])
        return replace(done, closed=closed)

    async def shred(self) -> Rotated | None:
        """Rotate when an erasure is done and a backup may still tell of it; `None` when none waits."""
        async with self.database.reading() as connection:
            waiting = await unshredded(connection)
        return await self.rotate(_CLOCK) if waiting else None

    async def _step(self, connection: Connection, request: Request, place: int) -> bool:
        """Do one step in this transaction; False when the last one found something that came back."""
        name, work = STEPS[place]
        person = self.vault.open_subject(request.sealed, request.id)
        case = Case(
            connection=connection,
            vault=self.vault,
            request=request,
            person=person,
            keys=case_keys(person, self.vault),
            memory=self.memory,
            unseal=self.unseal,
            at=self.now(),
        )
        counts = await work(case)
        if counts.get("left"):
            logger.warning("erasure %s: %s found %d places again", request.id, name, counts["left"])
            await do_again(connection, request.id, AGAIN_FROM)
            return False
        await add_step(connection, request.id, Step(place, name, {}, self.now()), canonical(counts))
        await asyncio.sleep(0)
        return True

    async def _finish(self, connection: Connection, request: Request, steps: list[Step]) -> None:
        at = self.now()
        receipt = receipt_of(request, steps, at)
        own = digest(receipt)
        await finish(connection, request.id, canonical(receipt), own, at)
        body = {"request": request.id, "kind": request.kind, "step": "done", "receipt": own}
        await append(connection, [Entry("privacy", at, body, correlation=request.id)])


def _may(actor: Actor, *roles: Role) -> None:
    if actor.model or actor.role not in roles:
        raise Refused(
            "Customers' raw data and requests are not for this role.",
            code="access.role",
            hint="The operator answers them; an auditor may look at receipts.",
        )
