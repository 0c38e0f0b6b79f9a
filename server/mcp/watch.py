"""A request that lasts goes on only while its credential is in force: a stream opened yesterday ends with its key."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from policies.errors import Refused, Unavailable

EVERY: Final = 1.0  # seconds between questions; nearly every request is answered before the first


async def watched(
    app: ASGIApp, ask: Callable[[], Awaitable[object]], scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve one request; when `ask` raises `Refused` while it lasts, its answer ends there."""
    watch = _Watch(ask, send)
    try:
        await app(scope, receive, watch.send)
    except asyncio.CancelledError:
        if not watch.ended:
            raise
        watch.request.uncancel()
        await watch.hang_up()
    finally:
        watch.stop()


class _Watch:
    def __init__(self, ask: Callable[[], Awaitable[object]], send: Send) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # whoever serves a request is one
        self.request: asyncio.Task[object] = task
        self.ended = False
        self._ask = ask
        self._send = send
        self._begun = self._over = False
        self._asking: asyncio.Task[None] | None = None
        self._timer = self._later()

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        self._begun = True
        self._over = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def hang_up(self) -> None:
        """End the answer where it is."""
        if not self._begun:
            await self._send({"type": "http.response.start", "status": 401, "headers": []})
        if not self._over:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def stop(self) -> None:
        """The request is over."""
        self._timer.cancel()
        if self._asking is not None:
            self._asking.cancel()

    def _later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(EVERY, self._due)

    def _due(self) -> None:
        self._asking = asyncio.create_task(self._recheck())

    async def _recheck(self) -> None:
        try:
            await self._ask()
        except Refused:
            self.ended = True
            self.request.cancel()
            return
        except Unavailable:
            pass  # nobody can be recognized, which is no reason to take a credential for a bad one
        self._timer = self._later()
