"""The servers the MCP bench compares, each a process of its own: the whole product, and a bare server of the SDK.

Both answer the same bytes over the same HTTP server and event loop, and print their port once they listen.
"""

import argparse
import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)
from sqlalchemy import text

from evals.bench.paper import PaperPlatform
from knowledge.store.session import Database
from server.commands.serve import web
from server.composition import compose
from server.settings import Settings


async def guarded(url: str, home: Path) -> None:
    """The product as `tillhand serve` serves it, without workers."""
    most = 1_000_000  # the limits are counted as ever, but none of the calls of this run is one too many
    settings = Settings(
        database_url=url,
        home=home,
        port=0,
        limits=home / "limits.toml",
        reads_per_minute=most,
        writes_per_minute=most,
        calls_at_once=1_000,
    )
    async with compose(settings, others=lambda _: {"paper": PaperPlatform()}) as house:
        await _serve(uvicorn.Server(web(house)))


async def bare(tool: str, answer: dict[str, Any], *, lean: bool, keep: Callable[[], Awaitable[None]]) -> None:
    """A low-level server with one tool, as the SDK's own example has it.

    Args:
        tool: Its name.
        answer: What the tool answers to every call, whatever it is asked: it keeps nothing and decides nothing.
        lean: Without what the SDK does for every server unless it is told not to: the listing of all tools on every
            call, to check headers against their schemas, and the tracing nobody listens to.
        keep: What it does before it answers.
    """
    schema = {"type": "object", "properties": {"sku": {"type": "string"}}}

    async def list_tools(_context: Any, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name=tool, description="Answers.", input_schema=schema)])

    async def call_tool(_context: Any, _params: CallToolRequestParams) -> CallToolResult:
        await keep()
        told = json.dumps(answer, separators=(",", ":"))
        return CallToolResult(content=[TextContent(type="text", text=told)], structured_content=answer)

    lookup: Callable[[str], None] | None = (lambda _: None) if lean else None
    server: Server[Any] = Server(
        "bare", version="1", on_list_tools=list_tools, on_call_tool=call_tool, get_tool_input_schema=lookup
    )
    if lean:
        server.middleware.clear()
    app = server.streamable_http_app(json_response=True)
    await _serve(uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False)))


async def _nothing() -> None:
    """Keep nothing."""


def _insert(database: Database) -> Callable[[], Awaitable[None]]:
    """One durable row per call, the least that a write can be, through the pool our own writes go through."""
    statement = text("INSERT INTO bench_effect DEFAULT VALUES")

    async def keep() -> None:
        async with database.transaction() as connection:
            await connection.execute(statement)

    return keep


async def _serve(server: uvicorn.Server) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        print(listening.getsockname()[1], flush=True)
        await server.serve([listening])


def main(arguments: list[str]) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.mcp_servers", description=__doc__)
    parser.add_argument("which", choices=("guarded", "bare", "lean", "keeping"))
    parser.add_argument("--url", default="")
    parser.add_argument("--home", type=Path, default=Path())
    parser.add_argument("--tool", default="check_inventory")
    parser.add_argument("--answer", type=Path, default=Path())
    asked = parser.parse_args(arguments)
    if asked.which == "guarded":
        serving = guarded(asked.url, asked.home)
    else:
        answer = json.loads(asked.answer.read_text(encoding="utf-8"))
        keep = _insert(Database(asked.url)) if asked.which == "keeping" else _nothing
        serving = bare(asked.tool, answer, lean=asked.which == "lean", keep=keep)
    with asyncio.Runner(loop_factory=_loop()) as runner:
        runner.run(serving)
    return 0


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # there is no build of it for Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
