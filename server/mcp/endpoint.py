"""The MCP door: one low-level server over the guard, on stdio and Streamable HTTP, in both protocol eras."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from mcp.server import CacheHint, Server
from mcp.server.apps import EXTENSION_ID
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity, authenticated_principal
from mcp.server.stdio import stdio_server
from mcp_types import CallToolRequestParams, ListToolsResult, PaginatedRequestParams, Tool
from starlette.types import Receive, Scope, Send

from policies.vocabulary.actor import Actor
from server.mcp.auth import Authenticate, BearerOnly, request_actor
from server.mcp.calls import Calls, Context, Guarding
from server.mcp.cards import Cards, bound
from server.mcp.completions import Completions
from server.mcp.counted import counted
from server.mcp.exact import ExactBody
from server.mcp.local import LocalActor
from server.mcp.masked import masked
from server.mcp.narrow import Narrowed
from server.mcp.pages import page
from server.mcp.prompts import Prompts
from server.mcp.resources import Resources
from server.mcp.shown import Shown
from server.mcp.tools import definition
from server.mcp.transports import MAX_BODY, over_http
from server.oauth.challenge import Challenge

NAME: Final = "tillhand"
_INSTRUCTIONS = (
    "Tools of a retailer's shops. Every write passes rules: it may be done, refused, or wait for a person, and the "
    "answer says which. Only a person approves. Repeat a write only with the same idempotency_key."
)
_LISTED = CacheHint(ttl_ms=60_000, scope="private")  # private: the list depends on who asks
_OURS: Final = Shown()


def build_server(
    guard: Guarding,
    actor_of: Callable[[Context], Actor | None],
    *,
    state_key: bytes | None = None,
    shown: Shown = _OURS,
) -> Server[Any]:
    """The MCP server over the guard.

    Args:
        guard: Decides everything.
        actor_of: Who sent a request; a transport without credentials answers with its one configured actor.
        state_key: Seals what travels through a client between a question and its answer: 32 secret bytes, the same in
            every process that serves this door. Drawn anew when absent.
        shown: What is shown besides tools.
    """
    cards = Cards(shown.console)
    calls = Calls(guard, actor_of, cards, shown.tasks)
    resources = Resources(calls, cards, shown.views)
    prompts = Prompts(calls, resources, shown.jobs)
    listed: dict[str, Tool] = {}

    async def list_tools(context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        tools, after = page([tool for tool in calls.visible(context) if tool.listed], params)
        for tool in tools:
            if tool.name not in listed:
                listed[tool.name] = bound(definition(tool))
        return ListToolsResult(tools=[listed[tool.name] for tool in tools], next_cursor=after)

    server: Server[Any] = Server(
        NAME,
        version=_version(),
        title="Tillhand",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_list_resources=resources.fixed,
        on_list_resource_templates=resources.templates,
        on_read_resource=resources.read,
        on_list_prompts=prompts.list,
        on_get_prompt=prompts.get,
        on_completion=Completions(calls, resources, prompts).complete,
        # no argument of ours travels in a header, and looking one up would show hidden tools before the guard is asked
        get_tool_input_schema=lambda _: None,
        cache_hints={
            "tools/list": _LISTED,
            "resources/list": _LISTED,
            "resources/templates/list": _LISTED,
            "prompts/list": _LISTED,
        },
    )
    server.add_request_handler("tools/call", CallToolRequestParams, calls.call)
    server.extensions[EXTENSION_ID] = {}
    if calls.tasks is not None:
        calls.tasks.add_to(server)

    def principal(context: Context) -> str | None:
        return authenticated_principal(context) or calls.actor(context).id

    security = RequestStateSecurity(keys=[state_key or os.urandom(32)], bind_principal=principal)
    # in place of the SDK's tracing, which nothing listens to: what is called is in the ledger
    server.middleware[:] = [counted(actor_of), masked, RequestStateBoundary(security, default_audience=NAME)]
    return server


class McpEndpoint:
    """The door on HTTP, as an ASGI application for one path. Serve it only inside `running()`."""

    def __init__(  # noqa: PLR0913  # what the door is made of, each by name
        self,
        guard: Guarding,
        authenticate: Authenticate,
        *,
        challenge: Challenge | None = None,
        hosts: Sequence[str] = ("127.0.0.1:*", "localhost:*", "[::1]:*"),
        origins: Sequence[str] = ("http://127.0.0.1:*", "http://localhost:*", "http://[::1]:*"),
        state_key: bytes | None = None,
        shown: Shown = _OURS,
    ) -> None:
        """See `build_server` and `over_http`.

        Args:
            guard: Decides everything.
            authenticate: Looks a credential up, on every request anew.
            challenge: What callers are told who may not come in; `None` where only keys of ours open.
            hosts: `Host` headers that are ours.
            origins: `Origin` headers that may call from a browser.
            state_key: Shared by every process that serves this door.
            shown: What is shown besides tools.
        """
        server = build_server(guard, request_actor, state_key=state_key, shown=shown)
        self._transports = over_http(server, hosts, origins)
        self._served = BearerOnly(
            ExactBody(Narrowed(self._transports), MAX_BODY), authenticate, challenge or Challenge()
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Open for as long as the block lasts; once per endpoint."""
        async with self._transports.running():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._served(scope, receive, send)


async def run_stdio(guard: Guarding, local: LocalActor, shown: Shown = _OURS) -> None:
    """Serve one local client over standard input and output, as this actor, until it hangs up."""
    server = build_server(guard, local.of, shown=shown)
    server.middleware.insert(0, local)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _version() -> str:
    try:
        return version(NAME)
    except PackageNotFoundError:  # run from a checkout that was never installed
        return ""
