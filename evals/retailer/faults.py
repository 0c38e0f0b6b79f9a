"""What can go wrong with one platform's API, switched on and off while it runs."""

from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Faults:
    """The faults of one platform; every field may be changed between two requests.

    A failed request answers 503. A lost answer is the case that makes exactly-once hard: the write is done, and the
    caller sees 502 instead of the answer.
    """

    down: bool = False  # every request answers 503
    slow_s: float = 0.0  # seconds each request waits first
    error_rate: float = 0.0  # share of requests that answer 503, from 0 to 1
    fail_next: int = 0  # this many requests answer 503
    lose_answer_next: int = 0  # this many writes are done and then answer 502
    seed: int = 0
    _chance: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)

    def fails_now(self) -> bool:
        """Whether this request fails before anything is done; uses up one of `fail_next`."""
        if self.down:
            return True
        if self.fail_next > 0:
            self.fail_next -= 1
            return True
        return self.error_rate > 0 and self._chance.random() < self.error_rate

    def loses_answer_now(self) -> bool:
        """Whether this finished write answers 502; uses up one of `lose_answer_next`."""
        if self.lose_answer_next > 0:
            self.lose_answer_next -= 1
            return True
        return False
