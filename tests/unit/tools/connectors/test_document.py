"""A document is read whole, in time and from its own address, or not at all."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from policies.errors import Unavailable
from tools.connectors.document import WebDocument

pytestmark = pytest.mark.anyio


async def _text(request: Request) -> Response:
    return PlainTextResponse("x" * int(request.query_params["length"]))


async def _away(_: Request) -> Response:
    return RedirectResponse("/text?length=1")


async def _slow(_: Request) -> Response:
    await anyio.sleep_forever()
    raise AssertionError


@asynccontextmanager
async def served() -> AsyncGenerator[str]:
    app = Starlette(routes=[Route("/text", _text), Route("/away", _away), Route("/slow", _slow)])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1))
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [free])
            with anyio.fail_after(10):
                while not server.started:
                    await anyio.lowlevel.checkpoint()
            yield f"http://127.0.0.1:{free.getsockname()[1]}"
            server.should_exit = True


async def test_a_document_up_to_the_limit_is_read_and_one_byte_more_is_not():
    async with served() as home:
        whole = WebDocument(f"{home}/text?length=1000", limit=1000)
        longer = WebDocument(f"{home}/text?length=1001", limit=1000)

        assert await whole.read() == b"x" * 1000
        assert await whole.read() == b"x" * 1000
        with pytest.raises(Unavailable, match="too long"):
            await longer.read()
        for each in (whole, longer):
            await each.close()


@pytest.mark.parametrize("path", ["/away", "/nowhere", "/slow"])
async def test_no_redirect_is_followed_and_nothing_is_waited_for_beyond_the_deadline(path: str):
    async with served() as home:
        document = WebDocument(f"{home}{path}", within_s=0.5)
        with anyio.fail_after(5), pytest.raises(Unavailable):
            await document.read()
        await document.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/keys", "https://[broken", "nonsense"])
async def test_an_address_nobody_answers_at_is_unavailable(url: str):
    document = WebDocument(url)
    with pytest.raises(Unavailable):
        await document.read()
    await document.close()
    await document.close()
