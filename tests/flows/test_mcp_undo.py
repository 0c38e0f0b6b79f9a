"""undo_many over MCP: looked at first, bound to what was seen, and never started by a model alone."""

from typing import Any

import pytest

from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from tests.flows.test_mcp_writes import SMALL, call
from tests.mcp_house import House, client, open_house
from tests.small_chain import FIRST, SECOND, actor

pytestmark = pytest.mark.anyio

BEN, ADA = actor(Role.ASSOCIATE, FIRST, name="associate:ben"), actor(Role.MANAGER, FIRST, name="manager:ada")
ASSISTANT = actor(Role.MANAGER, FIRST, name="assistant:a", model=True)
LAST_HOUR = {"scope": "agent", "name": "associate:ben", "idempotency_key": "undo-bens-hour", "reason": "Wrong customer"}


async def _given(house: House, number: int = 1) -> dict[str, Any]:
    asked = {**SMALL, "idempotency_key": f"small-{number:04}", "transaction": f"T-{number}"}
    async with house.database.transaction() as connection:  # however long this takes, the price is of now
        await connection.execute("UPDATE variant SET observed_at = now() + interval '1 minute'")
    done = await call(house, BEN, "propose_discount", asked)
    assert done["state"] == "executed"
    return done


async def test_an_agents_hour_is_previewed_and_then_exactly_that_is_taken_back_once(database: Database):
    async with open_house(database) as house:
        done = await _given(house)
        shown = await call(house, ADA, "undo_many", {**LAST_HOUR, "dry_run": True})
        assert (shown["state"], shown["totals"]["reversed"], len(house.platform.done)) == ("previewed", 1, 1)
        planned = {**LAST_HOUR, "plan_id": shown["plan_id"]}
        first = await call(house, ADA, "undo_many", planned)
        again = await call(house, ADA, "undo_many", planned)
        assert (first["state"], first["items"][0]["action_id"]) == ("done", done["action_id"])
        assert (again["batch_id"], again["totals"]) == (first["batch_id"], first["totals"])
        assert [type(each).__name__ for each in house.platform.done.values()] == ["Discount", "EndDiscount"]


async def test_a_plan_that_something_was_added_to_since_is_refused(database: Database):
    async with open_house(database) as house:
        await _given(house)
        shown = await call(house, ADA, "undo_many", {**LAST_HOUR, "dry_run": True})
        await _given(house, 2)
        refused = await call(house, ADA, "undo_many", {**LAST_HOUR, "plan_id": shown["plan_id"]})
        assert refused["error"]["code"] == "plan.stale"
        assert len(house.platform.done) == 2


async def test_a_model_only_asks_and_the_answer_says_who_starts_it(database: Database):
    async with open_house(database) as house:
        await _given(house)
        asked = await call(house, ASSISTANT, "undo_many", LAST_HOUR)
        assert (asked["state"], asked["done_for"], len(house.platform.done)) == ("asked", "", 1)
        assert "A manager has to start it" in asked["next"]
        assert (await call(house, ASSISTANT, "undo_many", LAST_HOUR))["state"] == "asked"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MANAGER])
async def test_nobody_but_a_manager_is_shown_the_tool(database: Database, role: Role):
    async with open_house(database) as house, client(house, actor(role, FIRST)) as caller:
        assert "undo_many" not in {tool.name for tool in (await caller.list_tools()).tools}


async def test_a_manager_sees_at_most_twelve_tools(database: Database):
    async with open_house(database) as house, client(house, ADA) as caller:
        assert len((await caller.list_tools()).tools) <= 12


async def test_what_another_locations_manager_may_not_touch_is_not_there_for_them(database: Database):
    async with open_house(database) as house:
        await _given(house)
        bob = actor(Role.MANAGER, SECOND, name="manager:bob")
        shown = await call(house, bob, "undo_many", {**LAST_HOUR, "dry_run": True})
        assert (shown["items"], shown["more"]) == ([], 0)


async def test_long_batches_are_told_in_pages_with_totals_of_all(database: Database):
    async with open_house(database) as house:
        for number in range(21):
            await _given(house, number)
        first = await call(house, ADA, "undo_many", {**LAST_HOUR, "dry_run": True})
        second = await call(house, ADA, "undo_many", {**LAST_HOUR, "dry_run": True, "cursor": first["next_cursor"]})
        assert (len(first["items"]), first["truncated"], first["totals"]["reversed"]) == (20, True, 21)
        assert (len(second["items"]), second["truncated"], second["next_cursor"]) == (1, False, "")
