"""One MCP call: whose it is, through the guard, and back as a result. Nothing here knows a tool by name."""

import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import uuid4

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams, InputRequiredResult

from policies.errors import NotFound, TillhandError
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId
from server.mcp.confirm import ask, needs_confirmation
from server.mcp.results import answered, error_body, failed
from tools.proposal import Decision, Origin
from tools.propose.decided import Decided, restated
from tools.tool import Answer, Tool

_log = logging.getLogger(__name__)

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

    def __init__(self, guard: Guarding, actor_of: Callable[[Context], Actor | None]) -> None:
        self._guard = guard
        self._actor_of = actor_of

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
        """What the caller may use, by name; the same list whenever it is asked for."""
        return sorted(self._guard.visible(self.actor(context)), key=lambda tool: tool.name)

    async def invoke(self, context: Context, name: str, arguments: Mapping[str, Any]) -> Answer:
        """The tool's answer.

        Raises:
            MCPError: There is no such tool, or not for this caller: both read the same.
            TillhandError: An error somebody can act on.
        """
        call = f"call_{uuid4().hex}"
        try:
            return await self._guard.invoke(
                self.actor(context), name, arguments, Origin(CorrelationId(call), causation=call)
            )
        except NotFound as error:
            if error.code == "tool.unknown":
                raise MCPError(code=INVALID_PARAMS, message=f"Unknown tool: {name}") from error
            raise

    async def call(self, context: Context, params: CallToolRequestParams) -> dict[str, Any] | InputRequiredResult:
        """A `tools/call`, answered in every case but an unknown tool."""
        try:
            answer = await self.invoke(context, params.name, params.arguments or {})
            if isinstance(answer, Decided) and needs_confirmation(answer):
                return await self._confirm(context, params, answer)
            return answered(answer)
        except TillhandError as error:
            return failed(error)
        except MCPError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever broke, its text may hold data the caller must not see
            return _broken(params.name, error)

    async def _confirm(
        self, context: Context, params: CallToolRequestParams, answer: Decided
    ) -> dict[str, Any] | InputRequiredResult:
        actor = self.actor(context)
        given = None if actor.model else await ask(context, params, answer)
        if given is None:  # nobody here can say yes: the person finds the question in the approval queue
            return answered(answer)
        if isinstance(given, InputRequiredResult):
            return given
        decision = await self._guard.answer(actor, answer.approval_id, given, "confirmed by the caller")
        return answered(restated(answer, decision))


def _broken(name: str, error: Exception) -> dict[str, Any]:
    incident = uuid4().hex[:12]
    where = "".join(traceback.format_tb(error.__traceback__))  # frames only: the message may quote a customer's data
    _log.error("incident %s: tool %s broke with %s\n%s", incident, name, type(error).__name__, where)
    return error_body(
        "internal.failed",
        f"Something broke here. The operator finds it in the log as incident {incident}.",
        hint="A read may be tried again; repeat a write only with the same idempotency_key.",
        retryable=True,
    )
