"""From an MCP call to the platform and the ledger: done once, decided by people, explained afterwards."""

import json
from typing import Any

import anyio
import pytest

from knowledge.store.session import Database
from policies.packs.pack import disclosed
from policies.vocabulary.actor import Role
from tests.mcp_house import House, client, open_house, text_of
from tests.small_chain import CUSTOMER, FIRST, SECOND, actor
from tools.audit.verify import verify

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
SMALL: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["JEANS-M"],
    "percent": 10,
    "customer": CUSTOMER,
    "message": disclosed("A tenth off your jeans.", ("us_ny",)),
    "idempotency_key": "mcp-small-1",
    "reason": "A regular hesitates over the price",
}
# no unit cost on record, so a manager decides
COSTLESS = {**SMALL, "skus": ["HAT-1"], "idempotency_key": "mcp-costless-1"}


async def call(house: House, who: Any, tool: str, arguments: dict[str, Any], mode: str = "auto") -> dict[str, Any]:
    """The tool's structured answer, or its error."""
    async with client(house, who, mode=mode) as caller:
        result = await caller.call_tool(tool, arguments)
        return json.loads(text_of(result))


@BOTH_ERAS
async def test_a_small_discount_reaches_the_platform_and_the_ledger(database: Database, mode: str):
    async with open_house(database) as house:
        done = await call(house, actor(Role.ASSOCIATE, FIRST, model=True), "propose_discount", SMALL, mode)
        assert (done["state"], done["outcome"], done["at_stake"]) == (
            "executed",
            "allow",
            {"minor": 800, "currency": "USD"},
        )
        [discount] = house.platform.done.values()
        assert getattr(discount, "code", "") == done["code"]
        told = await call(house, actor(Role.AUDITOR), "explain_decision", {"id": done["action_id"]})
        [story] = told["stories"]
        assert (story["state"], story["rationale"], story["carried"]["reference"]) == (
            "executed",
            SMALL["reason"],
            done["reference"],
        )
        async with database.reading() as connection:
            assert (await verify(connection)).whole


async def test_the_base_is_the_catalogs_price_whatever_the_caller_says(database: Database):
    async with open_house(database) as house:
        two = {**SMALL, "skus": ["JEANS-M", "BELT-1", "BELT-1"]}
        done = await call(house, actor(Role.MANAGER), "propose_discount", two)
        assert done["at_stake"]["minor"] == (7999 + 2500 + 5) // 10


@BOTH_ERAS
async def test_the_same_key_again_does_nothing_twice_and_answers_the_same(database: Database, mode: str):
    async with open_house(database) as house:
        who = actor(Role.ASSOCIATE, FIRST)
        first = await call(house, who, "propose_discount", SMALL, mode)
        async with database.transaction() as connection:  # a new price makes no new request
            await connection.execute("UPDATE variant SET price = price + 100")
        again = await call(house, who, "propose_discount", SMALL, mode)
        assert again["replayed"]
        assert {**again, "replayed": False, "as_of": first["as_of"]} == first
        assert len(house.platform.done) == 1


async def test_the_same_request_sent_many_times_at_once_happens_once(database: Database):
    async with open_house(database) as house:
        answers: list[dict[str, Any]] = []

        async def send() -> None:
            answers.append(await call(house, actor(Role.ASSOCIATE, FIRST), "propose_discount", SMALL))

        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                for _ in range(6):
                    group.start_soon(send)
        assert len({answer["action_id"] for answer in answers}) == 1
        assert sum(not answer["replayed"] for answer in answers) == 1
        assert len(house.platform.done) == 1


async def test_a_key_used_for_another_request_is_refused(database: Database):
    async with open_house(database) as house:
        who = actor(Role.ASSOCIATE, FIRST)
        await call(house, who, "propose_discount", SMALL)
        refused = await call(house, who, "propose_discount", {**SMALL, "percent": 11})
        assert refused["error"]["code"] == "idempotency.key_reused"
        assert len(house.platform.done) == 1


async def test_a_dry_run_tells_the_verdict_and_changes_nothing(database: Database):
    async with open_house(database) as house:
        who = actor(Role.ASSOCIATE, FIRST)
        tried = await call(house, who, "propose_discount", {**SMALL, "dry_run": True})
        assert (tried["state"], tried["outcome"], tried["action_id"], tried["dry_run"]) == (
            "previewed",
            "allow",
            "",
            True,
        )
        assert house.platform.calls == 0
        done = await call(house, who, "propose_discount", SMALL)
        assert (done["state"], done["replayed"]) == ("executed", False)


async def test_a_refusal_names_the_rule_and_is_no_answer(database: Database):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        result = await caller.call_tool("propose_discount", {**SMALL, "percent": 31})
        assert result.is_error
        assert result.structured_content is None
        assert json.loads(text_of(result))["error"]["code"] == "offers.percent_cap"
        assert house.platform.calls == 0


async def test_what_waits_is_an_answer_with_an_approval_and_what_comes_next(database: Database):
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST)) as caller:
        result = await caller.call_tool("propose_discount", COSTLESS)
        assert not result.is_error
        answer = result.structured_content
        assert (answer["state"], answer["outcome"], answer["code"]) == ("waiting", "approve", "")
        assert answer["approval_id"]
        assert "manager" in answer["next"]
        assert house.platform.calls == 0


async def test_a_manager_approves_over_mcp_and_the_proposer_learns_it(database: Database):
    async with open_house(database) as house:
        proposer = actor(Role.ASSOCIATE, FIRST, model=True)
        asked = await call(house, proposer, "propose_discount", COSTLESS)
        manager = actor(Role.MANAGER, FIRST, name="manager:ada")
        listed = await call(house, manager, "list_approvals", {})
        assert [each["approval_id"] for each in listed["approvals"]] == [asked["approval_id"]]
        yes = {
            "approval_id": asked["approval_id"],
            "approve": True,
            "idempotency_key": "ada-says-yes",
            "reason": "Last year's model",
        }
        decided = await call(house, manager, "decide_approval", yes)
        assert decided["state"] == "executed"
        again = await call(house, manager, "decide_approval", yes)
        assert (again["state"], again["replayed"]) == ("executed", True)
        seen = await call(house, proposer, "propose_discount", COSTLESS)
        assert (seen["state"], seen["replayed"], bool(seen["code"])) == ("executed", True, True)
        assert len(house.platform.done) == 1


async def test_a_waiting_discount_that_is_rejected_never_reaches_the_platform(database: Database):
    async with open_house(database) as house:
        asked = await call(house, actor(Role.ASSOCIATE, FIRST), "propose_discount", COSTLESS)
        no = {
            "approval_id": asked["approval_id"],
            "approve": False,
            "idempotency_key": "ada-says-no",
            "reason": "Not on this one",
        }
        manager = actor(Role.MANAGER, FIRST, name="manager:ada")
        assert (await call(house, manager, "decide_approval", no))["state"] == "rejected"
        opposite = await call(house, manager, "decide_approval", {**no, "approve": True})
        assert opposite["error"]["code"].startswith("approval.")
        assert house.platform.calls == 0


@BOTH_ERAS
@pytest.mark.parametrize("role", list(Role))
async def test_no_model_can_approve_over_mcp_whatever_its_role(database: Database, role: Role, mode: str):
    async with open_house(database) as house:
        asked = await call(house, actor(Role.ASSOCIATE, FIRST), "propose_discount", COSTLESS)
        yes = {
            "approval_id": asked["approval_id"],
            "approve": True,
            "idempotency_key": "model-says-yes",
            "reason": "Please",
        }
        async with client(house, actor(role, model=True), mode=mode) as caller:
            assert "decide_approval" not in {tool.name for tool in (await caller.list_tools()).tools}
            with pytest.raises(Exception, match="Unknown tool"):
                await caller.call_tool("decide_approval", yes)
        still = await call(house, actor(Role.MANAGER), "list_approvals", {})
        assert [each["approval_id"] for each in still["approvals"]] == [asked["approval_id"]]
        assert house.platform.calls == 0


async def test_nobody_approves_what_they_proposed(database: Database):
    async with open_house(database) as house:
        manager = actor(Role.MANAGER, FIRST, name="manager:ada")
        asked = await call(house, manager, "propose_discount", COSTLESS)
        own = {
            "approval_id": asked["approval_id"],
            "approve": True,
            "idempotency_key": "ada-herself-1",
            "reason": "I am sure",
        }
        refused = await call(house, manager, "decide_approval", own)
        assert "error" in refused
        assert house.platform.calls == 0


async def test_an_approval_of_another_location_reads_like_one_that_does_not_exist(database: Database):
    async with open_house(database) as house:
        asked = await call(house, actor(Role.ASSOCIATE, FIRST), "propose_discount", COSTLESS)
        other = actor(Role.MANAGER, SECOND, name="manager:bob")
        answers = [
            await call(
                house,
                other,
                "decide_approval",
                {"approval_id": name, "approve": True, "idempotency_key": "bob-tries-1", "reason": "Let me"},
            )
            for name in (asked["approval_id"], "apr_none")
        ]
        for answer in answers:
            assert answer["error"].pop("audit_id").startswith("call_")
        assert answers[0] == answers[1]
        assert answers[0]["error"]["code"] == "approval.unknown"


async def test_an_executed_discount_is_undone_once(database: Database):
    async with open_house(database) as house:
        done = await call(house, actor(Role.ASSOCIATE, FIRST), "propose_discount", SMALL)
        undo = {"action_id": done["action_id"], "idempotency_key": "undo-small-1", "reason": "Wrong customer"}
        manager = actor(Role.MANAGER, FIRST)
        tried = await call(house, manager, "undo_action", {**undo, "dry_run": True})
        assert (tried["state"], len(house.platform.done)) == ("previewed", 1)
        undone = await call(house, manager, "undo_action", undo)
        again = await call(house, manager, "undo_action", undo)
        assert (undone["state"], undone["replayed"], again["replayed"]) == ("executed", False, True)
        assert undone["action_id"] == again["action_id"]
        assert [type(each).__name__ for each in house.platform.done.values()] == ["Discount", "EndDiscount"]


async def test_a_transfer_is_valued_at_cost_and_drafted(database: Database):
    async with open_house(database) as house:
        asked = {
            "origin_id": SECOND,
            "destination_id": FIRST,
            "lines": [{"sku": "JEANS-M", "units": 3}],
            "idempotency_key": "transfer-0001",
            "reason": "Two left and the weekend ahead",
        }
        refused = await call(house, actor(Role.ASSOCIATE, FIRST), "search_products", {"text": "jeans", "location": 1})
        assert refused["error"]["code"] == "arguments.invalid"
        done = await call(house, actor(Role.PLANNER), "propose_transfer", asked)
        assert (done["state"], done["at_stake"]["minor"]) == ("executed", 9000)


async def test_with_the_platform_down_the_action_waits_and_the_key_still_means_it(database: Database):
    async with open_house(database) as house:
        house.platform.down = True
        first = await call(house, actor(Role.ASSOCIATE, FIRST), "propose_discount", SMALL)
        assert first["state"] == "allowed"
        house.platform.down = False
        again = await call(house, actor(Role.ASSOCIATE, FIRST), "propose_discount", SMALL)
        assert again["action_id"] == first["action_id"]
        assert len(house.platform.done) <= 1
