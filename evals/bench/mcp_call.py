"""What the guard adds to a call over MCP: server CPU per call, beside a bare low-level server with the same answer.

The servers take turns under the same load in one run, each in its own process, so that whatever else the machine does
in that time weighs on all of them alike. PostgreSQL's own CPU is not counted. The bare servers keep and ask nothing:
they answer what the product answered, to a read and to a write. So the ratio of the write is all there is to deciding
it, counting it, carrying it out on a platform that answers at once, and recording each of that. A second one compares
it with a bare server that inserts one row before it answers: the least a write can be.
"""

import asyncio
import json
import re
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from evals.bench.load import closed_loop, request
from evals.process import cpu_seconds
from evals.row import Row
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.places import Place, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import inventory_level, variant
from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import LocationId
from server.access import add_credential

GOAL: Final = 1.5
WRITE_GOAL: Final = 2.5
ROUNDS: Final = 16
CALLS: Final = 500  # in each round: about half a second of CPU, of which /proc counts hundredths
WRITES: Final = 200
WARM_UP: Final = 300
CONNECTIONS: Final = 8  # a server at work: one that sleeps between calls is charged for waking up
SKUS: Final = 200
LOCATIONS: Final = 8  # what one answer counts
_META: Final[dict[str, Any]] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of call: the tool, how many make a round, and the arguments of each by its number."""

    tool: str
    calls: int
    arguments: Callable[[int], dict[str, Any]]


@dataclass(slots=True)
class _Served:
    """One server under load; CPU microseconds per call of each round, and the milliseconds every call took."""

    pid: int
    port: int
    asked: Asked
    key: str = ""
    cpu: list[float] = field(default_factory=list[float])
    took: list[float] = field(default_factory=list[float])
    numbers: Iterator[int] = field(default_factory=count)


def _read(number: int) -> dict[str, Any]:
    return {"sku": f"SKU-{number % SKUS:04}"}


def _write(number: int) -> dict[str, Any]:
    return {
        "location_id": f"STORE_{number % LOCATIONS}",
        "transaction": f"bench-{number}",
        "skus": [f"SKU-{number % SKUS:04}"],
        "percent": 5,
        "idempotency_key": f"bench-write-{number:08}",
        "reason": "The bench asks for it",
    }


READ: Final = Asked("check_inventory", CALLS, _read)
WRITE: Final = Asked("propose_discount", WRITES, _write)


async def measure() -> list[Row]:
    """CPU and latency of a read and a write through the product, beside bare servers; Linux, for it reads /proc."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        url = start_embedded(home / "pg")
        await asyncio.to_thread(migrate, url)
        key = await _stock(url)
        (home / "limits.toml").write_text(_limits(), encoding="utf-8")
        async with AsyncExitStack() as stack:
            ours = await stack.enter_async_context(_serving(READ, "guarded", "--url", url, "--home", folder, key=key))
            read = await _bare(stack, ours, home, "bare")
            lean = await _bare(stack, ours, home, "lean")
            await _take_turns(ours, read, lean)
            writes = _Served(ours.pid, ours.port, WRITE, key)
            wrote = await _bare(stack, writes, home, "bare")
            kept = await _bare(stack, writes, home, "keeping", "--url", url)
            await _take_turns(writes, wrote, kept)
    return _rows(ours, read, lean) + _write_rows(writes, wrote, kept)


async def _bare(stack: AsyncExitStack, ours: _Served, home: Path, which: str, *more: str) -> _Served:
    """A bare server that answers what ours does."""
    tool = ours.asked.tool
    file = home / f"{tool}.json"
    file.write_text(json.dumps(await _answer(ours)), encoding="utf-8")
    return await stack.enter_async_context(_serving(ours.asked, which, "--tool", tool, "--answer", str(file), *more))


async def _take_turns(*several: _Served) -> None:
    for each in several:
        await _load(each, WARM_UP)
    for _ in range(ROUNDS):
        for each in several:
            await _round(each)


def _rows(ours: _Served, bare: _Served, lean: _Served) -> list[Row]:
    # the best round of each: what disturbs a round only ever adds, so the least disturbed one says what a call costs
    cpu, floor, leanest = min(ours.cpu), min(bare.cpu), min(lean.cpu)
    ratio = cpu / floor
    return [
        Row("mcp_read_cpu_ratio", round(ratio, 2), "x", f"<= {GOAL}", 1.0, holds=ratio <= GOAL),
        Row("mcp_read_cpu_us", round(cpu), "us", "", round(floor), None),
        Row("mcp_read_cpu_ratio_to_leanest", round(cpu / leanest, 2), "x", "", 1.0, None),
        Row("mcp_read_p50_ms", _percentile(ours, 50), "ms", "", _percentile(bare, 50), None),
        Row("mcp_read_p99_ms", _percentile(ours, 99), "ms", "", _percentile(bare, 99), None),
    ]


def _write_rows(ours: _Served, bare: _Served, keeping: _Served) -> list[Row]:
    cpu, floor, least = min(ours.cpu), min(bare.cpu), min(keeping.cpu)
    ratio = cpu / floor
    return [
        Row("mcp_write_cpu_ratio", round(ratio, 2), "x", f"<= {WRITE_GOAL}", 1.0, holds=ratio <= WRITE_GOAL),
        Row("mcp_write_cpu_ratio_to_one_insert", round(cpu / least, 2), "x", "", 1.0, None),
        Row("mcp_write_cpu_us", round(cpu), "us", "", round(floor), None),
        Row("mcp_write_p50_ms", _percentile(ours, 50), "ms", "", _percentile(bare, 50), None),
        Row("mcp_write_p99_ms", _percentile(ours, 99), "ms", "", _percentile(bare, 99), None),
    ]


def _percentile(served: _Served, which: int) -> float:
    return round(statistics.quantiles(served.took, n=100)[which - 1], 2)


async def _round(served: _Served) -> None:
    calls = served.asked.calls
    before = cpu_seconds(served.pid)
    took = await _load(served, calls)
    served.cpu.append((cpu_seconds(served.pid) - before) / calls * 1e6)
    served.took += took


async def _load(served: _Served, calls: int) -> list[float]:
    wires = [_call(served, next(served.numbers)) for _ in range(calls)]
    load = await closed_loop(served.port, wires, CONNECTIONS)
    if load.statuses != {200: calls}:
        raise RuntimeError(f"not every call was answered: {load.statuses}")
    return load.latencies


def _call(served: _Served, number: int) -> bytes:
    tool = served.asked.tool
    params = {"name": tool, "arguments": served.asked.arguments(number), "_meta": _META}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": tool,
    }
    if served.key:
        headers["authorization"] = f"Bearer {served.key}"
    wire = request("POST", "/mcp", headers, json.dumps(body).encode())
    return wire.replace(b"Host: 127.0.0.1\r\n", b"Host: 127.0.0.1:%d\r\n" % served.port, 1)  # both check the port


async def _answer(served: _Served) -> dict[str, Any]:
    """What the product answers to one call: the bare servers answer the same."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(_call(served, next(served.numbers)))
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    told = json.loads(await reader.readexactly(length))
    writer.close()
    answer: dict[str, Any] = told["result"]["structuredContent"]
    if answer.get("state", "executed") != "executed":
        raise RuntimeError(f"the write was not carried out: {answer}")
    return answer


def _limits() -> str:
    """The product's, but for the caps and ages so many calls would reach; they are counted and compared as ever."""
    raised = {"location_day": 2_000_000_000, "price_age_s": 86_400, "stock_age_s": 86_400}
    limits = DEFAULT_FILE.read_text(encoding="utf-8")
    for name, value in raised.items():
        limits = re.sub(rf"^{name} = \d+", f"{name} = {value}", limits, flags=re.MULTILINE)
    return limits


@asynccontextmanager
async def _serving(asked: Asked, *arguments: str, key: str = "") -> AsyncGenerator[_Served]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "evals.bench.mcp_servers", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None  # noqa: S101  # it was asked for
        async with asyncio.timeout(60):
            port = int(await process.stdout.readline())
            await _until_it_listens(port)
        yield _Served(process.pid, port, asked, key)
    finally:
        process.terminate()
        await process.wait()


async def _until_it_listens(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def _stock(url: str) -> str:
    """A small chain, and a manager's key."""
    now = datetime.now(UTC)
    places = [LocationId(f"STORE_{number}") for number in range(LOCATIONS)]
    skus = [f"SKU-{number:04}" for number in range(SKUS)]
    product = {
        "title": "Goods",
        "product": "Goods",
        "price": 1999,
        "currency": "USD",
        "unit_cost": 700,
        "observed_at": now,
    }
    level = {"available": 5, "on_hand": 7, "committed": 2, "incoming": 0, "observed_at": now}
    database = Database(url, pool=2)
    async with database.transaction() as connection:
        await save_locations(
            connection,
            [Place(each, each, "paper", each, "shop", "NY", "America/New_York", each) for each in places],
        )
        await connection.execute(variant.insert(), [{"sku": sku, **product} for sku in skus])
        await connection.execute(
            inventory_level.insert(),
            [{"sku": sku, "location_id": place, **level} for sku in skus for place in places],
        )
        await connection.execute(text("CREATE TABLE bench_effect (id bigint GENERATED ALWAYS AS IDENTITY)"))
        key = await add_credential(connection, "manager:bench", Role.MANAGER, None, at=now)
    await database.close()
    return key
