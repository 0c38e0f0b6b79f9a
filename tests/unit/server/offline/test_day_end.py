"""A day ends at the shop's own midnight, however long the day was."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.offline.hand import day_end

START = datetime(2020, 1, 1, tzinfo=UTC)
ZONES = [
    "America/Denver",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "Africa/Cairo",
    "UTC",
]


@pytest.mark.parametrize(
    ("now", "zone", "hours", "ends"),
    [
        ("2026-11-23T00:00:00-07:00", "America/Denver", 24, "2026-11-24T07:00:00+00:00"),
        ("2026-11-23T23:59:59-07:00", "America/Denver", None, "2026-11-24T07:00:00+00:00"),
        ("2026-11-24T00:00:00-07:00", "America/Denver", 24, "2026-11-25T07:00:00+00:00"),
        ("2026-03-08T00:00:00-07:00", "America/Denver", 23, "2026-03-09T06:00:00+00:00"),  # clocks go forward
        ("2026-11-01T00:00:00-06:00", "America/Denver", 25, "2026-11-02T07:00:00+00:00"),  # and back
        ("2026-11-01T01:30:00-07:00", "America/Denver", None, "2026-11-02T07:00:00+00:00"),  # the hour that comes twice
        ("2026-04-23T12:00:00+02:00", "Africa/Cairo", None, "2026-04-23T22:00:00+00:00"),  # midnight itself is skipped
    ],
)
def test_it_is_the_next_midnight_on_the_shops_clock(now: str, zone: str, hours: int | None, ends: str):
    moment = datetime.fromisoformat(now)
    assert day_end(moment, zone) == datetime.fromisoformat(ends)
    if hours is not None:
        assert day_end(moment, zone) - moment == timedelta(hours=hours)


@given(
    moment=st.integers(0, 16 * 365 * 86_400).map(lambda second: START + timedelta(seconds=second)),
    zone=st.sampled_from(ZONES),
)
def test_it_always_lies_ahead_by_a_day_at_most_and_begins_the_next_one(moment: datetime, zone: str):
    ends = day_end(moment, zone)
    local = ZoneInfo(zone)
    assert timedelta(0) < ends - moment <= timedelta(hours=25)
    assert (ends - timedelta(microseconds=1)).astimezone(local).date() == moment.astimezone(local).date()
    assert ends.astimezone(local).date() > moment.astimezone(local).date()
