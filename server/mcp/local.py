"""Who sits at the other end of standard input and output: asked anew for every message, as at every other door."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from policies.vocabulary.actor import Actor


class LocalActor:
    """The one configured actor of a pipe.

    Args:
        ask: The actor as the store has them now; `None` when nobody was configured, or their credential has ended:
            such a caller sees nothing at all.
    """

    def __init__(self, ask: Callable[[], Awaitable[Actor | None]]) -> None:
        self._ask = ask
        self._now = ContextVar[Actor | None]("local_actor", default=None)

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Handle one message, as the server's outermost middleware."""
        reset = self._now.set(await self._ask())
        try:
            return await call_next(ctx)
        finally:
            self._now.reset(reset)

    def of(self, context: ServerRequestContext[Any, Any]) -> Actor | None:
        """Who sent the message being handled."""
        return self._now.get()
