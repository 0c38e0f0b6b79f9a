"""Who may be written to, when, how often and in what words: decided by the guard from what the store knows."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.packs.pack import disclosed
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import CustomerRef, LocationId
from policies.vocabulary.money import Money
from tests.flows.guarded_shop import ADA, EVE, ORIGIN, PLACES, S2, SPECIALIST, START, actor, discount
from tests.flows.messaging_shop import CLARA, MIA, TEXT, WritingShop, agree, empty, mail, message, writing_shop
from tests.flows.recording_platform import RecordingPlatform
from tools.executor import Executor
from tools.guard import Guard
from tools.proposal import Decision, Proposal

pytestmark = pytest.mark.anyio
NEW_YORK = disclosed("", ("us_ny",)).strip()
CODE = "TH-ABCDEFGHIJKL"
YEAR = "UPDATE customer SET consent_sms_at = consent_sms_at - interval '{}'"
OFFER = f"15 % off with {CODE}. Reply STOP to stop. {NEW_YORK}"


def rules(decision: Decision) -> list[str]:
    return [rule for rule, _ in decision.reasons]


async def propose(at: WritingShop, proposal: Proposal, who: Any = MIA) -> Decision:
    return await at.guard.propose(who, proposal)


async def test_who_agreed_is_written_to_once_and_no_address_is_kept(database: Database):
    async with writing_shop(database) as at:
        done = await propose(at, message())
        assert (done.state, at.texts) == ("executed", [TEXT])
        assert (done.receipt or {})["platform"] == "twilio"
        assert (await propose(at, mail(text="Yours is ready.", purpose="service"))).state == "executed"
        kept = await at.everything()
        assert "clara@example.com" not in kept
        assert "2125550142" not in kept
        assert "c_clara" in kept


@pytest.mark.parametrize(
    ("sql", "channel", "rule"),
    [
        ("UPDATE customer SET consent_sms = false", "sms", "messages.no_consent"),
        ("UPDATE customer SET consent_email = false", "sms", ""),
        ("UPDATE customer SET consent_email = false", "email", "messages.no_consent"),
        ("UPDATE customer SET consent_sms = false", "email", ""),
        ("UPDATE customer SET consent_sms_at = NULL", "sms", "messages.stale_consent"),
        (YEAR.format("365 days"), "sms", ""),
        (
            YEAR.format("365 days 1 second"),
            "sms",
            "messages.stale_consent",
        ),
        ("INSERT INTO message_stop SELECT ref, 'sms', observed_at FROM customer", "sms", "messages.opted_out"),
        ("INSERT INTO message_stop SELECT ref, 'sms', observed_at FROM customer", "email", ""),
    ],
)
async def test_consent_is_for_a_channel_and_as_last_told(database: Database, sql: str, channel: str, rule: str):
    async with writing_shop(database) as at:
        await at.say(sql)
        told = await propose(at, message() if channel == "sms" else mail())
        assert (told.state, rules(told)) == (("denied", [rule]) if rule else ("executed", ["messages.who"]))
        assert len(at.texts) + len(at.mailbox.events) == (not rule)


async def test_a_message_about_an_order_needs_no_consent_to_marketing_but_heeds_a_stop(database: Database):
    async with writing_shop(database) as at:
        await at.say("UPDATE customer SET consent_sms = false, consent_sms_at = NULL")
        ready = message(purpose="service", text="Your coat is here.")
        assert (await propose(at, ready)).state == "executed"
        await at.say("INSERT INTO message_stop SELECT ref, 'sms', observed_at FROM customer")
        stopped = await propose(at, message(purpose="service", text="Your coat is still here."))
        assert rules(stopped) == ["messages.opted_out"]


@pytest.mark.parametrize(
    ("utc", "allowed"),  # New York is five hours behind in November
    [("12:59:59", False), ("13:00:00", True), ("01:59:59", True), ("02:00:00", False)],
)
async def test_quiet_hours_are_the_locations_own(database: Database, utc: str, *, allowed: bool):
    async with writing_shop(database) as at:
        hours, minutes, seconds = map(int, utc.split(":"))
        at.shop.clock = START.replace(day=21, hour=hours, minute=minutes, second=seconds)
        told = await propose(at, message())
        assert (told.state, rules(told)) == (
            ("executed", ["messages.who"]) if allowed else ("denied", ["messages.quiet_hours"])
        )


async def test_where_the_customer_last_bought_it_must_not_be_night_either(database: Database):
    async with writing_shop(database) as at:
        at.shop.clock = START.replace(hour=13, minute=30)  # 8:30 in New York, 5:30 in Los Angeles
        await at.say(
            "INSERT INTO purchase (id, channel, location_id, customer_ref, occurred_at, received_at, total, currency)"
            " VALUES ('shopify:order:1', 'pos', 'S2', 'c_clara', now(), now(), 100, 'USD')",
        )
        assert (await propose(at, message(text="One. Reply STOP to stop."), ADA)).state == "executed"
        west = type(PLACES)(
            [place if place.id != S2 else replace(place, timezone="America/Los_Angeles") for place in PLACES]
        )
        _guard_over(at, west)
        assert rules(await propose(at, message(text="Two. Reply STOP to stop."))) == [
            "messages.customer_day_cap",
            "messages.quiet_hours",
        ]


async def test_at_night_a_manager_may_let_a_message_about_an_order_through_and_no_other(database: Database):
    async with writing_shop(database) as at:
        at.shop.clock = START.replace(hour=3)
        asked = await propose(at, message(purpose="service", text="Your taxi is here."))
        assert (asked.state, rules(asked)) == ("waiting", ["messages.quiet_hours"])
        assert asked.approval_id
        assert (await at.guard.answer(ADA, asked.approval_id, approve=True)).state == "executed"


async def test_an_approval_that_comes_at_night_sends_nothing(database: Database):
    async with writing_shop(database) as at:
        at.shop.clock = START.replace(day=21, hour=1, minute=55)  # five to nine in New York
        asked = await propose(at, message(), SPECIALIST)
        assert (asked.state, rules(asked)) == ("waiting", ["ladder.approve"])
        at.shop.after(minutes=5)
        assert asked.approval_id
        late = await at.guard.answer(ADA, asked.approval_id, approve=True)
        assert (late.state, at.texts) == ("denied", [])
        assert await at.shop.promised("message_customer_day") == {"c_clara:marketing:2026-11-20": 0}


async def test_an_ai_begins_by_asking_about_every_message(database: Database):
    async with writing_shop(database) as at:
        asked = await propose(at, message(), SPECIALIST)
        assert (asked.state, rules(asked), at.texts) == ("waiting", ["ladder.approve"], [])
        assert asked.approval_id
        assert (await at.guard.answer(ADA, asked.approval_id, approve=True)).state == "executed"
        assert at.texts == [TEXT]


async def test_what_waits_counts_and_what_is_rejected_is_given_back(database: Database):
    async with writing_shop(database) as at:
        asked = await propose(at, message(), SPECIALIST)
        other = message(text="Other words. Reply STOP to stop.")
        assert rules(await propose(at, other)) == ["messages.customer_day_cap"]
        assert asked.approval_id
        await at.guard.answer(ADA, asked.approval_id, approve=False)
        again = message(text="Other words. Reply STOP to stop.")
        assert (await propose(at, again)).state == "executed"
        assert await at.shop.promised("message_location_day") == {"S1:2026-11-20": 1}


async def test_twenty_at_once_are_one(database: Database):
    async with writing_shop(database) as at:
        each = [message(text=f"Coat number {number}. Reply STOP to stop.") for number in range(20)]
        told = await asyncio.gather(*(propose(at, proposal) for proposal in each))
        assert sorted(decision.state for decision in told) == ["denied"] * 19 + ["executed"]
        assert len(at.texts) == 1


async def test_the_same_words_go_to_a_customer_once_a_day(database: Database):
    async with writing_shop(database) as at:
        ready = {"purpose": "service", "text": "Your coat is here."}
        assert (await propose(at, message(**ready))).state == "executed"
        assert rules(await propose(at, message(**ready))) == ["messages.same_words"]
        at.shop.after(days=1)
        assert (await propose(at, message(**ready))).state == "executed"


async def test_three_marketing_messages_fill_a_week_that_begins_on_monday(database: Database):
    async with writing_shop(database) as at:
        states: list[str] = []
        for day in range(4):  # 17 November 2026 is a Tuesday
            at.shop.clock = START - timedelta(days=3) + timedelta(days=day)
            states.append((await propose(at, message(text=f"Day {day}. Reply STOP to stop."))).state)
        at.shop.clock = START + timedelta(days=3)  # Monday
        states.append((await propose(at, message(text="Monday. Reply STOP to stop."))).state)
        assert states == ["executed", "executed", "executed", "denied", "executed"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("20 % off everything. Reply STOP to stop.", "messages.words_disagree"),
        ("Half price today. Reply STOP to stop.", "messages.words_disagree"),
        (f"Show {CODE}. Reply STOP to stop.", "messages.words_disagree"),
        ("The new coats are here.", "messages.no_way_to_stop"),
        ("The new coats are here, nonstop.", "messages.no_way_to_stop"),
        ("The new coats are here. Text stop to leave.", "messages.who"),
    ],
)
async def test_words_promise_nothing_that_no_discount_behind_them_gives(database: Database, text: str, rule: str):
    async with writing_shop(database) as at:
        assert rules(await propose(at, message(text=text))) == [rule]


async def _given(at: WritingShop, who: Any = SPECIALIST, **more: Any) -> None:
    """A discount of 15 % that was carried out for Clara."""
    platform = RecordingPlatform(at.shop.now)
    executor = Executor(at.shop.database, {"shopify": platform}, PLACES, at.shop.engine, at.shop.now)
    guard = Guard(at.shop.database, at.shop.engine, PLACES, executor, {}, at.shop.now)
    told = await guard.propose(who, discount(900, percent=1500, code=CODE, customer=CLARA, **more))
    assert told.state == "executed", told


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, ["messages.who"]),
        ({"text": OFFER.replace("15", "20")}, ["messages.words_disagree"]),
        ({"text": OFFER.replace(CODE, "TH-ZZZZZZZZZZZZ")}, ["messages.words_disagree"]),
        ({"text": OFFER.replace(NEW_YORK, "")}, ["us_ny.message_disclosure"]),
        ({"worth": Money(901, "USD")}, ["messages.code_does_not_hold", "messages.words_disagree"]),
        ({"store": S2}, ["messages.code_does_not_hold", "messages.words_disagree"]),
        ({"customer": CustomerRef("c_other")}, ["messages.code_does_not_hold", "messages.words_disagree"]),
        ({"code": "TH-ZZZZZZZZZZZZ"}, ["messages.code_does_not_hold", "messages.words_disagree"]),
    ],
)
async def test_a_code_is_of_a_discount_given_to_this_customer_here(
    database: Database, said: Mapping[str, Any], wanted: list[str]
):
    async with writing_shop(database) as at:
        await agree(at.shop, "c_other")
        await _given(at)
        told = await propose(at, message(**{"text": OFFER, "code": CODE, "worth": Money(900, "USD"), **said}))
        assert rules(told) == wanted


async def test_a_code_whose_time_is_up_or_whose_discount_was_taken_back_is_not_sent(database: Database):
    async with writing_shop(database) as at:
        await _given(at)
        offer = {"text": OFFER, "code": CODE, "worth": Money(900, "USD")}
        at.shop.after(minutes=30)
        assert "messages.code_does_not_hold" in rules(await propose(at, message(**offer)))
        at.shop.clock = START
        await at.say("UPDATE action SET state = 'undone' WHERE kind = 'discount'")
        assert "messages.code_does_not_hold" in rules(await propose(at, message(**offer)))


async def test_a_price_a_person_made_or_made_for_nobody_in_particular_needs_no_disclosure(database: Database):
    async with writing_shop(database) as at:
        await _given(at, ADA)
        plain = OFFER.replace(f" {NEW_YORK}", "")
        offer = message(text=plain, code=CODE, worth=Money(900, "USD"))
        assert (await propose(at, offer)).state == "executed"


async def test_what_is_carried_through_as_ones_own_is_one_message(database: Database):
    async with writing_shop(database) as at:
        await at.say(
            "INSERT INTO rung VALUES ('message', '', 'suggest', 'marketing:mia', now(), 'A careful start', '{}')"
        )
        asked = await propose(at, message(), SPECIALIST)
        assert (asked.state, rules(asked)) == ("waiting", ["ladder.suggest"])
        assert asked.approval_id
        own = await at.guard.answer(EVE, asked.approval_id, approve=True)
        assert (own.state, at.texts) == ("executed", [TEXT])
        assert await at.shop.promised("message_customer_day") == {"c_clara:marketing:2026-11-20": 1}


@pytest.mark.parametrize("role", Role)
async def test_nobody_sends_but_marketing_managers_and_the_specialist(database: Database, role: Role):
    async with writing_shop(database) as at:
        told = await propose(at, message(), actor(role))
        allowed = role in {Role.MARKETING, Role.MANAGER}
        waits = role is Role.OFFERS_SPECIALIST
        assert told.state == ("executed" if allowed else "waiting" if waits else "denied")
        assert len(at.texts) == allowed


async def test_a_message_to_nobody_we_know_or_from_elsewhere_is_refused(database: Database):
    async with writing_shop(database) as at:
        with pytest.raises(NotFound) as missing:
            await propose(at, message(customer=CustomerRef("c_nobody")))
        assert missing.value.code == "customer.unknown"
        bound = actor(Role.MANAGER, locations=frozenset({S2}))
        assert rules(await propose(at, message(), bound)) == ["access.outside_locations"]


async def test_a_sent_message_cannot_be_undone_and_says_what_to_do_instead(database: Database):
    async with writing_shop(database) as at:
        done = await propose(at, message())
        with pytest.raises(Refused) as refusal:
            await at.guard.undo(ADA, done.action_id, key="undo-message", reason="A mistake", origin=ORIGIN)
        assert (refusal.value.code, refusal.value.hint) == (
            "undo.irreversible",
            "Send another that puts it right: what was read stays read.",
        )


@given(
    asked=st.lists(
        st.tuples(
            st.sampled_from(["c_clara", "c_dora"]),
            st.sampled_from(["marketing", "service"]),
            st.sampled_from(["sms", "email"]),
            st.sampled_from(["S1", "S2"]),
            st.integers(0, 6 * 24),
            st.sampled_from(["yes", "no", "wait"]),
        ),
        max_size=14,
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_sequence_of_proposals_passes_a_cap_or_the_quiet_hours(database: Database, asked: list[Any]):
    async with writing_shop(database) as at:
        await agree(at.shop, "c_dora")
        at.book.known |= {("c_dora", "sms"): "+12125550143", ("c_dora", "email"): "dora@example.com"}
        sent: dict[tuple[str, str, Any], int] = {}
        for number, (ref, purpose, channel, store, hour, answer) in enumerate(sorted(asked, key=lambda each: each[4])):
            at.shop.clock = START - timedelta(days=4) + timedelta(hours=hour)  # Monday
            make = message if channel == "sms" else mail
            told = await propose(
                at,
                make(
                    customer=CustomerRef(ref),
                    purpose=purpose,
                    store=LocationId(store),
                    text=f"Number {number}. Reply STOP to stop.",
                ),
                SPECIALIST if answer != "yes" else MIA,
            )
            if told.approval_id and answer == "no":
                told = await at.guard.answer(ADA, told.approval_id, approve=False)
            local = at.shop.clock - timedelta(hours=5)
            if told.state == "executed":
                assert 8 <= local.hour < 21
            if told.state in {"executed", "waiting"}:
                for span in (local.date(), local.isocalendar()[1]):
                    sent[ref, purpose, span] = sent.get((ref, purpose, span), 0) + 1
        for (_, purpose, span), many in sent.items():
            week = isinstance(span, int)
            assert many <= ((3 if week else 1) if purpose == "marketing" else (99 if week else 5))
        await empty(at)


def _guard_over(at: WritingShop, places: Any) -> None:
    at.shop.executor = Executor(at.shop.database, {}, places, at.shop.engine, at.shop.now, messages=at.messaging)
    at.shop.guard = Guard(at.shop.database, at.shop.engine, places, at.shop.executor, {}, at.shop.now)
