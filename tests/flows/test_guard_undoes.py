"""What was done can be taken back, once, by the rules, and what stays done is said."""

import asyncio

import pytest
from sqlalchemy import insert

from knowledge.store.session import Database
from knowledge.store.tables import purchase
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Role
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    EVE,
    ORIGIN,
    S1,
    S2,
    SPECIALIST,
    START,
    Shop,
    actor,
    adjustment,
    discount,
    open_shop,
    transfer,
)
from tests.flows.recording_platform import KilledError
from tools.action_row import LEASE
from tools.proposal import Decision

pytestmark = pytest.mark.anyio


async def _undo(shop: Shop, action: str, *, who: Actor = ADA, key: str = "undo-1") -> Decision:
    return await shop.guard.undo(who, action, key=key, reason="Given by mistake.", origin=ORIGIN)


async def _cannot(shop: Shop, action: str, *, who: Actor = ADA) -> Refused | NotFound:
    with pytest.raises((Refused, NotFound)) as refusal:
        await _undo(shop, action, who=who)
    return refusal.value


async def test_an_undone_discount_is_ended_and_no_longer_counted(database: Database):
    shop = await open_shop(database)
    given = await shop.guard.propose(SPECIALIST, discount(1_000))
    undo = await _undo(shop, given.action_id)
    assert (undo.state, await shop.state(given.action_id)) == ("executed", "undone")
    ended = shop.platform.asked[-1][0]
    assert ended.facts()["kind"] == "end_discount"
    assert ended.facts()["reference"] == (given.receipt or {})["reference"]
    assert (await shop.promised(), shop.effects) == ({"shopify:T1": 0}, 2)
    assert await shop.kinds() == ["decision", "executed", "decision", "executed", "undone"]


async def test_money_already_taken_off_an_order_stays_counted(database: Database):
    shop = await open_shop(database)
    given = await shop.guard.propose(SPECIALIST, discount(1_000))
    code = shop.platform.asked[0][0].facts()["code"]
    async with database.transaction() as connection:
        await connection.execute(
            insert(purchase),
            {
                "id": "shopify:order:1",
                "channel": "pos",
                "location_id": S1,
                "occurred_at": START,
                "received_at": START,
                "total": 1,
                "currency": "USD",
                "codes": [code],
            },
        )
    await _undo(shop, given.action_id)
    assert await shop.promised() == {"shopify:T1": 1_000}


async def test_undoing_twice_answers_with_the_first(database: Database):
    shop = await open_shop(database)
    given = await shop.guard.propose(SPECIALIST, discount(1_000))
    first = await _undo(shop, given.action_id)
    again = await _undo(shop, given.action_id, who=EVE, key="undo-2")
    assert (again.action_id, again.replayed, again.state) == (first.action_id, True, "executed")
    assert shop.effects == 2


async def test_undoing_ten_times_at_once_happens_once(database: Database):
    shop = await open_shop(database)
    given = await shop.guard.propose(SPECIALIST, discount(1_000))
    undone = await asyncio.gather(*(_undo(shop, given.action_id, key=f"undo-{number}") for number in range(10)))
    assert len({each.action_id for each in undone}) == 1
    assert shop.effects == 2


async def test_a_killed_undo_is_finished_by_the_next_worker(database: Database):
    shop = await open_shop(database)
    given = await shop.guard.propose(SPECIALIST, discount(1_000))
    shop.platform.faults = ["killed"]
    with pytest.raises(KilledError):
        await _undo(shop, given.action_id)
    assert await shop.state(given.action_id) == "executed"
    pending = await _undo(shop, given.action_id)
    shop.after(seconds=LEASE.total_seconds())
    await shop.executor.carry_out(pending.action_id)
    assert (await shop.state(given.action_id), shop.effects) == ("undone", 2)


async def test_an_undo_the_platform_refused_may_be_tried_again(database: Database):
    shop = await open_shop(database)
    given = await shop.guard.propose(SPECIALIST, discount(1_000))
    shop.platform.faults = [Refused("Not now.", code="shopify.busy")]
    assert (await _undo(shop, given.action_id)).state == "failed"
    assert (await _undo(shop, given.action_id, key="undo-2")).state == "executed"


async def test_an_adjustment_is_undone_by_the_opposite_one_whatever_it_is_worth(database: Database):
    shop = await open_shop(database)
    decision = await shop.guard.propose(actor(Role.PLANNER), adjustment(-150))
    done = await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    undo = await _undo(shop, done.action_id)
    assert (undo.state, undo.outcome) == ("executed", "allow")
    assert shop.platform.asked[-1][0].facts()["delta"] == 150


async def test_a_transfer_is_undone_by_cancelling_it(database: Database):
    shop = await open_shop(database)
    moved = await shop.guard.propose(actor(Role.PLANNER), transfer(10))
    assert (await _undo(shop, moved.action_id)).state == "executed"
    assert shop.platform.asked[-1][0].facts()["kind"] == "cancel_transfer"


async def test_what_cannot_be_undone_says_what_to_do_instead(database: Database):
    shop = await open_shop(database)
    given = await shop.guard.propose(SPECIALIST, discount(1_000))
    undo = await _undo(shop, given.action_id)
    refusal = await _cannot(shop, undo.action_id)
    assert (refusal.code, refusal.hint) == (
        "undo.irreversible",
        "Propose a new discount: an ended code stays ended.",
    )


async def test_what_was_never_done_is_not_undone(database: Database):
    shop = await open_shop(database)
    waits = await shop.guard.propose(SPECIALIST, discount(6_000))
    denied = await shop.guard.propose(SPECIALIST, discount(30_000))
    assert (await _cannot(shop, waits.action_id)).hint == "It still waits for an approval: reject that instead."
    assert (await _cannot(shop, denied.action_id)).code == "undo.not_executed"
    assert (await _cannot(shop, "act_nowhere")).code == "action.unknown"


async def test_only_a_manager_of_the_place_undoes(database: Database):
    shop = await open_shop(database)
    given = await shop.guard.propose(SPECIALIST, discount(1_000))
    assert (await _cannot(shop, given.action_id, who=ASSOCIATE)).code == "access.nothing_permits"
    elsewhere = actor(Role.MANAGER, locations=frozenset({S2}))
    assert (await _cannot(shop, given.action_id, who=elsewhere)).code == "action.unknown"
    assert await shop.state(given.action_id) == "executed"
