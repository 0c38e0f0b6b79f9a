"""A word to who just bought for much passes the guard: a manager's approval, consent, quiet hours, and once."""

from datetime import timedelta

import pytest

from agents.specialists.purchases import PurchasesSpecialist
from knowledge.events.event import Event, Topic
from knowledge.store.session import Database
from policies.limits import Limits
from policies.vocabulary.ids import CorrelationId, EventId
from tests.flows.guarded_shop import ADA, PLACES, S1
from tests.flows.messaging_shop import CLARA, WritingShop, writing_shop
from tools.proposal import Decision

pytestmark = pytest.mark.anyio


async def bought(at: WritingShop, name: str = "o1", *, minutes_ago: float = 1) -> list[Decision]:
    """What the guard makes of what the specialist makes of a purchase for 500.00."""
    moment = at.shop.now() - timedelta(minutes=minutes_ago)
    facts = {"order": f"shopify:order:{name}", "channel": "pos", "location": S1, "total": 50_000, "currency": "USD"}
    event = Event(
        EventId(f"e-{name}"), "shopify", name, Topic.ORDER_CREATED, S1, moment, moment, CorrelationId(name), facts
    )
    specialist = PurchasesSpecialist(
        at.shop.database, PLACES, Limits.read(), channels={"sms", "email"}, now=at.shop.now
    )
    found = await specialist.consider([event], {event.id: CLARA})
    return [await at.guard.propose(specialist.actor, proposal) for proposal in found.proposals]


async def test_a_manager_answers_and_the_customer_is_written_to_once(database: Database):
    async with writing_shop(database) as at:
        (asked,) = await bought(at)
        assert (asked.state, at.texts) == ("waiting", [])
        assert asked.approval_id
        await at.guard.answer(ADA, asked.approval_id, approve=True)
        (told,) = at.texts
        assert told.startswith("Thank you for your purchase.")
        assert told.endswith("Reply STOP to stop.")
        assert "%" not in told
        assert await bought(at) == []


async def test_in_the_quiet_hours_nobody_is_written_to(database: Database):
    async with writing_shop(database) as at:
        at.shop.after(hours=12)  # ten in the evening
        (asked,) = await bought(at)
        assert asked.state == "denied"
        assert "messages.quiet_hours" in [rule for rule, _ in asked.reasons]


async def test_one_marketing_message_a_day_is_the_most(database: Database):
    async with writing_shop(database) as at:
        (first,) = await bought(at)
        assert first.state == "waiting"
        (second,) = await bought(at, "o2")
        assert second.state == "denied"
        assert "messages.customer_day_cap" in [rule for rule, _ in second.reasons]


async def test_consent_taken_back_is_heard(database: Database):
    async with writing_shop(database) as at:
        await at.say("UPDATE customer SET consent_sms = false, consent_email = false")
        assert await bought(at) == []
        assert await bought(at, minutes_ago=11) == []
