"""What breaks behind any message is told to the operator's log, and to its sender only as a number to ask about."""

import logging
import traceback
from typing import Any
from uuid import uuid4

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from pydantic import ValidationError

_log = logging.getLogger(__name__)


def incident(what: str, error: Exception) -> str:
    """Log what broke, and return what to call it; the sentence to give to whoever asked holds nothing else of it."""
    name = uuid4().hex[:12]
    where = "".join(traceback.format_tb(error.__traceback__))  # frames only: the message may quote a customer's data
    _log.error("incident %s: %s broke with %s\n%s", name, what, type(error).__name__, where)
    return f"Something broke here. The operator finds it in the log as incident {name}."


async def masked(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Handle one message, as the server's outermost middleware of ours: the SDK tells older clients what an error says.

    Raises:
        MCPError: As the handler raised it, or in place of whatever else it raised.
    """
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):  # the second is about what was sent, and the SDK says no more than that
        raise
    except Exception as error:
        raise MCPError(code=INTERNAL_ERROR, message=incident(ctx.method, error)) from error
