"""Stop asking somebody who keeps failing, for a while, so that nobody waits for them in vain."""

import time
from collections.abc import Callable


class Breaker:
    """Closed while things go well; open for `rest` seconds after `limit` failures in a row.

    After the rest the next call goes through; if that fails too, it opens again at once.
    """

    def __init__(self, *, limit: int = 5, rest: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._rest = rest
        self._clock = clock
        self._failures = 0
        self._until = float("-inf")

    @property
    def open(self) -> bool:
        """Whether calls should not even be tried now."""
        return self._clock() < self._until

    def succeeded(self) -> None:
        """The last call went well."""
        self._failures = 0

    def failed(self) -> None:
        """The last call did not."""
        self._failures += 1
        if self._failures >= self._limit:
            self._until = self._clock() + self._rest
            self._failures = self._limit - 1
