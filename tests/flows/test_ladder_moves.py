"""AI climbs with evidence somebody can count, falls when a person says so, and each rung means what it says."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from policies.actions.lower import Edit
from policies.errors import Refused
from policies.ladder import Rung
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.percent import Percent
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    EVE,
    S1,
    SPECIALIST,
    Shop,
    actor,
    discount,
    open_shop,
    transfer,
)
from tests.flows.ladder_shop import INVENTORY, MARY, OPERATOR, earn, office, plan, propose, refused, sign_review, stands
from tools.ladder.office import Position

pytestmark = pytest.mark.anyio


# --- what each rung means


async def test_while_observing_what_ai_would_have_done_is_recorded_and_nothing_else_happens(database: Database):
    shop = await open_shop(database, engine=plan("observe"))
    decision = await propose(shop, "T")
    assert (decision.state, [rule for rule, _ in decision.reasons]) == ("denied", ["ladder.observe"])
    assert (shop.effects, set((await shop.promised()).values()), await shop.guard.waiting(ADA)) == (0, {0}, [])
    assert await shop.kinds() == ["decision"]


async def test_a_yes_to_a_suggestion_makes_it_the_persons_own_action(database: Database):
    shop = await open_shop(database, engine=plan("suggest"))
    decision = await propose(shop, "T")
    assert (decision.state, decision.outcome) == ("waiting", "approve")
    done = await shop.guard.answer(ADA, decision.approval_id or "", approve=True, note="Regular customer.")
    assert (done.state, shop.effects) == ("executed", 1)
    assert done.action_id != decision.action_id
    assert shop.platform.asked[0][1].actor == ADA.id
    assert await shop.state(decision.action_id) == "rejected"
    again = await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    assert (again.action_id, again.replayed, shop.effects) == (done.action_id, True, 1)


async def test_below_auto_the_smallest_offer_waits_for_a_manager_who_may_approve_it(database: Database):
    shop = await open_shop(database, engine=plan("approve"))
    decision = await propose(shop, "T", cents=1)
    assert [rule for rule, _ in decision.reasons] == ["ladder.approve"]
    done = await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    assert (done.state, done.action_id, shop.platform.asked[0][1].actor) == (
        "executed",
        decision.action_id,
        SPECIALIST.id,
    )


@pytest.mark.parametrize("rung", ["observe", "suggest", "approve"])
async def test_people_acting_themselves_are_not_held_by_the_ladder(database: Database, rung: str):
    shop = await open_shop(database, engine=plan(rung))
    assert (await propose(shop, "T", who=ASSOCIATE)).state == "executed"
    assistant = replace(ASSOCIATE, id="assistant:ben", model=True)
    assert (await propose(shop, "U", who=assistant)).state in {"denied", "waiting"}


async def test_a_location_may_stand_elsewhere_than_the_chain(database: Database):
    shop = await open_shop(database, engine=plan("auto", more='[location.S2.start]\ndiscount = "observe"\n'))
    assert [(await propose(shop, "T", store=store)).state for store in ("S1", "S2")] == ["executed", "denied"]
    assert await stands(shop) == {"": Rung.AUTO, "S2": Rung.OBSERVE}


async def test_what_was_allowed_before_ai_was_sent_down_is_judged_again_before_it_happens(database: Database):
    shop = await open_shop(database, engine=plan())
    decision = await shop.guard.propose(SPECIALIST, discount(100), wait=False)
    await office(shop).demote(ADA, "discount", reason="Let us look first.")
    held = await shop.executor.carry_out(decision.action_id)
    assert (held.state, [rule for rule, _ in held.reasons], shop.effects) == ("denied", ["ladder.approve"], 0)
    assert await shop.promised() == {"shopify:T1": 0}


# --- climbing


async def test_ai_climbs_one_rung_at_a_time_as_its_record_earns_it(database: Database):
    shop = await open_shop(database, engine=plan("observe"))
    await sign_review(shop)
    for rung in (Rung.SUGGEST, Rung.APPROVE, Rung.AUTO):
        code, hint = await refused(shop, MARY)
        assert (code, "0 decisions" in hint) == ("ladder.evidence", True)
        await earn(shop, "yes yes yes")
        moved = await office(shop).climb(MARY, "discount", reason="It goes well.")
        assert (moved.rung, moved.set_by) == (rung, MARY.id)
    assert (await refused(shop, MARY))[0] == "ladder.top"
    assert (await propose(shop, "T")).state == "executed"


async def test_a_climb_and_its_evidence_are_on_record(database: Database):
    shop = await open_shop(database, engine=plan("approve"))
    await sign_review(shop)
    await earn(shop, "yes yes no")
    await office(shop).climb(MARY, "discount", reason="Two of three is what we said.")
    async with database.reading() as connection:
        body = (
            await connection.execute(text("SELECT CAST(entry AS jsonb) -> 'body' FROM ledger WHERE kind = 'ladder'"))
        ).scalar_one()
    assert (body["step"], body["before"], body["after"], body["by"]) == ("climbed", "approve", "auto", MARY.id)
    assert (body["evidence"]["decisions"], body["evidence"]["agreed"], body["evidence"]["judged"]) == (3, 2, 3)


async def test_what_a_person_lowered_was_not_agreed_to_unchanged(database: Database):
    shop = await open_shop(database, engine=plan("approve"))
    await sign_review(shop)
    await earn(shop, "yes yes")
    lowered = await propose(shop, "T")
    await shop.guard.take(ADA, lowered.approval_id or "", edit=Edit(percent=Percent(500)))
    record = (await office(shop).show(MARY, "discount"))[0].record
    assert (record.decisions, record.judged, record.agreed) == (3, 3, 2)


async def test_while_observing_it_counts_what_the_rules_would_have_let_through(database: Database):
    shop = await open_shop(database, engine=plan("observe"))
    await earn(shop, "yes yes")
    await propose(shop, "far too much", cents=30_000)
    record = (await office(shop).show(MARY, "discount"))[0].record
    assert (record.decisions, record.judged, record.agreed) == (3, 3, 2)


async def test_silence_counts_as_a_no(database: Database):
    shop = await open_shop(database, engine=plan("approve"))
    await propose(shop, "T")
    shop.after(minutes=15)
    await shop.guard.expire()
    record = (await office(shop).show(MARY, "discount"))[0].record
    assert (record.judged, record.agreed) == (1, 0)


async def test_a_review_that_is_missing_of_another_team_or_changed_after_signing_is_no_evidence(database: Database):
    shop = await open_shop(database, engine=plan("approve"))
    await earn(shop, "yes yes yes")
    assert "not signed" in (await refused(shop, MARY))[1]
    await sign_review(shop, "store_operations")
    assert "not signed" in (await refused(shop, MARY))[1]
    await sign_review(shop, "marketing", digest="b" * 64)
    assert "not signed" in (await refused(shop, MARY))[1]
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE review_signature SET digest = repeat('a', 64)"))
    assert (await office(shop).climb(MARY, "discount", reason="Signed.")).rung is Rung.AUTO


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (ADA, "access.nothing_permits"),
        (OPERATOR, "access.nothing_permits"),
        (SPECIALIST, "ladder.only_people"),
        (replace(MARY, model=True), "ladder.only_people"),
        (replace(MARY, locations=frozenset({S1})), "ladder.part_of_the_chain"),
    ],
)
async def test_only_people_of_the_owning_team_let_ai_climb_and_never_a_model(database: Database, who: Actor, code: str):
    shop = await open_shop(database, engine=plan("approve"))
    await sign_review(shop)
    await earn(shop, "yes yes yes")
    assert (await refused(shop, who))[0] == code
    assert (await shop.kinds())[-1] == "refused"
    assert await stands(shop) == {"": Rung.APPROVE}


async def test_a_manager_lets_stock_climb_at_their_own_location_alone(database: Database):
    shop = await open_shop(database, engine=plan("approve"))
    local = actor(Role.MANAGER, "manager:sam", locations=frozenset({S1}))
    code, hint = await refused(shop, local, "transfer", "S1")
    assert (code, "0 decisions" in hint) == ("ladder.evidence", True)
    assert (await refused(shop, local, "transfer", "S2"))[0] == "access.outside_locations"
    assert (await refused(shop, local, "transfer"))[0] == "ladder.part_of_the_chain"
    assert (await refused(shop, local, "price_change", "S1"))[0] == "ladder.capability"


async def test_two_people_climbing_at_once_climb_one_rung(database: Database):
    shop = await open_shop(database, engine=plan("suggest"))
    await sign_review(shop)
    await earn(shop, "yes yes yes")
    climbs = (office(shop).climb(MARY, "discount", reason="It goes well.") for _ in range(3))
    moved = await asyncio.gather(*climbs, return_exceptions=True)
    assert sorted(type(each).__name__ for each in moved) == ["Position", "Refused", "Refused"]
    assert await stands(shop) == {"": Rung.APPROVE}


# --- going down


async def test_anybody_who_answers_for_a_place_sends_ai_down_at_any_time(database: Database):
    shop = await open_shop(database, engine=plan())
    local = actor(Role.MANAGER, "manager:sam", locations=frozenset({S1}))
    assert (await office(shop).demote(local, "discount", "S1", reason="Odd offers.")).rung is Rung.APPROVE
    assert (await office(shop).demote(MARY, "discount", "S1", reason="Odder.", to=Rung.OBSERVE)).rung is Rung.OBSERVE
    assert await stands(shop) == {"": Rung.AUTO, "S1": Rung.OBSERVE}
    for to in (None, Rung.OBSERVE, Rung.AUTO):
        with pytest.raises(Refused, match="already"):
            await office(shop).demote(ADA, "discount", "S1", reason="Further.", to=to)
    with pytest.raises(Refused):
        await office(shop).demote(SPECIALIST, "discount", "S1", reason="I doubt myself.")


async def test_the_chain_going_down_takes_every_location_with_it_that_stands_higher(database: Database):
    more = '[location.S1.start]\ndiscount = "auto"\n[location.S2.start]\ndiscount = "observe"\n'
    shop = await open_shop(database, engine=plan("auto", more=more))
    await office(shop).demote(ADA, "discount", reason="Let us look first.")
    assert await stands(shop) == {"": Rung.APPROVE, "S1": Rung.APPROVE, "S2": Rung.OBSERVE}
    assert [(await propose(shop, "T", store=store)).state for store in ("S1", "S2")] == ["waiting", "denied"]


async def test_rungs_outlive_every_process(database: Database, database_url: str):
    shop = await open_shop(database, engine=plan())
    await office(shop).demote(ADA, "discount", reason="Let us look first.")
    restarted = Database(database_url)
    assert (await propose(Shop(restarted, shop.engine), "T")).state == "waiting"
    await restarted.close()


async def test_each_kind_of_action_stands_by_itself(database: Database):
    shop = await open_shop(database, engine=plan())
    await office(shop).demote(ADA, "discount", reason="Let us look first.")
    assert (await shop.guard.propose(INVENTORY, transfer(1))).state == "executed"


async def test_who_may_not_see_the_ladder_does_not(database: Database):
    shop = await open_shop(database)
    with pytest.raises(Refused):
        await office(shop).show(ASSOCIATE)
    with pytest.raises(Refused):
        await office(shop).show(replace(ADA, locations=frozenset({S1})), "discount", "S2")
    shown: list[Position] = await office(shop).show(EVE, "discount", "S1")
    assert [(each.location, each.team) for each in shown] == [("S1", "marketing")]
