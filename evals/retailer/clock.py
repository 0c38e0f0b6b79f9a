"""Time as the retailer lives it: set by hand, or running faster than the wall clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """An aware UTC clock that never goes back.

    Args:
        start: The first moment; aware.
        speed: Virtual seconds per real second; 0 moves only by `advance_to`.
        monotonic: Real seconds, for `speed`.

    Raises:
        ValueError: `start` has no time zone, or `speed` is negative.
    """

    def __init__(self, start: datetime, speed: float = 0, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        if start.tzinfo is None:
            raise ValueError("A clock starts at a moment with a time zone.")
        if speed < 0:
            raise ValueError("Time does not run backwards.")
        self._moment = start.astimezone(UTC)
        self._speed = speed
        self._monotonic = monotonic
        self._seen = monotonic()

    def now(self) -> datetime:
        """The moment it is, in UTC."""
        if self._speed:
            seen = self._monotonic()
            self._moment += timedelta(seconds=(seen - self._seen) * self._speed)
            self._seen = seen
        return self._moment

    def advance_to(self, moment: datetime) -> None:
        """Move on to a moment; one that has passed changes nothing."""
        self._moment = max(self.now(), moment.astimezone(UTC))
