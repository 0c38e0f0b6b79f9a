"""Both protocol eras over HTTP on one path, each the way it is served best."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.types import Message, Receive, Scope, Send

MAX_BODY: Final = 256 * 1024  # bytes. The largest call, a transfer of 100 lines, is under 20 KiB.
MAX_SESSIONS: Final = 1000  # of the handshake era; the modern one keeps none
_BLANK: Final = b" \t"  # around a header's value it means nothing (RFC 9110, 5.5), and not every HTTP server drops it
_WANTS_PROGRESS: Final = b'"progressToken"'


class Transports:
    """An ASGI application for both eras.

    The modern era gets plain JSON answers, which cost half as much, and an event stream where it asked to be told of
    progress; the handshake era gets event streams, over which a question can travel to the client while its call waits.

    Args:
        handshake: Serves the older revisions.
        answering: Serves the modern one with one JSON answer per request.
        streaming: Serves the modern one with events before the answer; a client that hangs up cancels its call.
    """

    def __init__(
        self,
        handshake: StreamableHTTPSessionManager,
        answering: StreamableHTTPSessionManager,
        streaming: StreamableHTTPSessionManager,
    ) -> None:
        self._handshake = handshake
        self._answering = answering
        self._streaming = streaming

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Open for as long as the block lasts; once per object."""
        async with self._handshake.run(), self._answering.run(), self._streaming.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope["headers"] = [(name, value.strip(_BLANK)) for name, value in scope["headers"]]
        headers = dict(scope["headers"])
        named = headers.get(b"mcp-protocol-version")
        if named is None or named.decode("latin-1") in HANDSHAKE_PROTOCOL_VERSIONS:
            await self._handshake.asgi_app(scope, receive, send)
            return
        body = _Peeked(receive) if headers.get(b"mcp-method") == b"tools/call" else None
        told = body is not None and await body.holds(_WANTS_PROGRESS)
        modern = self._streaming if told else self._answering
        await modern.asgi_app(scope, body or receive, send)


def over_http(server: Server[Any], hosts: Sequence[str], origins: Sequence[str]) -> Transports:
    """A server on HTTP.

    Args:
        server: What is served.
        hosts: `Host` headers that are ours; `name:*` allows every port. Others are refused, so that a page in
            somebody's browser cannot reach this door by rebinding a name.
        origins: `Origin` headers that may call from a browser.
    """
    security = TransportSecuritySettings(allowed_hosts=list(hosts), allowed_origins=list(origins))
    return Transports(
        StreamableHTTPSessionManager(
            server, security_settings=security, max_request_body_size=MAX_BODY, max_sessions=MAX_SESSIONS
        ),
        StreamableHTTPSessionManager(
            server, json_response=True, security_settings=security, max_request_body_size=MAX_BODY
        ),
        StreamableHTTPSessionManager(server, security_settings=security, max_request_body_size=MAX_BODY),
    )


class _Peeked:
    """A request's body, looked into before whoever reads it reads it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen: list[Message] = []

    async def holds(self, words: bytes) -> bool:
        """Whether the words stand in the body; a body that is too large is left to whoever refuses it."""
        body = b""
        while len(body) <= MAX_BODY:
            message = await self._receive()
            self._seen.append(message)
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return words in body

    async def __call__(self) -> Message:
        """What was seen already, then what follows."""
        return self._seen.pop(0) if self._seen else await self._receive()
