"""Time that passes: a stopwatch and waiting, so that a test can move it instead of waiting."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What waiting needs."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""
        ...


class SystemClock:
    """The machine's own."""

    def monotonic(self) -> float:  # noqa: D102 - the protocol says it
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:  # noqa: D102 - the protocol says it
        await asyncio.sleep(seconds)
