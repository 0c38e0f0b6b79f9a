"""Servers for the official suite, without credentials and on loopback only, because the suite can send none.

The fixture server is our adapter over our guard, with the suite's tools beside ours and rules of their own that permit
them; what it wraps is said where it wraps it. The product server is what `tillhand serve` answers with, to a manager.
"""

import argparse
import asyncio
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.subscriptions import ListenHandler
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import (
    CallToolRequestParams,
    EmptyResult,
    GetPromptRequestParams,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    SetLevelRequestParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    Tool,
    UnsubscribeRequestParams,
)
from starlette.types import ASGIApp

from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.session import Database
from policies.engine import Engine
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Door, Role
from server.composition import compose
from server.mcp.action_tasks import ActionTasks
from server.mcp.endpoint import build_server
from server.mcp.exact import ExactBody
from server.mcp.jobs import JOBS
from server.mcp.shown import Shown
from server.mcp.tasks import declared, undeclared
from server.mcp.transports import MAX_BODY, Transports, over_http
from server.mcp.views import VIEWS
from server.settings import Settings
from tests.conformance.events import Events
from tests.conformance.fixtures import BUS, FIXTURES, NEEDS_TASKS, fixture_tools
from tests.conformance.jobs import Jobs
from tests.conformance.moment import Raw, begin
from tests.conformance.questions import form
from tests.conformance.texts import FIXTURE_JOBS, FIXTURE_VIEWS
from tests.mcp_house import open_house

_HOSTS = ("127.0.0.1:*", "localhost:*")
_ORIGINS = ("http://127.0.0.1:*", "http://localhost:*")
_MANAGER = Actor("manager:suite", Role.MANAGER, None, Door.MCP)
Context = ServerRequestContext[Any]


@asynccontextmanager
async def product(url: str, home: Path) -> AsyncGenerator[ASGIApp]:
    """The product's door, to somebody who may do what a manager may."""
    async with compose(Settings(database_url=url, home=home, port=0)) as house:
        tasks = ActionTasks(house.database, house.guard, house.now)
        transports = over_http(
            build_server(house.guard, lambda _: _MANAGER, shown=Shown(tasks=tasks)), _HOSTS, _ORIGINS
        )
        async with transports.running():
            yield ExactBody(transports, MAX_BODY)


@asynccontextmanager
async def fixtures(url: str, home: Path) -> AsyncGenerator[ASGIApp]:
    """The same adapter and guard, with the suite's fixtures."""
    del home
    database = Database(url)
    async with open_house(database, _engine()) as house:
        house.tools.update(fixture_tools())
        shown = Shown(views=(*VIEWS, *FIXTURE_VIEWS), jobs=(*JOBS, *FIXTURE_JOBS), tasks=Jobs())
        server = build_server(house.guard, lambda _: _MANAGER, shown=shown)
        _speak_raw(server)
        _keep_what_was_removed(server)
        security = TransportSecuritySettings(allowed_hosts=list(_HOSTS), allowed_origins=list(_ORIGINS))
        # the handshake era may resume a stream, which only the suite's own fixture ever breaks
        handshake = StreamableHTTPSessionManager(
            server, event_store=Events(), retry_interval=100, security_settings=security
        )
        answering = StreamableHTTPSessionManager(server, json_response=True, security_settings=security)
        streaming = StreamableHTTPSessionManager(server, security_settings=security)
        transports = Transports(handshake, answering, streaming)
        async with transports.running():
            yield ExactBody(transports, MAX_BODY)
    await database.close()


def _engine() -> Engine:
    """Our rules, and one more that lets people use the fixtures."""
    ours = Engine.read(Limits.read())
    names = ", ".join(FIXTURES)
    actions = ", ".join(f'Action::"{name}"' for name in FIXTURES)
    rule = f"""// Owner: IT. What the suite may use.
@id("fixtures.use")
permit (principal, action in [{actions}], resource) when {{ principal.person }};
"""
    schema = f"""{ours.schema}
action {names} appliesTo {{ principal: [Actor], resource: [Location, Chain], context: {{}} }};
"""
    return Engine({**ours.texts, "rules/fixtures.cedar": rule}, schema, Limits.read())


def _speak_raw(server: Server[Any]) -> None:
    """Let a fixture's own result, definition and question through, after everything ours has run."""
    calls, lists, prompts = (
        server.get_request_handler(method) for method in ("tools/call", "tools/list", "prompts/get")
    )
    assert calls is not None
    assert lists is not None
    assert prompts is not None

    async def call(context: Context, params: CallToolRequestParams) -> Raw:
        moment = begin(context, params)
        if params.name in NEEDS_TASKS and not declared(context):
            raise undeclared()
        answered: Any = await calls.handler(context, params)
        return moment.raw or answered

    async def list_all(context: Context, params: PaginatedRequestParams) -> ListToolsResult:
        """In one page: the suite reads only the first."""
        tools: list[Tool] = []
        page = params
        while True:
            told: Any = await lists.handler(context, page)
            tools += told.tools
            if told.next_cursor is None:
                return ListToolsResult(tools=[_defined(tool) for tool in tools])
            page = PaginatedRequestParams(cursor=told.next_cursor)

    async def prompt(context: Context, params: GetPromptRequestParams) -> Any:
        if params.name == "test_input_required_result_prompt" and not params.input_responses:
            question = form("What context should the prompt use?", context="string")
            return InputRequiredResult(input_requests={"user_context": question})
        return await prompts.handler(context, params)

    server.add_request_handler("tools/call", CallToolRequestParams, call)
    server.add_request_handler("tools/list", PaginatedRequestParams, list_all)
    server.add_request_handler("prompts/get", GetPromptRequestParams, prompt)
    server.get_tool_input_schema = _schema


def _schema(name: str) -> dict[str, Any] | None:
    return FIXTURES[name][1] if name in FIXTURES else None


def _defined(tool: Tool) -> Tool:
    if tool.name not in FIXTURES:
        return tool
    return tool.model_copy(update={"input_schema": FIXTURES[tool.name][1], "output_schema": None})


def _keep_what_was_removed(server: Server[Any]) -> None:
    """Methods of older revisions, and change notices, neither of which the product offers."""

    async def nothing(_context: Context, _params: Any) -> EmptyResult:
        return EmptyResult()

    server.add_request_handler("logging/setLevel", SetLevelRequestParams, nothing)
    server.add_request_handler("resources/subscribe", SubscribeRequestParams, nothing)
    server.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, nothing)
    server.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, ListenHandler(BUS))


async def _serve(*, plain: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="tillhand-suite-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        url = start_embedded(home / "pg")
        await asyncio.to_thread(migrate, url)
        async with (product if plain else fixtures)(url, home) as app:
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
                print(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)  # noqa: T201  # whoever started it reads this
                await uvicorn.Server(config).serve([listening])


def main(arguments: list[str]) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.server", description=__doc__)
    parser.add_argument("--plain", action="store_true", help="the product without fixtures")
    asyncio.run(_serve(plain=parser.parse_args(arguments).plain))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
