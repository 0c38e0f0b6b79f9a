"""Lanes a rule may choose: one manager, two of them, or a person who does it themselves, as it is or for less."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from policies.actions.lower import Edit
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.percent import Percent
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    EVE,
    S1,
    S2,
    SAMPLE,
    SCARF,
    SPECIALIST,
    Shop,
    actor,
    adjustment,
    discount,
    open_shop,
    transfer,
)
from tests.unit.policies.rules_in_parts import RULES, SCHEMA
from tools.proposal import Decision
from tools.read.approval_figures import approval_figures

pytestmark = pytest.mark.anyio
SAM = actor(Role.MANAGER, "manager:sam")
HALF = Edit(percent=Percent(500))
_TWO = """// Owner: Store Operations.
@id("test.two")
@sentence("Two managers look at this.")
forbid (principal, action == Action::"discount", resource)
when { context.amount > 1000 } unless { context.approval == "two_managers" };
"""
TWO = Engine({**RULES, "zz.cedar": _TWO}, SCHEMA, Limits.read())


async def waiting(shop: Shop, cents: int = 6_000, *, who: Actor = SPECIALIST, transaction: str = "T1") -> Decision:
    decision = await shop.guard.propose(who, discount(cents, transaction=transaction))
    assert decision.state == "waiting"
    return decision


async def answer(shop: Shop, decision: Decision, who: Actor, *, yes: bool = True) -> Decision:
    return await shop.guard.answer(who, decision.approval_id or "", yes)


async def refused(shop: Shop, decision: Decision, who: Actor, edit: Edit | None = None) -> str:
    own = None if edit is None else shop.guard.take(who, decision.approval_id or "", edit=edit)
    with pytest.raises((Refused, NotFound)) as refusal:
        await (own or answer(shop, decision, who))
    return refusal.value.code


# --- two managers


async def test_two_managers_approve_what_takes_two_and_both_are_on_record(database: Database):
    shop = await open_shop(database, engine=TWO)
    decision = await waiting(shop, 2_000)
    assert decision.outcome == "approve_two"
    first = await answer(shop, decision, ADA)
    assert (first.state, shop.effects) == ("waiting", 0)
    done = await answer(shop, decision, EVE)
    assert (done.state, shop.effects) == ("executed", 1)
    async with database.reading() as connection:
        steps = await connection.execute(
            text(
                "SELECT CAST(entry AS jsonb) -> 'body' ->> 'step', CAST(entry AS jsonb) #>> '{body,by,id}'"
                " FROM ledger WHERE kind = 'approval' ORDER BY seq"
            )
        )
        assert [tuple(row) for row in steps] == [("asked", None), ("approved_first", ADA.id), ("approved", EVE.id)]


async def test_one_manager_is_not_two_however_often_and_at_once_they_say_yes(database: Database):
    shop = await open_shop(database, engine=TWO)
    decision = await waiting(shop, 2_000)
    said = await asyncio.gather(*(answer(shop, decision, ADA) for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in said) == ["Decision", "Refused", "Refused", "Refused"]
    assert await refused(shop, decision, ADA) == "approval.second"
    assert (await shop.state(decision.action_id), shop.effects) == ("waiting", 0)


async def test_three_managers_at_once_have_one_effect(database: Database):
    shop = await open_shop(database, engine=TWO)
    decision = await waiting(shop, 2_000)
    said = await asyncio.gather(*(answer(shop, decision, who) for who in (ADA, EVE, SAM)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in said) == ["Decision", "Decision", "Refused"]
    assert shop.effects == 1


async def test_of_two_managers_neither_may_be_the_proposer_and_one_no_ends_it(database: Database):
    shop = await open_shop(database, engine=TWO)
    own = await waiting(shop, 2_000, who=ADA)
    assert await refused(shop, own, ADA) == "approval.own"
    await answer(shop, own, EVE)
    assert (await answer(shop, own, EVE, yes=False)).state == "rejected"
    assert await refused(shop, own, SAM) == "approval.answered"
    assert (shop.effects, await shop.promised()) == (0, {"shopify:T1": 0})


async def test_the_first_of_two_answers_does_not_lengthen_the_time(database: Database):
    shop = await open_shop(database, engine=TWO)
    decision = await waiting(shop, 2_000)
    shop.after(minutes=14, seconds=59)
    await answer(shop, decision, ADA)
    shop.after(seconds=1)
    assert await refused(shop, decision, EVE) == "approval.expired"
    assert await shop.state(decision.action_id) == "expired"


async def test_nobody_lowers_alone_what_takes_two(database: Database):
    shop = await open_shop(database, engine=TWO)
    decision = await waiting(shop, 2_000)
    assert await refused(shop, decision, ADA, HALF) == "edit.two"
    own = await shop.guard.take(ADA, decision.approval_id or "", edit=Edit())
    assert (own.state, own.outcome, shop.effects) == ("waiting", "approve_two", 0)
    assert await refused(shop, own, ADA) == "approval.own"
    await answer(shop, own, EVE)
    assert (await answer(shop, own, SAM)).state == "executed"


# --- for less


async def test_a_manager_lowers_an_offer_into_an_action_of_their_own_linked_to_the_first(database: Database):
    shop = await open_shop(database)
    decision = await waiting(shop)
    done = await shop.guard.take(ADA, decision.approval_id or "", edit=HALF, note="Half will do.")
    assert (done.state, shop.effects) == ("executed", 1)
    made, context = shop.platform.asked[0]
    assert (made.facts()["amount"]["minor"], context.actor) == (3_000, ADA.id)
    assert await shop.state(decision.action_id) == "rejected"
    assert await shop.promised() == {"shopify:T1": 3_000}
    async with database.reading() as connection:
        found = await connection.execute(
            text("SELECT supersedes, situation ->> 'approval' FROM action WHERE id = :id"), {"id": done.action_id}
        )
        first = await connection.execute(
            text("SELECT facts #>> '{amount,minor}' FROM action WHERE id = :id"), {"id": decision.action_id}
        )
        assert tuple(found.one()) == (decision.action_id, "manager")
        assert first.scalar_one() == "6000"
    assert await shop.kinds() == ["decision", "approval", "decision", "approval", "executed"]


async def test_an_edit_is_answered_once_and_again_alike(database: Database):
    shop = await open_shop(database)
    decision = await waiting(shop)
    edits = (shop.guard.take(who, decision.approval_id or "", edit=HALF) for who in (ADA, EVE, ADA))
    said = await asyncio.gather(*edits, return_exceptions=True)
    assert sorted({type(each).__name__ for each in said}) == ["Decision", "Refused"]
    assert shop.effects == 1
    assert await refused(shop, decision, SAM) == "approval.answered"


async def test_a_yes_and_an_edit_at_once_have_one_effect(database: Database):
    shop = await open_shop(database)
    decision = await waiting(shop)
    edit = shop.guard.take(EVE, decision.approval_id or "", edit=HALF)
    said = await asyncio.gather(answer(shop, decision, ADA), edit, return_exceptions=True)
    assert sorted(type(each).__name__ for each in said) == ["Decision", "Refused"]
    assert shop.effects == 1
    assert await shop.promised() in ({"shopify:T1": 6_000}, {"shopify:T1": 3_000})


@pytest.mark.parametrize(
    ("percent", "code"), [(1_000, "edit.not_less"), (1_001, "edit.not_less"), (0, "edit.not_less"), (999, "")]
)
async def test_an_edit_asks_for_less_by_at_least_one_basis_point(database: Database, percent: int, code: str):
    shop = await open_shop(database)
    decision = await waiting(shop)
    edit = Edit(percent=Percent(percent))
    if code:
        assert await refused(shop, decision, ADA, edit) == code
        assert (await answer(shop, decision, ADA)).state == "executed"
    else:
        assert (await shop.guard.take(ADA, decision.approval_id or "", edit=edit)).state == "executed"


async def test_an_edit_the_rules_deny_leaves_the_proposal_waiting(database: Database):
    shop = await open_shop(database)
    decision = await waiting(shop)
    await shop.count(SAMPLE, 0)
    assert await refused(shop, decision, ADA, HALF) == "offers.out_of_stock"
    assert (await shop.state(decision.action_id), await shop.promised()) == ("waiting", {"shopify:T1": 6_000})
    await shop.count(SAMPLE, 1)
    assert (await shop.guard.take(ADA, decision.approval_id or "", edit=HALF)).state == "executed"


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (replace(ADA, model=True), "access.model_never_decides"),
        (replace(ADA, id="assistant:ada", model=True, on_behalf_of=ADA.id), "access.model_never_decides"),
        (replace(ADA, on_behalf_of="manager:eve"), "access.model_never_decides"),
        (SPECIALIST, "access.model_never_decides"),
        (ASSOCIATE, "access.nothing_permits"),
        (actor(Role.OPERATOR), "access.nothing_permits"),
        (actor(Role.MANAGER, locations=frozenset({S2})), "approval.unknown"),
    ],
)
async def test_whoever_may_not_approve_may_not_do_it_instead_either(database: Database, who: Actor, code: str):
    shop = await open_shop(database)
    decision = await waiting(shop)
    assert await refused(shop, decision, who) == code
    assert await refused(shop, decision, who, Edit()) == code
    assert await refused(shop, decision, who, HALF) == code
    assert (await shop.state(decision.action_id), shop.effects) == ("waiting", 0)


async def test_nobody_lowers_their_own_proposal_past_the_manager_it_needs(database: Database):
    shop = await open_shop(database)
    decision = await waiting(shop, who=ADA)
    assert await refused(shop, decision, ADA, Edit(percent=Percent(990))) == "approval.own"
    assert (await shop.guard.take(EVE, decision.approval_id or "", edit=HALF)).state == "executed"


async def test_the_words_of_a_lowered_offer_are_lowered_with_it(database: Database):
    shop = await open_shop(database)
    asked = discount(6_000)
    spoken = replace(asked, evidence={**asked.evidence, "message": "10% off your sample today."})
    decision = await shop.guard.propose(SPECIALIST, spoken)
    done = await shop.guard.take(ADA, decision.approval_id or "", edit=HALF)
    assert done.state == "executed"
    async with database.reading() as connection:
        found = await connection.execute(
            text("SELECT proposal #>> '{evidence,message}' FROM action WHERE id = :id"), {"id": done.action_id}
        )
        message = str(found.scalar_one())
    assert ("5%" in message, "10%" in message) == (True, False)


async def test_fewer_units_of_a_transfer_and_of_an_adjustment(database: Database):
    shop = await open_shop(database)
    await shop.count(SCARF, 500, transfer(1).action.origin)  # type: ignore[union-attr]
    inventory = actor(Role.INVENTORY_SPECIALIST)
    move = await shop.guard.propose(inventory, transfer(200))
    assert (move.state, move.outcome) == ("waiting", "approve")
    assert (await shop.guard.take(ADA, move.approval_id or "", edit=Edit(units=50))).state == "executed"
    count = await shop.guard.propose(actor(Role.PLANNER), adjustment(40))
    assert count.state == "waiting"
    assert (await shop.guard.take(ADA, count.approval_id or "", edit=Edit(units=15))).state == "executed"
    moved, counted = (action.facts() for action, _ in shop.platform.asked)
    assert ([line["units"] for line in moved["lines"]], counted["delta"]) == ([50], 15)


async def test_a_key_somebody_chose_for_something_else_is_not_taken_for_an_answer(database: Database):
    shop = await open_shop(database)
    decision = await waiting(shop)
    await shop.guard.propose(ADA, discount(10, transaction="T9", key=f"instead of {decision.approval_id}"))
    assert await refused(shop, decision, ADA, HALF) == "idempotency.key_reused"
    assert (await answer(shop, decision, ADA)).state == "executed"


# --- bound to what was asked, until it happens


async def test_an_approved_action_that_was_changed_before_it_happened_is_denied(database: Database):
    shop = await open_shop(database)
    decision = await waiting(shop)
    impatient = Shop(database)
    impatient.executor.carry_out = _die  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await answer(impatient, decision, ADA)
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE action SET facts = jsonb_set(facts, '{code}', '\"TH-OTHER\"') WHERE id = :id"),
            {"id": decision.action_id},
        )
    assert (await shop.executor.carry_out(decision.action_id)).state == "denied"
    assert shop.effects == 0


async def test_what_waits_survives_a_restart_with_its_first_yes(database: Database, database_url: str):
    decision = await waiting(shop := await open_shop(database, engine=TWO), 2_000)
    await answer(shop, decision, ADA)
    other = Database(database_url)
    restarted = Shop(other, TWO)
    assert await refused(restarted, decision, ADA) == "approval.second"
    assert (await answer(restarted, decision, EVE)).state == "executed"
    await other.close()


# --- the queue in figures


async def test_the_queue_says_what_waits_how_fast_people_answer_and_what_nobody_did(database: Database):
    shop = await open_shop(database)
    for minutes, who in ((2, ADA), (4, EVE), (9, ADA)):
        decision = await waiting(shop, transaction=f"T{minutes}")
        shop.after(minutes=minutes)
        await shop.count(SAMPLE, 5)
        await shop.guard.answer(who, decision.approval_id or "", approve=False)
    await waiting(shop, transaction="late")
    shop.after(minutes=15)
    await shop.count(SAMPLE, 5)
    fresh = discount(6_000, transaction="open")
    soon = fresh.action.model_copy(update={"valid_until": shop.clock + timedelta(minutes=30)})
    await shop.guard.propose(SPECIALIST, replace(fresh, action=soon))
    shop.after(seconds=30)
    async with database.reading() as connection:
        (found,) = await approval_figures(connection, None, shop.clock)
        elsewhere = await approval_figures(connection, [S2], shop.clock)
    assert (found.location, found.waiting, found.oldest_s) == (S1, 1, 30.0)
    assert (found.answered, found.median_s, found.expired) == (3, 240.0, 1)
    assert elsewhere == []


async def _die(action: str) -> Decision:
    raise ConnectionError(action)
