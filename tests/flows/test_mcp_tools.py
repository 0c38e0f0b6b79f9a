"""The MCP door promises: what a caller may not use does not exist, and nothing is guessed from what they send."""

import json
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.vocabulary.actor import Role
from tests.mcp_house import client, open_house, text_of
from tests.small_chain import FIRST, PHONE, SECOND, actor

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
DISCOUNT: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["JEANS-M"],
    "percent": 10,
    "idempotency_key": "mcp-test-1",
    "reason": "A regular hesitates over the price",
}


@BOTH_ERAS
async def test_a_caller_is_listed_exactly_the_tools_they_can_call(database: Database, mode: str):
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST), mode=mode) as caller:
        listed = {tool.name for tool in (await caller.list_tools()).tools}
        assert listed == {
            "check_inventory",
            "find_customer",
            "find_policy",
            "get_order",
            "propose_discount",
            "search_products",
        }
        for name in house.tools.keys() - listed:
            with pytest.raises(MCPError):
                await caller.call_tool(name, {})


@BOTH_ERAS
async def test_a_hidden_tool_reads_exactly_like_one_that_does_not_exist(database: Database, mode: str):
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST), mode=mode) as caller:
        refusals: list[str] = []
        for name in ("decide_approval", "no_such_tool12"):
            with pytest.raises(MCPError) as refusal:
                await caller.call_tool(name, {"approval_id": "x"})
            assert refusal.value.code == INVALID_PARAMS
            refusals.append(str(refusal.value).replace(name, "NAME"))
        assert refusals[0] == refusals[1]


async def test_hints_follow_from_the_declared_effect(database: Database):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        for tool in (await caller.list_tools()).tools:
            hints, effect = tool.annotations, house.tools[tool.name].effect
            assert hints is not None
            assert hints.read_only_hint is (effect is Effect.READ)
            assert hints.destructive_hint is (effect is Effect.IRREVERSIBLE)
            assert hints.idempotent_hint
            assert hints.open_world_hint is (effect is not Effect.READ)


async def test_no_role_sees_more_than_12_tools_and_no_tool_takes_more_than_300_tokens(database: Database):
    async with open_house(database) as house:
        for role in Role:
            async with client(house, actor(role)) as caller:
                tools = (await caller.list_tools()).tools
                assert len(tools) <= 12
                for tool in tools:
                    wire = tool.model_dump_json(by_alias=True, exclude_none=True)
                    assert len(wire) / 4 <= 300, tool.name  # about four characters to a token


@BOTH_ERAS
async def test_an_answer_comes_structured_and_as_the_same_json_text(database: Database, mode: str):
    async with open_house(database) as house, client(house, actor(Role.MANAGER), mode=mode) as caller:
        result = await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
        assert result.structured_content == json.loads(text_of(result))
        assert [level["available"] for level in result.structured_content["levels"]] == [2, 9]
        assert result.structured_content["as_of"] == min(
            level["as_of"] for level in result.structured_content["levels"]
        )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"percent": True}, "percent"),
        ({"percent": "15"}, "percent"),
        ({"percent": 15.5}, "percent"),
        ({"percent": float("nan")}, "percent"),
        ({"percent": 101}, "percent"),
        ({"dryrun": True}, "dryrun"),
        ({"base": 1}, "base"),
        ({"idempotency_key": "short"}, "idempotency_key"),
        ({"reason": "write to a@b.example"}, "reason"),
        ({"skus": "JEANS-M"}, "skus"),
    ],
)
async def test_wrong_arguments_are_refused_by_name_and_never_repeated(
    database: Database, change: dict[str, Any], field: str
):
    async with open_house(database) as house, client(house, actor(Role.MANAGER), mode="legacy") as caller:
        result = await caller.call_tool("propose_discount", {**DISCOUNT, **change})
        error = json.loads(text_of(result))["error"]
        assert (result.is_error, error["code"], error["field"], error["retryable"]) == (
            True,
            "arguments.invalid",
            field,
            False,
        )
        assert "a@b" not in text_of(result)
        assert house.platform.calls == 0


async def test_a_location_outside_the_callers_own_is_refused(database: Database):
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST)) as caller:
        for tool, arguments in (
            ("check_inventory", {"sku": "JEANS-M", "location_id": SECOND}),
            ("propose_discount", {**DISCOUNT, "location_id": SECOND}),
        ):
            result = await caller.call_tool(tool, arguments)
            assert result.is_error
            assert json.loads(text_of(result))["error"]["code"] == "access.outside_locations"
        assert house.platform.calls == 0


async def test_no_record_of_a_call_holds_what_a_customer_could_be_found_by(database: Database):
    async with open_house(database) as house:
        async with client(house, actor(Role.MANAGER)) as caller:
            found = await caller.call_tool("find_customer", {"phone": PHONE})
            assert found.structured_content["customer"] == "c_known"
            await caller.call_tool("find_customer", {"email": "nobody@example.com"})
        await house.guard.flush()
        async with database.reading() as connection:
            entries = [row[0] for row in await connection.execute("SELECT entry FROM ledger")]
        assert len(entries) == 2
        assert not any(
            part in "".join(entries) for part in (PHONE, PHONE.replace(" ", "")[-7:], "nobody", "example.com")
        )


async def test_a_tool_that_breaks_says_nothing_of_what_broke(database: Database, caplog: pytest.LogCaptureFixture):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        async with database.transaction() as connection:
            await connection.execute("ALTER TABLE purchase RENAME COLUMN total TO sum")
        result = await caller.call_tool("get_order", {"order_id": "shopify:order:1001"})
        error = json.loads(text_of(result))["error"]
        assert error["code"] == "internal.failed"
        assert "purchase" not in text_of(result)
        assert "1001" not in caplog.text


@BOTH_ERAS
async def test_what_hides_in_platform_text_does_not_reach_the_reader(database: Database, mode: str):
    async with open_house(database) as house, client(house, actor(Role.MANAGER), mode=mode) as caller:
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE variant SET title = 'Belt é \u202eevil\u200b \U000e0041' WHERE sku = 'BELT-1'"
            )
        result = await caller.call_tool("search_products", {"text": "belt"})
        assert result.structured_content["products"][0]["title"] == "Belt é \ufffdevil\ufffd \ufffd"
        assert "\u202e" not in text_of(result)


async def test_a_cursor_of_somebody_elses_making_is_refused(database: Database):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        with pytest.raises(MCPError) as refusal:
            await caller.list_tools(cursor="b3RoZXI")
        assert refusal.value.code == INVALID_PARAMS
