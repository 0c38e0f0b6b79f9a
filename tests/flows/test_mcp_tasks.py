"""A write that waits for a person is a task to those who know tasks: durable, theirs alone, and never an approval."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from policies.engine import Engine
from policies.limits import Limits
from policies.vocabulary.actor import Role
from server.mcp.task_rows import forget_tasks
from tests.mcp_house import House, client, open_house, text_of
from tests.small_chain import FIRST, SECOND, actor
from tests.wire import wire

pytestmark = pytest.mark.anyio

BEN = actor(Role.ASSOCIATE, FIRST, name="associate:ben")
EVE = actor(Role.ASSOCIATE, FIRST, name="associate:eve")
ADA = actor(Role.MANAGER, FIRST, name="manager:ada")
FREE: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["BELT-1"],
    "percent": 10,
    "idempotency_key": "task-free-1",
    "reason": "A scratch on the buckle",
}
# no unit cost on record, so a manager decides
COSTLESS = {**FREE, "skus": ["HAT-1"], "idempotency_key": "task-costless-1"}


async def answer(house: House, task: dict[str, Any], *, yes: bool) -> None:
    """Ada's answer to what a task waits for."""
    async with client(house, ADA) as caller:
        listed = await caller.call_tool("list_approvals", {})
        [approval] = listed.structured_content["approvals"]
        await caller.call_tool(
            "decide_approval",
            {
                "approval_id": approval["approval_id"],
                "approve": yes,
                "idempotency_key": f"ada-{task['taskId'][-12:]}",
                "reason": "Last year's model",
            },
        )


async def test_a_write_that_waits_is_a_task_and_one_that_does_not_is_none(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        done = await door.call("propose_discount", FREE)
        assert (done["resultType"], done["structuredContent"]["state"]) == ("complete", "executed")
        task = await door.call("propose_discount", COSTLESS)
        assert (task["resultType"], task["status"]) == ("task", "working")
        assert "another person" in task["statusMessage"]
        assert task["ttlMs"] > 24 * 3600 * 1000
        assert task["pollIntervalMs"] == 5000
        assert re.fullmatch(r"task_[0-9a-f]{32}", task["taskId"])
        assert not task.keys() & {"result", "error", "inputRequests", "requestState", "content"}
        refused = await door.call("propose_discount", {**FREE, "percent": 31, "idempotency_key": "task-denied-1"})
        assert (refused["resultType"], refused["isError"]) == ("complete", True)
        tried = await door.call("propose_discount", {**COSTLESS, "idempotency_key": "task-dry-1", "dry_run": True})
        assert tried["resultType"] == "complete"


async def test_without_the_extension_the_same_write_answers_with_its_approval(database: Database):
    async with open_house(database) as house, wire(house, BEN, knows=()) as door:
        told = (await door.call("propose_discount", COSTLESS))["structuredContent"]
        assert (told["state"], told["outcome"], bool(told["approval_id"])) == ("waiting", "approve", True)


async def test_an_older_client_is_never_handed_a_task(database: Database):
    async with open_house(database) as house, client(house, BEN, mode="legacy") as caller:
        told = await caller.call_tool("propose_discount", COSTLESS)
        assert json.loads(text_of(told))["state"] == "waiting"


@pytest.mark.parametrize(("yes", "state"), [(True, "executed"), (False, "rejected")])
async def test_a_task_ends_with_what_the_call_would_have_answered(database: Database, *, yes: bool, state: str):
    async with open_house(database) as house:
        async with wire(house, BEN) as door:
            task = await door.call("propose_discount", COSTLESS)
            assert (await door.task(task["taskId"]))["result"]["status"] == "working"
        await answer(house, task, yes=yes)
        async with wire(house, BEN) as later:  # another process: nothing of the task lives in the first one
            told = (await later.task(task["taskId"]))["result"]
            assert (told["resultType"], told["status"]) == ("complete", "completed")
            assert told["result"]["structuredContent"]["state"] == state
            again = await later.call("propose_discount", COSTLESS)
            assert again["structuredContent"]["state"] == state
        assert len(house.platform.done) == yes


async def test_what_nobody_answered_ends_as_a_no(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        task = await door.call("propose_discount", COSTLESS)
        await house.guard.expire(datetime.now(UTC) + timedelta(hours=1))
        told = (await door.task(task["taskId"]))["result"]
        assert (told["status"], told["result"]["structuredContent"]["state"]) == ("completed", "expired")


async def test_asking_again_finds_the_same_task(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        first, second = [await door.call("propose_discount", COSTLESS) for _ in range(2)]
        assert first["taskId"] == second["taskId"]


async def test_a_cancelled_task_withdraws_its_proposal_and_is_on_record(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        task = await door.call("propose_discount", COSTLESS)
        for _ in range(2):
            ended = (await door.task(task["taskId"], "cancel"))["result"]
            assert {key: value for key, value in ended.items() if key != "_meta"} == {"resultType": "complete"}
        assert (await door.task(task["taskId"]))["result"]["status"] == "cancelled"
        async with database.reading() as connection:
            kinds = list((await connection.execute(text("SELECT kind FROM ledger ORDER BY seq"))).scalars())
            open_ones = await connection.execute(text("SELECT count(*) FROM approval WHERE state = 'waiting'"))
            assert open_ones.scalar_one() == 0
        assert kinds.count("withdrawn") == 1
        assert house.platform.calls == 0


async def test_what_was_approved_meanwhile_is_not_cancelled(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        task = await door.call("propose_discount", COSTLESS)
        await answer(house, task, yes=True)
        assert "result" in await door.task(task["taskId"], "cancel")
        assert (await door.task(task["taskId"]))["result"]["status"] == "completed"
        assert len(house.platform.done) == 1


@pytest.mark.parametrize("verb", ["get", "cancel", "update"])
async def test_another_callers_task_reads_exactly_like_none(database: Database, verb: str):
    more: dict[str, Any] = {"inputResponses": {}} if verb == "update" else {}
    async with open_house(database) as house, wire(house, BEN) as door:
        task = await door.call("propose_discount", COSTLESS)
        moved = actor(Role.ASSOCIATE, SECOND, name=BEN.id)
        other_role = actor(Role.PLANNER, FIRST, name=BEN.id)
        answers: list[bytes] = []
        for who, name in (
            (EVE, task["taskId"]),
            (ADA, task["taskId"]),
            (moved, task["taskId"]),
            (other_role, task["taskId"]),
            (BEN, "task_" + "0" * 32),
            (BEN, "x"),
        ):
            async with wire(house, who) as other:
                response = await other.send(f"tasks/{verb}", name, taskId=name, **more)
                told = response.json()
                assert (response.status_code, told["error"]["code"]) == (400, -32602)
                answers.append(json.dumps(told["error"], sort_keys=True).encode())
        assert len(set(answers)) == 1
        assert (await door.task(task["taskId"]))["result"]["status"] == "working"


@pytest.mark.parametrize("verb", ["get", "cancel", "update"])
async def test_a_client_that_did_not_declare_tasks_is_told_so_whatever_it_names(database: Database, verb: str):
    async with open_house(database) as house, wire(house, BEN) as door:
        task = await door.call("propose_discount", COSTLESS)
        async with wire(house, BEN, knows=()) as unaware:
            for name in (task["taskId"], "x"):
                error = (await unaware.task(name, verb, inputResponses={}))["error"]
                assert error["code"] == -32021
                assert "io.modelcontextprotocol/tasks" in error["data"]["requiredCapabilities"]["extensions"]


async def test_there_is_no_list_of_tasks(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        for method in ("tasks/list", "tasks/result"):
            response = await door.send(method, taskId="x")
            assert (response.status_code, response.json()["error"]["code"]) == (404, -32601)


async def test_a_header_that_names_another_task_is_refused(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        task = await door.call("propose_discount", COSTLESS)
        for routed in ("", "task_other"):
            response = await door.send("tasks/get", routed, taskId=task["taskId"])
            assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)


async def test_that_its_owner_learned_the_end_is_on_record_once_and_waiting_leaves_none(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        task = await door.call("propose_discount", COSTLESS)
        for _ in range(3):
            await door.task(task["taskId"])
        await answer(house, task, yes=True)
        for _ in range(3):
            await door.task(task["taskId"])
        async with database.reading() as connection:
            notes = await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'note'"))
            told = [row.entry for row in notes if "Told whoever asked" in row.entry]
        assert len(told) == 1


async def test_old_tasks_are_forgotten_and_younger_ones_kept(database: Database):
    async with open_house(database) as house, wire(house, BEN) as door:
        task = await door.call("propose_discount", COSTLESS)
        made = datetime.fromisoformat(task["createdAt"])
        ends = made + timedelta(milliseconds=task["ttlMs"])
        assert await forget_tasks(database, ends - timedelta(seconds=1)) == 0
        assert (await door.task(task["taskId"]))["result"]["status"] == "working"
        assert await forget_tasks(database, ends + timedelta(seconds=1)) == 1
        assert (await door.task(task["taskId"]))["error"]["code"] == -32602


MANY: dict[str, Any] = {
    "location_id": FIRST,
    "sku": "BELT-1",
    "delta": 6,  # so many that whoever counts confirms them
    "expected": 40,
    "idempotency_key": "task-confirm-1",
    "reason": "Counted in the back room",
}


@pytest.fixture
def careful() -> Engine:
    """Rules that have more than five units confirmed, so that their value is not what asks."""
    return Engine.read(Limits(Limits.read().text.replace("units_confirm = 50", "units_confirm = 5")))


@pytest.mark.parametrize(("confirm", "state"), [(True, "executed"), (False, "rejected")])
async def test_a_task_asks_its_own_person_to_confirm(database: Database, careful: Engine, *, confirm: bool, state: str):
    async with open_house(database, careful) as house, wire(house, ADA, elicits=True) as door:
        task = await door.call("propose_stock_adjustment", MANY)
        asked = (await door.task(task["taskId"]))["result"]
        assert (task["status"], asked["status"]) == ("input_required", "input_required")
        assert "6" in asked["inputRequests"]["confirm"]["params"]["message"]
        unasked = {"another": {"action": "accept", "content": {"confirm": True}}, "odd": 7}
        assert "result" in await door.task(task["taskId"], "update", inputResponses=unasked)
        assert (await door.task(task["taskId"]))["result"]["status"] == "input_required"
        given = {"confirm": {"action": "accept", "content": {"confirm": confirm}}}
        for _ in range(2):  # the second one finds nothing open
            assert "result" in await door.task(task["taskId"], "update", inputResponses=given)
        ended = (await door.task(task["taskId"]))["result"]
        assert ended["result"]["structuredContent"]["state"] == state
        assert len(house.platform.done) == confirm


async def test_a_client_that_cannot_ask_is_told_to_wait_for_the_person(database: Database, careful: Engine):
    async with open_house(database, careful) as house, wire(house, ADA) as door:
        task = await door.call("propose_stock_adjustment", MANY)
        told = (await door.task(task["taskId"]))["result"]
        assert (told["status"], "confirm" in told["statusMessage"]) == ("working", True)


async def test_no_model_confirms_or_approves_through_a_task(database: Database, careful: Engine):
    model = actor(Role.MANAGER, FIRST, model=True, name="assistant:ada")
    async with open_house(database, careful) as house, wire(house, model, elicits=True) as door:
        task = await door.call("propose_stock_adjustment", MANY)
        assert (await door.task(task["taskId"]))["result"]["status"] == "working"
        yes = {"confirm": {"action": "accept", "content": {"confirm": True}}}
        await door.task(task["taskId"], "update", inputResponses=yes)
        assert (await door.task(task["taskId"]))["result"]["status"] == "working"
        assert house.platform.calls == 0
