"""Half-open spans of time, aware of their time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.errors import Refused


@dataclass(frozen=True, slots=True)
class Period:
    """From `start`, included, to `end`, excluded; both aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise Refused("A period needs a time zone.", code="period.naive")
        if self.end <= self.start:
            raise Refused("A period ends after it starts.", code="period.order")

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start
