"""The leaky bucket that limits an app's query cost.

https://shopify.dev/docs/api/usage/limits
"""

from collections.abc import Callable

Status = dict[str, float]


class Bucket:
    """Points an app may spend now; they flow back at `restore_rate` per second up to `size`."""

    def __init__(self, size: float, restore_rate: float, monotonic: Callable[[], float]) -> None:
        self.size = size
        self.restore_rate = restore_rate
        self._monotonic = monotonic
        self._level = size
        self._at = monotonic()

    def take(self, points: float) -> float:
        """Spend `points`; 0 when they were there, else the seconds until they will be, with nothing spent."""
        self._refill()
        if points <= self._level:
            self._level -= points
            return 0.0
        return (points - self._level) / self.restore_rate

    def give_back(self, points: float) -> None:
        """Return what a query asked for and did not use."""
        self._level = min(self.size, self._level + points)

    def status(self) -> Status:
        """`throttleStatus` as Shopify reports it, in whole points."""
        self._refill()
        return {
            "maximumAvailable": self.size,
            "currentlyAvailable": int(self._level),
            "restoreRate": self.restore_rate,
        }

    def _refill(self) -> None:
        now = self._monotonic()
        self._level = min(self.size, self._level + (now - self._at) * self.restore_rate)
        self._at = now
