"""What went where, counted at the very place where it goes: bytes to the model, masks, vectors, answers to callers.

One per process, as scrubbing is: whoever counts knows nothing of databases, and `server.counting` writes it down.
"""

from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import Final

MODEL: Final = "model"
MASKS: Final = "masks"
VECTORS: Final = "vectors"
MCP: Final = "mcp"
SINKS: Final = (MODEL, MASKS, VECTORS, MCP)


class Tally:
    """Counts by sink and by what was counted there; names of ours only, never anything somebody typed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, sink: str, what: str, by: int = 1) -> None:
        """Count."""
        with self._lock:
            self._counts[sink, what] += by

    def take(self) -> Mapping[tuple[str, str], int]:
        """What was counted since the last time; it is the taker's to keep from now on."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def give_back(self, taken: Mapping[tuple[str, str], int]) -> None:
        """What the taker could not keep."""
        with self._lock:
            self._counts.update(taken)


TALLY: Final = Tally()
