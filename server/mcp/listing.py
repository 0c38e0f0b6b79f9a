"""What we show of ourselves to assistants, as one hash in the ledger: whoever changes a tool's text leaves a trace.

A description that was harmless when somebody agreed to it, and is another one later, is how a tool is turned against
its user. The ledger says from when to when which list was served.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from server.mcp.cards import bound
from server.mcp.tools import definition
from tools.guard import Guard
from tools.proposal import Origin
from tools.tool import Tool

_ACTOR: Final = Actor("schedule:start", Role.OPERATOR, None, Door.CLI)


def listing(tools: Iterable[Tool]) -> dict[str, Any]:
    """Every listed tool's definition by name, as a client receives it."""
    return {
        tool.name: bound(definition(tool)).model_dump(mode="json", by_alias=True, exclude_none=True)
        for tool in sorted(tools, key=lambda tool: tool.name)
        if tool.listed
    }


def listing_digest(tools: Iterable[Tool]) -> str:
    """SHA-256 of the list."""
    return hashlib.sha256(json.dumps(listing(tools), sort_keys=True).encode()).hexdigest()


async def record_listing(guard: Guard, tools: Iterable[Tool]) -> None:
    """Put on record which list is served from now on."""
    sentence = f"The tool list served from now on has SHA-256 {listing_digest(tools)}."
    await guard.note(_ACTOR, [(Origin(CorrelationId("listing"), "start"), sentence)])
