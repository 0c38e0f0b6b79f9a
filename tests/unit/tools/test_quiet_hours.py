"""Quiet hours are kept by the clock on the wall where the customer is, whatever the zone and the season."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.identity.consent import Consent, Consents
from knowledge.store.places import Place, Places
from policies.actions.message import Message
from policies.decision import Outcome
from policies.engine import Engine
from policies.ladder import Rung, Standing
from policies.limits import DEFAULT_FILE, Limits
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CustomerRef, LocationId
from policies.vocabulary.money import Money
from tools.promises import counted
from tools.situate_message import NEVER_TOLD, MessageNews, Reachable, message_facts

ENGINE = Engine.read(Limits.read())
MIA = Actor("marketing:mia", Role.MARKETING, None, Door.MCP)
ZONES = (
    "America/New_York", "America/Los_Angeles", "America/Phoenix", "America/St_Johns", "America/Adak",
    "Pacific/Honolulu", "Europe/London", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide",
    "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati", "UTC",
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis adds it


def place(name: str, zone: str) -> Place:
    return Place(LocationId(name), name, "shopify", name, "shop", "NJ", zone, LocationId(name))


def rules(at: datetime, zone: str, *, home: str = "", purpose: Any = "marketing", engine: Engine = ENGINE) -> set[str]:
    """The rules that object to a message at this moment; everything else about it is right."""
    here = place("S1", zone)
    places = Places([here, place("S2", home or zone)])
    text = Message(
        store=here.id,
        customer=CustomerRef("c_1"),
        channel="sms",
        purpose=purpose,
        text="New coats. Reply STOP to stop.",
        worth=Money(0, "USD"),
    )
    consent: Consents = {"sms": Consent(agreed=True, told=at, unclear=False)}
    person = Reachable(consent, frozenset(), "S2" if home else "")
    facts = message_facts(
        text,
        MessageNews({"c_1": person}, {}),
        place=here,
        places=places,
        limits=engine.limits.place("NJ", here.id),
        totals=[(total, 1) for total in counted(text, here, at)],
        at=at,
    )
    situation = engine.situation(MIA, "message", here.id, "NJ", facts, standing=Standing(Rung.AUTO))
    verdict = engine.decide(situation)
    return set() if verdict.outcome is Outcome.ALLOW else {reason.rule for reason in verdict.reasons}


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_message_goes_out_between_eight_and_nine_at_night_local_time_and_never_else(at: datetime, zone: str):
    wall = at.astimezone(ZoneInfo(zone)).time()
    assert rules(at, zone) == (set() if time(8) <= wall < time(21) else {"messages.quiet_hours"})


@given(MOMENTS, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_it_is_day_for_the_location_and_for_the_customer(at: datetime, zone: str, home: str):
    walls = [at.astimezone(ZoneInfo(each)).time() for each in (zone, home)]
    day = all(time(8) <= wall < time(21) for wall in walls)
    assert rules(at, zone, home=home) == (set() if day else {"messages.quiet_hours"})


@pytest.mark.parametrize(
    ("utc", "zone", "quiet"),
    [
        ("2026-03-07T12:59:59", "America/New_York", True),  # the day before the clocks go forward
        ("2026-03-07T13:00:00", "America/New_York", False),
        ("2026-03-08T11:59:59", "America/New_York", True),  # the day they do
        ("2026-03-08T12:00:00", "America/New_York", False),
        ("2026-10-31T11:59:59", "America/New_York", True),
        ("2026-10-31T12:00:00", "America/New_York", False),
        ("2026-11-01T12:30:00", "America/New_York", True),  # the day they go back
        ("2026-11-01T13:00:00", "America/New_York", False),
        ("2026-07-01T15:00:00", "America/Phoenix", False),  # no season there
        ("2026-07-01T14:59:59", "America/Phoenix", True),
    ],
)
def test_the_hours_follow_the_clocks_when_they_change(utc: str, zone: str, *, quiet: bool):
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert rules(at, zone) == ({"messages.quiet_hours"} if quiet else set())


def test_a_region_may_keep_longer_quiet_hours_and_not_shorter_ones():
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    longer = Engine.read(Limits(f"{text}\n[region.NJ.message]\nquiet_from = 1200\nquiet_until = 540\n"))
    evening, morning = (datetime(2026, 7, 1, hour, 30, tzinfo=UTC) for hour in (20, 8))
    for at in (evening, morning):
        assert rules(at, "UTC") == set()
        assert rules(at, "UTC", engine=longer) == {"messages.quiet_hours"}
    for looser in ("quiet_from = 1261", "quiet_until = 479"):
        with pytest.raises(Exception, match="is looser than the chain's"):
            Limits(f"{text}\n[region.NJ.message]\n{looser}\n")
    for beyond in ("quiet_from = 1441", "quiet_until = 1441"):
        with pytest.raises(Exception, match="must be a whole number from 0 to 1440"):
            Limits(f"{text}\n[region.NJ.message]\n{beyond}\n")


@given(MOMENTS, st.sampled_from(ZONES), st.integers(0, 30))
def test_a_day_and_a_week_are_the_locations_own(at: datetime, zone: str, hours: int):
    here = place("S1", zone)
    text = Message(
        store=here.id,
        customer=CustomerRef("c_1"),
        channel="sms",
        purpose="service",
        text="Your coat is here.",
        worth=Money(0, "USD"),
    )
    later = at + timedelta(hours=hours)
    one, two = ({total.scope: total.key for total in counted(text, here, moment)} for moment in (at, later))
    days: list[date] = [moment.astimezone(ZoneInfo(zone)).date() for moment in (at, later)]
    same_day = days[0] == days[1]
    same_week = days[0].isocalendar()[:2] == days[1].isocalendar()[:2]
    assert (one["message_customer_day"] == two["message_customer_day"]) == same_day
    assert (one["message_words"] == two["message_words"]) == same_day
    assert (one["message_customer_week"] == two["message_customer_week"]) == same_week


def test_consent_that_was_never_told_is_older_than_any_limit():
    assert max(10**9, ENGINE.limits.place("", "").message.consent_age_s) < NEVER_TOLD
