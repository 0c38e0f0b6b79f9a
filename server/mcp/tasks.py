"""Tasks (SEP-2663): a call that waits for a person answers with a handle, which its client can ask about for days.

This is the protocol's side: who may ask, in which words, and what every unknown id is told. What a task is about, and
where it stands, is its source's business.
https://modelcontextprotocol.github.io/ext-tasks/specification/2026-07-28/tasks.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp_types import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolRequestParams,
    ElicitResult,
    RequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from policies.vocabulary.actor import Actor
from tools.tool import Answer

EXTENSION: Final = "io.modelcontextprotocol/tasks"
POLL_EVERY: Final = 5_000  # milliseconds; what is waited for is a person
_COMPLETE: Final[dict[str, Any]] = {"resultType": "complete"}

Context = ServerRequestContext[Any]
Status = Literal["working", "input_required", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Task:
    """Where a task stands.

    Attributes:
        message: One sentence for whoever waits.
        keep_until: From then on the id is unknown.
        questions: Open questions to the client by key, when `input_required`.
        result: What the call would have answered, when `completed`.
        error: The JSON-RPC error it ended with, when `failed`.
    """

    id: str
    status: Status
    message: str
    made_at: datetime
    changed_at: datetime
    keep_until: datetime
    questions: dict[str, Any] = field(default_factory=dict[str, Any])
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    def created(self) -> dict[str, Any]:
        """As the answer to the call that made it; a question is only told to whoever asks after the task."""
        return {"resultType": "task", **self._told()}

    def detailed(self) -> dict[str, Any]:
        """As the answer to `tasks/get`."""
        more: dict[Status, dict[str, Any]] = {
            "input_required": {"inputRequests": self.questions},
            "completed": {"result": self.result},
            "failed": {"error": self.error},
        }
        return {**_COMPLETE, **self._told(), **more.get(self.status, {})}

    def _told(self) -> dict[str, Any]:
        return {
            "taskId": self.id,
            "status": self.status,
            "statusMessage": self.message,
            "createdAt": _wire(self.made_at),
            "lastUpdatedAt": _wire(self.changed_at),
            "ttlMs": int((self.keep_until - self.made_at).total_seconds() * 1000),
            "pollIntervalMs": POLL_EVERY,
        }


class TaskSource(Protocol):
    """What tasks are about. `asks` says whether the client can put a question to its person."""

    async def offer(self, actor: Actor, tool: str, answer: Answer, *, asks: bool) -> Task | None:
        """The task this answer is to be followed by, kept before it is returned; `None` for an answer that is final."""
        ...

    async def find(self, actor: Actor, task_id: str, *, asks: bool) -> Task | None:
        """A task of this actor's; `None` for every other id."""
        ...

    async def tell(self, actor: Actor, task_id: str, answers: Mapping[str, ElicitResult]) -> bool:
        """Take answers to its questions; False when the id is unknown. What was not asked is left aside."""
        ...

    async def cancel(self, actor: Actor, task_id: str) -> bool:
        """Give up what can still be given up; False when the id is unknown."""
        ...


class TaskParams(RequestParams):
    """Of `tasks/get` and `tasks/cancel`."""

    task_id: str


class TaskUpdateParams(TaskParams):
    """Of `tasks/update`."""

    input_responses: dict[str, Any]


class Tasks:
    """Serves the extension's methods. `actor_of` names the caller of a request, and raises for nobody we know."""

    def __init__(self, source: TaskSource, actor_of: Callable[[Context], Actor]) -> None:
        self._source = source
        self._actor_of = actor_of

    def add_to(self, server: Server[Any]) -> None:
        """Advertise the extension and serve its methods; there is no list, so that nobody learns of another's tasks."""
        server.extensions[EXTENSION] = {}
        server.add_request_handler("tasks/get", TaskParams, self._get)
        server.add_request_handler("tasks/update", TaskUpdateParams, self._update)
        server.add_request_handler("tasks/cancel", TaskParams, self._cancel)

    async def offer(self, context: Context, params: CallToolRequestParams, answer: Answer) -> dict[str, Any] | None:
        """The task to answer a call with; `None` when its answer is final, or the client did not say it knows tasks."""
        if not declared(context):
            return None
        actor = self._actor_of(context)
        task = await self._source.offer(actor, params.name, answer, asks=_asks(context))
        return None if task is None else task.created()

    async def _get(self, context: Context, params: TaskParams) -> dict[str, Any]:
        actor = self._caller(context, params)
        task = await self._source.find(actor, params.task_id, asks=_asks(context))
        if task is None:
            raise _unknown()
        return task.detailed()

    async def _update(self, context: Context, params: TaskUpdateParams) -> dict[str, Any]:
        actor = self._caller(context, params)
        answers = {key: answer for key, given in params.input_responses.items() if (answer := _answer(given))}
        if not await self._source.tell(actor, params.task_id, answers):
            raise _unknown()
        return _COMPLETE

    async def _cancel(self, context: Context, params: TaskParams) -> dict[str, Any]:
        actor = self._caller(context, params)
        if not await self._source.cancel(actor, params.task_id):
            raise _unknown()
        return _COMPLETE

    def _caller(self, context: Context, params: TaskParams) -> Actor:
        if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            raise MCPError(code=METHOD_NOT_FOUND, message="Method not found", data=context.method)
        if not declared(context):
            raise undeclared()
        if context.request is not None:
            routed = context.request.headers.get(MCP_NAME_HEADER)
            if routed is None or decode_header_value(routed) != params.task_id:
                raise MCPError(
                    code=HEADER_MISMATCH, message=f"{MCP_NAME_HEADER} header does not match the request's 'taskId'"
                )
        return self._actor_of(context)


def declared(context: Context) -> bool:
    """Whether this very request says that its client knows tasks; what an earlier one said does not count."""
    capabilities = context.session.client_capabilities
    extensions = capabilities.extensions if capabilities else None
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS and EXTENSION in (extensions or {})


def undeclared() -> MCPError:
    """The refusal of a request whose client did not say that it knows tasks."""
    return MCPError(
        code=MISSING_REQUIRED_CLIENT_CAPABILITY,
        message="Missing required client capability",
        data={"requiredCapabilities": {"extensions": {EXTENSION: {}}}},
    )


def _asks(context: Context) -> bool:
    capabilities = context.session.client_capabilities
    return capabilities is not None and capabilities.elicitation is not None


def _answer(given: Any) -> ElicitResult | None:
    """An answer to a question of ours; what is none was not asked for, and is left aside."""
    try:
        return ElicitResult.model_validate(given, by_name=False)
    except ValidationError:
        return None


def _unknown() -> MCPError:
    """The same for an id that never was, that is over, and that is somebody else's."""
    return MCPError(code=INVALID_PARAMS, message="Unknown task")


def _wire(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
