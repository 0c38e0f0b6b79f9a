"""A person settles counts that disagree: as proposed, as they are, or as counted; once, on record, and not for ever."""

import asyncio
import re
from argparse import Namespace
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from server.commands.context import Keyboard
from server.commands.sync import settle_count
from tests.flows.passing_hours import OTHER, SHOP, Hours, hours
from tools.proposal import Origin
from tools.propose.decided import Decided
from tools.read.planned import Planned
from tools.reconciling import Standing

pytestmark = pytest.mark.anyio
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CONSOLE)
PAT = Actor("planner:pat", Role.PLANNER, None, Door.MCP)
ASSISTANT = replace(PAT, id="assistant:pat", model=True, on_behalf_of="planner:pat")
STORY = Origin(CorrelationId("story"), "story")


async def mistyped(told: Hours, sku: str, units: int = -2) -> Standing:
    """Somebody changed the count by hand; nobody knows why, and it is told."""
    told.by_hand(sku, units)
    return (await stands(told))[sku]


async def stands(told: Hours) -> dict[str, Standing]:
    """What is told once everything that may explain a difference has had its time."""
    await told.listen()
    told.pass_by(4)
    return {each.sku: each for each in await told.after(2)}


async def settle(told: Hours, actor: Actor, found: Standing, delta: int, **more: Any) -> Decided:
    asked = {
        "location_id": found.location,
        "sku": found.sku,
        "delta": delta,
        "expected": count(told, found.sku),
        "settles": found.name,
        "idempotency_key": f"settle-{found.name}",
        "reason": "Looked at the shelf.",
        **more,
    }
    decided = await told.opened.house.guard.invoke(actor, "propose_stock_adjustment", asked, STORY)
    assert isinstance(decided, Decided)
    return decided


def count(told: Hours, sku: str, place: str = SHOP) -> int:
    return told.world.levels[sku, place].available


async def test_what_was_counted_by_hand_is_set_once_on_the_console_however_often_the_button_is_pressed(
    database_url: str, tmp_path: Path
):
    async with hours(database_url, tmp_path) as told:
        found = await mistyped(told, told.goods[0])
        client, before = told.opened.client, count(told, found.sku)
        await client.post("/console/login", data={"key": await told.opened.key(Role.MANAGER, name="manager:ada")})
        listed = (await client.get("/console/discrepancies")).text
        assert f"/console/discrepancies/{found.name}" in listed
        page = (await client.get(f"/console/discrepancies/{found.name}")).text
        assert f"<strong>{before}</strong> now" in page
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        form |= {"counted": str(before + 1), "how": "counted", "reason": "Counted twice."}
        answers = await asyncio.gather(
            *(client.post(f"/console/discrepancies/{found.name}", data=form) for _ in range(3))
        )
        assert {each.headers["location"] for each in answers} <= {
            "/console/discrepancies?said=executed",
            "/console/discrepancies?said=executing",
        }
        assert count(told, found.sku) == before + 1
        assert await told.opened.count("SELECT count(*) FROM action WHERE kind = 'stock_adjustment'") == 1
        assert found.name not in (await client.get("/console/discrepancies")).text
        assert await stands(told) == {}, "what is settled stays settled"
        again = await client.get(f"/console/discrepancies/{found.name}")
        assert (again.status_code, "was settled" in again.text) == (404, True)


async def test_what_is_settled_comes_back_only_when_something_new_happens_or_it_is_taken_back(
    database_url: str, tmp_path: Path
):
    async with hours(database_url, tmp_path) as told:
        found = await mistyped(told, told.goods[0])
        done = await settle(told, ADA, found, 0)
        assert (done.state, count(told, found.sku)) == ("executed", 22)
        assert await stands(told) == {}
        undone = await told.opened.house.guard.undo(ADA, done.action_id, key="undo-0001", reason="Again.", origin=STORY)
        assert undone.state == "executed"
        (back,) = await told.after(1)
        assert (back.name, back.ours, back.theirs) == (found.name, found.ours, found.theirs)
        counted = await settle(told, ADA, found, 2, idempotency_key="settle-again")
        assert (counted.state, count(told, found.sku)) == ("executed", 24)
        assert await stands(told) == {}
        new = await mistyped(told, found.sku, -3)
        assert (new.ours - new.theirs, new.name != found.name) == (3, True)


async def test_a_fix_is_carried_out_for_a_planner_and_an_assistant_only_asks(database_url: str, tmp_path: Path):
    async with hours(database_url, tmp_path) as told:
        sku, other = told.goods[:2]
        for each in (sku, other):
            for _ in range(2):
                told.sell((each, 2), transaction=f"till-7-{each}")
        found = await stands(told)
        read = await told.opened.house.guard.invoke(PAT, "read_plan", {"view": "discrepancies"}, STORY)
        assert isinstance(read, Planned)
        assert {(each.name, each.cause, each.fix_units) for each in read.discrepancies} == {
            (found[each].name, "duplicate", 2) for each in (sku, other)
        }
        done = await settle(told, PAT, found[sku], 2)
        assert (done.state, count(told, sku)) == ("executed", 22)
        asked = await settle(told, ASSISTANT, found[other], 2)
        assert (asked.state, asked.reasons[0].rule) == ("waiting", "inventory.settling_asks")
        assert count(told, other) == 20
        (one,) = await told.opened.house.guard.waiting(ADA)
        assert "Take the line booked twice back" in one.alternatives[0]
        answered = await told.opened.house.guard.answer(ADA, asked.approval_id, approve=True)
        assert (answered.state, count(told, other)) == ("executed", 22)
        assert await stands(told) == {}


async def test_two_people_who_settle_one_thing_at_once_settle_it_once(database_url: str, tmp_path: Path):
    async with hours(database_url, tmp_path) as told:
        found = await mistyped(told, told.goods[0])
        ways = {0: ADA, 1: PAT, 2: replace(ADA, id="manager:ben")}
        told_ = await asyncio.gather(
            *(settle(told, who, found, delta, idempotency_key=f"settle-{delta:04}") for delta, who in ways.items()),
            return_exceptions=True,
        )
        decided = {delta: each for delta, each in zip(ways, told_, strict=True) if isinstance(each, Decided)}
        done = [delta for delta, each in decided.items() if each.state == "executed"]
        assert len(done) == 1
        assert count(told, found.sku) == 22 + done[0]
        assert all(isinstance(each, Decided | NotFound | Refused) for each in told_)
        assert await told.opened.count("SELECT count(*) FROM settlement") == 1
        with pytest.raises(NotFound, match="No discrepancy of this name stands"):
            await settle(told, ADA, found, 2, idempotency_key="settle-late")


async def test_a_count_that_moved_meanwhile_is_not_settled_and_may_be_settled_again(database_url: str, tmp_path: Path):
    async with hours(database_url, tmp_path) as told:
        found = await mistyped(told, told.goods[0])
        told.sell((found.sku, 1))
        for delta in (0, 2):
            late = await settle(told, ADA, found, delta, expected=22, idempotency_key=f"settle-late-{delta}")
            assert (late.state, "count" in late.error) == ("failed", True)
        assert count(told, found.sku) == 21
        done = await settle(told, ADA, found, 2)
        assert (done.state, count(told, found.sku)) == ("executed", 23)
        assert await stands(told) == {}, "the sale that came in between is no discrepancy"


async def test_what_is_worth_much_needs_another_manager_and_another_shelf_is_not_settled(
    database_url: str, tmp_path: Path
):
    async with hours(database_url, tmp_path) as told:
        costs = await told.costs()
        dear = max(told.goods, key=lambda sku: costs[sku])
        units = min(24, 20_000 // costs[dear] + 1)
        found = await mistyped(told, dear, -units)
        with pytest.raises(Refused, match="That discrepancy is of"):
            await settle(told, ADA, found, 1, location_id=OTHER)
        asked = await settle(told, ADA, found, 0)
        assert (asked.state, asked.outcome) == ("waiting", "approve"), "what is written off is worth as much"
        with pytest.raises(Refused, match="Nobody approves what they proposed"):
            await told.opened.house.guard.answer(ADA, asked.approval_id, approve=True)
        ben = replace(ADA, id="manager:ben")
        assert (await told.opened.house.guard.answer(ben, asked.approval_id, approve=True)).state == "executed"


async def test_the_keyboard_settles_against_the_count_of_this_moment(database_url: str, tmp_path: Path):
    async with hours(database_url, tmp_path) as told:
        found = await mistyped(told, told.goods[0])
        told.sell((found.sku, 3))
        said = StringIO()
        at = Keyboard(told.opened.house, ADA, Console(file=said, width=200))
        asked = Namespace(name=found.name, way="fix", counted="", reason="")
        with pytest.raises(Refused, match="count the shelf first"):
            await settle_count(at, asked)
        asked.way, asked.counted = None, "21"
        assert await settle_count(at, asked) == 0
        assert (count(told, found.sku), "executed" in said.getvalue()) == (21, True)
