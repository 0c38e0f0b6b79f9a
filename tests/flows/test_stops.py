"""A stop switch holds from the next decision on, in every process, for everything of AI and for no person."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import pytest

from knowledge.store.session import Database
from policies.actions.lower import Edit
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Role
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    EVE,
    PLACES,
    S1,
    S2,
    SPECIALIST,
    Shop,
    actor,
    adjustment,
    discount,
    open_shop,
)
from tools.ladder.office import LadderOffice
from tools.ladder.stops import Scope

pytestmark = pytest.mark.anyio
OPERATOR = actor(Role.OPERATOR, "operator:olga")
ASSISTANT = actor(Role.ASSOCIATE, "assistant:ben", model=True, on_behalf_of="associate:ben")
ROOT = Path(__file__).parents[2]


def office(shop: Shop) -> LadderOffice:
    return LadderOffice(shop.database, shop.engine, PLACES, [SPECIALIST.id], shop.now)


@pytest.mark.parametrize(
    ("scope", "name", "held", "free"),
    [
        ("agent", SPECIALIST.id, [(SPECIALIST, "S1"), (SPECIALIST, "S2")], [(ASSISTANT, "S1"), (ASSOCIATE, "S1")]),
        ("location", "S1", [(SPECIALIST, "S1"), (ASSISTANT, "S1")], [(SPECIALIST, "S2"), (ASSOCIATE, "S1")]),
        ("all", "", [(SPECIALIST, "S1"), (SPECIALIST, "S2"), (ASSISTANT, "S2")], [(ASSOCIATE, "S1"), (ADA, "S2")]),
    ],
)
async def test_a_stop_holds_what_it_names_and_nothing_else(
    database: Database, scope: Scope, name: str, held: list[tuple[Actor, str]], free: list[tuple[Actor, str]]
):
    shop = await open_shop(database)
    await office(shop).stop(OPERATOR, scope, name, reason="Odd offers.")
    for who, where in held:
        decision = await shop.guard.propose(who, discount(10, store=where, transaction=f"{who.id}{where}"))
        assert (decision.state, [rule for rule, _ in decision.reasons]) == ("denied", ["ladder.stopped"])
    for who, where in free:
        decision = await shop.guard.propose(who, discount(10, store=where, transaction=f"{who.id}{where}"))
        assert decision.state == "executed"
    await office(shop).start(OPERATOR, scope, name, reason="Looked at.")
    for who, where in held:
        decision = await shop.guard.propose(who, discount(10, store=where, transaction=f"{who.id}{where}"))
        assert decision.state == "executed"


async def test_stopping_whom_an_assistant_works_for_stops_the_assistant_and_not_the_person(database: Database):
    shop = await open_shop(database)
    await shop.guard.propose(ASSOCIATE, discount(10))
    await office(shop).stop(OPERATOR, "agent", ASSOCIATE.id, reason="His assistant runs wild.")
    assert (await shop.guard.propose(ASSISTANT, discount(10))).state == "denied"
    assert (await shop.guard.propose(ASSOCIATE, discount(10))).state == "executed"


async def test_what_was_allowed_before_the_stop_is_held_and_gives_back_what_it_promised(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(SPECIALIST, discount(1_000), wait=False)
    assert (decision.state, await shop.promised()) == ("allowed", {"shopify:T1": 1_000})
    await office(shop).stop(OPERATOR, "all", reason="Odd offers.")
    held = await shop.executor.carry_out(decision.action_id)
    assert (held.state, [rule for rule, _ in held.reasons]) == ("denied", ["ladder.stopped"])
    assert (shop.effects, await shop.promised()) == (0, {"shopify:T1": 0})
    await office(shop).start(OPERATOR, "all", reason="Looked at.")
    assert (await shop.executor.carry_out(decision.action_id)).state == "denied"


async def test_a_person_cannot_approve_past_a_stop_but_may_do_it_themselves(database: Database):
    shop = await open_shop(database)
    first = await shop.guard.propose(SPECIALIST, discount(6_000))
    other = await shop.guard.propose(SPECIALIST, discount(6_000, transaction="T2"))
    await office(shop).stop(OPERATOR, "location", "S1", reason="Odd offers.")
    held = await shop.guard.answer(ADA, first.approval_id or "", approve=True)
    assert (held.state, [rule for rule, _ in held.reasons]) == ("denied", ["ladder.stopped"])
    own = await shop.guard.take(ADA, other.approval_id or "", edit=Edit())
    assert (own.state, shop.effects) == ("executed", 1)


async def test_what_the_platform_may_have_done_already_is_left_to_a_person(database: Database):
    shop = await open_shop(database)
    shop.platform.faults = ["lost"]
    decision = await shop.guard.propose(SPECIALIST, discount(1_000))
    assert decision.state == "allowed"
    await office(shop).stop(OPERATOR, "all", reason="Odd offers.")
    held = await shop.executor.carry_out(decision.action_id)
    assert (held.state, await shop.promised()) == ("failed", {"shopify:T1": 1_000})
    assert "stopped" in held.error


async def test_a_call_that_waits_for_its_turn_at_the_platform_is_held_within_a_second(database: Database):
    shop = await open_shop(database)
    waits, never = asyncio.Event(), asyncio.Event()

    async def queue_up() -> None:
        waits.set()
        await never.wait()

    shop.platform.before = queue_up
    for_ai = asyncio.create_task(shop.guard.propose(SPECIALIST, discount(1_000)))
    await waits.wait()
    begun = perf_counter()
    await office(shop).stop(OPERATOR, "all", reason="Odd offers.")
    held = await for_ai
    assert perf_counter() - begun < 1.0
    assert (held.state, shop.effects, await shop.promised()) == ("failed", 0, {"shopify:T1": 1_000})


async def test_a_persons_own_action_is_carried_out_while_ai_is_stopped(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(ADA, adjustment(1), wait=False)
    await office(shop).stop(OPERATOR, "all", reason="Odd offers.")
    assert (await shop.executor.carry_out(decision.action_id)).state == "executed"


async def test_a_stop_thrown_here_holds_the_next_decision_of_another_process_within_a_second(
    database: Database, database_url: str
):
    shop = await open_shop(database)
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.flows.deciding_process", database_url, stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    assert other.stdin
    assert other.stdout
    try:
        assert await other.stdout.readline() == b"ready\n"
        other.stdin.write(b"before\n")
        assert (await other.stdout.readline()).startswith(b"executed")

        begun = perf_counter()
        await office(shop).stop(OPERATOR, "all", reason="Odd offers.")
        other.stdin.write(b"after\n")
        answer = await other.stdout.readline()
        took = perf_counter() - begun

        assert answer == b"denied ladder.stopped\n"
        assert took < 1.0
    finally:
        other.stdin.close()
        await other.wait()


async def test_a_stop_outlives_every_process(database: Database, database_url: str):
    await office(await open_shop(database)).stop(OPERATOR, "agent", SPECIALIST.id, reason="Odd offers.")
    restarted = Database(database_url)
    shop = Shop(restarted)
    assert (await shop.guard.propose(SPECIALIST, discount(10))).state == "denied"
    assert [(each.scope, each.name, each.reason) for each in await office(shop).stops(OPERATOR)] == [
        ("agent", SPECIALIST.id, "Odd offers.")
    ]
    await restarted.close()


async def test_a_manager_stops_their_own_locations_and_an_operator_everything(database: Database):
    shop = await open_shop(database)
    at = office(shop)
    local = actor(Role.MANAGER, "manager:sam", locations=frozenset({S1}))
    await at.stop(local, "location", "S1", reason="Odd offers.")
    for scope, name, code in (
        ("location", "S2", "access.outside_locations"),
        ("all", "", "ladder.part_of_the_chain"),
        ("agent", SPECIALIST.id, "ladder.part_of_the_chain"),
    ):
        assert await _refused(at, local, scope, name) == code
    assert await _refused(at, ADA, "all", "") == "access.nothing_permits"
    await at.start(local, "location", "S1", reason="Looked at.")
    assert await at.stops(local) == []


@pytest.mark.parametrize(
    "who",
    [
        replace(EVE, model=True),
        replace(OPERATOR, model=True),
        SPECIALIST,
        ASSOCIATE,
        actor(Role.AUDITOR),
        actor(Role.REGISTER, locations=frozenset({S1})),
    ],
)
async def test_no_model_and_nobody_else_stops_or_starts(database: Database, who: Actor):
    shop = await open_shop(database)
    at = office(shop)
    with pytest.raises(Refused):
        await at.stop(who, "location", "S1", reason="Because.")
    await at.stop(OPERATOR, "location", "S1", reason="Odd offers.")
    with pytest.raises(Refused):
        await at.start(who, "location", "S1", reason="Because.")
    assert await shop.kinds() == ["refused", "stop", "refused"]


async def test_a_misspelt_name_a_missing_reason_and_a_stop_that_is_not_there_are_refused(database: Database):
    shop = await open_shop(database)
    at = office(shop)
    assert await _refused(at, OPERATOR, "agent", "specialist:offer") == "agent.unknown"
    assert await _refused(at, OPERATOR, "location", "S9") == "location.unknown"
    assert await _refused(at, OPERATOR, "location", "") == "stop.name"
    assert await _refused(at, OPERATOR, "all", "S1") == "stop.name"
    assert await _refused(at, OPERATOR, "all", "", reason="  ") == "reason.missing"
    with pytest.raises(NotFound):
        await at.start(OPERATOR, "all", reason="Nothing is.")


async def test_stopping_twice_is_one_stop_and_one_record(database: Database):
    shop = await open_shop(database)
    at = office(shop)
    await asyncio.gather(*(at.stop(OPERATOR, "location", "S2", reason="Odd offers.") for _ in range(4)))
    assert (len(await at.stops(OPERATOR)), await shop.kinds()) == (1, ["stop"])
    await at.start(OPERATOR, "location", "S2", reason="Looked at.")
    await at.stop(OPERATOR, "location", "S2", reason="Again.")
    assert [each.reason for each in await at.stops(OPERATOR)] == ["Again."]
    assert await at.stops(actor(Role.MANAGER, locations=frozenset({S1}))) == []
    assert len(await at.stops(actor(Role.MANAGER, locations=frozenset({S2})))) == 1


async def _refused(at: LadderOffice, who: Actor, scope: str, name: str, *, reason: str = "Odd offers.") -> str:
    with pytest.raises((Refused, NotFound)) as refusal:
        await at.stop(who, scope, name, reason=reason)  # type: ignore[arg-type]
    return refusal.value.code
