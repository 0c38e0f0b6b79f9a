"""The official clients, of both SDK lines and both eras, use `tillhand serve` and `tillhand mcp`."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
import pytest

from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from server.access import add_credential
from tests.small_chain import stock_chain

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(900)]

ROOT: Final = Path(__file__).parents[2]
CLIENTS: Final = Path(__file__).parent / "clients"
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tillhand-clients"
PACKAGES: Final = (
    "node@24",
    "@modelcontextprotocol/sdk@1.32.2",
    "@modelcontextprotocol/client@2.4.0",
    "@modelcontextprotocol/inspector@2.12.0",
)


@pytest.fixture(scope="module")
def node() -> Path:
    """A Node that has the clients, fetched once into the cache."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm, which the official clients need, cannot be found")
    found = CACHE / "node_modules" / "node" / "bin" / "node"
    mark = CACHE / "installed"
    wanted = "\n".join(PACKAGES)
    if not (mark.exists() and mark.read_text(encoding="utf-8") == wanted):
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(CACHE), *PACKAGES]
        try:
            subprocess.run(command, check=True, timeout=600, capture_output=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("npm could not fetch the official clients")
        mark.write_text(wanted, encoding="utf-8")
    for script in CLIENTS.glob("*.mjs"):  # where Node looks for what they import
        shutil.copy(script, CACHE / script.name)
    return found


@pytest.fixture
async def key(database: Database) -> str:
    """A manager's, over a small chain."""
    await stock_chain(database, platform="paper")
    async with database.transaction() as connection:
        return await add_credential(connection, "manager:ada", Role.MANAGER, None, at=datetime.now(UTC))


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """What the product is started with."""
    return {**os.environ, "DATABASE_URL": database_url, "TILLHAND_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}


@asynccontextmanager
async def serving(environment: dict[str, str]) -> AsyncGenerator[str]:
    """`tillhand serve` in a process of its own; the address of its door for assistants."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "server", "serve", "--workers", "0"),
        cwd=ROOT,
        env={**environment, "TILLHAND_PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient() as http:
            with anyio.fail_after(120):
                while not await _lives(http, port):  # noqa: ASYNC110  # another process has no event of ours
                    await asyncio.sleep(0.1)  # asking at once again would take its time to start
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        await process.wait()


async def _lives(http: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await http.get(f"http://127.0.0.1:{port}/live")).status_code == 200
    except httpx.HTTPError:
        return False


async def told(*command: str, environment: dict[str, str] | None = None) -> Any:
    """What a client wrote, as JSON."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=CACHE, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    with anyio.fail_after(120):
        out, problems = await process.communicate()
    assert process.returncode == 0, problems.decode()[-2000:]
    return json.loads(out)


def stdio(environment: dict[str, str], key: str) -> dict[str, Any]:
    """How a client starts `tillhand mcp`."""
    return {
        "command": sys.executable,
        "args": ["-m", "server", "mcp"],
        "cwd": str(ROOT),
        "env": {**environment, "TILLHAND_KEY": key},
    }


def works(seen: dict[str, Any], era: str) -> None:
    """Whether a client saw what a manager may see."""
    assert seen["era"] == era
    assert {"check_inventory", "decide_approval", "propose_discount"} <= set(seen["tools"])
    assert [level["available"] for level in seen["stock"]["levels"]] == [2, 9]
    assert seen["refused"]
    assert "morning_approvals" in seen["prompts"]
    assert seen["address"] == seen["stock"]


async def test_the_typescript_clients_use_the_product_over_http(node: Path, key: str, environment: dict[str, str]):
    async with serving(environment) as url:
        asked = {"url": url, "key": key}
        works(await told(str(node), "v1.mjs", json.dumps(asked)), "handshake")
        works(await told(str(node), "v2.mjs", json.dumps(asked)), "handshake")
        works(await told(str(node), "v2.mjs", json.dumps({**asked, "modern": True})), "modern")


@pytest.mark.nightly
async def test_the_typescript_clients_use_the_product_over_stdio(node: Path, key: str, environment: dict[str, str]):
    asked = {"stdio": stdio(environment, key)}
    works(await told(str(node), "v1.mjs", json.dumps(asked)), "handshake")
    works(await told(str(node), "v2.mjs", json.dumps({**asked, "modern": True})), "modern")


@pytest.mark.nightly
async def test_the_inspector_lists_and_calls_the_product(node: Path, key: str, environment: dict[str, str]):
    inspector = str(CACHE / "node_modules" / ".bin" / "mcp-inspector")
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    call = ("--method", "tools/call", "--tool-name", "check_inventory", "--tool-arg", "sku=JEANS-M")
    async with serving(environment) as url:
        door = (inspector, "--cli", url, "--transport", "http", "--header", f"Authorization: Bearer {key}")
        for era in ("legacy", "modern"):
            spoken = {**environment, "PATH": path}
            listed = await told(*door, "--protocol-era", era, "--method", "tools/list", "--strict", environment=spoken)
            assert "check_inventory" in {tool["name"] for tool in listed["tools"]}
            called = await told(*door, "--protocol-era", era, *call, environment=spoken)
            assert [level["available"] for level in called["structuredContent"]["levels"]] == [2, 9]
    command = (inspector, "--cli", sys.executable, "-m", "server", "mcp", "--transport", "stdio", "--cwd", str(ROOT))
    local = {**environment, "PATH": path}
    given = [
        part for name in ("DATABASE_URL", "TILLHAND_HOME", "PYTHONPATH") for part in ("-e", f"{name}={local[name]}")
    ]
    called = await told(*command, *given, "-e", f"TILLHAND_KEY={key}", *call, environment=local)
    assert called["structuredContent"]["sku"] == "JEANS-M"
