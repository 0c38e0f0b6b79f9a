"""The MCP door as raw requests: what a client library would hide from a test is seen here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a credential at a door."""

    client: httpx.AsyncClient
    credential: str
    path: str = "/mcp"

    async def send(
        self, method: str, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One request as the modern era sends it; `headers` replaces some, an empty value leaves one out."""
        told = dict(params or {})
        sent = {
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": method,
            "authorization": f"Bearer {self.credential}" if self.credential else "",
        }
        if method in _NAMED and isinstance(told.get(_NAMED[method]), str):
            sent["mcp-name"] = told[_NAMED[method]]
        sent |= headers or {}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**told, "_meta": META}}
        kept = {name: value for name, value in sent.items() if value}
        return await self.client.post(self.path, json=body, headers=kept)

    async def call(self, tool: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A tool's answer, as the whole JSON-RPC message."""
        return (await self.send("tools/call", {"name": tool, "arguments": dict(arguments or {})})).json()

    async def listed(self, method: str, kind: str) -> list[dict[str, Any]]:
        """Every entry of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            result = (await self.send(method, {"cursor": cursor} if cursor else {})).json()["result"]
            found += result[kind]
            cursor = result.get("nextCursor") or ""
            if not cursor:
                return found
