"""Takes many actions back together: each by the guard, under the rules, once, whatever dies in between.

A batch's actions are fixed when it is asked for. Whoever works on it settles one action after another, newest first;
when they die, somebody else goes on where they were. An action is never taken back twice, in how many batches ever.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from knowledge.privacy.scrub import scrub
from knowledge.store.session import Database, utc_now
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId
from tools.action_row import find, find_all
from tools.audit.ledger import append
from tools.proposal import Origin
from tools.undo import batch_row
from tools.undo.account import account
from tools.undo.batch_row import Batch, BatchItem, batch_id, find_batch
from tools.undo.fate import Fate, foresee
from tools.undo.report import UndoReport
from tools.undo.scope import Scope, find_scope
from tools.undo.settling import Guarding, Settling, batch_entry

_ASKED_FOR: Final = timedelta(hours=1)  # then nobody having started it counts as no
_ALL_DAY: Final = 86_400.0  # seconds
_LATEST: Final = 20


class Undoing:
    """Foresees, begins and goes on with batches.

    Args:
        database: Where they are kept.
        guard: Takes back and withdraws.
        now: The present, aware.
    """

    def __init__(self, database: Database, guard: Guarding, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._guard = guard
        self._now = now
        self._settling = Settling(database, guard, now)

    async def preview(self, actor: Actor, scope: Scope) -> UndoReport:
        """What taking this back now would do, and what it would leave done; nothing is changed.

        Raises:
            NotFound: No run has this id.
            Refused: The actor may not undo.
        """
        self._guard.authorize(actor, "undo_many")
        async with self._database.reading() as connection:
            ids, more = await find_scope(connection, scope, actor)
            rows = await find_all(connection, ids)
            fates = await foresee(connection, list(rows.values()))
        items = [BatchItem(each, fates[each].name, "", fates[each].why, fates[each].left.minor) for each in ids]
        batch = self._batch("", scope, actor, [], "", Origin(CorrelationId(""), ""), more)
        return account(batch, items, rows, self._now(), state="previewed")

    async def foresee(self, actor: Actor, action: str) -> Fate:
        """What undoing one action now would come to.

        Raises:
            NotFound: No such action where the actor may act.
            Refused: The actor may not undo.
        """
        async with self._database.reading() as connection:
            row = await find(connection, action)
            if row is None or not actor.covers(row.location):
                raise NotFound(
                    "No action of this id is known, or it belongs to a location you may not act at.",
                    code="action.unknown",
                    field="action_id",
                )
            self._guard.authorize(actor, "undo_action", row.location)
            return (await foresee(connection, [row]))[row.id]

    async def begin(  # noqa: PLR0913  # what, for whom, why, and for how long
        self, actor: Actor, scope: Scope, *, key: str, reason: str, origin: Origin, within: float = _ALL_DAY
    ) -> UndoReport:
        """Take everything in scope back; when the rules want a person to start it, ask for that instead.

        The same key again answers with the same batch as it stands, and goes on with it.

        Args:
            actor: Who asks.
            scope: What to take back.
            key: The idempotency key, unique per actor.
            reason: For the ledger; scrubbed of personal data.
            origin: The call.
            within: Seconds after which the rest is left to a worker.

        Raises:
            NotFound: No run has this id.
            Refused: The actor may not undo, or the key was used for another scope.
        """
        self._guard.authorize(actor, "undo_many")
        name, at = batch_id(actor, key), self._now()
        async with self._database.transaction() as connection:
            if (known := await find_batch(connection, name)) is None:
                ids, more = await find_scope(connection, scope, actor)
                known = self._batch(name, scope, actor, ids, scrub(reason).text, origin, more)
                if await batch_row.insert(connection, known):
                    step = "started" if known.state == "open" else "asked"
                    await append(connection, [batch_entry(known, step, actor, at)])
            elif (known.scope.kind, known.scope.name) != (scope.kind, scope.name):
                raise Refused(
                    "This idempotency key was already used for another undo.",
                    code="idempotency.key_reused",
                    hint="Choose a new key for a new scope.",
                    field="idempotency_key",
                )
        await self._settling.work(name, within)
        return await self._report(name)

    async def begun(self, actor: Actor, key: str) -> bool:
        """Whether this key of the actor's stands for a batch already."""
        async with self._database.reading() as connection:
            return await find_batch(connection, batch_id(actor, key)) is not None

    async def answer(self, actor: Actor, name: str, *, start: bool, within: float = _ALL_DAY) -> UndoReport:
        """A person's yes or no to a batch that was asked for; a yes does it in this person's name.

        Raises:
            NotFound: No such batch where the actor may look.
            Refused: The actor may not start it, or it was answered before, or nobody did in time.
        """
        batch = await self._find(actor, name)
        self._guard.authorize(actor, "start_undo")
        at = self._now()
        async with self._database.transaction() as connection:
            if not await batch_row.answer(connection, name, actor, start=start, at=at):
                raise Refused(
                    "This undo was answered before, or nobody did in time.",
                    code="undo.answered",
                    hint="Ask for it again if it is still wanted.",
                    field="batch_id",
                )
            await append(connection, [batch_entry(batch, "started" if start else "declined", actor, at)])
        if start:
            await self._settling.work(name, within)
        return await self._report(name)

    async def report(self, actor: Actor, name: str) -> UndoReport:
        """A batch as it stands.

        Raises:
            NotFound: No such batch where the actor may look.
            Refused: The actor may not undo.
        """
        await self._find(actor, name)
        return await self._report(name)

    async def go_on(self, actor: Actor, name: str, *, within: float = _ALL_DAY) -> UndoReport:
        """Go on with a batch now, unless somebody else does, and tell how it stands.

        Raises:
            NotFound: No such batch where the actor may look.
            Refused: The actor may not undo.
        """
        await self._find(actor, name)
        await self._settling.work(name, within)
        return await self._report(name)

    async def latest(self, actor: Actor) -> list[UndoReport]:
        """The newest batches this actor may look at, unfinished ones first.

        Raises:
            Refused: The actor may not undo.
        """
        self._guard.authorize(actor, "undo_many")
        async with self._database.reading() as connection:
            names = await batch_row.latest(connection, _LATEST)
            batches = [batch for name in names if (batch := await find_batch(connection, name))]
        return [await self._report(batch.id) for batch in batches if _may_look(actor, batch)]

    async def carry_on(self) -> int:
        """Go on with batches nobody works on, and decline what nobody started in time; returns how many it took up."""
        at = self._now()
        async with self._database.transaction() as connection:
            for name in await batch_row.expire(connection, at):
                batch = await find_batch(connection, name)
                assert batch is not None  # noqa: S101  # it was just declined
                await append(connection, [batch_entry(batch, "expired", None, at)])
        async with self._database.reading() as connection:
            names = await batch_row.open_batches(connection, at)
        for name in names:
            await self._settling.work(name, _ALL_DAY)
        return len(names)

    def _batch(  # noqa: PLR0913, PLR0917  # what makes one
        self, name: str, scope: Scope, actor: Actor, ids: Sequence[str], reason: str, origin: Origin, more: int
    ) -> Batch:
        at = self._now()
        starts = self._may_start(actor)
        return Batch(
            id=name,
            scope=scope,
            asked_by=actor,
            actor=actor if starts else None,
            reason=reason,
            correlation=origin.correlation,
            state="open" if starts else "asked",
            more=more,
            made_at=at,
            expires_at=at + _ASKED_FOR,
            not_before=at,
            items=tuple(BatchItem(each, "", "", "", 0) for each in ids),
        )

    def _may_start(self, actor: Actor) -> bool:
        try:
            self._guard.authorize(actor, "start_undo")
        except Refused:
            return False
        return True

    async def _find(self, actor: Actor, name: str) -> Batch:
        self._guard.authorize(actor, "undo_many")
        async with self._database.reading() as connection:
            batch = await find_batch(connection, name)
        if batch is None or not _may_look(actor, batch):
            raise NotFound(
                "No undo of this id is known, or it reaches locations you may not act at.",
                code="undo.unknown_batch",
                field="batch_id",
            )
        return batch

    async def _report(self, name: str) -> UndoReport:
        async with self._database.reading() as connection:
            batch = await find_batch(connection, name)
            assert batch is not None  # noqa: S101  # batches stay
            rows = await find_all(connection, [item.action for item in batch.items])
            fates = await foresee(connection, [rows[item.action] for item in batch.items if not item.fate])
        items = [
            item
            if item.fate
            else BatchItem(item.action, "pending", "", fates[item.action].why, fates[item.action].left.minor)
            for item in batch.items
        ]
        return account(batch, items, rows, self._now())


def _may_look(actor: Actor, batch: Batch) -> bool:
    """A batch reaches where its asker may act; who may act in fewer places does not see it."""
    if actor.locations is None or actor.id == batch.asked_by.id:
        return True
    return batch.asked_by.locations is not None and batch.asked_by.locations <= actor.locations
