"""Weeks by the chain's own clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.store.places import Place, Places
from policies.errors import Refused
from policies.vocabulary.ids import LocationId
from tools.review.week import Week, chain_timezone

NEW_YORK = "America/New_York"
_PLACE = Place(LocationId("A"), "A", "shopify", "1", "shop", "NY", NEW_YORK, LocationId("A"))


def test_a_week_begins_on_monday_midnight_in_the_chains_own_time():
    week = Week.read("2026-W47", NEW_YORK)
    assert (week.begins, week.ends) == (datetime(2026, 11, 16, 5, tzinfo=UTC), datetime(2026, 11, 23, 5, tzinfo=UTC))
    assert Week.at(week.begins, NEW_YORK) == week
    assert Week.at(week.begins - timedelta(microseconds=1), NEW_YORK).name == "2026-W46"
    assert Week.at(week.ends, NEW_YORK).name == "2026-W48"


def test_weeks_in_which_clocks_change_are_an_hour_longer_or_shorter():
    spring, autumn = Week.read("2026-W10", NEW_YORK), Week.read("2026-W44", NEW_YORK)
    assert spring.ends - spring.begins == timedelta(days=7, hours=-1)
    assert autumn.ends - autumn.begins == timedelta(days=7, hours=1)


def test_the_first_and_last_week_belong_to_the_year_iso_says():
    assert Week.at(datetime(2027, 1, 1, 12, tzinfo=UTC), "UTC").name == "2026-W53"
    assert Week.read("2026-W53", "UTC").before(-1).name == "2027-W01"


@pytest.mark.parametrize("name", ["", "2026-47", "2026-W54", "2026-W00", "2026-W1", "9999-W53", "2026-w47", "W47-2026"])
def test_what_names_no_week_is_refused(name: str):
    with pytest.raises(Refused) as refusal:
        Week.read(name, "UTC")
    assert refusal.value.code == "week.name"


@given(moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), back=st.integers(0, 60))  # noqa: DTZ001  # drawn naive, meant as UTC
def test_weeks_follow_each_other_without_gaps(moment: datetime, back: int):
    week = Week.at(moment.replace(tzinfo=UTC), NEW_YORK)
    assert week.begins <= moment.replace(tzinfo=UTC) < week.ends
    assert week.before(back).before(-back) == week
    assert week.before().ends == week.begins
    assert Week.read(week.name, NEW_YORK) == week


def test_the_chains_clock_is_the_one_most_locations_go_by_and_never_the_online_shops():
    def place(number: int, timezone: str, kind: str = "shop") -> Place:
        return replace(_PLACE, id=LocationId(f"L{number}"), platform_id=str(number), timezone=timezone, kind=kind)

    assert chain_timezone(Places([place(1, "UTC"), place(2, NEW_YORK), place(3, NEW_YORK)])) == NEW_YORK
    assert (
        chain_timezone(Places([place(1, "UTC", "online"), place(2, "UTC", "online"), place(3, NEW_YORK)])) == NEW_YORK
    )
    assert chain_timezone(Places([place(1, "Europe/Rome"), place(2, NEW_YORK)])) == NEW_YORK
    assert chain_timezone(Places([])) == "UTC"
