"""Serves the retailer's platforms on free loopback ports, in the loop that asks."""

import contextlib
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

CLOSES_WITHIN = 2  # seconds; then requests still running are cancelled
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class RunningRetailer:
    """Where the platforms answer: URLs such as `http://127.0.0.1:40123`, without a path. "" for one not served."""

    shopify_url: str
    lightspeed_url: str
    model_url: str


@asynccontextmanager
async def serve(
    *,
    shopify: ASGIApp | None = None,
    lightspeed: ASGIApp | None = None,
    model: ASGIApp | None = None,
    ports: tuple[int, int, int] = (0, 0, 0),
) -> AsyncGenerator[RunningRetailer]:
    """Serve these applications while the block runs.

    Args:
        shopify: From `shopify_app`.
        lightspeed: From `lightspeed_app`.
        model: Speaks the Ollama API.
        ports: For the three in this order; 0 takes a free one.

    Raises:
        OSError: A given port is taken.
    """
    apps = (shopify, lightspeed, model)
    async with contextlib.AsyncExitStack() as stack:
        urls = [
            await stack.enter_async_context(_served(app, port)) if app else ""
            for app, port in zip(apps, ports, strict=True)
        ]
        yield RunningRetailer(*urls)


@asynccontextmanager
async def _served(app: ASGIApp, port: int) -> AsyncGenerator[str]:
    with _listening(port) as listener:
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_level="warning",
            access_log=False,
            date_header=False,  # kept fresh only by the main loop, which this server does without
            timeout_graceful_shutdown=CLOSES_WITHIN,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await server.shutdown(sockets=[listener])


@contextlib.contextmanager
def _listening(port: int) -> Generator[socket.socket]:
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it an answer takes 40 ms more
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
        yield listener
    finally:
        listener.close()
