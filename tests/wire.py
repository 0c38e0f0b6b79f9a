"""The modern protocol era as bytes on a wire: one request, one answer, and every word of both under a test's hand."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from policies.vocabulary.actor import Actor
from server.mcp.action_tasks import ActionTasks
from server.mcp.endpoint import build_server
from server.mcp.shown import Shown
from server.mcp.tasks import EXTENSION
from server.mcp.transports import over_http
from tests.mcp_house import House

_numbers = count(1)
_ADDRESS = "http://127.0.0.1:8787/mcp"


@dataclass(frozen=True, slots=True)
class Wire:
    """A door for one actor. `knows` are the extensions this client declares with every request."""

    http: httpx.AsyncClient
    knows: tuple[str, ...] = (EXTENSION,)
    elicits: bool = False

    async def ask(self, method: str, name: str = "", /, **params: Any) -> dict[str, Any]:
        """The whole answer: `result` or `error`. `name` is what the request is routed by, when it is."""
        answer = await self.send(method, name, **params)
        told: dict[str, Any] = answer.json()
        return told

    async def call(self, tool: str, arguments: dict[str, Any], **params: Any) -> dict[str, Any]:
        """A tool's result."""
        told = await self.ask("tools/call", tool, name=tool, arguments=arguments, **params)
        result: dict[str, Any] = told["result"]
        return result

    async def task(self, task_id: str, verb: str = "get", **params: Any) -> dict[str, Any]:
        """`tasks/get`, or another of the extension's methods."""
        return await self.ask(f"tasks/{verb}", task_id, taskId=task_id, **params)

    async def send(self, method: str, name: str = "", /, **params: Any) -> httpx.Response:
        """The request as it goes out."""
        capabilities: dict[str, Any] = {"extensions": {each: {} for each in self.knows}}
        if self.elicits:
            capabilities["elicitation"] = {"form": {}}
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
            **params.pop("_meta", {}),
        }
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": method,
            **({"mcp-name": name} if name else {}),
        }
        body = {"jsonrpc": "2.0", "id": next(_numbers), "method": method, "params": {**params, "_meta": meta}}
        return await self.http.post(_ADDRESS, json=body, headers=headers)


@asynccontextmanager
async def wire(
    house: House, who: Actor, *, knows: tuple[str, ...] = (EXTENSION,), elicits: bool = False
) -> AsyncGenerator[Wire]:
    """A door of its own for this actor, over the same guard and store: what one door was told, another one knows."""
    tasks = ActionTasks(house.database, house.guard)
    server = build_server(house.guard, lambda _: who, shown=Shown(tasks=tasks))
    app = over_http(server, ["127.0.0.1:*"], [])
    async with app.running(), httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        yield Wire(http, knows, elicits)
