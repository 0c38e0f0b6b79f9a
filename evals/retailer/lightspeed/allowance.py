"""How many requests an app may make in five minutes.

https://x-series-api.lightspeedhq.com/docs/rate_limiting
"""

from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 300.0  # seconds


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the app stands after a request.

    Attributes:
        limit: Requests in one window.
        remaining: Requests left in this one.
        wait: Seconds until the next window, when this request was one too many; else 0.
    """

    limit: int
    remaining: int
    wait: float


class Allowance:
    """300 requests for each register and 50 more, for all requests of one app, counted in windows of five minutes."""

    def __init__(self, registers: int, monotonic: Callable[[], float]) -> None:
        self.limit = 300 * registers + 50
        self._monotonic = monotonic
        self._began = monotonic()
        self._used = 0

    def take(self) -> Standing:
        """Count one request, unless there are none left."""
        now = self._monotonic()
        if now - self._began >= WINDOW:
            self._began = now
            self._used = 0
        if self._used >= self.limit:
            return Standing(self.limit, 0, self._began + WINDOW - now)
        self._used += 1
        return Standing(self.limit, self.limit - self._used, 0.0)
