"""Addresses tell what the guarded tools would tell, to whom they would tell it, and every reading is on record."""

import json
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS
from sqlalchemy import text

from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from tests.mcp_house import client, open_house
from tests.small_chain import CUSTOMER, FIRST, SECOND, actor

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
COSTLESS: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["HAT-1"],
    "percent": 10,
    "idempotency_key": "resource-costless",
    "reason": "A scratch on the brim",
}


async def read(caller: Any, uri: str) -> Any:
    """An address's JSON."""
    [content] = (await caller.read_resource(uri)).contents
    assert content.mime_type == "application/json"
    return json.loads(content.text)


@BOTH_ERAS
async def test_an_address_tells_what_its_tool_answers(database: Database, mode: str):
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST), mode=mode) as caller:
        answer = await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
        assert await read(caller, "tillhand://stock/JEANS-M") == answer.structured_content
        assert await read(caller, f"tillhand://stock/JEANS-M?location_id={FIRST}") == answer.structured_content
        customer = await read(caller, f"tillhand://customers/{CUSTOMER}")
        assert (customer["segment"], [each["order_id"] for each in customer["last_purchases"]]) == (
            "returning",
            ["shopify:order:1001"],
        )
        assert (await read(caller, "tillhand://orders/shopify%3Aorder%3A1001"))["total"]["minor"] == 2500


@BOTH_ERAS
async def test_a_role_is_listed_exactly_the_addresses_it_can_read(database: Database, mode: str):
    seen = {
        Role.ASSOCIATE: {"customers", "orders", "policies", "stock"},
        Role.PLANNER: {"policies", "stock"},
        Role.MANAGER: {"approvals", "customers", "decisions", "orders", "policies", "stock"},
        Role.REGISTER: set[str](),
    }
    async with open_house(database) as house:
        for role, names in seen.items():
            async with client(house, actor(role), mode=mode) as caller:
                templates = (await caller.list_resource_templates()).resource_templates
                fixed = (await caller.list_resources()).resources
                assert {each.name for each in templates} == names
                ours = {each.name for each in fixed if each.uri.startswith("tillhand://")}
                assert ours == names & {"approvals", "policies"}


@BOTH_ERAS
async def test_what_is_hidden_reads_like_what_does_not_exist(database: Database, mode: str):
    uris = (
        "tillhand://approvals",
        "tillhand://decisions/act_1",
        "tillhand://nothing",
        "tillhand://stock",
        "tillhand://stock/",
        "tillhand://stock/NO-SUCH-SKU",
        f"tillhand://stock/JEANS-M?location_id={SECOND}",
        "tillhand://stock/JEANS-M?location=STORE_1",
        f"tillhand://stock/JEANS-M?location_id={FIRST}&location_id={FIRST}",
        "tillhand://policies?cursor",
        "tillhand://policies/",
        "tillhand://customers/c_nobody",
        "tillhand://stock/..%2f..%2fetc",
        "file:///etc/passwd",
    )
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST), mode=mode) as caller:
        for uri in uris:
            with pytest.raises(MCPError) as refusal:
                await caller.read_resource(uri)
            error = refusal.value.error
            assert (error.code, error.message, error.data) == (INVALID_PARAMS, "Resource not found", {"uri": uri}), uri


async def test_every_reading_is_a_call_on_record(database: Database):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        await read(caller, "tillhand://policies")
        with pytest.raises(MCPError):
            await read(caller, "tillhand://stock/NO-SUCH-SKU")
        await house.guard.flush()
        async with database.reading() as connection:
            rows = await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'call' ORDER BY seq"))
            calls = [json.loads(row.entry)["body"] for row in rows]
        assert sorted((call["tool"], call["result"]) for call in calls) == [
            ("check_inventory", "sku.unknown"),
            ("read_policies", "answered"),
        ]


async def test_what_is_read_at_an_address_is_no_tool(database: Database):
    async with open_house(database) as house, client(house, actor(Role.MANAGER)) as caller:
        names = {tool.name for tool in (await caller.list_tools()).tools}
        refusals: list[str] = []
        for name in ("read_policies", "get_customer", "complete_name", "no_such_tool"):
            assert name not in names
            with pytest.raises(MCPError) as refusal:
                await caller.call_tool(name, {})
            assert refusal.value.code == INVALID_PARAMS
            refusals.append(str(refusal.value).replace(name, "NAME"))
        assert len(set(refusals)) == 1


async def test_policies_cite_the_team_the_file_and_the_line(database: Database):
    async with open_house(database) as house, client(house, actor(Role.ASSOCIATE, FIRST)) as caller:
        told = await read(caller, f"tillhand://policies?location_id={FIRST}")
        rules = {rule["id"]: rule for rule in told["rules"]}
        while told["truncated"]:
            told = await read(caller, f"tillhand://policies?location_id={FIRST}&cursor={told['next_cursor']}")
            rules |= {rule["id"]: rule for rule in told["rules"]}
        cap = rules["offers.percent_cap"]
        line = house.engine.texts[str(cap["file"])].splitlines()[int(cap["line"]) - 1]
        assert (cap["team"], cap["effect"], line) == ("marketing", "forbid", '@id("offers.percent_cap")')
        limit = next(each for each in told["limits"] if each["name"] == "discount.percent_bp")
        written = house.engine.limits.text.splitlines()[int(limit["line"]) - 1]
        assert (limit["scope"], written.split("=")[0].strip()) == ("chain", "percent_bp")
        assert limit["value"] == house.engine.limits.place("", "").discount.percent_bp
        assert told["digest"] == house.engine.digest


@BOTH_ERAS
async def test_the_approvals_address_goes_on_where_its_page_ended(database: Database, mode: str):
    async with open_house(database) as house, client(house, actor(Role.MANAGER), mode=mode) as caller:
        assert await read(caller, "tillhand://approvals") | {"as_of": ""} == {
            "approvals": [],
            "as_of": "",
            "truncated": False,
            "next_cursor": "",
        }
        with pytest.raises(MCPError, match="Resource not found"):
            await read(caller, "tillhand://approvals?cursor=b3RoZXI")


async def test_a_decision_record_tells_from_event_to_outcome(database: Database):
    async with open_house(database) as house:
        async with client(house, actor(Role.ASSOCIATE, FIRST)) as caller:
            asked = (await caller.call_tool("propose_discount", COSTLESS)).structured_content
        async with client(house, actor(Role.AUDITOR)) as caller:
            [story] = (await read(caller, f"tillhand://decisions/{asked['action_id']}"))["stories"]
            assert (story["state"], story["rationale"]) == ("waiting", COSTLESS["reason"])


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_what_breaks_behind_an_address_is_not_told(
    database: Database, mode: str, caplog: pytest.LogCaptureFixture
):
    async with open_house(database) as house, client(house, actor(Role.MANAGER), mode=mode) as caller:
        async with database.transaction() as connection:
            await connection.execute("ALTER TABLE purchase RENAME COLUMN total TO sum")
        with pytest.raises(MCPError) as refusal:
            await caller.read_resource("tillhand://orders/shopify:order:1001")
        assert refusal.value.code == INTERNAL_ERROR
        assert "purchase" not in str(refusal.value)
        assert "incident" in str(refusal.value)
        assert "1001" not in caplog.text
