"""Works on a batch of undoes: one action after another, each by the guard, until none is left or time is up.

Whoever works on a batch holds it; when they die, it is free again after a minute, and the next one goes on.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final, Protocol

from knowledge.store.connection import Connection
from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId, LocationId
from tools.action_row import ActionRow, action_id, actor_facts, find, find_all
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.proposal import Decision, Origin
from tools.undo import batch_row
from tools.undo.account import account
from tools.undo.batch_row import Batch, BatchItem, find_batch
from tools.undo.fate import WITHDRAWN, foresee, redeemed

_LOOK_AGAIN: Final = timedelta(seconds=15)  # a batch that waits for a platform or a person is looked at again
_READ_ONLY: Final = "guard.read_only"  # this process may change nothing; another one may
_NEVER_DONE: Final = frozenset({"denied", "rejected", "expired", "failed"})


class Guarding(Protocol):
    """The guard, as far as a batch needs it: it can do nothing that the guard would not let the person do."""

    def authorize(self, actor: Actor, what: str, location: LocationId | None = None) -> None:
        """Let through whom the access rules let through."""
        ...

    async def undo(self, actor: Actor, action_id: str, *, key: str, reason: str, origin: Origin) -> Decision:
        """Propose and carry out an executed action's inverse."""
        ...

    async def withdraw(self, actor: Actor, action_id: str, *, reason: str) -> Decision:
        """Keep what has not happened from happening."""
        ...

    async def finish(self, action_id: str) -> Decision:
        """Carry out what was left undone."""
        ...


class Settling:
    """Settles batches.

    Args:
        database: Where they are kept.
        guard: Takes back and withdraws.
        now: The present, aware.
    """

    def __init__(self, database: Database, guard: Guarding, now: Callable[[], datetime]) -> None:
        self._database = database
        self._guard = guard
        self._now = now

    async def work(self, name: str, within: float) -> None:
        """Settle a batch's actions one by one, unless somebody else does; what cannot be settled yet waits."""
        until = monotonic() + within
        async with self._database.transaction() as connection:
            if not await batch_row.claim(connection, name, self._now()):
                return
            batch = await find_batch(connection, name)
        assert batch is not None and batch.actor is not None  # noqa: S101, PT018  # it is open, so it has both
        waits = False
        for item in batch.items:
            if item.fate not in {"", "pending"}:
                continue
            if monotonic() >= until:
                waits = True
                break
            settled = await self._take(batch, batch.actor, item)
            async with self._database.transaction() as connection:
                await batch_row.settle_items(connection, name, [settled])
                await batch_row.hold(connection, name, self._now() + batch_row.LEASE)
            waits |= settled.fate == "pending"
        at = self._now()
        async with self._database.transaction() as connection:
            if waits:
                await batch_row.hold(connection, name, at if monotonic() >= until else at + _LOOK_AGAIN)
            elif await batch_row.finish(connection, name, at):
                await append(connection, [await self._done(connection, name, at)])

    async def _take(self, batch: Batch, actor: Actor, item: BatchItem) -> BatchItem:
        """Do what can be done now about one action, and say what came of it."""
        row = await self._row(item.action)
        if not item.undo:
            item = await self._begun(batch, actor, item)
        try:
            return await self._settle(batch, actor, row, item)
        except (Refused, NotFound) as error:
            if error.code == _READ_ONLY:
                return BatchItem(row.id, "pending", item.undo, error.message, 0)
            fate = await self._foreseen(row)
            why = f"{error.message} {error.hint}".strip()
            return BatchItem(row.id, "stays", "", why, fate.left)

    async def _settle(self, batch: Batch, actor: Actor, row: ActionRow, item: BatchItem) -> BatchItem:
        if row.state == "waiting" or (row.state == "allowed" and row.attempts == 0):
            await self._guard.withdraw(actor, row.id, reason=batch.reason)
            return BatchItem(row.id, "withdrawn", "", WITHDRAWN, 0)
        if row.state == "executing" and _lapsed(row, self._now()):
            await self._guard.finish(row.id)
            row = await self._row(row.id)
        if row.state in {"allowed", "executing"}:
            return BatchItem(row.id, "pending", "", "It is being carried out; it is taken back once it is done.", 0)
        if row.error == WITHDRAWN:  # it was open when this batch was asked for
            return BatchItem(row.id, "withdrawn", "", WITHDRAWN, 0)
        if row.state != "executed" and not item.undo:
            return await self._foreseen(row)
        return await self._undo(batch, actor, row, item)

    async def _begun(self, batch: Batch, actor: Actor, item: BatchItem) -> BatchItem:
        """The item with its undo, when somebody died between beginning that and noting it."""
        name = action_id(actor, _key(batch, item.action))
        async with self._database.reading() as connection:
            return item if await find(connection, name) is None else replace(item, undo=name)

    async def _undo(self, batch: Batch, actor: Actor, row: ActionRow, item: BatchItem) -> BatchItem:
        undo = await self._row(item.undo) if item.undo else None
        if undo is None:
            origin = Origin(CorrelationId(batch.correlation), batch.id)
            key = _key(batch, row.id)
            decision = await self._guard.undo(actor, row.id, key=key, reason=batch.reason, origin=origin)
            undo = await self._row(decision.action_id)
        elif undo.state == "executing" and _lapsed(undo, self._now()):
            await self._guard.finish(undo.id)
            undo = await self._row(undo.id)
        if undo.state == "executed":
            return await self._left(row, undo)
        if undo.state in _NEVER_DONE:
            foreseen = await self._foreseen(row)
            why = undo.error or " ".join(reason.sentence or reason.rule for reason in undo.verdict.reasons)
            return BatchItem(row.id, "stays", undo.id, f"Its undo is {undo.state}: {why}", foreseen.left)
        waits = "Its undo waits for an approval." if undo.state == "waiting" else "Its undo is being carried out."
        return BatchItem(row.id, "pending", undo.id, f"{waits} {undo.error}".strip(), 0)

    async def _left(self, row: ActionRow, undo: ActionRow) -> BatchItem:
        """An action that was taken back: whole, or but for what its code had taken off already."""
        async with self._database.reading() as connection:
            order, left = await redeemed(connection, row)
        if not order:
            return BatchItem(row.id, "reversed", undo.id, undo.action.sentence(), 0)
        why = f"Its code was used on order {order}: {left} stays taken off. The code is ended."
        return BatchItem(row.id, "stays", undo.id, why, left.minor)

    async def _foreseen(self, row: ActionRow) -> BatchItem:
        async with self._database.reading() as connection:
            fate = (await foresee(connection, [row]))[row.id]
        return BatchItem(row.id, fate.name, "", f"{fate.why} {fate.instead}".strip(), fate.left.minor)

    async def _row(self, action: str) -> ActionRow:
        async with self._database.reading() as connection:
            row = await find(connection, action)
        assert row is not None  # noqa: S101  # actions stay
        return row

    async def _done(self, connection: Connection, name: str, at: datetime) -> Entry:
        batch = await find_batch(connection, name)
        assert batch is not None  # noqa: S101  # it was just settled
        rows = await find_all(connection, [item.action for item in batch.items])
        told = account(batch, batch.items, rows, at)
        return batch_entry(batch, "done", batch.actor, at, told.totals.model_dump())


def batch_entry(
    batch: Batch, step: str, actor: Actor | None, at: datetime, counts: dict[str, int] | None = None
) -> Entry:
    """The record of a batch that was asked for, started, declined, expired or done."""
    body: dict[str, Any] = {
        "batch": batch.id,
        "step": step,
        "scope": batch.scope.facts(),
        "actor": actor_facts(actor) if actor else None,
        "actions": [item.action for item in batch.items],
        "more": batch.more,
        "reason": batch.reason,
        "sentence": f"Undo of {batch.scope.sentence()} {step}: {len(batch.items)} actions.",
        **({"totals": counts} if counts is not None else {}),
    }
    return Entry("batch", at, body, correlation=batch.correlation)


def _lapsed(row: ActionRow, at: datetime) -> bool:
    return row.claimed_until is None or row.claimed_until <= at


def _key(batch: Batch, action: str) -> str:
    return f"{batch.id}:{action}"
