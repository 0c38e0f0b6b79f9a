"""The MCP door over real HTTP: who may come in, from where, with how much, and until when."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

from knowledge.store.session import Database
from policies.vocabulary.actor import Door, Role
from server.access import add_credential, list_credentials, revoke_credential
from server.bearers import Bearers
from server.mcp.endpoint import MAX_BODY, McpEndpoint
from tests.mcp_house import House, open_house
from tests.mcp_served import TRUSTED
from tests.small_chain import FIRST

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}


@dataclass(frozen=True, slots=True)
class Served:
    house: House
    url: str
    key: str

    async def post(self, body: Any = None, *, key: str | None = None, **headers: str) -> httpx2.Response:
        """A `tools/call` as the modern era sends it, with these headers instead or besides."""
        call = {"name": "check_inventory", "arguments": {"sku": "JEANS-M"}, "_meta": META}
        sent = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "check_inventory",
            "authorization": f"Bearer {self.key if key is None else key}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content = body or {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        async with httpx2.AsyncClient(verify=TRUSTED) as http:
            return await http.post(self.url, json=content, headers={k: v for k, v in sent.items() if v})

    @asynccontextmanager
    async def client(self, mode: Any, key: str = "") -> AsyncGenerator[Client]:
        """The official client, signed in."""

        async def yes(context: Any, params: Any) -> ElicitResult:  # noqa: ARG001  # named by the SDK
            return ElicitResult(action="accept", content={"confirm": True})

        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key or self.key}"}, verify=TRUSTED) as http:
            transport = streamable_http_client(self.url, http_client=http)
            async with Client(transport, mode=mode, elicitation_callback=yes, cache=None) as connected:
                yield connected


@pytest.fixture
async def served(database: Database) -> AsyncGenerator[Served]:
    async with open_house(database) as house:
        async with database.transaction() as connection:
            key = await add_credential(connection, "manager:ada", Role.MANAGER, None, at=datetime.now(UTC))
        endpoint = McpEndpoint(house.guard, partial(Bearers(database).of_bearer, door=Door.MCP))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn.Config(endpoint, log_level="warning", lifespan="off"))
            async with endpoint.running(), anyio.create_task_group() as group:
                group.start_soon(server.serve, [free])
                with anyio.fail_after(10):
                    while not server.started:
                        await anyio.lowlevel.checkpoint()
                yield Served(house, f"http://127.0.0.1:{free.getsockname()[1]}/mcp", key)
                server.should_exit = True


@BOTH_ERAS
async def test_a_key_opens_the_tools_of_its_role_in_both_eras(served: Served, mode: str):
    async with served.client(mode) as caller:
        assert "decide_approval" in {tool.name for tool in (await caller.list_tools()).tools}
        result = await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
        assert [level["available"] for level in result.structured_content["levels"]] == [2, 9]


async def test_without_a_good_key_nobody_comes_in_and_is_told_how(served: Served):
    for key, challenge in (("", 'Bearer realm="tillhand"'), ("th_wrong", 'error="invalid_token"')):
        answer = await served.post(authorization=f"Bearer {key}" if key else "")
        assert answer.status_code == 401
        assert challenge in answer.headers["www-authenticate"]


@pytest.mark.parametrize("scheme", ["Basic {}", "{}", "Bearer", "Bearer,{}"])
async def test_only_the_bearer_scheme_is_read(served: Served, scheme: str):
    assert (await served.post(authorization=scheme.format(served.key))).status_code == 401


async def test_a_key_in_the_address_opens_nothing(served: Served):
    async with httpx2.AsyncClient(verify=TRUSTED) as http:
        answer = await http.post(f"{served.url}?access_token={served.key}", json={})
    assert answer.status_code == 401


async def test_two_authorization_headers_are_one_too_many(served: Served):
    headers = [("authorization", f"Bearer {served.key}"), ("authorization", "Bearer th_other")]
    async with httpx2.AsyncClient(verify=TRUSTED) as http:
        answer = await http.post(served.url, json={}, headers=headers)
    assert answer.status_code == 401


@BOTH_ERAS
async def test_a_revoked_key_opens_nothing_from_the_next_call_on(served: Served, mode: str):
    async with served.client(mode) as caller:
        await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
        async with served.house.database.transaction() as connection:
            [credential] = await list_credentials(connection)
            await revoke_credential(connection, credential.name, at=datetime.now(UTC))
        with pytest.raises(Exception):  # noqa: B017, PT011  # the client wraps a 401 differently in each era
            await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
    assert (await served.post()).status_code == 401


@BOTH_ERAS
async def test_a_role_taken_away_hides_its_tools_from_the_next_call_on(served: Served, mode: str):
    async with served.client(mode) as caller:
        async with served.house.database.transaction() as connection:
            await connection.execute("UPDATE credential SET role = 'associate', locations = '{STORE_1}'")
        with pytest.raises(Exception, match="Unknown tool"):
            await caller.call_tool("list_approvals", {})
        result = await caller.call_tool("check_inventory", {"sku": "JEANS-M"})
        assert [level["location_id"] for level in result.structured_content["levels"]] == [FIRST]


async def test_nobody_uses_a_session_that_another_credential_opened(served: Served):
    async with served.house.database.transaction() as connection:
        other = await add_credential(connection, "manager:bob", Role.MANAGER, None, at=datetime.now(UTC))
    opening = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}},
    }
    old = {"mcp_protocol_version": "2025-11-25", "mcp_method": "", "mcp_name": ""}
    opened = await served.post(opening, mcp_protocol_version="", mcp_method="", mcp_name="")
    session = opened.headers["mcp-session-id"]
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    assert (await served.post(ping, mcp_session_id=session, **old)).status_code == 200
    assert (await served.post(ping, key=other, mcp_session_id=session, **old)).status_code == 404


@pytest.fixture
def few_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.mcp.transports.MAX_SESSIONS", 2)


@pytest.mark.usefixtures("few_sessions")
async def test_a_session_over_the_most_there_may_be_is_refused_until_another_ends(served: Served):
    opening = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}},
    }
    bare = {"mcp_protocol_version": "", "mcp_method": "", "mcp_name": ""}
    opened = [await served.post(opening, **bare) for _ in range(3)]
    async with httpx2.AsyncClient(verify=TRUSTED) as http:
        headers = {"authorization": f"Bearer {served.key}", "mcp-session-id": opened[0].headers["mcp-session-id"]}
        await http.delete(served.url, headers=headers)

    assert [answer.status_code for answer in opened] == [200, 200, 503]
    assert (await served.post(opening, **bare)).status_code == 200
    assert (await served.post()).status_code == 200  # the modern era keeps no sessions


async def test_a_foreign_host_name_is_refused(served: Served):
    assert (await served.post(host="evil.example")).status_code == 421


@pytest.mark.parametrize(("origin", "status"), [("http://evil.example", 403), ("http://127.0.0.1:8080", 200)])
async def test_only_our_own_pages_may_call_from_a_browser(served: Served, origin: str, status: int):
    assert (await served.post(origin=origin)).status_code == status


async def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_read(served: Served):
    def sized(length: int) -> dict[str, Any]:
        call = {"name": "check_inventory", "arguments": {"sku": ""}, "_meta": META}
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        empty = len(httpx2.Request("POST", "http://a", json=body).content)
        call["arguments"] = {"sku": "x" * (length - empty)}
        return body

    assert (await served.post(sized(MAX_BODY))).status_code == 200
    assert (await served.post(sized(MAX_BODY + 1))).status_code == 413


@pytest.mark.parametrize("body", [[{"jsonrpc": "2.0", "id": 1, "method": "ping"}], {"no": "request", "id": 1}])
async def test_what_is_not_one_request_is_refused(served: Served, body: Any):
    assert (await served.post(body)).status_code == 400


async def test_headers_that_name_another_tool_than_the_body_are_refused(served: Served):
    assert (await served.post(mcp_name="get_order")).status_code == 400
