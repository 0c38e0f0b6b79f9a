"""The ledger tells the whole story, and tells when somebody changed it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from knowledge.store.session import Database
from knowledge.store.tables import event, purchase
from policies.engine import Engine
from policies.errors import NotFound
from policies.limits import DEFAULT_FILE, Limits
from policies.vocabulary.actor import Role
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    ORIGIN,
    S1,
    SAMPLE,
    SPECIALIST,
    START,
    Shop,
    actor,
    adjustment,
    discount,
    open_shop,
)
from tests.unit.policies.rules_in_parts import RULES, SCHEMA
from tools.audit.explain import explain
from tools.audit.recompute import recompute
from tools.audit.story import Explanation

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database) -> Shop:
    """With ten records in its ledger."""
    shop = await open_shop(database)
    await shop.guard.propose_all([(SPECIALIST, discount(100, transaction=f"T{number}")) for number in range(10)])
    return shop


async def _explain(shop: Shop, name: str) -> Explanation:
    async with shop.database.reading() as connection:
        return await explain(connection, name)


async def _entries(shop: Shop) -> list[str]:
    async with shop.database.reading() as connection:
        rows = await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'decision' ORDER BY seq"))
        return list(rows.scalars())


async def test_a_decision_is_recomputed_bit_for_bit(shop: Shop):
    await shop.guard.propose_all([(SPECIALIST, discount(cents, transaction="R")) for cents in (5_000, 1, 20_000)])
    again = [recompute(entry, shop.engine) for entry in await _entries(shop)]
    assert all(each.equal and each.same_rules for each in again)
    assert {each.now.outcome.value for each in again} == {"allow", "approve", "deny"}


async def test_a_recheck_after_an_approval_is_recomputed_too(shop: Shop):
    decision = await shop.guard.propose(SPECIALIST, discount(6_000, transaction="R"))
    await shop.count(SAMPLE, 0)
    await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    again = recompute((await _entries(shop))[-1], shop.engine)
    assert (again.equal, again.now.outcome.value) == (True, "deny")


async def test_a_past_decision_can_be_asked_again_under_other_limits(shop: Shop):
    strict = DEFAULT_FILE.read_text().replace("percent_bp = 3000 ", "percent_bp = 999 ")
    again = recompute((await _entries(shop))[0], Engine(RULES, SCHEMA, Limits(strict)))
    assert (again.equal, again.same_rules) == (True, False)  # the situation carries the limits it was judged by


async def test_a_record_without_a_situation_cannot_be_judged_again(shop: Shop):
    await shop.guard.note(ASSOCIATE, [(ORIGIN, "Nothing to offer.")])
    async with shop.database.reading() as connection:
        entry = (await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'note'"))).scalar_one()
    with pytest.raises(NotFound):
        recompute(entry, shop.engine)


async def _sold(shop: Shop, proposal_code: str) -> None:
    async with shop.database.transaction() as connection:
        await connection.execute(insert(event), _event())
        await connection.execute(
            insert(purchase),
            {
                "id": "shopify:order:77",
                "channel": "pos",
                "location_id": S1,
                "occurred_at": START + timedelta(minutes=9),
                "received_at": START,
                "total": 1,
                "currency": "USD",
                "codes": [proposal_code],
                "transaction": "R",
            },
        )


def _event() -> dict[str, Any]:
    return {
        "id": ORIGIN.causation,
        "source": "shopify",
        "delivery": "d1",
        "topic": "checkout.started",
        "lane": S1,
        "occurred_at": START,
        "received_at": START,
        "correlation_id": ORIGIN.correlation,
        "facts": {},
    }


async def test_an_order_an_action_an_approval_an_event_and_a_story_lead_to_the_same_decision(shop: Shop):
    proposal = discount(6_000, transaction="R")
    decision = await shop.guard.propose(SPECIALIST, proposal)
    await shop.guard.answer(ADA, decision.approval_id or "", approve=True, note="regular customer")
    await _sold(shop, proposal.action.facts()["code"])
    names = {
        decision.action_id: "action",
        decision.approval_id or "": "approval",
        "shopify:order:77": "order",
        ORIGIN.causation: "event",
        str(ORIGIN.correlation): "correlation",
    }
    for name, about in names.items():
        told = await _explain(shop, name)
        assert told.about == about
        if about in {"event", "correlation"}:  # the ten others belong to the same story
            assert (len(told.stories), told.truncated) == (10, True)
        else:
            assert [story.action_id for story in told.stories] == [decision.action_id]


async def test_the_story_holds_event_evidence_rationale_verdict_approver_call_outcome_and_undo(shop: Shop):
    proposal = replace(discount(6_000, transaction="R"), model="qwen3@abc")
    decision = await shop.guard.propose(SPECIALIST, proposal)
    shop.after(minutes=2)
    await shop.guard.answer(ADA, decision.approval_id or "", approve=True, note="regular customer")
    await _sold(shop, proposal.action.facts()["code"])
    shop.after(minutes=2)
    await shop.guard.undo(ADA, decision.action_id, key="undo-1", reason="Given by mistake.", origin=ORIGIN)
    (story,) = (await _explain(shop, decision.action_id)).stories
    screen = story.text()
    for part in (
        "discount at S1: undone",
        "Give 10% off (60.00 USD at most)",
        "checkout.started from shopify at 2026-11-20 15:00:00 (event-1)",
        "by specialist:offers (offers_specialist), event door",
        '{"lines":[{"price":60000,"sku":"SAMPLE","units":1}]}',
        "Goes with the basket. (words by qwen3@abc)",
        "approve (offers.over_free_limit: All discounts on one transaction",
        "after approval: allow (offers.who)",
        "approved by manager:ada at 2026-11-20 15:02:00: regular customer",
        "POST discount on shopify, key ",
        "response   gid://",
        "used on order shopify:order:77",
        "by manager:ada at 2026-11-20 15:04:00, 60.00 USD stays spent",
    ):
        assert part in screen
    assert len(screen.splitlines()) <= 24
    assert max(map(len, screen.splitlines())) <= 100


async def test_a_denied_and_a_waiting_action_explain_themselves(shop: Shop):
    denied = await shop.guard.propose(SPECIALIST, discount(30_000, transaction="R"))
    waits = await shop.guard.propose(actor(Role.PLANNER), adjustment(-100))
    assert "offers.transaction_cap" in (await _explain(shop, denied.action_id)).text()
    assert f"{waits.approval_id} waits until 2026-11-20 15:15:00" in (await _explain(shop, waits.action_id)).text()
    shop.after(minutes=15)
    await shop.guard.expire()
    assert "expired: nobody answered in time" in (await _explain(shop, waits.action_id)).text()


async def test_what_led_to_no_action_is_told_too(shop: Shop):
    other = replace(ORIGIN, correlation="call-9")
    await shop.guard.note(ASSOCIATE, [(other, "Nothing to offer.")])
    await shop.guard.propose_all([(SPECIALIST, discount(1, origin=other, lines=[]))])
    with pytest.raises(NotFound):
        await shop.guard.invoke(ASSOCIATE, "nothing", {}, other)
    notes = [note.split(" ", 1)[1] for note in (await _explain(shop, "call-9")).notes]
    assert (notes[0], notes[2]) == ("associate:ben: Nothing to offer.", "associate:ben called ?: tool.unknown")
    assert notes[1].startswith(
        "specialist:offers asked for discount: discount.base. The discount is taken off 0.10 USD"
    )


async def test_an_id_that_led_to_nothing_is_not_found(shop: Shop):
    with pytest.raises(NotFound):
        await _explain(shop, "shopify:order:nowhere")
