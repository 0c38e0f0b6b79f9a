"""An ASGI application on a loopback port, for as long as a test needs real connections."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import uvicorn
from starlette.types import ASGIApp


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncGenerator[int]:
    """Its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [free])
            with anyio.fail_after(10):
                while not server.started:
                    await anyio.lowlevel.checkpoint()
            yield free.getsockname()[1]
            server.should_exit = True
