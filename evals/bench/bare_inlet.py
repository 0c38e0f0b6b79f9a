"""The floor of an inlet: a bare Starlette handler that makes each body durable with one insert, and checks nothing.

It has the product's HTTP server and event loop, as many connections to PostgreSQL, and commits each request by itself,
as anyone would write it first.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TABLE: Final = "bare_delivery"
_POOL: Final = 10  # as `server.settings` has it
_MAKE: Final = "CREATE TABLE IF NOT EXISTS bare_delivery (id bigserial PRIMARY KEY, body bytea NOT NULL)"
_KEEP: Final = "INSERT INTO bare_delivery (body) VALUES (%s)"


def bare_app(url: str) -> Starlette:
    """The application; `POST /webhooks/shopify` is all it serves."""
    pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
        url, min_size=_POOL, max_size=_POOL, open=False, kwargs={"autocommit": True}
    )

    async def receive(request: Request) -> Response:
        body = await request.body()
        async with pool.connection() as connection:
            await connection.execute(_KEEP, (body,))
        return JSONResponse({"outcome": "stored"})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with pool:
            async with pool.connection() as connection:
                await connection.execute(_MAKE)
            yield

    return Starlette(routes=[Route("/webhooks/shopify", receive, methods=["POST"])], lifespan=lifespan)


def main(arguments: list[str]) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.bare_inlet", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("port", type=int)
    asked = parser.parse_args(arguments)
    config = uvicorn.Config(
        bare_app(asked.url), port=asked.port, log_config=None, access_log=False, server_header=False
    )
    with asyncio.Runner(loop_factory=_loop()) as runner:
        runner.run(uvicorn.Server(config).serve())
    return 0


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # there is no build of it for Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
