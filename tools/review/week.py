"""A week of the chain: Monday to Sunday by its own clock, named as ISO 8601 names it."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from knowledge.store.places import ONLINE, Places
from policies.errors import Refused

_NAME: Final = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True)
class Week:
    """One week; `begins` and `ends` are UTC, half open. In the weeks clocks change it is an hour longer or shorter."""

    name: str
    timezone: str
    begins: datetime
    ends: datetime

    @classmethod
    def read(cls, name: str, timezone: str) -> "Week":
        """From its name, such as 2026-W47.

        Raises:
            Refused: No week is named so.
        """
        found = _NAME.fullmatch(name)
        try:
            monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
        except ValueError:
            monday = None
        if monday is None or monday.year == date.max.year:
            raise Refused(
                "A week is written as 2026-W47: the ISO year and the week's number.", code="week.name", field="week"
            )
        return cls._of(monday, timezone)

    @classmethod
    def at(cls, moment: datetime, timezone: str) -> "Week":
        """The week a moment falls in."""
        today = moment.astimezone(ZoneInfo(timezone)).date()
        return cls._of(today - timedelta(days=today.weekday()), timezone)

    def before(self, weeks: int = 1) -> "Week":
        """The week so many weeks earlier."""
        monday = self.begins.astimezone(ZoneInfo(self.timezone)).date()
        return self._of(monday - timedelta(weeks=weeks), self.timezone)

    @classmethod
    def _of(cls, monday: date, timezone: str) -> "Week":
        year, number, _ = monday.isocalendar()
        zone = ZoneInfo(timezone)
        begins, ends = (
            datetime.combine(day, time(), zone).astimezone(UTC) for day in (monday, monday + timedelta(days=7))
        )
        return cls(f"{year}-W{number:02d}", timezone, begins, ends)


def chain_timezone(places: Places) -> str:
    """The clock most of the chain's locations go by; UTC for a chain without locations."""
    zones = Counter(place.timezone for place in places if place.kind != ONLINE)
    zones = zones or Counter(place.timezone for place in places)
    return min(zones, key=lambda zone: (-zones[zone], zone)) if zones else "UTC"
