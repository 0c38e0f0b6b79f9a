"""`tillhand mcp` serves one local client over its standard input and output, as the holder of TILLHAND_KEY."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from server.access import add_credential
from tests.small_chain import stock_chain

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parents[2]


async def test_a_local_client_is_served_as_the_holder_of_the_key(database: Database, database_url: str, tmp_path: Path):
    await stock_chain(database, platform="paper")
    async with database.transaction() as connection:
        key = await add_credential(connection, "planner:kim", Role.PLANNER, None, at=datetime.now(UTC))
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "server", "mcp"],
        cwd=HERE,
        env={**os.environ, "DATABASE_URL": database_url, "TILLHAND_HOME": str(tmp_path), "TILLHAND_KEY": key},
    )
    with anyio.fail_after(60):
        async with Client(command) as caller:
            assert "propose_transfer" in {tool.name for tool in (await caller.list_tools()).tools}
            result = await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
            assert [level["available"] for level in result.structured_content["levels"]] == [2, 9]
