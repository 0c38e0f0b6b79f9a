"""The MCP door: one low-level server over the guard, on stdio and Streamable HTTP, in both protocol eras."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from mcp.server import CacheHint, Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity, authenticated_principal
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    ListToolsResult,
    PaginatedRequestParams,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.types import Receive, Scope, Send

from policies.errors import Refused
from policies.vocabulary.actor import Actor
from server.mcp.auth import Authenticate, BearerOnly, CredentialVerifier, request_actor
from server.mcp.calls import Calls, Context, Guarding
from server.mcp.resources import Resources
from server.mcp.tools import definition
from tools.read.page import next_page, page_start

NAME: Final = "tillhand"
TOOLS_PER_PAGE: Final = 25
MAX_BODY: Final = 256 * 1024  # bytes. The largest call, a transfer of 100 lines, is under 20 KiB.
MAX_SESSIONS: Final = 1000  # of the handshake era; the modern one keeps none
_INSTRUCTIONS = (
    "Tools of a retailer's shops. Every write passes rules: it may be done, refused, or wait for a person, and the "
    "answer says which. Only a person approves. Repeat a write only with the same idempotency_key."
)
_LISTED = CacheHint(ttl_ms=60_000, scope="private")  # private: the list depends on who asks


def build_server(
    guard: Guarding, actor_of: Callable[[Context], Actor | None], *, state_key: bytes | None = None
) -> Server[Any]:
    """The MCP server over the guard.

    Args:
        guard: Decides everything.
        actor_of: Who sent a request; a transport without credentials answers with its one configured actor.
        state_key: Seals what travels through a client between a question and its answer: 32 secret bytes, the same in
            every process that serves this door. Drawn anew when absent.
    """
    calls = Calls(guard, actor_of)
    resources = Resources(calls)
    listed: dict[str, Any] = {}

    async def list_tools(context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        visible = calls.visible(context)
        try:
            start = page_start(params.cursor if params and params.cursor else "")
        except Refused as error:
            raise MCPError(code=INVALID_PARAMS, message=error.message) from error
        end = start + TOOLS_PER_PAGE
        for tool in visible:
            listed.setdefault(tool.name, definition(tool))
        return ListToolsResult(
            tools=[listed[tool.name] for tool in visible[start:end]],
            next_cursor=next_page(end) if end < len(visible) else None,
        )

    server: Server[Any] = Server(
        NAME,
        version=_version(),
        title="Tillhand",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_list_resources=resources.fixed,
        on_list_resource_templates=resources.templates,
        on_read_resource=resources.read,
        # no argument of ours travels in a header, and looking one up would show hidden tools before the guard is asked
        get_tool_input_schema=lambda _: None,
        cache_hints={"tools/list": _LISTED, "resources/list": _LISTED, "resources/templates/list": _LISTED},
    )
    server.add_request_handler("tools/call", CallToolRequestParams, calls.call)

    def principal(context: Context) -> str | None:
        return authenticated_principal(context) or calls.actor(context).id

    security = RequestStateSecurity(keys=[state_key or os.urandom(32)], bind_principal=principal)
    # in place of the SDK's tracing, which nothing listens to: what is called is in the ledger
    server.middleware[:] = [RequestStateBoundary(security, default_audience=NAME)]
    return server


class McpEndpoint:
    """The door on HTTP, as an ASGI application for one path. Serve it only inside `running()`.

    The modern era gets plain JSON answers, which cost half as much; the handshake era gets event streams, over which a
    question can travel to the client while its call waits.
    """

    def __init__(
        self,
        guard: Guarding,
        authenticate: Authenticate,
        *,
        hosts: Sequence[str] = ("127.0.0.1:*", "localhost:*", "[::1]:*"),
        origins: Sequence[str] = ("http://127.0.0.1:*", "http://localhost:*", "http://[::1]:*"),
        state_key: bytes | None = None,
    ) -> None:
        """See `build_server`.

        Args:
            guard: Decides everything.
            authenticate: Looks a credential up, on every request anew.
            hosts: `Host` headers that are ours; `name:*` allows every port. Others are refused, so that a page in
                somebody's browser cannot reach this door by rebinding a name.
            origins: `Origin` headers that may call from a browser.
            state_key: Shared by every process that serves this door.
        """
        server = build_server(guard, request_actor, state_key=state_key)
        security = TransportSecuritySettings(allowed_hosts=list(hosts), allowed_origins=list(origins))
        self._modern = StreamableHTTPSessionManager(
            server, json_response=True, security_settings=security, max_request_body_size=MAX_BODY
        )
        self._handshake = StreamableHTTPSessionManager(
            server, security_settings=security, max_request_body_size=MAX_BODY, max_sessions=MAX_SESSIONS
        )
        self._served = BearerOnly(self._by_era, CredentialVerifier(authenticate))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Open for as long as the block lasts; once per endpoint."""
        async with self._modern.run(), self._handshake.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._served(scope, receive, send)

    async def _by_era(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = next((value for name, value in scope["headers"] if name == b"mcp-protocol-version"), None)
        handshake = named is None or named.decode("latin-1") in HANDSHAKE_PROTOCOL_VERSIONS
        await (self._handshake if handshake else self._modern).asgi_app(scope, receive, send)


async def run_stdio(guard: Guarding, actor: Actor) -> None:
    """Serve one local client over standard input and output, as this actor, until it hangs up."""
    server = build_server(guard, lambda _: actor)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _version() -> str:
    try:
        return version(NAME)
    except PackageNotFoundError:  # run from a checkout that was never installed
        return ""
