"""One MCP call: whose it is, through the guard, and back as a result. Nothing here knows a tool by name."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol
from uuid import uuid4

from anyio import CancelScope
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams, InputRequiredResult

from policies.actions.action import Effect
from policies.errors import NotFound, TillhandError
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId
from server.mcp.cards import Cards
from server.mcp.confirm import ask, needs_confirmation
from server.mcp.masked import incident
from server.mcp.progress import telling
from server.mcp.results import answered, error_body, failed
from server.mcp.tasks import Tasks, TaskSource
from tools.proposal import Decision, Origin
from tools.propose.decided import Decided, restated
from tools.tool import Answer, Tool

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")

Context = ServerRequestContext[Any]


class Guarding(Protocol):
    """The part of the guard this door uses; `tools.guard.Guard` is the one implementation."""

    def visible(self, actor: Actor) -> list[Tool]:
        """The tools this actor may use somewhere."""
        ...

    async def invoke(self, actor: Actor, tool_name: str, arguments: Mapping[str, Any], origin: Origin) -> Answer:
        """Access, arguments, the tool itself, and the ledger."""
        ...

    async def answer(self, actor: Actor, approval_id: str, approve: bool, note: str = "") -> Decision:
        """A person's yes or no."""
        ...


class Calls:
    """Runs tools for one door. `actor_of` names the caller of a request, `None` for nobody we know."""

    def __init__(
        self,
        guard: Guarding,
        actor_of: Callable[[Context], Actor | None],
        cards: Cards,
        tasks: TaskSource | None = None,
    ) -> None:
        self._guard = guard
        self._actor_of = actor_of
        self._cards = cards
        self.tasks = None if tasks is None else Tasks(tasks, self.actor)
        self._seen: dict[str, Tool] = {}  # a tool that was made never changes

    def actor(self, context: Context) -> Actor:
        """Who is calling.

        Raises:
            MCPError: Nobody we know; such a caller sees nothing at all.
        """
        actor = self._actor_of(context)
        if actor is None:
            raise MCPError(code=INVALID_PARAMS, message="Nobody is signed in on this connection.")
        return actor

    def visible(self, context: Context) -> list[Tool]:
        """What the caller may use, by name; the same list whenever it is asked for, and nothing for nobody."""
        actor = self._actor_of(context)
        return [] if actor is None else sorted(self._guard.visible(actor), key=lambda tool: tool.name)

    async def invoke(
        self, context: Context, name: str, arguments: Mapping[str, Any], audit_id: str = "", *, listed: bool = False
    ) -> Answer:
        """The tool's answer; the call is on record under `audit_id`, one of its own when none is given.

        Tools that are only read at an address are unknown where only `listed` ones count.

        Raises:
            MCPError: There is no such tool, or not for this caller: both read the same.
            TillhandError: An error somebody can act on.
        """
        if self._actor_of(context) is None:
            raise _unknown(name)
        call = audit_id or new_call()
        tool = self._tool(context, name)
        known = "" if listed and tool is not None and not tool.listed else name
        origin = Origin(CorrelationId(call), causation=call)
        try:
            doing = self._guard.invoke(self.actor(context), known, arguments, origin)
            return await (doing if tool is None or tool.effect is Effect.READ else _to_its_end(doing))
        except NotFound as error:
            if error.code == "tool.unknown":
                raise _unknown(name) from error
            raise

    async def call(self, context: Context, params: CallToolRequestParams) -> dict[str, Any] | InputRequiredResult:
        """A `tools/call`, answered in every case but an unknown tool."""
        audit_id = new_call()
        try:
            async with telling(context):
                answer = await self.invoke(context, params.name, params.arguments or {}, audit_id, listed=True)
            task = None if self.tasks is None else await self.tasks.offer(context, params, answer)
            if task is not None:
                return task
            if isinstance(answer, Decided) and needs_confirmation(answer):
                return await self._confirm(context, params, answer, audit_id)
            return self._cards.shown(context, params.name, answered(answer, audit_id))
        except TillhandError as error:
            return failed(error, audit_id)
        except MCPError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever broke, its text may hold data the caller must not see
            return _broken(params.name, error, audit_id)

    async def _confirm(
        self, context: Context, params: CallToolRequestParams, answer: Decided, audit_id: str
    ) -> dict[str, Any] | InputRequiredResult:
        actor = self.actor(context)
        given = None if actor.model else await ask(context, params, answer)
        if given is None:  # nobody here can say yes: the person finds the question in the approval queue
            return answered(answer, audit_id)
        if isinstance(given, InputRequiredResult):
            return given
        decision = await self._guard.answer(actor, answer.approval_id, given, "confirmed by the caller")
        return self._cards.shown(context, params.name, answered(restated(answer, decision), audit_id))

    def _tool(self, context: Context, name: str) -> Tool | None:
        """A tool some caller has seen, by name; whether this one may use it is for the guard to say."""
        if name not in self._seen:
            self._seen.update((tool.name, tool) for tool in self.visible(context))
        return self._seen.get(name)


async def _to_its_end(doing: Awaitable[Answer]) -> Answer:
    """A write is finished whoever hangs up: they ask again, and must not find half of it."""
    answer: Answer | None = None
    with CancelScope(shield=True):
        answer = await doing
    assert answer is not None  # noqa: S101  # the scope is nobody else's to cancel
    return answer


def new_call() -> str:
    """The id of one call, under which it is on record."""
    return f"call_{uuid4().hex}"


def _unknown(name: str) -> MCPError:
    # what nobody would call a tool is not repeated: it may be meant for whoever reads the error
    return MCPError(code=INVALID_PARAMS, message=f"Unknown tool: {name if _NAME.fullmatch(name) else '?'}")


def _broken(name: str, error: Exception, audit_id: str) -> dict[str, Any]:
    return error_body(
        "internal.failed",
        incident(f"tool {name}", error),
        hint="A read may be tried again; repeat a write only with the same idempotency_key.",
        retryable=True,
        audit_id=audit_id,
    )
