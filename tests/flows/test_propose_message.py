"""propose_message, as an assistant calls it: what is previewed is what is sent, and what cannot be sent says why."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from knowledge.store.session import Database
from policies.actions.message import Message
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Role
from tests.flows.guarded_shop import ADA, ORIGIN, PLACES, S1, START, actor
from tests.flows.messaging_shop import CLARA, MIA, TEXT, WritingShop, writing_shop
from tests.small_chain import KEYS
from tools.action_row import find
from tools.propose.decided import Decided
from tools.propose.plan import Plans
from tools.registry import build_tools
from tools.tool import Tool

pytestmark = pytest.mark.anyio
ASKED: dict[str, Any] = {
    "idempotency_key": "message-test-1",
    "reason": "The season begins",
    "location_id": S1,
    "customer": CLARA,
    "channel": "sms",
    "purpose": "marketing",
    "text": TEXT,
}


@asynccontextmanager
async def counter(database: Database, *, set_up: bool = True) -> AsyncGenerator[WritingShop]:
    """The shop with its tools."""
    async with writing_shop(database) as at:
        tools: dict[str, Tool] = {}
        at.shop.tools = tools
        at.shop.guard._tools = tools  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # filled after the guard, as a house does
        tools.update(
            build_tools(
                database,
                at.guard,
                places=PLACES,
                keys=KEYS,
                engine=at.shop.engine,
                now=at.shop.now,
                plans=Plans(b"a secret of the installation...."),
                messages=at.messaging if set_up else None,
            )
        )
        yield at


async def call(at: WritingShop, who: Any = MIA, **more: Any) -> Decided:
    answer = await at.guard.invoke(who, "propose_message", {**ASKED, **more}, ORIGIN)
    assert isinstance(answer, Decided)
    return answer


async def refused(at: WritingShop, **more: Any) -> tuple[str, str]:
    """Code and field of what a call refuses."""
    with pytest.raises((Refused, NotFound)) as refusal:
        await call(at, **more)
    return refusal.value.code, refusal.value.field


async def test_what_is_previewed_is_sent_once_under_its_plan(database: Database):
    async with counter(database) as at:
        seen = await call(at, dry_run=True)
        assert (seen.state, seen.outcome, at.texts) == ("previewed", "allow", [])
        assert [(each.before, each.after, each.unit) for each in seen.changes] == [(0, 1, "units")]
        assert seen.action == f'Text one customer of S1 (marketing): "{TEXT}"'
        done = await call(at, plan_id=seen.plan_id)
        again = await call(at, plan_id=seen.plan_id)
        assert done.next == "Sent. A message cannot be called back; another may put it right."
        assert (done.state, again.replayed, again.action_id) == ("executed", True, done.action_id)
        assert at.texts == [TEXT]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE customer SET consent_sms = false", "the circumstances"),
        ("INSERT INTO message_stop SELECT ref, 'sms', observed_at FROM customer", "the circumstances"),
    ],
)
async def test_a_plan_whose_customer_thought_again_sends_nothing(database: Database, sql: str, named: str):
    async with counter(database) as at:
        seen = await call(at, dry_run=True)
        await at.say(sql)
        with pytest.raises(Refused, match=named) as refusal:
            await call(at, plan_id=seen.plan_id)
        assert (refusal.value.code, at.texts) == ("plan.stale", [])


async def test_a_key_used_for_other_words_is_refused(database: Database):
    async with counter(database) as at:
        await call(at)
        assert await refused(at, text="Other words. Reply STOP to stop.") == (
            "idempotency.key_reused",
            "idempotency_key",
        )
        assert at.texts == [TEXT]


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"channel": "letter"}, "arguments.invalid", "channel"),
        ({"purpose": "Marketing"}, "arguments.invalid", "purpose"),
        ({"text": ""}, "arguments.invalid", "text"),
        ({"text": "x" * 481}, "arguments.invalid", "text"),
        ({"text": "Call 212 555 0142"}, "arguments.invalid", "text"),
        ({"text": "Hidden\u200bwords"}, "arguments.invalid", "text"),
        ({"to": "+12125550142"}, "arguments.invalid", "to"),
        ({"text": "CUST_456, come in. Reply STOP to stop."}, "message.personal", "text"),
        ({"subject": "For a text"}, "message.subject", ""),
        ({"customer": "c_nobody"}, "customer.unknown", "customer"),
        ({"code": "TH-ABCDEFGHIJKL"}, "message.code_unknown", "code"),
        ({"location_id": "S9"}, "location.unknown", "location_id"),
    ],
)
async def test_what_cannot_be_a_message_is_refused_by_name(
    database: Database, more: dict[str, Any], code: str, field: str
):
    async with counter(database) as at:
        assert await refused(at, **more) == (code, field)
        assert (at.texts, at.book.asked) == ([], 0)


async def test_where_nothing_is_set_up_a_message_is_refused_with_what_to_set(database: Database):
    async with counter(database, set_up=False) as at:
        for channel, names in (("sms", "TILLHAND_TWILIO_URL"), ("email", "TILLHAND_KLAVIYO_URL")):
            with pytest.raises(Refused) as refusal:
                await call(at, channel=channel)
            assert (refusal.value.code, names in refusal.value.hint) == ("messages.not_set_up", True)


async def test_what_a_model_asks_for_marketing_waits_for_a_manager(database: Database):
    async with counter(database) as at:
        asked = await call(at, actor(Role.MARKETING, "assistant:mia", model=True))
        assert (asked.state, at.texts) == ("waiting", [])
        assert (await at.guard.answer(ADA, asked.approval_id, approve=True)).state == "executed"
        assert at.texts == [TEXT]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MARKETING])
async def test_the_tool_is_unknown_to_everybody_but_marketing(database: Database, role: Role):
    async with counter(database) as at:
        with pytest.raises(NotFound) as refusal:
            await call(at, actor(role))
        assert refusal.value.code == "tool.unknown"


async def test_an_email_is_sent_with_its_subject(database: Database):
    async with counter(database) as at:
        done = await call(at, channel="email", subject="New coats", text="The new coats are here.", campaign="autumn")
        assert done.state == "executed"
        ((_, sent),) = at.mailbox.events.items()
        assert (sent["subject"], sent["text"], sent["campaign"]) == ("New coats", "The new coats are here.", "autumn")
        assert await at.shop.promised("message_campaign") == {"autumn": 1}


async def test_a_message_is_kept_as_it_was_sent_and_read_back(database: Database):
    async with counter(database) as at:
        done = await call(at)
        assert done.at_stake.minor == 0
        async with database.reading() as connection:
            row = await find(connection, done.action_id)
        assert row
        assert isinstance(row.action, Message)
        assert (row.action.text, row.action.customer, row.created_at) == (TEXT, CLARA, START)
