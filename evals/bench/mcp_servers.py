"""The two servers the MCP bench compares, each a process of its own: the whole product, and a bare server of the SDK.

Both answer the same bytes over the same HTTP server and event loop, and print their port once they listen.
"""

import argparse
import asyncio
import json
import socket
import sys
from collections.abc import Callable
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

from server.commands.serve import web
from server.composition import compose
from server.settings import Settings


async def guarded(url: str, home: Path) -> None:
    """The product as `tillhand serve` serves it, without workers."""
    settings = Settings(database_url=url, home=home, port=0)
    async with compose(settings) as house:
        await _serve(uvicorn.Server(web(house)))


async def bare(answer: dict[str, Any], *, lean: bool) -> None:
    """A low-level server with one tool, as the SDK's own example has it.

    Args:
        answer: What the tool answers to every call.
        lean: Without what the SDK does for every server unless it is told not to: the listing of all tools on every
            call, to check headers against their schemas, and the tracing nobody listens to.
    """
    schema = {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}

    async def list_tools(_context: Any, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name="check_inventory", description="Counts.", input_schema=schema)])

    async def call_tool(_context: Any, _params: CallToolRequestParams) -> CallToolResult:
        text = json.dumps(answer, separators=(",", ":"))
        return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=answer)

    lookup: Callable[[str], None] | None = (lambda _: None) if lean else None
    server: Server[Any] = Server(
        "bare", version="1", on_list_tools=list_tools, on_call_tool=call_tool, get_tool_input_schema=lookup
    )
    if lean:
        server.middleware.clear()
    app = server.streamable_http_app(json_response=True)
    await _serve(uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False)))


async def _serve(server: uvicorn.Server) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        print(listening.getsockname()[1], flush=True)
        await server.serve([listening])


def main(arguments: list[str]) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.mcp_servers", description=__doc__)
    parser.add_argument("which", choices=("guarded", "bare", "lean"))
    parser.add_argument("--url", default="")
    parser.add_argument("--home", type=Path, default=Path())
    parser.add_argument("--answer", type=Path, default=Path())
    asked = parser.parse_args(arguments)
    if asked.which == "guarded":
        serving = guarded(asked.url, asked.home)
    else:
        answer = json.loads(asked.answer.read_text(encoding="utf-8"))
        serving = bare(answer, lean=asked.which == "lean")
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
