"""The suite's task fixtures: jobs in memory behind the same task protocol that serves our approvals."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequest, ElicitResult

from policies.vocabulary.actor import Actor
from server.mcp.tasks import Status, Task
from tests.conformance.fixtures import FIXTURES, TASK_TOOLS, follows
from tests.conformance.moment import Moment, now, said
from tests.conformance.questions import form
from tools.tool import Answer


@dataclass
class _Job:
    owner: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    status: Status = "working"
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    questions: dict[str, ElicitRequest] = field(default_factory=dict[str, ElicitRequest])
    answers: dict[str, ElicitResult] = field(default_factory=dict[str, ElicitResult])
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    running: asyncio.Task[None] | None = None

    def become(self, status: Status) -> None:
        self.status, self.changed_at = status, datetime.now(UTC)

    async def ask(self, **questions: ElicitRequest) -> dict[str, ElicitResult]:
        self.questions = questions
        self.become("input_required")
        await self.answered.wait()
        self.become("working")
        return self.answers

    def told(self) -> Task:
        return Task(
            id=self.id,
            status=self.status,
            message=self.status,
            made_at=self.made_at,
            changed_at=self.changed_at,
            keep_until=self.made_at + timedelta(hours=1),
            questions={
                key: each.model_dump(by_alias=True, mode="json", exclude_none=True)
                for key, each in self.questions.items()
            },
            result=self.result,
            error=self.error,
        )


class Jobs:
    """Implements `server.mcp.tasks.TaskSource` for the suite."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}

    async def offer(self, actor: Actor, tool: str, answer: Answer, *, asks: bool) -> Task | None:
        moment = now()
        if moment is None or tool not in TASK_TOOLS or not follows(moment):
            return None
        job = _Job(actor.id)
        self._jobs[job.id] = job
        job.running = asyncio.create_task(_run(job, moment))
        return job.told()

    async def find(self, actor: Actor, task_id: str, *, asks: bool) -> Task | None:
        job = self._of(actor, task_id)
        return None if job is None else job.told()

    async def tell(self, actor: Actor, task_id: str, answers: Mapping[str, ElicitResult]) -> bool:
        job = self._of(actor, task_id)
        if job is None:
            return False
        for key, given in answers.items():
            if key in job.questions:
                del job.questions[key]
                job.answers[key] = given
        if not job.questions and job.answers:
            job.answered.set()
        return True

    async def cancel(self, actor: Actor, task_id: str) -> bool:
        job = self._of(actor, task_id)
        if job is None:
            return False
        if job.running is not None and job.status in {"working", "input_required"}:
            job.running.cancel()
            job.become("cancelled")
        return True

    def _of(self, actor: Actor, task_id: str) -> _Job | None:
        job = self._jobs.get(task_id)
        return job if job is not None and job.owner == actor.id else None


async def _run(job: _Job, moment: Moment) -> None:
    name, arguments = moment.params.name, moment.params.arguments or {}
    asking: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "confirm_delete": lambda: _confirm(job, str(arguments.get("filename", "it"))),
        "multi_input": lambda: _both(job),
    }
    try:
        done = await asking[name]() if name in asking else await FIXTURES[name][0](moment, arguments)
        assert isinstance(done, dict)
        job.result = {key: value for key, value in done.items() if key != "resultType"}
        job.become("completed")
    except MCPError as error:
        job.error = error.error.model_dump(mode="json", exclude_none=True)
        job.become("failed")


async def _confirm(job: _Job, file: str) -> dict[str, Any]:
    given = await job.ask(confirm=form(f"Delete {file}?", confirm="boolean"))
    return said(f"{given['confirm'].action} {given['confirm'].content}")


async def _both(job: _Job) -> dict[str, Any]:
    given = await job.ask(first=form("First?", name="string"), second=form("Second?", name="string"))
    return said(" ".join(sorted(given)))
