"""Calls tools over Streamable HTTP, one plain request each, as a client of the stateless protocol era does."""

import json
from typing import Any, Final

import httpx

PROTOCOL: Final = "2026-07-28"
_UNKNOWN: Final = -32602  # a tool that is not offered to the caller reads like one that does not exist
_META: Final[dict[str, Any]] = {
    "io.modelcontextprotocol/protocolVersion": PROTOCOL,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "tillhand-demo", "version": "1"},
}


class McpCaller:
    """One caller with a key."""

    def __init__(self, client: httpx.AsyncClient, url: str, key: str) -> None:
        self._client = client
        self._url = f"{url}/mcp"
        self._key = key
        self.calls = 0

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured answer; only the code of the error, as `refused`, when the tool refused.

        Raises:
            httpx.HTTPError: Nobody answered.
        """
        self.calls += 1
        headers = {
            "accept": "application/json, text/event-stream",
            "authorization": f"Bearer {self._key}",
            "mcp-protocol-version": PROTOCOL,
            "mcp-method": "tools/call",
            "mcp-name": tool,
        }
        params = {"name": tool, "arguments": arguments, "_meta": _META}
        body = {"jsonrpc": "2.0", "id": self.calls, "method": "tools/call", "params": params}
        answer = await self._client.post(self._url, json=body, headers=headers)
        told: dict[str, Any] = answer.json()
        if "result" not in told:
            return {"refused": "no such tool for an AI" if told["error"]["code"] == _UNKNOWN else "protocol error"}
        result: dict[str, Any] = told["result"]
        if result["isError"]:
            return {"refused": json.loads(result["content"][0]["text"])["error"]["code"]}
        return result["structuredContent"]
