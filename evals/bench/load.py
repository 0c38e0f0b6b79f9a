"""A load generator: raw keep-alive HTTP/1.1 over sockets, so that the client costs little beside the server."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to: latencies in milliseconds, sorted; requests per second; answers by status."""

    latencies: list[float]
    per_second: float
    statuses: dict[int, int]

    def percentile(self, share: float) -> float:
        """The latency at this share, by nearest rank."""
        return self.latencies[max(0, math.ceil(share * len(self.latencies)) - 1)]


def request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def open_loop(port: int, requests: Sequence[bytes], rate: float, connections: int) -> Load:
    """Send each request at its appointed time, whether or not earlier ones were answered.

    Latency counts from the appointed time, so a server that stalls is charged for everyone who waited.
    """
    start = time.perf_counter() + 0.2
    return await _send(port, requests, connections, lambda number: start + number / rate)


async def closed_loop(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send as fast as the answers come."""
    return await _send(port, requests, connections, lambda _number: 0.0)


async def _send(port: int, requests: Sequence[bytes], connections: int, due: Callable[[int], float]) -> Load:
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    numbers = iter(range(len(requests)))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            appointed = due(number)
            wait = appointed - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            began = appointed or time.perf_counter()
            writer.write(requests[number])
            status = await _answer(reader)
            latencies.append((time.perf_counter() - began) * 1000)
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(one())
    seconds = time.perf_counter() - began
    return Load(sorted(latencies), len(latencies) / seconds, statuses)


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if length:
        await reader.readexactly(length)
    return status
