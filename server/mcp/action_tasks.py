"""Tasks about actions that wait for a person. A task stands where its action stands: nothing is kept twice."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

from mcp_types import ElicitResult

from knowledge.store.session import Database, utc_now
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId
from server.mcp.calls import new_call
from server.mcp.confirm import QUESTION, asked, question, said_yes
from server.mcp.results import answered
from server.mcp.task_rows import TaskRow, cancel_task, find_task, first_told, keep_task
from server.mcp.tasks import Status, Task
from tools.action_row import ActionRow, find
from tools.proposal import Decision, Origin
from tools.propose.decided import Decided, decided
from tools.tool import Answer, Tool
from tools.undo.fate import WITHDRAWN

KEPT_AFTER: Final = timedelta(hours=24)
"""How long the end of a task can be asked after, from when its approval would have run out."""

_WORKING: Final = {
    "waiting": "Waiting for another person to approve it.",
    "allowed": "Approved; it is being carried out.",
    "executing": "Approved; it is being carried out.",
}
_CONFIRM: Final = "Waiting for the person it is done for to confirm it."
_WITHDRAW: Final = "Given up by whoever asked for it."


class Guarding(Protocol):
    """The part of the guard tasks use."""

    def visible(self, actor: Actor) -> list[Tool]:
        """The tools this actor may use somewhere."""
        ...

    async def answer(self, actor: Actor, approval_id: str, approve: bool, note: str = "") -> Decision:
        """A person's yes or no."""
        ...

    async def withdraw(self, actor: Actor, action_id: str, *, reason: str) -> Decision:
        """Keep a waiting action from happening."""
        ...

    async def note(self, actor: Actor, notes: list[tuple[Origin, str]]) -> None:
        """Record a sentence."""
        ...


class ActionTasks:
    """Implements `server.mcp.tasks.TaskSource` over the table `task`."""

    def __init__(self, database: Database, guard: Guarding, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._guard = guard
        self._now = now

    async def offer(self, actor: Actor, tool: str, answer: Answer, *, asks: bool) -> Task | None:
        """A task for every action that waits, and for no other."""
        if not isinstance(answer, Decided) or answer.state != "waiting":
            return None
        at = self._now()
        keep_until = (answer.expires_at or at) + KEPT_AFTER
        async with self._database.transaction() as connection:
            task_id = await keep_task(connection, actor.id, tool, answer.action_id, at=at, keep_until=keep_until)
        return None if task_id is None else await self.find(actor, task_id, asks=asks)

    async def find(self, actor: Actor, task_id: str, *, asks: bool) -> Task | None:
        """Where the actor's task stands; unknown too when they may no longer use its tool or look at its location."""
        found = await self._find(actor, task_id)
        if found is None:
            return None
        task, row = found
        status, message = _status(task, row)
        if row.state == "waiting" and row.needs == "confirm" and asks and not actor.model:
            status = "input_required"
        result = answered(decided(row.decision(), row.action, self._now())) if status == "completed" else None
        if result is not None:
            result.pop("resultType", None)  # the task's answer carries its own
            await self._told(actor, task, row)
        return Task(
            id=task.id,
            status=status,
            message=message,
            made_at=task.made_at,
            changed_at=task.changed_at,
            keep_until=task.keep_until,
            questions={QUESTION: asked(_question(row))} if status == "input_required" else {},
            result=result,
        )

    async def tell(self, actor: Actor, task_id: str, answers: Mapping[str, ElicitResult]) -> bool:
        """A person's yes or no to their own action; the guard hears it and refuses it to every model."""
        found = await self._find(actor, task_id)
        if found is None:
            return False
        _, row = found
        given = answers.get(QUESTION)
        if row.state == "waiting" and row.needs == "confirm" and row.approval_id and given is not None:
            with suppress(Refused, NotFound):  # on record; the next question about the task tells where it stands
                await self._guard.answer(actor, row.approval_id, said_yes(given), "confirmed through their task")
        return True

    async def cancel(self, actor: Actor, task_id: str) -> bool:
        """Withdraw the proposal while it waits; what was approved meanwhile is done, and undone by undo_action."""
        found = await self._find(actor, task_id)
        if found is None:
            return False
        _, row = found
        if row.state != "waiting":
            return True
        async with self._database.transaction() as connection:
            await cancel_task(connection, task_id, self._now())
        with suppress(Refused, NotFound):  # somebody answered first, and their answer stands
            await self._guard.withdraw(actor, row.id, reason=_WITHDRAW)
        return True

    async def _told(self, actor: Actor, task: TaskRow, row: ActionRow) -> None:
        """Have it on record, once, that the owner knows how it ended; asking in vain leaves no record."""
        async with self._database.transaction() as connection:
            first = await first_told(connection, task.id, self._now())
        if first:
            origin = Origin(CorrelationId(row.correlation), new_call())
            await self._guard.note(actor, [(origin, f"Told whoever asked for {row.id} that it is {row.state}.")])

    async def _find(self, actor: Actor, task_id: str) -> tuple[TaskRow, ActionRow] | None:
        async with self._database.reading() as connection:
            task = await find_task(connection, actor.id, task_id, self._now())
            row = None if task is None else await find(connection, task.action_id)
        if task is None or row is None or not actor.covers(row.location):
            return None
        return (task, row) if task.tool in {tool.name for tool in self._guard.visible(actor)} else None


def _status(task: TaskRow, row: ActionRow) -> tuple[Status, str]:
    if row.state == "waiting" and row.needs == "confirm":
        return "working", _CONFIRM
    if row.state in _WORKING:
        return "working", _WORKING[row.state]
    if task.cancelled and row.error == WITHDRAWN:
        return "cancelled", row.error
    return "completed", f"It is {row.state}."


def _question(row: ActionRow) -> str:
    return question(row.action.sentence(), (reason.sentence for reason in row.verdict.reasons))
