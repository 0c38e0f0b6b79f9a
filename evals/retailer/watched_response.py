"""A streamed answer that ends when its reader leaves, also while there is nothing to send."""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class WatchedResponse(Response):
    """Sends the parts as they come; the status line goes with the first, as a server that computes first does.

    Args:
        parts: The body.
        media_type: Of the body.
        left: Called when the reader leaves before the end.
    """

    def __init__(self, parts: AsyncIterator[bytes], media_type: str, left: Callable[[], None]) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]  # not known before the end
        self._parts = parts
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del scope
        writing = asyncio.ensure_future(self._write(send))
        watching = asyncio.ensure_future(_until_left(receive))
        try:
            await asyncio.wait({writing, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()
            if not writing.done():
                writing.cancel()
                self._left()
        await asyncio.gather(writing, watching, return_exceptions=True)
        if not writing.cancelled() and (error := writing.exception()):
            raise error

    async def _write(self, send: Send) -> None:
        started = False
        async for part in self._parts:
            if not started:
                started = True
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
