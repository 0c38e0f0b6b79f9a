"""A few connections, lent one at a time and opened when they are first needed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from psycopg import InterfaceError, OperationalError

from knowledge.store.line import Line


class Lines:
    """The connections to one database.

    Args:
        url: The database's.
        options: Settings of each connection, as the server's command line takes them.
        most: How many at once.
    """

    def __init__(self, url: str, options: str, *, most: int) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._options = options
        self._idle: list[Line] = []
        self._free = asyncio.Semaphore(most)
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def borrow(self, within: float) -> AsyncGenerator[Line]:
        """A connection of one's own; it comes back when the block ends, or is hung up when it ends in mid-sentence.

        Args:
            within: Seconds to wait until one is free and connected.

        Raises:
            psycopg.OperationalError: None is to be had.
        """
        try:
            if self._free.locked():
                async with asyncio.timeout(within):
                    await self._free.acquire()
            else:
                await self._free.acquire()  # at once
        except TimeoutError as error:
            raise OperationalError("every connection is in use") from error
        try:
            line = await self._open(within)
            try:
                yield line
            except OperationalError:
                self._forget()  # where one connection broke, the others probably did
                raise
            finally:
                self._take_back(line)
        finally:
            self._free.release()

    async def close(self) -> None:
        """Hang up; no more are opened."""
        self._closed = True
        self._forget()
        await asyncio.gather(*self._closing)

    async def _open(self, within: float) -> Line:
        if self._closed:
            raise InterfaceError("closed")
        if self._idle:
            return self._idle.pop()
        try:
            async with asyncio.timeout(within):
                return await Line.open(self._url, self._options)
        except TimeoutError as error:
            raise OperationalError("the server does not answer") from error

    def _take_back(self, line: Line) -> None:
        if self._closed or line.broken or line.unanswered:
            self._hang_up(line)
        else:
            self._idle.append(line)

    def _forget(self) -> None:
        while self._idle:
            self._hang_up(self._idle.pop())

    def _hang_up(self, line: Line) -> None:
        """In a task of its own: whoever borrowed the line may have no time left."""
        task = asyncio.create_task(line.close(), name="hang up")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
