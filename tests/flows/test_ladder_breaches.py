"""AI that breaks trust is sent down at once, once, and only for what it did itself."""

import asyncio

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from policies.errors import Refused
from policies.ladder import Rung
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    ORIGIN,
    open_shop,
)
from tests.flows.ladder_shop import MARY, OPERATOR, office, plan, propose, stands

pytestmark = pytest.mark.anyio


async def test_too_many_undone_offers_send_ai_down_at_that_location_at_the_undo_that_was_one_too_many(
    database: Database,
):
    shop = await open_shop(database, engine=plan())
    done = [await propose(shop, f"T{number}") for number in range(10)]
    await propose(shop, "T", store="S2")
    for number, decision in enumerate(done[:3]):
        assert await stands(shop) == ({"": Rung.AUTO} if number < 2 else {"": Rung.AUTO, "S1": Rung.APPROVE})
        await shop.guard.undo(ADA, decision.action_id, key=f"undo {number}", reason="Wrong goods.", origin=ORIGIN)
    position = {each.location: each for each in await office(shop).show(OPERATOR, "discount")}["S1"]
    assert (position.set_by, position.reason) == ("schedule:ladder", "2 of 10 executed actions were taken back.")
    assert await office(shop).watch() == 0


async def test_at_the_limit_itself_nothing_is_a_breach(database: Database):
    shop = await open_shop(database, engine=plan(changes={"undone_bp = 1000": "undone_bp = 2000"}))
    done = [await propose(shop, f"T{number}") for number in range(10)]
    for number, decision in enumerate(done[:2]):
        await shop.guard.undo(ADA, decision.action_id, key=f"undo {number}", reason="Wrong goods.", origin=ORIGIN)
    assert await stands(shop) == {"": Rung.AUTO}
    await shop.guard.undo(ADA, done[2].action_id, key="undo 2", reason="Wrong goods.", origin=ORIGIN)
    assert await stands(shop) == {"": Rung.AUTO, "S1": Rung.APPROVE}


async def test_too_many_rejections_send_ai_down(database: Database):
    shop = await open_shop(database, engine=plan("approve"))
    for number in range(4):
        decision = await propose(shop, f"T{number}")
        await shop.guard.answer(ADA, decision.approval_id or "", approve=number == 0)
        if number == 1:
            assert await office(shop).watch() == 0
    assert await office(shop).watch() == 1
    assert await stands(shop) == {"": Rung.APPROVE, "S1": Rung.SUGGEST}


async def test_what_a_person_carried_through_themselves_is_no_rejection(database: Database):
    shop = await open_shop(database, engine=plan("suggest"))
    for number in range(4):
        decision = await propose(shop, f"T{number}")
        await shop.guard.answer(ADA, decision.approval_id or "", approve=True)
    assert await office(shop).watch() == 0


async def test_a_burst_of_failures_sends_ai_down_once(database: Database):
    shop = await open_shop(database, engine=plan())
    shop.platform.faults = [Refused("No.", code="platform.refused") for _ in range(3)]
    for number in range(2):
        await propose(shop, f"T{number}")
    assert await office(shop).watch() == 0
    await propose(shop, "T3")
    watching = (office(shop).watch() for _ in range(3))
    assert sorted(await asyncio.gather(*watching)) == [0, 0, 1]
    assert await stands(shop) == {"": Rung.AUTO, "S1": Rung.APPROVE}


async def test_failures_further_apart_are_no_burst(database: Database):
    shop = await open_shop(database, engine=plan())
    shop.platform.faults = [Refused("No.", code="platform.refused") for _ in range(3)]
    for number in range(3):
        await propose(shop, f"T{number}")
        shop.after(seconds=301)
    assert await office(shop).watch() == 0


async def test_more_promised_than_a_cap_allowed_sends_ai_down_however_it_came_about(database: Database):
    shop = await open_shop(database, engine=plan())
    await propose(shop, "T", cents=4_000)
    assert await office(shop).watch() == 0
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE action SET money = 20001"))
    assert await office(shop).watch() == 1
    assert await stands(shop) == {"": Rung.AUTO, "S1": Rung.APPROVE}
    assert await office(shop).watch() == 0


async def test_an_edited_ledger_sends_all_ai_down_once_and_keeps_it_from_climbing(database: Database):
    shop = await open_shop(database, engine=plan())
    await propose(shop, "T")
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE ledger SET entry = replace(entry, 'S1', 'S2') WHERE seq = 1"))
    assert await office(shop).watch() > 0
    assert await stands(shop) == {"": Rung.APPROVE}
    assert await stands(shop, "transfer") == {"": Rung.APPROVE}
    assert await office(shop).watch() == 0
    assert any("record 1 of the ledger" in each for each in (await office(shop).show(MARY, "discount"))[0].lacks)


async def test_people_doing_wrong_is_no_breach_of_ais(database: Database):
    shop = await open_shop(database, engine=plan())
    done = [await propose(shop, f"T{number}", who=ASSOCIATE) for number in range(4)]
    for number, decision in enumerate(done):
        await shop.guard.undo(ADA, decision.action_id, key=f"undo {number}", reason="Wrong goods.", origin=ORIGIN)
    assert await office(shop).watch() == 0
