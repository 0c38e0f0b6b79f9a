"""A person's yes: asked of the right one, good once, for exactly what was asked, and only while it still holds."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Role
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    EVE,
    S1,
    S2,
    SAMPLE,
    SPECIALIST,
    Shop,
    actor,
    discount,
    open_shop,
)
from tests.unit.policies.rules_in_parts import RULES, SCHEMA
from tools.proposal import Decision

pytestmark = pytest.mark.anyio

_CONFIRM = """
@id("test.confirm")
@sentence("Say yes once more.")
forbid (principal, action == Action::"discount", resource)
when { context.amount > 1000 } unless { context.approval != "none" };
"""


async def _waiting(shop: Shop, **more: Any) -> Decision:
    decision = await shop.guard.propose(SPECIALIST, discount(6_000, **more))
    assert decision.state == "waiting"
    assert decision.approval_id
    return decision


async def _refused(shop: Shop, decision: Decision, who: Actor, *, approve: bool = True) -> str:
    with pytest.raises((Refused, NotFound)) as refusal:
        await shop.guard.answer(who, decision.approval_id or "", approve)
    return refusal.value.code


async def test_a_waiting_discount_does_not_reach_the_platform_until_a_manager_says_yes(database: Database):
    shop = await open_shop(database)
    decision = await _waiting(shop)
    assert shop.effects == 0
    shop.after(minutes=10)
    done = await shop.guard.answer(ADA, decision.approval_id or "", approve=True, note="regular customer")
    assert (done.state, done.action_id, shop.effects) == ("executed", decision.action_id, 1)
    assert shop.platform.asked[0][1].approval == decision.approval_id
    assert await shop.kinds() == ["decision", "approval", "approval", "decision", "executed"]


async def test_a_no_releases_what_was_promised(database: Database):
    shop = await open_shop(database)
    decision = await _waiting(shop)
    assert (await shop.guard.answer(ADA, decision.approval_id or "", approve=False)).state == "rejected"
    assert (await shop.promised(), shop.effects) == ({"shopify:T1": 0}, 0)


async def test_an_answer_counts_once(database: Database):
    shop = await open_shop(database)
    decision = await _waiting(shop)
    await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    for again in (True, False):
        assert await _refused(shop, decision, EVE, approve=again) == "approval.answered"
    assert shop.effects == 1


async def test_of_two_managers_answering_at_once_one_counts(database: Database):
    shop = await open_shop(database)
    decision = await _waiting(shop)
    answers = await asyncio.gather(
        *(shop.guard.answer(who, decision.approval_id or "", approve=True) for who in (ADA, EVE)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in answers) == ["Decision", "Refused"]
    assert shop.effects == 1


async def test_silence_is_no_from_the_very_moment_the_time_is_up(database: Database):
    shop = await open_shop(database)
    first, second = await _waiting(shop), await _waiting(shop, transaction="T2")
    shop.after(minutes=14, seconds=59)
    assert await shop.guard.expire() == 0
    shop.after(seconds=1)
    assert await _refused(shop, first, ADA) == "approval.expired"
    assert await shop.guard.expire() == 1
    assert [await shop.state(each.action_id) for each in (first, second)] == ["expired", "expired"]
    assert await shop.promised() == {"shopify:T1": 0, "shopify:T2": 0}
    assert await _refused(shop, first, ADA) == "approval.answered"


async def test_nobody_approves_what_they_proposed(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(ADA, discount(6_000))
    assert await _refused(shop, decision, ADA) == "approval.own"
    assert (await shop.guard.answer(EVE, decision.approval_id or "", approve=True)).state == "executed"


async def test_nobody_approves_what_was_proposed_for_them(database: Database):
    shop = await open_shop(database)
    assistant = actor(Role.MANAGER, "assistant:1", model=True, on_behalf_of=ADA.id)
    decision = await shop.guard.propose(assistant, discount(6_000))
    assert await _refused(shop, decision, ADA) == "approval.own"


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (actor(Role.MANAGER, "manager:model", model=True), "access.model_never_decides"),
        (SPECIALIST, "access.model_never_decides"),
        (ASSOCIATE, "access.nothing_permits"),
        (actor(Role.PLANNER), "access.nothing_permits"),
        (actor(Role.MANAGER, locations=frozenset({S2})), "approval.unknown"),
    ],
)
async def test_only_a_manager_of_the_place_and_never_a_model_answers(database: Database, who: Actor, code: str):
    shop = await open_shop(database)
    decision = await _waiting(shop)
    assert await _refused(shop, decision, who) == code
    assert await shop.state(decision.action_id) == "waiting"
    assert (await shop.kinds())[-1] == "refused"


async def test_an_approval_is_good_only_for_the_action_it_was_asked_for(database: Database):
    shop = await open_shop(database)
    decision = await _waiting(shop)
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE action SET facts = jsonb_set(facts, '{code}', '\"TH-OTHER\"') WHERE id = :id"),
            {"id": decision.action_id},
        )
    assert await _refused(shop, decision, ADA) == "approval.other_action"
    assert shop.effects == 0


async def test_what_changed_since_the_question_denies_an_approved_action(database: Database):
    shop = await open_shop(database)
    decision = await _waiting(shop)
    await shop.count(SAMPLE, 0)
    denied = await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    assert (denied.state, denied.outcome) == ("denied", "deny")
    assert [rule for rule, _ in denied.reasons] == ["offers.out_of_stock"]
    assert (await shop.promised(), shop.effects) == ({"shopify:T1": 0}, 0)


async def test_what_changed_between_the_answer_and_the_worker_denies_it_too(database: Database):
    shop = await open_shop(database)
    decision = await _waiting(shop)
    impatient = Shop(database)  # the manager's process dies before it can carry anything out
    impatient.executor.carry_out = _die  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await impatient.guard.answer(ADA, decision.approval_id or "", approve=True)
    assert await shop.state(decision.action_id) == "allowed"
    await shop.count(SAMPLE, 0)
    assert (await shop.executor.carry_out(decision.action_id)).state == "denied"
    assert shop.effects == 0


async def test_an_approved_code_that_would_be_valid_no_more_is_denied(database: Database):
    shop = await open_shop(database)
    proposal = discount(6_000)
    soon = proposal.action.model_copy(update={"valid_until": shop.clock.replace(minute=5)})
    decision = await shop.guard.propose(SPECIALIST, replace(proposal, action=soon))
    shop.after(minutes=5)
    denied = await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    assert [rule for rule, _ in denied.reasons] == ["offers.late"]


async def test_confirming_is_for_the_person_who_asked_and_never_for_a_model(database: Database):
    engine = Engine({**RULES, "zz.cedar": _CONFIRM}, SCHEMA, Limits.read())
    shop = await open_shop(database, engine=engine)
    decision = await shop.guard.propose(ASSOCIATE, discount(2_000))
    assert (decision.state, decision.outcome) == ("waiting", "confirm")
    assert await _refused(shop, decision, actor(Role.ASSOCIATE)) == "access.nothing_permits"
    assert await _refused(shop, decision, replace(ASSOCIATE, model=True)) == "access.model_never_decides"
    assert (await shop.guard.answer(ASSOCIATE, decision.approval_id or "", approve=True)).state == "executed"


async def test_a_manager_may_confirm_for_somebody_else(database: Database):
    engine = Engine({**RULES, "zz.cedar": _CONFIRM}, SCHEMA, Limits.read())
    shop = await open_shop(database, engine=engine)
    decision = await shop.guard.propose(ASSOCIATE, discount(2_000))
    assert (await shop.guard.answer(ADA, decision.approval_id or "", approve=True)).state == "executed"


async def test_the_queue_shows_what_waits_where_one_may_look(database: Database):
    shop = await open_shop(database)
    here, there = await _waiting(shop), await _waiting(shop, transaction="T2", store=S2)
    local = actor(Role.MANAGER, locations=frozenset({S1}))
    assert [each.approval_id for each in await shop.guard.waiting(local)] == [here.approval_id]
    assert {each.approval_id for each in await shop.guard.waiting(ADA)} == {here.approval_id, there.approval_id}
    with pytest.raises(Refused):
        await shop.guard.waiting(ASSOCIATE)


async def _die(action: str) -> Decision:
    raise ConnectionError(action)
