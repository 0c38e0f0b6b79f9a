"""Exactly one effect, whatever is repeated, lost or killed on the way."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import LocationId
from tests.flows.guarded_shop import ASSOCIATE, SAMPLE, SPECIALIST, Shop, discount, open_shop
from tests.flows.recording_platform import KilledError
from tools.action_row import LEASE
from tools.executor import TRIES

pytestmark = pytest.mark.anyio


async def _jobs(database: Database) -> list[str]:
    async with database.reading() as connection:
        rows = await connection.execute(
            text("SELECT args ->> 'action_id' AS action FROM procrastinate_jobs WHERE task_name = 'carry_out'")
        )
        return [row.action for row in rows]


async def test_the_same_proposal_again_is_answered_with_the_first(database: Database):
    shop = await open_shop(database)
    proposal = discount(1_000)
    first = await shop.guard.propose(SPECIALIST, proposal)
    shop.after(hours=1)
    again = await shop.guard.propose(SPECIALIST, proposal)
    assert (first.replayed, again.replayed, again.action_id) == (False, True, first.action_id)
    assert (again.state, again.receipt) == ("executed", first.receipt)
    assert (shop.effects, await shop.promised()) == (1, {"shopify:T1": 1_000})


async def test_a_key_used_for_something_else_is_refused(database: Database):
    shop = await open_shop(database)
    await shop.guard.propose(SPECIALIST, discount(1_000, key="one-key"))
    with pytest.raises(Refused) as refusal:
        await shop.guard.propose(SPECIALIST, discount(1_000, key="one-key"))
    assert refusal.value.code == "idempotency.key_reused"
    assert (
        await shop.guard.propose(ASSOCIATE, discount(1_000, key="one-key"))
    ).state == "executed"  # keys are per actor


async def test_the_same_proposal_fifty_times_at_once_has_one_effect(database: Database):
    shop = await open_shop(database)
    proposal = discount(1_000)
    decisions = await asyncio.gather(*(shop.guard.propose(SPECIALIST, proposal) for _ in range(50)))
    assert len({each.action_id for each in decisions}) == 1
    assert sum(not each.replayed for each in decisions) == 1
    assert (shop.effects, await shop.promised()) == (1, {"shopify:T1": 1_000})


async def test_the_same_proposal_twice_in_a_burst_is_one(database: Database):
    shop = await open_shop(database)
    proposal = discount(1_000)
    first, second = await shop.guard.propose_all([(SPECIALIST, proposal)] * 2)
    assert (first.replayed, second.replayed, second.state) == (False, True, "allowed")
    assert await shop.promised() == {"shopify:T1": 1_000}


async def test_a_burst_leaves_the_work_to_a_worker(database: Database):
    shop = await open_shop(database)
    (decision,) = await shop.guard.propose_all([(SPECIALIST, discount(1_000))])
    assert (decision.state, shop.effects, await _jobs(database)) == ("allowed", 0, [decision.action_id])
    assert (await shop.executor.carry_out(decision.action_id)).state == "executed"
    assert (await shop.executor.carry_out(decision.action_id)).state == "executed"
    assert shop.effects == 1


async def test_carrying_out_what_is_not_there_is_an_error(database: Database):
    shop = await open_shop(database)
    with pytest.raises(NotFound):
        await shop.executor.carry_out("act_nowhere")


async def test_a_lost_answer_is_asked_for_again_under_the_same_key(database: Database):
    shop = await open_shop(database)
    shop.platform.faults = ["lost"]
    decision = await shop.guard.propose(SPECIALIST, discount(1_000))
    assert (decision.state, shop.effects) == ("allowed", 1)
    assert "lost" in decision.error
    done = await shop.executor.carry_out(decision.action_id)
    assert (done.state, done.error, shop.effects) == ("executed", "", 1)
    assert done.receipt
    assert done.receipt["replayed"] is True
    assert len({context.key for _, context in shop.platform.asked}) == 1


@pytest.mark.parametrize(("fault", "before"), [("killed_before", 0), ("killed", 1)])
async def test_a_worker_killed_between_claim_and_receipt_leaves_one_effect(database: Database, fault: str, before: int):
    shop = await open_shop(database)
    shop.platform.faults = [fault]
    proposal = discount(1_000)
    with pytest.raises(KilledError):
        await shop.guard.propose(SPECIALIST, proposal)
    action = (await shop.guard.propose(SPECIALIST, proposal)).action_id
    assert (shop.effects, await shop.state(action)) == (before, "executing")  # its lease has not run out yet
    shop.after(seconds=LEASE.total_seconds() - 1)
    assert (await shop.executor.carry_out(action)).state == "executing"
    shop.after(seconds=1)
    assert await _jobs(database) == [action]
    assert (await shop.executor.carry_out(action)).state == "executed"
    assert shop.effects == 1


async def test_a_worker_killed_before_its_claim_leaves_the_work_to_the_next(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(SPECIALIST, discount(1_000), wait=False)
    assert (await Shop(database).executor.carry_out(decision.action_id)).state == "executed"


async def test_two_workers_on_one_action_have_one_effect(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(SPECIALIST, discount(1_000), wait=False)
    await asyncio.gather(*(shop.executor.carry_out(decision.action_id) for _ in range(10)))
    assert (len(shop.platform.asked), shop.effects) == (1, 1)


async def test_a_slow_worker_that_was_taken_over_changes_nothing(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(SPECIALIST, discount(1_000), wait=False)

    async def taken_over() -> None:
        shop.platform.before = None
        shop.after(seconds=LEASE.total_seconds())
        await shop.executor.carry_out(decision.action_id)

    shop.platform.before = taken_over
    assert (await shop.executor.carry_out(decision.action_id)).state == "executed"
    assert (shop.effects, (await shop.kinds()).count("executed")) == (1, 1)


async def test_what_was_left_lying_is_found(database: Database):
    shop = await open_shop(database)
    shop.platform.faults = ["killed"]
    with pytest.raises(KilledError):
        await shop.guard.propose(SPECIALIST, discount(1_000))
    assert await shop.executor.take_over() == 0
    shop.after(seconds=LEASE.total_seconds() + 1)
    assert await shop.executor.take_over() == 1
    assert len(await _jobs(database)) == 2


async def test_a_platform_that_is_down_is_tried_eight_times_and_then_a_person_looks(database: Database):
    shop = await open_shop(database)
    shop.platform.faults = ["down"] * TRIES
    decision = await shop.guard.propose(SPECIALIST, discount(1_000))
    for _ in range(TRIES - 2):
        assert (await shop.executor.carry_out(decision.action_id)).state == "allowed"
    given_up = await shop.executor.carry_out(decision.action_id)
    assert (given_up.state, given_up.error) == ("failed", "The platform does not answer.")
    assert await shop.promised() == {"shopify:T1": 1_000}  # it may have happened unheard: it stays counted
    assert (await shop.executor.carry_out(decision.action_id)).state == "failed"
    assert len(shop.platform.asked) == TRIES


async def test_a_platform_nobody_set_up_yet_waits_for_the_operator(database: Database):
    shop = await open_shop(database)
    await shop.count(SAMPLE, 5, LocationId("L1"))
    decision = await shop.guard.propose(SPECIALIST, discount(100, store=LocationId("L1")))
    assert (decision.state, decision.error) == ("allowed", "No connection to lightspeed is set up.")


async def test_what_the_platform_refuses_fails_and_releases_what_was_promised(database: Database):
    shop = await open_shop(database)
    shop.platform.faults = [Refused("The code exists already.", code="shopify.code_taken")]
    decision = await shop.guard.propose(SPECIALIST, discount(1_000))
    assert (decision.state, decision.error) == ("failed", "The code exists already.")
    assert (await shop.promised(), await shop.kinds()) == ({"shopify:T1": 0}, ["decision", "failed"])


@pytest.fixture
async def open_store(database: Database) -> Database:
    await open_shop(database)
    return database


@settings(
    max_examples=60,
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # every example has keys and totals of its own
)
@given(
    plan=st.lists(st.sampled_from(["propose", "burst", "carry_out", "late"]), max_size=6),
    faults=st.lists(st.sampled_from(["lost", "down", "killed", "killed_before"]), max_size=3),
)
async def test_any_sequence_of_repeats_and_faults_has_one_effect(
    open_store: Database, plan: list[str], faults: list[str]
):
    shop = Shop(open_store)
    shop.platform.faults = list(faults)
    proposal = discount(100, transaction=f"T{uuid4()}", key=f"key-{uuid4()}")
    for step in ["propose", *plan, *["late", "propose"] * (len(faults) + 1)]:
        with suppress(KilledError):
            if step == "propose":
                await shop.guard.propose(SPECIALIST, proposal)
            elif step == "burst":
                await shop.guard.propose_all([(SPECIALIST, proposal)] * 2)
            elif step == "carry_out":
                decision = await shop.guard.propose(SPECIALIST, proposal, wait=False)
                await shop.executor.carry_out(decision.action_id)
            else:
                shop.after(seconds=LEASE.total_seconds())
    last = await shop.guard.propose(SPECIALIST, proposal)
    assert (last.state, last.replayed, shop.effects) == ("executed", True, 1)
