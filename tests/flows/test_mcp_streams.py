"""A broken stream loses an answer, never half a write: whoever asks again finds it done, once."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from knowledge.store.session import Database
from policies.engine import Engine
from policies.limits import Limits
from policies.vocabulary.actor import Role
from server.mcp.endpoint import build_server
from server.mcp.transports import over_http
from tests.mcp_house import House, open_house
from tests.mcp_served import TRUSTED
from tests.paper_platform import PaperPlatform
from tests.served import served
from tests.small_chain import FIRST, actor
from tests.wire import wire
from tools.platform import Receipt, WriteContext

pytestmark = pytest.mark.anyio

SMALL: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": "till-7-0001",
    "skus": ["BELT-1"],
    "percent": 10,
    "idempotency_key": "stream-small-1",
    "reason": "A scratch on the buckle",
}
ADA = actor(Role.MANAGER, FIRST, name="manager:ada")


@dataclass
class Gate:
    """A platform that begins a discount and waits to be let go on."""

    platform: PaperPlatform
    begun: anyio.Event = field(default_factory=anyio.Event)
    open: anyio.Event = field(default_factory=anyio.Event)

    async def create(self, discount: Any, context: WriteContext) -> Receipt:
        self.begun.set()
        await self.open.wait()
        return await self.platform.create(discount, context)

    async def end(self, discount: Any, context: WriteContext) -> Receipt:
        return await self.platform.end(discount, context)


@asynccontextmanager
async def slow_shop(database: Database) -> AsyncGenerator[tuple[House, Gate, int]]:
    """A door on a port, to a platform that waits."""
    async with open_house(database) as house:
        gate = Gate(house.platform)
        house.platform.discounts = gate
        app = over_http(build_server(house.guard, lambda _: ADA), ["127.0.0.1:*"], [])
        async with app.running(), served(app) as port:
            yield house, gate, port


def request(port: int, number: int, *, progress: bool) -> bytes:
    """One `tools/call` as it goes over the wire."""
    meta: dict[str, Any] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    if progress:
        meta["progressToken"] = number
    params = {"name": "propose_discount", "arguments": SMALL, "_meta": meta}
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()
    head = (
        f"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        "accept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\n"
        f"mcp-method: tools/call\r\nmcp-name: propose_discount\r\ncontent-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body


async def answer_of(port: int, number: int) -> dict[str, Any]:
    """Ask, and wait for the whole answer."""
    async with await anyio.connect_tcp("127.0.0.1", port) as connection:
        await connection.send(request(port, number, progress=False))
        told = b""
        with anyio.fail_after(20):
            async for part in connection:
                told += part
    return json.loads(told.split(b"\r\n\r\n", 1)[1])["result"]["structuredContent"]


@pytest.mark.parametrize("progress", [False, True])
async def test_a_connection_that_breaks_during_a_write_leaves_one_effect(database: Database, *, progress: bool):
    async with slow_shop(database) as (house, gate, port):
        connection = await anyio.connect_tcp("127.0.0.1", port)
        await connection.send(request(port, 1, progress=progress))
        with anyio.fail_after(20):
            await gate.begun.wait()
        await connection.aclose()  # the answer is lost; the platform has not decided yet
        gate.open.set()
        done = await answer_of(port, 2)
        with anyio.fail_after(20):
            while done["state"] != "executed":  # the first write may still be writing down what it did
                done = await answer_of(port, 3)
        assert done["replayed"]
        assert len(house.platform.done) == 1
        async with database.reading() as connection:
            kinds = await connection.execute("SELECT count(*) FROM ledger WHERE kind = 'executed'")
            assert kinds.scalar_one() == 1


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_long_call_says_that_it_goes_on_to_whoever_asked(database: Database, mode: Any):
    told: list[tuple[float, float | None, str | None]] = []
    async with slow_shop(database) as (_, gate, port):

        async def heard(progress: float, total: float | None, message: str | None) -> None:
            told.append((progress, total, message))
            if len(told) == 2:
                gate.open.set()

        async with httpx2.AsyncClient(verify=TRUSTED) as http:
            transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
            with anyio.fail_after(30):
                async with Client(transport, mode=mode, cache=None) as caller:
                    result = await caller.call_tool("propose_discount", SMALL, progress_callback=heard)
    assert result.structured_content["state"] == "executed"
    assert [progress for progress, _, _ in told[:2]] == [1.0, 2.0]
    assert {(total, message) for _, total, message in told} == {(None, "Still working on it.")}


async def test_a_short_call_says_nothing_on_its_way(database: Database):
    told: list[float] = []
    async with slow_shop(database) as (_, gate, port):
        gate.open.set()

        async def heard(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
            told.append(progress)

        async with httpx2.AsyncClient(verify=TRUSTED) as http:
            transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
            async with Client(transport, cache=None) as caller:
                await caller.call_tool("check_inventory", {"sku": "BELT-1"}, progress_callback=heard)
    assert told == []


COUNTED: dict[str, Any] = {
    "location_id": FIRST,
    "sku": "BELT-1",
    "delta": 6,
    "expected": 40,
    "idempotency_key": "stream-counted-1",
    "reason": "Counted in the back room",
}
YES = {"confirm": {"action": "accept", "content": {"confirm": True}}}


@pytest.fixture
def careful() -> Engine:
    return Engine.read(Limits(Limits.read().text.replace("units_confirm = 50", "units_confirm = 5")))


async def test_a_question_answered_twice_is_done_once(database: Database, careful: Engine):
    async with open_house(database, careful) as house, wire(house, ADA, knows=(), elicits=True) as door:
        asked = await door.call("propose_stock_adjustment", COUNTED)
        assert asked["resultType"] == "input_required"
        answers = [
            await door.call("propose_stock_adjustment", COUNTED, requestState=asked["requestState"], inputResponses=YES)
            for _ in range(3)
        ]
        assert [each["structuredContent"]["state"] for each in answers] == ["executed"] * 3
        assert len(house.platform.done) == 1


async def test_a_question_is_good_for_its_caller_its_arguments_and_its_state_alone(database: Database, careful: Engine):
    async with open_house(database, careful) as house, wire(house, ADA, knows=(), elicits=True) as door:
        asked = await door.call("propose_stock_adjustment", COUNTED)
        state = asked["requestState"]
        frozen: set[str] = set()
        for arguments, told in (
            ({**COUNTED, "delta": 7}, state),
            (COUNTED, state[:-4] + "AAAA"),
            (COUNTED, "apr_guessed"),
        ):
            answer = await door.ask(
                "tools/call",
                "propose_stock_adjustment",
                name="propose_stock_adjustment",
                arguments=arguments,
                requestState=told,
                inputResponses=YES,
            )
            frozen.add(json.dumps(answer["error"], sort_keys=True))
        assert len(frozen) == 1
        unasked = await door.call("propose_stock_adjustment", COUNTED, inputResponses=YES)
        assert unasked["resultType"] == "input_required"
        assert house.platform.calls == 0
