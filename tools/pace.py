"""How much one caller may ask for: so many calls a minute of each tool, so many at once, and no read for ever.

Kept in this process. Behind a proxy with several, each admits its share of callers and a caller may get the sum: what
must hold whatever the number of processes, the caps on money and goods, is counted in the database instead, where every
decision waits its turn. A limit on load is not worth a transaction before every read.
"""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from policies.actions.action import Effect
from policies.errors import Unavailable
from policies.vocabulary.actor import Actor

_MINUTE: Final = 60.0
_BURST: Final = 6  # a sixth of a minute's calls may come at once: an assistant reads a page's worth, then thinks
_LEAST_BURST: Final = 5
_FULL_AGAIN_SOON: Final = 100  # milliseconds until somebody's own calls may have ended
_MOST_KEPT: Final = 20_000  # callers times tools; beyond, those who were quiet for a minute are forgotten


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one caller may use of one tool; `at_once` counts all tools together, `read_within_s` is in seconds."""

    reads_per_minute: int
    writes_per_minute: int
    at_once: int
    read_within_s: float


class _Bucket:
    """Calls left, refilled as time passes."""

    __slots__ = ("left", "seen")

    def __init__(self, left: float, seen: float) -> None:
        self.left = left
        self.seen = seen


class Pace:
    """Admits calls, caller by caller and tool by tool.

    Args:
        allowance: What each caller may use.
        clock: Seconds that never go back.
    """

    def __init__(self, allowance: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowance = allowance
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._running: Counter[str] = Counter()

    @property
    def read_within_s(self) -> float:
        """Seconds a read may take."""
        return self._allowance.read_within_s

    def spend(self, actor: Actor, tool: str, effect: Effect) -> None:
        """Count one call.

        Raises:
            Unavailable: It is one too many; `retry_after_ms` says when the next one will not be.
        """
        reading = effect is Effect.READ
        per_minute = self._allowance.reads_per_minute if reading else self._allowance.writes_per_minute
        burst, rate = max(_LEAST_BURST, per_minute / _BURST), per_minute / _MINUTE
        at = self._clock()
        bucket = self._buckets.get((actor.id, tool))
        if bucket is None:
            self._forget(at)
            bucket = self._buckets[actor.id, tool] = _Bucket(burst, at)
        bucket.left = min(burst, bucket.left + (at - bucket.seen) * rate)
        bucket.seen = at
        if bucket.left < 1:
            wait = math.ceil((1 - bucket.left) / rate * 1000)
            raise Unavailable(
                "You call this tool more often than you may.",
                code="rate.limited",
                hint="Wait as long as retry_after_ms says, then call again; ask for more with one call where you can.",
                retry_after_ms=wait,
            )
        bucket.left -= 1

    def turn(self, actor: Actor) -> "Turn":
        """A place among the caller's running calls, for the length of a `with` block.

        Raises:
            Unavailable: All of the caller's places are taken.
        """
        if self._running[actor.id] >= self._allowance.at_once:
            raise Unavailable(
                "You have as many calls running as you may have at once.",
                code="rate.concurrent",
                hint="Wait for one of your calls to end.",
                retry_after_ms=_FULL_AGAIN_SOON,
            )
        return Turn(self._running, actor.id)

    def _forget(self, at: float) -> None:
        if len(self._buckets) >= _MOST_KEPT:
            self._buckets = {key: each for key, each in self._buckets.items() if at - each.seen < _MINUTE}


class Turn:
    """A running call, counted while its block runs."""

    __slots__ = ("_running", "_who")

    def __init__(self, running: Counter[str], who: str) -> None:
        self._running = running
        self._who = who

    def __enter__(self) -> None:
        self._running[self._who] += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running[self._who] -= 1
        if not self._running[self._who]:
            del self._running[self._who]
