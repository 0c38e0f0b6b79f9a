"""Toolsets promise: what a role, a credential or an address leaves out does not exist, at any door."""

import os
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import TOOLSETS, Role
from policies.vocabulary.ids import CorrelationId
from tests.mcp_house import open_house
from tests.mcp_served import calling, refusal, serve
from tests.small_chain import FIRST, actor
from tools.proposal import Origin
from tools.toolset import TOOLSET_OF

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
HERE = Path(__file__).parents[2]
SHOP = {"check_inventory", "search_products"}
ORIGIN = Origin(CorrelationId("call_1"), "call_1")


async def _names(caller: Client) -> set[str]:
    return {tool.name for tool in (await caller.list_tools()).tools}


async def test_every_tool_belongs_to_one_toolset_that_exists(database: Database):
    async with open_house(database) as house:
        assert {name: tool.toolset for name, tool in house.tools.items()}.items() <= TOOLSET_OF.items()
        assert set(TOOLSET_OF.values()) == TOOLSETS


@BOTH_ERAS
async def test_a_credential_narrowed_to_a_toolset_knows_no_other_tool(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER, toolsets=["shop"])
        async with served.client(key, mode) as caller:
            assert await _names(caller) == SHOP
            assert await refusal(caller, "propose_discount") == await refusal(caller, "propose_nothing")
            assert await refusal(caller, "decide_approval") == await refusal(caller, "no_such_tool")
            uris = {each.uri_template for each in (await caller.list_resource_templates()).resource_templates}
            assert not any("decisions" in uri for uri in uris)
            with pytest.raises(MCPError, match="not found"):
                await caller.read_resource("tillhand://approvals")


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/mcp/x/shop", SHOP),
        ("/mcp/x/shop,approvals/readonly", {*SHOP, "list_approvals"}),
        ("/mcp/x/offers/readonly", set[str]()),
    ],
)
@BOTH_ERAS
async def test_an_address_narrows_what_is_there(database: Database, mode: str, path: str, seen: set[str]):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        async with served.client(key, mode, path) as caller:
            assert await _names(caller) == seen
            assert await refusal(caller, "decide_approval") == await refusal(caller, "no_such_tool")


@BOTH_ERAS
async def test_the_read_only_address_holds_every_read_and_no_write(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        async with served.client(key, mode, "/mcp") as caller:
            everything = await _names(caller)
        async with served.client(key, mode, "/mcp/readonly") as caller:
            assert await _names(caller) == {name for name in everything if house.tools[name].effect is Effect.READ}


async def test_an_address_never_shows_more_than_the_credential(database: Database):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER, toolsets=["shop"])
        async with served.client(key, path="/mcp/x/approvals,shop,offers") as caller:
            assert await _names(caller) == SHOP
        async with served.client(await served.key(Role.AUDITOR), path="/mcp/x/stock") as caller:
            assert await _names(caller) == set()


@pytest.mark.parametrize(
    "path", ["/mcp/x/everything", "/mcp/x/", "/mcp/x/shop,", "/mcp/readonly/x/shop", "/mcp/../mcp/x", "/mcp/x/SHOP"]
)
async def test_an_address_we_do_not_know_leads_nowhere(database: Database, path: str):
    async with open_house(database) as house, serve(house) as served:
        answer = await served.raw(await served.key(Role.MANAGER), calling("check_inventory", "{}"), path=path)
        assert answer.status_code == 404


async def test_narrowing_holds_for_whoever_asks_around_the_tools(database: Database):
    async with open_house(database) as house:
        narrowed = actor(Role.MANAGER, toolsets=frozenset({"shop"}))
        with pytest.raises(Refused) as refused:
            await house.guard.waiting(narrowed)
        assert refused.value.code == "access.toolset"


@BOTH_ERAS
async def test_a_read_only_installation_knows_no_write_for_anybody(database: Database, mode: str):
    async with open_house(database, read_only=True) as house, serve(house) as served:
        for role in Role:
            who = actor(role)
            assert all(tool.effect is Effect.READ for tool in house.guard.visible(who))
            for name, tool in house.tools.items():
                if tool.effect is not Effect.READ:
                    with pytest.raises(NotFound) as unknown:
                        await house.guard.invoke(who, name, {}, ORIGIN)
                    assert unknown.value.code == "tool.unknown"
        async with served.client(await served.key(Role.MANAGER), mode) as caller:
            assert await refusal(caller, "propose_transfer") == await refusal(caller, "propose_nothings")


async def test_over_a_pipe_a_narrowed_key_is_narrowed_too(database: Database, database_url: str, tmp_path: Path):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER, FIRST, toolsets=["stock"])
        async with database.transaction() as connection:
            await connection.execute("UPDATE location SET platform = 'paper'")
    environment = {**os.environ, "DATABASE_URL": database_url, "TILLHAND_HOME": str(tmp_path), "TILLHAND_KEY": key}
    command = StdioServerParameters(command=sys.executable, args=["-m", "server", "mcp"], cwd=HERE, env=environment)
    with anyio.fail_after(90):
        async with Client(command) as caller:
            assert await _names(caller) == {"propose_transfer", "propose_stock_adjustment"}
            assert await refusal(caller, "check_inventory") == await refusal(caller, "no_such_tool")
    read_only = {**environment, "TILLHAND_READ_ONLY": "true"}
    with anyio.fail_after(90):
        async with Client(command.model_copy(update={"env": read_only})) as caller:
            assert await _names(caller) == set()
