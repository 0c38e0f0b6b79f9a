"""The MCP door on a loopback port: official clients of both eras, and whatever bytes a test wants to send."""

import json
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio
import httpx2
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from policies.vocabulary.actor import Door, Role
from server.access import add_credential
from server.bearers import Bearers
from server.mcp.endpoint import McpEndpoint
from tests.mcp_house import House, text_of

TRUSTED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nobody's certificates, which are quickly read: a test calls its own machine, without TLS."""
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}


@dataclass(frozen=True, slots=True)
class Served:
    """A door and the house behind it."""

    house: House
    root: str

    async def key(self, role: Role, *places: str, name: str = "", **more: Any) -> str:
        """A new credential's key."""
        async with self.house.database.transaction() as connection:
            return await add_credential(
                connection, name or f"{role}:test", role, places or None, at=datetime.now(UTC), **more
            )

    @asynccontextmanager
    async def client(self, key: str, mode: Any = "auto", path: str = "/mcp") -> AsyncGenerator[Client]:
        """The official client, signed in."""
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, verify=TRUSTED) as http:
            transport = streamable_http_client(self.root + path, http_client=http)
            async with Client(transport, mode=mode, cache=None) as connected:
                yield connected

    async def call(self, key: str, tool: str, arguments: dict[str, Any], mode: Any = "auto") -> dict[str, Any]:
        """The answer of one call by the official client, or its error."""
        async with self.client(key, mode) as caller:
            return json.loads(text_of(await caller.call_tool(tool, arguments)))

    async def raw(self, key: str, body: bytes, tool: str = "check_inventory", path: str = "/mcp") -> httpx2.Response:
        """These very bytes as a `tools/call` of the modern era."""
        headers = {
            "authorization": f"Bearer {key}",
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": tool,
        }
        async with httpx2.AsyncClient(verify=TRUSTED) as http:
            return await http.post(self.root + path, content=body, headers=headers)


def calling(tool: str, arguments: str) -> bytes:
    """A `tools/call` whose arguments are this JSON text, as it is."""
    meta = json.dumps(META)
    return (
        f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
        f'{{"name":"{tool}","arguments":{arguments},"_meta":{meta}}}}}'
    ).encode()


@asynccontextmanager
async def serve(house: House) -> AsyncGenerator[Served]:
    """Open the door on a free port."""
    endpoint = McpEndpoint(house.guard, partial(Bearers(house.database).of_bearer, door=Door.MCP))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(endpoint, log_level="warning", lifespan="off"))
        async with endpoint.running(), anyio.create_task_group() as group:
            group.start_soon(server.serve, [free])
            with anyio.fail_after(10):
                while not server.started:
                    await anyio.lowlevel.checkpoint()
            yield Served(house, f"http://127.0.0.1:{free.getsockname()[1]}")
            server.should_exit = True


async def refusal(caller: Client, tool: str, arguments: dict[str, Any] | None = None) -> str:
    """What a caller is told of a tool that does not exist for them, their own word for it left out."""
    try:
        await caller.call_tool(tool, arguments or {})
    except MCPError as error:
        return json.dumps(error.error.model_dump(mode="json")).replace(tool, "TOOL")
    raise AssertionError(f"{tool} exists")
