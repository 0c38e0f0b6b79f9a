"""Answers of the MCP door, counted by role as they leave: how many, of what kind, and how much text."""

from collections.abc import Callable
from typing import Any, cast

from mcp.server.context import CallNext, HandlerResult, ServerMiddleware, ServerRequestContext
from pydantic import BaseModel

from knowledge.privacy.tally import MCP, TALLY
from policies.vocabulary.actor import Actor
from server.mcp.calls import Context

_KNOWN = frozenset(
    {
        "completion/complete",
        "prompts/get",
        "prompts/list",
        "resources/list",
        "resources/read",
        "resources/templates/list",
        "tasks/cancel",
        "tasks/get",
        "tasks/update",
        "tools/call",
        "tools/list",
    }
)


def counted(actor_of: Callable[[Context], Actor | None]) -> ServerMiddleware[Any]:
    """The middleware; outermost, so that what is counted is what leaves."""

    async def count(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        actor = actor_of(ctx)
        role = "nobody" if actor is None else str(actor.role)
        method = ctx.method if ctx.method in _KNOWN else "other"
        try:
            result = await call_next(ctx)
        except Exception:
            TALLY.add(MCP, f"{role} {method} errors")
            raise
        TALLY.add(MCP, f"{role} {method} results")
        TALLY.add(MCP, f"{role} characters", _size(result))
        return result

    return count


def _size(result: Any) -> int:
    """Characters of text in a result; a tool's structured content says what its text says, so that is counted once."""
    if isinstance(result, dict) and "structuredContent" in result:
        return _letters(cast("dict[str, Any]", result)["content"])
    return _letters(result)


def _letters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, BaseModel):
        return sum(_letters(getattr(value, name)) for name in type(value).model_fields)
    if isinstance(value, dict):
        return sum(map(_letters, cast("dict[str, Any]", value).values()))
    if isinstance(value, list | tuple):
        return sum(map(_letters, cast("list[Any]", value)))
    return 0
