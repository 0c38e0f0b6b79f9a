"""The MCP door over a real guard, store and ledger; only the platform is on paper."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mcp import Client
from mcp_types import CallToolResult, ElicitResult, TextContent

from knowledge.store.session import Database
from policies.engine import Engine
from policies.limits import Limits
from policies.vocabulary.actor import Actor
from server.mcp.endpoint import build_server
from tests.paper_platform import PaperPlatform
from tests.small_chain import KEYS, PLACES, stock_chain
from tools.executor import Executor
from tools.guard import Guard
from tools.registry import build_tools
from tools.tool import Tool


@dataclass(frozen=True, slots=True)
class House:
    """What a test may look at."""

    database: Database
    guard: Guard
    engine: Engine
    platform: PaperPlatform
    tools: dict[str, Tool]


@asynccontextmanager
async def open_house(
    database: Database, engine: Engine | None = None, *, looks: Database | None = None, **guarded: Any
) -> AsyncGenerator[House]:
    """A stocked chain and the guard over it; tools read from `looks` where it is given, `guarded` is the guard's."""
    # a price is good for seconds, and a busy machine takes some between this line and a proposal
    await stock_chain(database, seen=datetime.now(UTC) + timedelta(minutes=1))
    engine = engine or Engine.read(Limits.read())
    platform = PaperPlatform()
    tools: dict[str, Tool] = {}
    guard = Guard(database, engine, PLACES, Executor(database, {"shopify": platform}, PLACES, engine), tools, **guarded)
    tools.update(build_tools(looks or database, guard, places=PLACES, keys=KEYS, engine=engine))
    try:
        yield House(database, guard, engine, platform, tools)
    finally:
        await guard.close()


@asynccontextmanager
async def client(
    house: House, who: Actor, *, mode: Any = "auto", confirms: bool | None = None
) -> AsyncGenerator[Client]:
    """A client in the same process, signed in as this actor; `confirms` is what its person answers when asked."""

    async def answer(context: Any, params: Any) -> ElicitResult:  # noqa: ARG001  # named by the SDK
        return ElicitResult(action="accept", content={"confirm": bool(confirms)})

    server = build_server(house.guard, lambda _: who)
    callback: Any = None if confirms is None else answer
    async with Client(server, mode=mode, elicitation_callback=callback, cache=None) as connected:
        yield connected


def text_of(result: CallToolResult) -> str:
    """The one text block of a result."""
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text
