"""The one door: whoever wants something done, and through whichever way they came, comes through here."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from knowledge.identity.card import refuse_cards
from knowledge.privacy.scrub import scrub
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.actions.action import Effect
from policies.actions.lower import Edit
from policies.decision import Outcome
from policies.engine import Engine
from policies.errors import NotFound, TillhandError, Unavailable
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import ActionId, LocationId
from tools import approval
from tools.access import authorize, find_tool, read_arguments, recorded, visible
from tools.action_row import ActionRow, actor_facts
from tools.answering import Answering
from tools.audit.entry import Entry
from tools.audit.journal import Journal
from tools.audit.ledger import append
from tools.compensate import give_way, undoable, withdraw
from tools.decide import decide, preview
from tools.executor import Executor
from tools.ladder.standing import bound
from tools.ladder.watch import watch
from tools.not_done import attempt, denied, reading_only
from tools.pace import Pace
from tools.proposal import Decision, Origin, Proposal
from tools.read.approval import Waiting, waiting
from tools.recognition.joining import link_all
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
        pace: How much one caller may call; without one, as much as they like.
        read_only: Nobody may have anything done, through whichever door and whatever anything else says.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the one place where all of this meets
        self,
        database: Database,
        engine: Engine,
        places: Places,
        executor: Executor,
        tools: Mapping[str, Tool],
        now: Callable[[], datetime] = utc_now,
        *,
        pace: Pace | None = None,
        read_only: bool = False,
    ) -> None:
        self._database = database
        self._engine = engine
        self._places = places
        self._executor = executor
        self._tools = tools
        self._now = now
        self._pace = pace
        self._read_only = read_only
        self._journal = Journal(database)
        self._answering = Answering(database, engine, places, executor.prices)

    async def propose(self, actor: Actor, proposal: Proposal, *, wait: bool = True, instead_of: str = "") -> Decision:
        """Decide and record; when allowed, carry out before returning (`wait`), or leave it to a worker.

        A denial is an answer, not an error. `instead_of` names an earlier proposal of the same actor: where it still
        waits, it is withdrawn in the same transaction, so that nobody is asked twice.

        Raises:
            NotFound: It names something unknown.
            Refused: It is not well formed, or its key was used for something else.
            Unavailable: The database does not answer; the same proposal may be made again.
        """
        if self._read_only:
            return denied(reading_only())
        return await self._decide(Request(actor, proposal), wait=wait, instead_of=instead_of)

    async def propose_all(self, actor_and_proposals: Sequence[tuple[Actor, Proposal]]) -> list[Decision]:
        """Decide a burst in one transaction, in its order; workers carry out what is allowed.

        What cannot be judged is answered as a denial without an action, its error as the reason: it does not keep the
        others from being judged.
        """
        if not actor_and_proposals:
            return []
        if self._read_only:
            return [denied(reading_only()) for _ in actor_and_proposals]
        requests = [Request(actor, proposal) for actor, proposal in actor_and_proposals]
        async with self._database.transaction() as connection:
            decided = await decide(connection, self._engine, self._places, requests, self._now())
        return [denied(each) if isinstance(each, TillhandError) else each for each in decided.answers]

    async def link_all(self, actor: Actor, proposals: Sequence[Proposal]) -> list[Decision]:
        """Decide a burst of links in one transaction, and carry out together what is allowed of it.

        One that cannot be judged is answered as in `propose_all`; one proposed before as it stands.

        Raises:
            Misconfigured: Nobody here writes links down.
        """
        if self._read_only:
            return [denied(reading_only()) for _ in proposals]
        requests = [Request(actor, each) for each in proposals]
        answers = await link_all(self._database, self._engine, self._places, self._executor.links, requests, self._now)
        return [denied(each) if isinstance(each, TillhandError) else each for each in answers]

    async def preview(self, actor: Actor, proposal: Proposal) -> Decision:
        """What `propose` would decide now, with an empty `action_id`; nothing is kept or promised.

        Raises:
            TillhandError: It cannot be judged, as in `propose`.
        """
        async with self._database.reading() as connection:
            return await preview(connection, self._engine, self._places, Request(actor, proposal), self._now())

    def visible(self, actor: Actor) -> list[Tool]:
        """The tools this actor may use somewhere."""
        return visible(self._engine, actor, self._tools, read_only=self._read_only)

    async def invoke(self, actor: Actor, tool_name: str, arguments: Mapping[str, Any], origin: Origin) -> Answer:
        """Run a tool for somebody: access, arguments, the tool, and the record, whatever comes of it.

        Raises:
            NotFound: No such tool, or not for this actor; or the tool says so.
            Refused: The actor may not, or the arguments are not right; or the tool says so.
            Unavailable: Something the tool needs does not answer.
        """
        tool, read = None, None
        try:
            tool = self._find(actor, tool_name)
            for name, value in arguments.items():
                refuse_cards({name: value}, field=name)
            read = read_arguments(tool, arguments)
            authorize(self._engine, actor, tool.name, read.location())
            answer = await self._run(tool, Call(actor, origin), read)
        except Exception as error:
            code = error.code if isinstance(error, TillhandError) else "internal.failed"
            entry = self._called(actor, tool, read, origin, code)
            if code.startswith("rate."):  # a flood must not cost a transaction for every drop
                self._journal.keep(entry)
            else:
                await self._record(entry)
            raise
        entry = self._called(actor, tool, read, origin, "answered")
        self._journal.keep(entry)
        if tool.effect is not Effect.READ:
            await self._journal.flush()  # with those of everybody who waits for the same
        return answer

    async def answer(self, actor: Actor, approval_id: str, approve: bool, note: str = "") -> Decision:
        """A person's yes or no to a waiting action; a yes is judged again with the facts of now, and carried out.

        Where AI only suggests, a yes makes it the person's own action: see `take`.

        Raises:
            NotFound: No such approval where the actor may act.
            Refused: The actor may not answer, or the approval was answered, has expired, or is for something else.
        """
        return await self._answer(actor, approval_id, note, Edit() if approve else None, own=False)

    async def take(self, actor: Actor, approval_id: str, *, edit: Edit, note: str = "") -> Decision:
        """Carry a waiting action through as the person's own, as it is or for less; the first one is closed.

        The decision is the new action's. Asking again with the same approval answers with the first.

        Raises:
            NotFound: No such approval where the actor may act.
            Refused: As in `answer`; or it is not less, or the rules deny it: then the approval waits as before.
        """
        return await self._answer(actor, approval_id, note, edit, own=True)

    async def _answer(self, actor: Actor, approval_id: str, note: str, yes: Edit | None, *, own: bool) -> Decision:
        self._may_act()
        at = self._now()
        try:
            answer, claimed = await self._answering.answer(actor, approval_id, scrub(note).text, yes, own=own, at=at)
        except TillhandError as error:
            await self._record(attempt(actor, "decide_approval", approval_id, error, at))
            raise
        if answer.state == "allowed" and not answer.replayed:
            return await self._executor.carry_out(answer.action_id)
        return await self._carry_out(answer, claimed)

    def authorize(self, actor: Actor, what: str, location: LocationId | None = None) -> None:
        """Let through whom the access rules let through, for what is no tool's call.

        Raises:
            Refused: They do not; `code` is the rule's id.
        """
        authorize(self._engine, actor, what, location)

    async def undo(self, actor: Actor, action_id: str, *, key: str, reason: str, origin: Origin) -> Decision:
        """Take back an executed action by its inverse, which is an action too: judged, carried out and recorded.

        The decision is the inverse's. Undoing twice answers with the first.

        Raises:
            NotFound: No such action where the actor may act.
            Refused: The actor may not undo, or it cannot be undone; the hint says what to do instead.
        """
        self._may_act()
        at = self._now()
        try:
            async with self._database.transaction() as connection:
                row, inverse, earlier = await undoable(connection, self._engine, actor, action_id)
                if earlier is not None or inverse is None:
                    answer, claimed = (earlier or row).decision(replayed=True), None
                else:
                    proposal = Proposal(inverse, key, origin, scrub(reason).text, evidence={"undoes": row.id})
                    request = Request(actor, proposal, undoes=row.id)
                    decided = await decide(connection, self._engine, self._places, [request], at, claim=True)
                    answer, claimed = decided.one()
        except TillhandError as error:
            await self._record(attempt(actor, "undo_action", action_id, error, at))
            raise
        if isinstance(answer, TillhandError):
            raise answer
        done = await self._carry_out(answer, claimed)
        if done.state == "executed" and not done.replayed and bound(row.actor):
            await self._look_for_breaches(row)
        return done

    async def withdraw(self, actor: Actor, action_id: str, *, reason: str) -> Decision:
        """Keep what waits, or is allowed and was never tried, from happening; withdrawing twice answers alike.

        Raises:
            NotFound: No such action where the actor may act.
            Refused: The actor may not undo, or it is too late.
        """
        self._may_act()
        at = self._now()
        try:
            async with self._database.transaction() as connection:
                told = scrub(reason).text
                row = await withdraw(connection, self._engine, actor, action_id, reason=told, at=at)
        except TillhandError as error:
            await self._record(attempt(actor, "withdraw_action", action_id, error, at))
            raise
        return row.decision()

    async def finish(self, action_id: str) -> Decision:
        """Carry out what was allowed and is not done, or answer where it stands.

        Raises:
            NotFound: No such action.
        """
        self._may_act()
        return await self._executor.carry_out(action_id)

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
        """What waits for a person where this actor may look, longest waiting first; of some, what they may answer.

        Raises:
            Refused: The actor's role may not see approvals.
        """
        answers = self._engine.may(actor, "decide_override", None).outcome is Outcome.ALLOW
        every_kind = self._engine.may(actor, "list_approvals", None).outcome is Outcome.ALLOW
        authorize(self._engine, actor, "list_approvals" if every_kind or not answers else "decide_override", None)
        places = None if actor.locations is None else sorted(actor.locations)
        async with self._database.reading() as connection:
            kinds = None if every_kind else approval.OVERRIDES
            return await waiting(connection, places, self._now(), kinds=kinds, limit=_SHOWN)

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

    async def _look_for_breaches(self, row: ActionRow) -> None:
        """What AI did was taken back: is that once too often?"""
        with suppress(Unavailable):  # the undo is done, and the clock looks again within a minute
            async with self._database.transaction() as connection:
                at, kind = self._now(), row.action.kind
                await watch(connection, self._engine, self._places, at, location=row.location, kind=kind)

    def _find(self, actor: Actor, name: str) -> Tool:
        """The tool, counted as one more call of it; what is hidden is counted as what does not exist."""
        try:
            tool = find_tool(self._engine, actor, self._tools, name, read_only=self._read_only)
        except NotFound:
            if self._pace is not None:
                self._pace.spend(actor, "?", Effect.READ)
            raise
        if self._pace is not None:
            self._pace.spend(actor, tool.name, tool.effect)
        return tool

    async def _run(self, tool: Tool, call: Call, read: Arguments) -> Answer:
        """The tool's answer, in its caller's turn; a write is never cut short, for nobody could tell how far it got."""
        if self._pace is None:
            return await tool.run(call, read)
        with self._pace.turn(call.actor):
            if tool.effect is not Effect.READ:
                return await tool.run(call, read)
            try:
                async with asyncio.timeout(self._pace.read_within_s):
                    return await tool.run(call, read)
            except TimeoutError as error:
                raise Unavailable(
                    "This took too long and was given up; nothing was changed.",
                    code="tool.timeout",
                    hint="Ask for less: a narrower question, one location, or a smaller limit.",
                ) from error

    def _may_act(self) -> None:
        if self._read_only:
            raise reading_only()

    async def _decide(self, request: Request, *, wait: bool, instead_of: str) -> Decision:
        async with self._database.transaction() as connection:
            if instead_of and await give_way(connection, self._engine, request.actor, instead_of, at=self._now()):
                request = replace(request, supersedes=ActionId(instead_of))
            decided = await decide(connection, self._engine, self._places, [request], self._now(), claim=wait)
        answer, claimed = decided.one()
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
            "arguments": recorded(
                arguments, answered=result == "answered", locations={str(place.id) for place in self._places}
            ),
            "causation": origin.causation,
            "result": result,
        }
        return Entry("call", self._now(), body, correlation=origin.correlation)

    async def _record(self, *entries: Entry) -> None:
        async with self._database.transaction() as connection:
            await append(connection, entries)
