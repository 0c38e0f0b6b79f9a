"""The virtual clock promises: it never goes back, and moves by hand or at its speed."""

from datetime import UTC, datetime, timedelta

import pytest

from evals.retailer.clock import VirtualClock

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)


def test_a_clock_without_speed_moves_only_by_hand():
    clock = VirtualClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance_to(NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)


def test_a_clock_never_goes_back():
    clock = VirtualClock(NOON)
    clock.advance_to(NOON - timedelta(seconds=1))
    assert clock.now() == NOON


def test_a_clock_with_speed_runs_so_many_virtual_seconds_a_second():
    real = iter([100.0, 102.0, 103.0])
    clock = VirtualClock(NOON, speed=60, monotonic=lambda: next(real))
    assert clock.now() == NOON + timedelta(minutes=2)
    assert clock.now() == NOON + timedelta(minutes=3)


def test_a_clock_needs_a_time_zone_and_does_not_run_backwards():
    with pytest.raises(ValueError, match="time zone"):
        VirtualClock(NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="backwards"):
        VirtualClock(NOON, speed=-1)
