"""An answer in time, or none: a register that waits for us keeps a customer waiting."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from policies.errors import Unavailable

_TO_ANSWER = 0.010  # seconds kept for writing the answer


@dataclass(slots=True)
class Deadline:
    """One moment of the running event loop's clock, shared by every step of an answer.

    Attributes:
        at: Seconds on the loop's clock.
        missed: The answer is silence because something was late or did not answer.
    """

    at: float
    missed: bool = False

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """So many seconds from now, less what writing the answer takes."""
        return cls(asyncio.get_running_loop().time() + max(0.0, seconds - _TO_ANSWER))

    @asynccontextmanager
    async def or_silence(self) -> AsyncGenerator[None]:
        """Run a block until the deadline; being late, or without a database, ends it and raises nothing."""
        try:
            async with asyncio.timeout_at(self.at):
                yield
        except (TimeoutError, Unavailable):
            self.missed = True
