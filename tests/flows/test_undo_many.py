"""A run, an agent's hours and a campaign are taken back whole, once, whatever dies or fails in between."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from knowledge.store.session import Database
from knowledge.store.tables import event, purchase
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.ids import CorrelationId
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    EVE,
    ORIGIN,
    S1,
    S2,
    SAMPLE,
    SCARF,
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
from tools.audit.verify import verify
from tools.undo.report import UndoReport
from tools.undo.scope import Scope
from tools.undo.undoing import Undoing

pytestmark = pytest.mark.anyio

RUN = Scope("run", ORIGIN.correlation, START + timedelta(hours=1))
ASSISTANT = Actor("manager:ada", Role.MANAGER, None, ADA.door, model=True)


def undoing(shop: Shop) -> Undoing:
    return Undoing(shop.database, shop.guard, shop.now)


async def begin(shop: Shop, scope: Scope = RUN, *, key: str = "k", who: Actor = ADA) -> UndoReport:
    return await undoing(shop).begin(
        who, scope, key=key, reason="Given by mistake.", origin=replace(ORIGIN, correlation=CorrelationId("undo-call"))
    )


async def given_all(shop: Shop, *cents: int) -> list[str]:
    """Executed discounts of one run, oldest first."""
    ids: list[str] = []
    for number, each in enumerate(cents):
        shop.after(seconds=1)
        decision = await shop.guard.propose(SPECIALIST, discount(each, transaction=f"T{number}"))
        assert decision.state == "executed"
        ids.append(decision.action_id)
    return ids


async def used(shop: Shop, action: str, order: str = "shopify:order:1") -> None:
    async with shop.database.transaction() as connection:
        code = (
            await connection.execute(text("SELECT facts ->> 'code' FROM action WHERE id = :id"), {"id": action})
        ).scalar_one()
        await connection.execute(
            insert(purchase),
            {
                "id": order,
                "channel": "pos",
                "location_id": S1,
                "occurred_at": shop.clock + timedelta(seconds=5),
                "received_at": shop.clock,
                "total": 1,
                "currency": "USD",
                "codes": [code],
            },
        )


async def test_a_run_is_taken_back_newest_first_each_by_an_action_of_its_own(database: Database):
    shop = await open_shop(database)
    ids = await given_all(shop, 1_000, 500, 200)
    report = await begin(shop)
    assert (report.state, report.totals.reversed, report.totals.stays) == ("done", 3, 0)
    assert [item.action_id for item in report.items] == ids[::-1]
    assert len({item.undo_id for item in report.items}) == 3
    assert [(amount.minor, amount.currency) for amount in report.taken_back] == [(1_700, "USD")]
    assert report.left == ()
    assert [await shop.state(each) for each in ids] == ["undone"] * 3
    assert shop.effects == 6


async def test_a_preview_changes_nothing_and_says_what_the_undo_will_do(database: Database):
    shop = await open_shop(database)
    ids = await given_all(shop, 1_000, 500)
    await used(shop, ids[0])
    shop.after(seconds=1)
    waits = await shop.guard.propose(SPECIALIST, discount(6_000, transaction="W"))
    shown = await undoing(shop).preview(ADA, RUN)
    assert [(item.fate, item.left.minor) for item in shown.items] == [
        ("withdrawn", 0),
        ("reversed", 0),
        ("stays", 1_000),
    ]
    assert "used on order shopify:order:1: 10.00 USD stays taken off" in shown.items[2].why
    assert (shown.state, shop.effects, await shop.state(waits.action_id)) == ("previewed", 2, "waiting")
    done = await begin(shop)
    assert [(item.fate, item.left) for item in done.items] == [(item.fate, item.left) for item in shown.items]
    assert (done.taken_back, done.left) == (shown.taken_back, shown.left)


async def test_what_waits_or_was_never_tried_is_withdrawn_and_gives_back_what_it_promised(database: Database):
    shop = await open_shop(database)
    waits = await shop.guard.propose(SPECIALIST, discount(6_000, transaction="W"))
    (allowed,) = await shop.guard.propose_all([(SPECIALIST, discount(700, transaction="A"))])
    report = await begin(shop)
    assert (report.totals.withdrawn, report.taken_back[0].minor) == (2, 6_700)
    assert [await shop.state(each.action_id) for each in (waits, allowed)] == ["rejected", "rejected"]
    assert set((await shop.promised()).values()) == {0}
    await shop.executor.carry_out(allowed.action_id)
    with pytest.raises(Refused):
        await shop.guard.answer(EVE, waits.approval_id or "", approve=True)
    assert shop.effects == 0


async def test_repeating_an_undo_answers_with_the_first_and_another_key_finds_nothing_left(database: Database):
    shop = await open_shop(database)
    await given_all(shop, 1_000, 500)
    first = await begin(shop)
    again = await begin(shop)
    other = await begin(shop, key="other")
    assert (again.batch_id, again.totals, again.items) == (first.batch_id, first.totals, first.items)
    assert (other.state, other.items, shop.effects) == ("done", (), 4)
    with pytest.raises(Refused) as refusal:
        await begin(shop, Scope("campaign", "spring", START))
    assert refusal.value.code == "idempotency.key_reused"


async def test_many_at_once_take_each_action_back_once(database: Database):
    shop = await open_shop(database)
    await given_all(shop, *[100] * 6)
    await asyncio.gather(*(begin(shop, key=f"k{number % 3}", who=(ADA, EVE)[number % 2]) for number in range(8)))
    assert shop.effects == 12
    assert max(Counter(context.key for _, context in shop.platform.asked).values()) == 1


async def test_a_platform_that_is_down_in_the_middle_leaves_the_rest_pending_until_it_is_back(database: Database):
    shop = await open_shop(database)
    await given_all(shop, 100, 200, 300)
    shop.platform.faults = ["lost", "down"]
    report = await begin(shop)
    assert (report.state, report.totals.pending, report.totals.reversed) == ("open", 2, 1)
    shop.after(seconds=30)
    for item in report.items:  # as the workers that were told to would
        await shop.executor.carry_out(item.undo_id)
    assert await undoing(shop).carry_on() == 1
    done = await undoing(shop).report(ADA, report.batch_id)
    assert (done.state, done.totals.reversed, shop.effects) == ("done", 3, 6)


async def test_a_batch_whose_process_was_killed_is_finished_by_the_next_one(database: Database):
    shop = await open_shop(database)
    await given_all(shop, 100, 200, 300)
    shop.platform.faults = ["killed"]
    with pytest.raises(KilledError):
        await begin(shop)
    assert await undoing(shop).carry_on() == 0  # it may still live
    shop.after(seconds=LEASE.total_seconds())
    assert await undoing(shop).carry_on() == 1
    report = await begin(shop)
    assert (report.state, report.totals.reversed, shop.effects) == ("done", 3, 6)
    async with database.reading() as connection:
        assert (await verify(connection)).whole


async def test_what_is_under_way_is_taken_back_once_it_is_done(database: Database):
    shop = await open_shop(database)
    shop.platform.faults = ["killed"]
    with pytest.raises(KilledError):
        await shop.guard.propose(SPECIALIST, discount(1_000))
    report = await begin(shop)
    assert (report.state, report.items[0].fate) == ("open", "pending")
    shop.after(seconds=LEASE.total_seconds())
    await undoing(shop).carry_on()
    done = await undoing(shop).report(ADA, report.batch_id)
    assert (done.state, done.totals.reversed, shop.effects) == ("done", 1, 2)


async def test_sold_stock_and_received_goods_stay_and_say_what_they_are_worth(database: Database):
    shop = await open_shop(database)
    counted = await shop.guard.propose(actor(Role.PLANNER), adjustment(8))
    moved = await shop.guard.propose(actor(Role.PLANNER), transfer(10))
    under_way = await shop.guard.propose(actor(Role.PLANNER), transfer(2, to=S2))
    shop.after(minutes=5)
    await shop.count(SCARF, 3)
    for number, (decision, status) in enumerate(((moved, "TRANSFERRED"), (under_way, "IN_PROGRESS"))):
        reference = (decision.receipt or {})["reference"].rpartition("/")[2]
        async with database.transaction() as connection:
            await connection.execute(insert(event), _transfer_event(number, reference, status))
    report = await begin(shop)
    told = {item.action_id: item for item in report.items}
    assert [item.fate for item in report.items] == ["stays"] * 3
    assert "5 of these units are sold already" in told[counted.action_id].why
    assert "received: 100.00 USD at cost" in told[moved.action_id].why
    assert "under way: 20.00 USD at cost in transit" in told[under_way.action_id].why
    assert report.left[0].minor == 8_000 + 10_000 + 2_000
    assert shop.effects == 3
    with pytest.raises(Refused) as refusal:
        await shop.guard.undo(ADA, moved.action_id, key="one", reason="Wrong.", origin=ORIGIN)
    assert refusal.value.code == "undo.received"


async def test_a_platforms_refusal_is_told_and_may_be_tried_again(database: Database):
    shop = await open_shop(database)
    moved = await shop.guard.propose(actor(Role.PLANNER), transfer(10))
    shop.platform.faults = [Refused("The goods are already on their way.", code="transfer.moving")]
    first = await begin(shop)
    assert (first.state, first.items[0].fate) == ("done", "stays")
    assert "The goods are already on their way." in first.items[0].why
    second = await begin(shop, key="later")
    assert (second.totals.reversed, await shop.state(moved.action_id)) == (1, "undone")


async def test_an_agents_hours_hold_that_agents_actions_of_that_time_alone(database: Database):
    shop = await open_shop(database)
    (old,) = await given_all(shop, 100)
    shop.after(minutes=20)
    await shop.count(SAMPLE, 5)
    mine = await shop.guard.propose(SPECIALIST, discount(200, transaction="N"))
    theirs = await shop.guard.propose(ASSOCIATE, discount(300, transaction="M"))
    scope = Scope("agent", SPECIALIST.id, shop.clock, shop.clock - timedelta(minutes=10))
    report = await begin(shop, scope)
    assert [item.action_id for item in report.items] == [mine.action_id]
    assert [await shop.state(each) for each in (old, theirs.action_id)] == ["executed", "executed"]


async def test_a_campaign_holds_what_was_offered_under_its_name_alone(database: Database):
    shop = await open_shop(database)
    mine = await shop.guard.propose(SPECIALIST, discount(200, transaction="C", campaign="spring"))
    other = await shop.guard.propose(SPECIALIST, discount(300, transaction="N"))
    report = await begin(shop, Scope("campaign", "spring", shop.clock))
    assert ([item.action_id for item in report.items], report.totals.reversed) == ([mine.action_id], 1)
    assert await shop.state(other.action_id) == "executed"


async def test_what_a_customer_brought_back_no_longer_counts_as_left(database: Database):
    shop = await open_shop(database)
    (given,) = await given_all(shop, 1_000)
    await used(shop, given)
    async with database.transaction() as connection:
        for kind, source, minor in (("accepted", "shopify:order:1", 900), ("given_back", "refund", 400)):
            row = {"kind": kind, "source": source, "minor": minor, "action": given, "at": shop.clock}
            await connection.execute(
                text(
                    "INSERT INTO outcome (action_id, kind, source, order_id, at, minor, currency, recorded_at)"
                    " VALUES (:action, :kind, :source, 'shopify:order:1', :at, :minor, 'USD', :at)"
                ),
                row,
            )
    report = await begin(shop)
    assert [amount.minor for amount in report.left] == [500]


async def test_taking_back_what_a_manager_did_does_not_do_again_what_they_took_back(database: Database):
    shop = await open_shop(database)
    done = await shop.guard.propose(actor(Role.PLANNER), adjustment(5))
    await shop.guard.undo(ADA, done.action_id, key="one", reason="Wrong.", origin=ORIGIN)
    shown = await undoing(shop).preview(EVE, Scope("agent", ADA.id, shop.clock, shop.clock - timedelta(hours=1)))
    assert shown.items == ()


async def test_only_managers_undo_and_only_at_their_locations(database: Database):
    shop = await open_shop(database)
    (first,) = await given_all(shop, 100)
    second = await shop.guard.propose(SPECIALIST, discount(100, store=S2, transaction="S"))
    with pytest.raises(Refused):
        await begin(shop, who=ASSOCIATE)
    there = actor(Role.MANAGER, locations=frozenset({S2}))
    report = await begin(shop, who=there)
    assert [item.action_id for item in report.items] == [second.action_id]
    assert await shop.state(first) == "executed"
    elsewhere = actor(Role.MANAGER, locations=frozenset({S1}))
    with pytest.raises(NotFound):
        await undoing(shop).report(elsewhere, report.batch_id)


async def test_a_model_may_ask_for_an_undo_and_a_person_starts_it(database: Database):
    shop = await open_shop(database)
    (first,) = await given_all(shop, 100)
    asked = await begin(shop, who=ASSISTANT)
    assert (asked.state, await shop.state(first), shop.effects) == ("asked", "executed", 1)
    with pytest.raises(Refused) as refusal:
        await undoing(shop).answer(ASSISTANT, asked.batch_id, start=True)
    assert refusal.value.code == "access.model_never_starts_undo"
    done = await undoing(shop).answer(EVE, asked.batch_id, start=True)
    assert (done.state, done.done_for, await shop.state(first)) == ("done", EVE.id, "undone")
    with pytest.raises(Refused):
        await undoing(shop).answer(EVE, asked.batch_id, start=True)


@pytest.mark.parametrize(("minutes", "state"), [(59, "asked"), (60, "declined")])
async def test_an_undo_nobody_starts_within_the_hour_is_declined(database: Database, minutes: int, state: str):
    shop = await open_shop(database)
    (first,) = await given_all(shop, 100)
    asked = await begin(shop, who=ASSISTANT)
    shop.after(minutes=minutes)
    await undoing(shop).carry_on()
    assert (await undoing(shop).report(EVE, asked.batch_id)).state == state
    assert await shop.state(first) == "executed"


async def test_an_id_that_set_nothing_off_is_not_found(database: Database):
    shop = await open_shop(database)
    with pytest.raises(NotFound):
        await undoing(shop).preview(ADA, Scope("run", "nowhere", START))


async def test_every_batch_is_on_record_from_its_start_to_its_end(database: Database):
    shop = await open_shop(database)
    await given_all(shop, 100)
    report = await begin(shop)
    async with database.reading() as connection:
        rows = await connection.execute(
            text("SELECT entry::jsonb -> 'body' ->> 'step' FROM ledger WHERE kind = 'batch' ORDER BY seq")
        )
        assert list(rows.scalars()) == ["started", "done"]
    assert report.state == "done"


_FAULT = st.sampled_from(["", "", "lost", "down", "killed", "killed_before"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(_FAULT, max_size=12), keys=st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=5))
def test_any_repetition_under_any_faults_reverses_each_effect_at_most_once(
    database_url: str, faults: list[str], keys: list[str]
):
    async def play() -> None:
        database = Database(database_url)
        async with database.transaction() as connection:
            await connection.execute(
                text(
                    "TRUNCATE action, promise, approval, undo_batch, undo_item, outcome, variant, inventory_level,"
                    " location CASCADE"
                )
            )
        shop = await open_shop(database)
        ids = await given_all(shop, 100, 200, 300)
        shop.platform.faults = [*faults]
        for key in keys:
            try:
                await begin(shop, key=key)
            except KilledError:
                shop.after(seconds=LEASE.total_seconds())
        shop.platform.faults = []
        for _ in range(3):
            shop.after(minutes=40)
            async with database.reading() as connection:
                left = (
                    (await connection.execute(text("SELECT id FROM action WHERE state IN ('allowed', 'executing')")))
                    .scalars()
                    .all()
                )
            for each in left:
                await shop.executor.carry_out(each)
            await undoing(shop).carry_on()
        report = await begin(shop, key="last")
        assert report.state == "done"
        assert [await shop.state(each) for each in ids] == ["undone"] * 3
        assert (shop.effects, max(shop.platform.effects.values())) == (6, 1)
        await database.close()

    asyncio.run(play())


def _transfer_event(number: int, reference: str, status: str) -> dict[str, Any]:
    return {
        "id": f"moved-{number}",
        "source": "shopify",
        "delivery": f"d{number}",
        "topic": "transfer.updated",
        "lane": S1,
        "occurred_at": START,
        "received_at": START,
        "correlation_id": f"moved-{number}",
        "resource": f"shopify:transfer:{reference}",
        "version": "2",
        "facts": {"transfer": reference, "reference": "x", "status": status},
    }
