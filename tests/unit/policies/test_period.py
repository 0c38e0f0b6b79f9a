"""A span of time holds its first moment and not its last."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from policies.errors import Refused
from policies.vocabulary.period import Period

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def test_the_start_belongs_to_a_period_and_the_end_does_not():
    period = Period(START, START + timedelta(hours=1))
    assert START in period
    assert START - MICROSECOND not in period
    assert START + timedelta(hours=1) - MICROSECOND in period
    assert START + timedelta(hours=1) not in period
    assert period.length == timedelta(hours=1)


def test_moments_of_other_time_zones_are_compared_as_moments():
    east = START.astimezone(timezone(timedelta(hours=9)))
    assert east in Period(START, START + MICROSECOND)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (START.replace(tzinfo=None), START, "period.naive"),
        (START, START.replace(tzinfo=None), "period.naive"),
        (START, START, "period.order"),
        (START, START - MICROSECOND, "period.order"),
    ],
)
def test_a_period_knows_its_zone_and_ends_after_it_starts(start: datetime, end: datetime, code: str):
    with pytest.raises(Refused) as refusal:
        Period(start, end)
    assert refusal.value.code == code
