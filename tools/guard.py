"""The one door: whoever wants something done, and through whichever way they came, comes through here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.privacy.scrub import scrub
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.actions.action import Effect
from policies.decision import Outcome
from policies.engine import Engine
from policies.errors import Refused, TillhandError
from policies.vocabulary.actor import Actor
from tools import approval
from tools.access import authorize, find_tool, named, read_arguments, recorded, visible
from tools.action_row import ActionRow, actor_facts, find
from tools.approval import Expired
from tools.audit.entry import Entry
from tools.audit.journal import Journal
from tools.audit.ledger import append
from tools.compensate import undoable
from tools.decide import Answered, decide, preview
from tools.executor import Executor
from tools.proposal import Decision, Origin, Proposal
from tools.read.approval import Waiting, waiting
from tools.record import Request
from tools.tool import Answer, Arguments, Call, Tool

_SHOWN = 500  # approvals in one list; more waiting at once means that nobody answers


class Guard:
    """Decides, records, has carried out and takes back.

    Args:
        database: Where everything is kept.
        engine: The rules.
        places: The locations.
        executor: Carries out what is allowed.
        tools: By name; may be filled after the guard is made, because some tools ask the guard.
        now: The present, aware.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the one place where all of this meets
        self,
        database: Database,
        engine: Engine,
        places: Places,
        executor: Executor,
        tools: Mapping[str, Tool],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._engine = engine
        self._places = places
        self._executor = executor
        self._tools = tools
        self._now = now
        self._journal = Journal(database)

    async def propose(self, actor: Actor, proposal: Proposal, *, wait: bool = True) -> Decision:
        """Decide and record; when allowed, carry out before returning (`wait`), or leave it to a worker.

        A denial is an answer, not an error.

        Raises:
            NotFound: It names something unknown.
            Refused: It is not well formed, or its key was used for something else.
            Unavailable: The database does not answer; the same proposal may be made again.
        """
        return await self._decide(Request(actor, proposal), wait=wait)

    async def propose_all(self, actor_and_proposals: Sequence[tuple[Actor, Proposal]]) -> list[Decision]:
        """Decide a burst in one transaction, in its order; workers carry out what is allowed.

        What cannot be judged is answered as a denial without an action, its error as the reason: it does not keep the
        others from being judged.
        """
        if not actor_and_proposals:
            return []
        requests = [Request(actor, proposal) for actor, proposal in actor_and_proposals]
        async with self._database.transaction() as connection:
            answers = await decide(connection, self._engine, self._places, requests, self._now())
        return [_denied(each) if isinstance(each, TillhandError) else each for each in answers]

    async def preview(self, actor: Actor, proposal: Proposal) -> Decision:
        """What `propose` would decide now, with an empty `action_id`; nothing is kept or promised.

        Raises:
            TillhandError: It cannot be judged, as in `propose`.
        """
        async with self._database.reading() as connection:
            return await preview(connection, self._engine, self._places, Request(actor, proposal), self._now())

    def visible(self, actor: Actor) -> list[Tool]:
        """The tools this actor may use somewhere."""
        return visible(self._engine, actor, self._tools)

    async def invoke(self, actor: Actor, tool_name: str, arguments: Mapping[str, Any], origin: Origin) -> Answer:
        """Run a tool for somebody: access, arguments, the tool, and the record, whatever comes of it.

        Raises:
            NotFound: No such tool, or not for this actor; or the tool says so.
            Refused: The actor may not, or the arguments are not right; or the tool says so.
            Unavailable: Something the tool needs does not answer.
        """
        tool, read = None, None
        try:
            tool = find_tool(self._engine, actor, self._tools, tool_name)
            read = read_arguments(tool, arguments)
            authorize(self._engine, actor, tool.name, read.location())
            answer = await tool.run(Call(actor, origin), read)
        except Exception as error:
            code = error.code if isinstance(error, TillhandError) else "internal.failed"
            await self._record(self._called(actor, tool, read, origin, code))
            raise
        entry = self._called(actor, tool, read, origin, "answered")
        if tool.effect is Effect.READ:
            self._journal.keep(entry)
        else:
            await self._record(entry)
        return answer

    async def answer(self, actor: Actor, approval_id: str, approve: bool, note: str = "") -> Decision:
        """A person's yes or no to a waiting action; a yes is judged again with the facts of now, and carried out.

        Raises:
            NotFound: No such approval where the actor may act.
            Refused: The actor may not answer, or the approval was answered, has expired, or is for something else.
        """
        at = self._now()
        try:
            async with self._database.transaction() as connection:
                row = await approval.answer(
                    connection, self._engine, actor, approval_id, approve=approve, note=scrub(note).text, at=at
                )
            if isinstance(row, Expired):
                raise Refused(
                    "This approval has expired, which counts as no.",
                    code="approval.expired",
                    hint="Have the action proposed again if it is still wanted.",
                    field="approval_id",
                )
        except TillhandError as error:
            await self._record(_attempt(actor, "decide_approval", approval_id, error, at))
            raise
        return await self._executor.carry_out(row.id) if row.state == "allowed" else row.decision()

    async def undo(self, actor: Actor, action_id: str, *, key: str, reason: str, origin: Origin) -> Decision:
        """Take back an executed action by its inverse, which is an action too: judged, carried out and recorded.

        The decision is the inverse's. Undoing twice answers with the first.

        Raises:
            NotFound: No such action where the actor may act.
            Refused: The actor may not undo, or it cannot be undone; the hint says what to do instead.
        """
        at = self._now()
        try:
            async with self._database.transaction() as connection:
                row, inverse, earlier = await undoable(connection, self._engine, actor, action_id)
                if earlier is not None or inverse is None:
                    return (earlier or row).decision(replayed=True)
                proposal = Proposal(inverse, key, origin, scrub(reason).text, evidence={"undoes": row.id})
                request = Request(actor, proposal, undoes=row.id)
                (answer,) = await decide(connection, self._engine, self._places, [request], at, claim=True)
                claimed = await _claimed(connection, answer)
        except TillhandError as error:
            await self._record(_attempt(actor, "undo_action", action_id, error, at))
            raise
        if isinstance(answer, TillhandError):
            raise answer
        return await self._carry_out(answer, claimed)

    async def expire(self, now: datetime | None = None) -> int:
        """Turn every approval whose time is up into "no"; returns how many."""
        expired = 0
        while True:
            async with self._database.transaction() as connection:
                batch = await approval.expire(connection, now or self._now())
            expired += batch
            if not batch:
                return expired

    async def waiting(self, actor: Actor) -> list[Waiting]:
        """What waits for a person where this actor may look, longest waiting first.

        Raises:
            Refused: The actor's role may not see approvals.
        """
        authorize(self._engine, actor, "list_approvals", None)
        places = None if actor.locations is None else sorted(actor.locations)
        async with self._database.reading() as connection:
            return await waiting(connection, places, self._now(), limit=_SHOWN)

    async def note(self, actor: Actor, notes: Sequence[tuple[Origin, str]]) -> None:
        """Record sentences worth keeping though nothing is asked for; they carry no personal data."""
        at = self._now()
        entries = [
            Entry(
                "note",
                at,
                {"actor": actor.id, "causation": origin.causation, "sentence": sentence},
                correlation=origin.correlation,
            )
            for origin, sentence in notes
        ]
        if entries:
            await self._record(*entries)

    async def flush(self) -> None:
        """Wait until every read answered so far is on record."""
        await self._journal.flush()

    async def close(self) -> None:
        """Record what is still to be recorded; call once, before the database is closed."""
        await self._journal.close()

    async def _decide(self, request: Request, *, wait: bool) -> Decision:
        async with self._database.transaction() as connection:
            (answer,) = await decide(connection, self._engine, self._places, [request], self._now(), claim=wait)
            claimed = await _claimed(connection, answer)
        if isinstance(answer, TillhandError):
            raise answer
        return await self._carry_out(answer, claimed) if wait else answer

    async def _carry_out(self, answer: Decision, claimed: ActionRow | None) -> Decision:
        """Finish what was decided a moment ago; a retry of something left undone picks it up again."""
        if claimed is not None:
            return await self._executor.perform(claimed)
        if answer.replayed and answer.state in {"allowed", "executing"}:
            return replace(await self._executor.carry_out(answer.action_id), replayed=True)
        return answer

    def _called(
        self, actor: Actor, tool: Tool | None, arguments: Arguments | None, origin: Origin, result: str
    ) -> Entry:
        body: dict[str, Any] = {
            "actor": actor_facts(actor),
            "tool": tool.name if tool else "?",
            "arguments": recorded(arguments),
            "causation": origin.causation,
            "result": result,
        }
        return Entry("call", self._now(), body, correlation=origin.correlation)

    async def _record(self, *entries: Entry) -> None:
        async with self._database.transaction() as connection:
            await append(connection, entries)


async def _claimed(connection: AsyncConnection, answer: Answered) -> ActionRow | None:
    """The action, when it was claimed in this transaction and is to be carried out right after it."""
    if isinstance(answer, TillhandError) or answer.replayed or answer.state != "executing":
        return None
    return await find(connection, answer.action_id)


def _denied(error: TillhandError) -> Decision:
    """What could not be judged, as a burst is told it."""
    reasons = ((error.code, error.message),)
    return Decision("", "denied", Outcome.DENY, reasons, error=error.message)


def _attempt(actor: Actor, asked: str, about: str, error: TillhandError, at: datetime) -> Entry:
    body: dict[str, Any] = {
        "actor": actor_facts(actor),
        "asked": asked,
        "about": named(about),
        "code": error.code,
        "sentence": error.message,
    }
    return Entry("refused", at, body)
