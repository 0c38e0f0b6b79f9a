"""The ledger tells the whole story, and tells when somebody changed it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from knowledge.store.session import Database
from knowledge.store.tables import event, purchase
from policies.engine import Engine
from policies.errors import Misconfigured, NotFound
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
from tools.audit.anchor import add_anchor, read_anchors
from tools.audit.entry import FIRST
from tools.audit.explain import explain
from tools.audit.ledger import Head, head
from tools.audit.recompute import recompute
from tools.audit.story import Explanation
from tools.audit.verify import Verification, verify

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database) -> Shop:
    """With ten records in its ledger."""
    shop = await open_shop(database)
    await shop.guard.propose_all([(SPECIALIST, discount(100, transaction=f"T{number}")) for number in range(10)])
    return shop


async def _verify(shop: Shop, anchors: Sequence[Head] = ()) -> Verification:
    async with shop.database.reading() as connection:
        return await verify(connection, anchors)


async def _tamper(shop: Shop, *statements: str) -> None:
    async with shop.database.transaction() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def _explain(shop: Shop, name: str) -> Explanation:
    async with shop.database.reading() as connection:
        return await explain(connection, name)


async def _entries(shop: Shop) -> list[str]:
    async with shop.database.reading() as connection:
        rows = await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'decision' ORDER BY seq"))
        return list(rows.scalars())


async def test_an_untouched_ledger_is_whole(shop: Shop):
    found = await _verify(shop)
    assert (found.whole, found.records, found.head.seq) == (True, 10, 10)


async def test_an_empty_ledger_is_whole(database: Database):
    found = await _verify(Shop(database))
    assert (found.whole, found.head) == (True, Head(0, FIRST))


async def test_records_added_by_many_at_once_make_one_chain_without_gaps(shop: Shop):
    await asyncio.gather(*(shop.guard.note(ASSOCIATE, [(ORIGIN, f"Note {number}.")]) for number in range(40)))
    found = await _verify(shop)
    assert (found.whole, found.records) == (True, 50)


_SWAP = (
    "UPDATE ledger SET seq = -4 WHERE seq = 4",
    "UPDATE ledger SET seq = 4 WHERE seq = 5",
    "UPDATE ledger SET seq = 5 WHERE seq = -4",
)


@pytest.mark.parametrize(
    ("statements", "seq", "what"),
    [
        (("UPDATE ledger SET entry = replace(entry, '100', '101') WHERE seq = 4",), 4, "edited"),
        (("UPDATE ledger SET kind = 'note' WHERE seq = 4",), 4, "edited"),
        (("UPDATE ledger SET action_id = 'act_other' WHERE seq = 4",), 4, "edited"),
        (("UPDATE ledger SET at = at + interval '1 second' WHERE seq = 4",), 4, "edited"),
        (("UPDATE ledger SET entry = 'x', hash = repeat('0', 64) WHERE seq = 10",), 10, "edited"),
        (("UPDATE ledger SET hash = repeat('0', 64) WHERE seq = 10",), 10, "edited"),
        (("DELETE FROM ledger WHERE seq = 4",), 4, "missing"),
        (("DELETE FROM ledger WHERE seq = 1",), 1, "missing"),
        (("DELETE FROM ledger WHERE seq BETWEEN 4 AND 6",), 4, "missing"),
        (("DELETE FROM ledger WHERE seq = 4", "UPDATE ledger SET seq = seq - 1 WHERE seq > 4"), 4, "moved"),
        (_SWAP, 4, "moved"),
        (("DELETE FROM ledger WHERE seq = 10",), 10, "cut"),
        (("DELETE FROM ledger",), 1, "cut"),
    ],
)
async def test_any_edit_deletion_reordering_or_cut_shows_where(
    shop: Shop, statements: Sequence[str], seq: int, what: str
):
    await _tamper(shop, *statements)
    found = await _verify(shop)
    assert (found.faults[0].seq, found.faults[0].what) == (seq, what)
    assert len(found.faults) <= 20


async def test_a_cut_that_hides_itself_in_the_head_shows_against_the_anchor(shop: Shop):
    anchors = [(await _verify(shop)).head]
    await _tamper(
        shop,
        "DELETE FROM ledger WHERE seq > 7",
        "UPDATE ledger_head SET seq = 7, hash = (SELECT hash FROM ledger WHERE seq = 7)",
    )
    assert (await _verify(shop)).whole
    assert [(fault.seq, fault.what) for fault in (await _verify(shop, anchors)).faults] == [(10, "cut")]


async def test_a_chain_written_anew_shows_against_the_anchor(shop: Shop):
    anchored = (await _verify(shop)).head
    other = replace(anchored, hash="f" * 64)
    assert [fault.what for fault in (await _verify(shop, [other])).faults] == ["anchor"]
    assert (await _verify(shop, [anchored])).anchors == 1


async def test_the_anchor_file_grows_by_one_line_for_each_new_head(shop: Shop, tmp_path: Path):
    file = tmp_path / "far" / "anchors"
    assert read_anchors(file) == []
    async with shop.database.reading() as connection:
        now = await head(connection)
    assert (add_anchor(file, now), add_anchor(file, now)) == (True, False)
    assert add_anchor(file, Head(11, "e" * 64))
    assert read_anchors(file) == [now, Head(11, "e" * 64)]
    file.write_text("11 short\n")
    with pytest.raises(Misconfigured):
        read_anchors(file)


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
        "POST discount on shopify: gid://",
        "used on order shopify:order:77",
        "by manager:ada at 2026-11-20 15:04:00 (act_",
        "60.00 USD stays spent",
    ):
        assert part in screen
    assert len(screen.splitlines()) <= 24
    assert max(map(len, screen.splitlines())) <= 110


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
