"""One budget per platform: it follows what the platform reports, and writes go before reads.

A platform that says how much is left is believed; between two answers the budget is counted down and refilled here.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import IntEnum
from heapq import heappop, heappush

from tools.connectors.clock import Clock, SystemClock


class Priority(IntEnum):
    """Who goes first when the budget is short."""

    WRITE = 0  # a customer waits at the register for a code, or a person for an effect
    READ = 1  # a person or an agent asks
    SWEEP = 2  # a poller reads everything that changed


# The share of a full budget each leaves for those before it, so that a sweep never makes a checkout wait.
_LEAVES = {Priority.WRITE: 0.0, Priority.READ: 0.1, Priority.SWEEP: 0.4}


class Overdrawn(Exception):
    """The turn would come too late for whoever waits."""


class Budget:
    """Points, or requests, that may be spent now.

    Args:
        size: What a full budget holds.
        restore_rate: What comes back each second.
        clock: Seconds, and waiting.
    """

    def __init__(self, size: float, restore_rate: float, clock: Clock | None = None) -> None:
        self.size = size
        self.restore_rate = restore_rate
        self._clock = clock or SystemClock()
        self._level = size
        self._at = self._clock.monotonic()
        self._closed_until = self._at
        self._in_flight = 0.0
        self._queue: list[tuple[int, int]] = []
        self._left: set[tuple[int, int]] = set()  # gave up waiting, still in the heap
        self._numbers = itertools.count()
        self._news = asyncio.Event()

    @property
    def level(self) -> float:
        """What is left now."""
        self._refill()
        return self._level

    @asynccontextmanager
    async def spend(self, cost: float, priority: Priority, *, within: float = float("inf")) -> AsyncGenerator[None]:
        """Wait for this one's turn and for enough, then spend it; the block is the request.

        Cancelling while waiting gives the turn to the next.

        Args:
            cost: Points, or requests.
            priority: Who goes first.
            within: Seconds it may wait.

        Raises:
            Overdrawn: It would have to wait longer; nothing was spent.
        """
        await self._take(cost, priority, self._clock.monotonic() + within)
        self._in_flight += cost
        try:
            yield
        finally:
            self._in_flight -= cost

    def report(self, available: float, size: float | None = None, restore_rate: float | None = None) -> None:
        """What the platform said is left. Requests it may not have seen yet are taken off."""
        self.size = size or self.size
        self.restore_rate = restore_rate or self.restore_rate
        self._at = self._clock.monotonic()
        self._level = min(self.size, available - self._in_flight)
        self._tell()

    def close_for(self, seconds: float) -> None:
        """The platform said "too fast": spend nothing for this long."""
        self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)

    async def _take(self, cost: float, priority: Priority, deadline: float) -> None:
        ticket = (int(priority), next(self._numbers))
        heappush(self._queue, ticket)
        try:
            while True:
                self._drop_left()
                left = deadline - self._clock.monotonic()
                first = self._queue[0] == ticket
                wait = self._wait_for(cost, priority)
                if first and wait <= 0:
                    self._level -= cost
                    return
                if left <= 0 or (first and wait > left):
                    raise Overdrawn
                await self._pause(wait if first else left)
        finally:
            self._left.add(ticket)
            self._drop_left()
            self._tell()

    def _wait_for(self, cost: float, priority: Priority) -> float:
        """Seconds until this much may be spent; 0 when it may now."""
        self._refill()
        closed = self._closed_until - self._clock.monotonic()
        need = min(cost + _LEAVES[priority] * self.size, self.size)
        short = need - self._level
        refill = 0.0 if short <= 0 else short / self.restore_rate
        return max(closed, refill)

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until something changes: a report, or the turn of the next."""
        if seconds == float("inf"):
            await self._news.wait()
            return
        news = asyncio.ensure_future(self._news.wait())
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({news, sleep}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
            sleep.cancel()

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._level = min(self.size, self._level + (now - self._at) * self.restore_rate)
        self._at = now

    def _drop_left(self) -> None:
        while self._queue and self._queue[0] in self._left:
            self._left.discard(heappop(self._queue))

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
