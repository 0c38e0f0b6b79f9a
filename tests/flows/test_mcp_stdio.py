"""`tillhand mcp` serves one local client over its standard input and output, as one configured actor."""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from server.access import add_credential, list_credentials, revoke_credential
from tests.small_chain import stock_chain

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parents[2]


@asynccontextmanager
async def local(database_url: str, folder: Path, **settings: str) -> AsyncGenerator[Client]:
    """`tillhand mcp` in a process of its own, and a client that speaks to it."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")}
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "server", "mcp"],
        cwd=HERE,
        env={**bare, "DATABASE_URL": database_url, "TILLHAND_HOME": str(folder), **settings},
    )
    with anyio.fail_after(120):
        async with Client(command, cache=None) as caller:
            yield caller


async def add(database: Database, name: str) -> str:
    await stock_chain(database, platform="paper")
    async with database.transaction() as connection:
        return await add_credential(connection, name, Role.PLANNER, None, at=datetime.now(UTC))


async def names(caller: Client) -> set[str]:
    return {tool.name for tool in (await caller.list_tools()).tools}


async def test_a_local_client_is_served_as_the_holder_of_the_key(database: Database, database_url: str, tmp_path: Path):
    key = await add(database, "planner:kim")
    async with local(database_url, tmp_path, TILLHAND_KEY=key) as caller:
        assert "propose_transfer" in await names(caller)
        result = await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
        assert [level["available"] for level in result.structured_content["levels"]] == [2, 9]


async def test_a_local_client_speaks_for_a_named_actor_until_their_credential_ends(
    database: Database, database_url: str, tmp_path: Path
):
    await add(database, "planner:kim")
    async with local(database_url, tmp_path, TILLHAND_STDIO_ACTOR="planner:kim") as caller:
        before = await names(caller)
        async with database.transaction() as connection:
            [found] = await list_credentials(connection)
            await revoke_credential(connection, found.name, at=datetime.now(UTC))

        assert "propose_transfer" in before
        assert await names(caller) == set()
        with pytest.raises(MCPError, match="Unknown tool"):
            await caller.call_tool("check_inventory", {"sku": "JEANS-M"})


@pytest.mark.parametrize("who", [{}, {"TILLHAND_KEY": "th_unknown"}, {"TILLHAND_STDIO_ACTOR": "planner:nobody"}])
async def test_a_local_client_without_an_actor_sees_no_tools(
    database: Database, database_url: str, tmp_path: Path, who: dict[str, str]
):
    await add(database, "planner:kim")
    async with local(database_url, tmp_path, **who) as caller:
        assert await names(caller) == set()
        assert (await caller.list_resources()).resources == []
        with pytest.raises(MCPError, match="Unknown tool"):
            await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
