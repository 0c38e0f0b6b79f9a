"""A loopback server that speaks as much of Ollama's chat API as the door uses, and misbehaves on demand."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass(slots=True)
class FakeOllama:
    """`ways` says how each next request is answered, and `contents` with what; the last one of each is repeated."""

    url: str = ""
    contents: list[str] = field(default_factory=lambda: ["{}"])
    ways: list[str] = field(default_factory=lambda: ["well"])
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    serving: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.serving.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                self.asked.append(json.loads(await reader.readexactly(length)))
                self.reached.set()
                way = self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]
                await self._answer(way, reader, writer)

    async def _answer(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if way == "hang":
            await reader.read(1)  # returns when the other side gives up
            self.hung_up.set()
            return
        body = json.dumps(
            {
                "model": "m",
                "created_at": "2026-01-01T00:00:00Z",
                "message": {
                    "role": "assistant",
                    "content": self.contents.pop(0) if len(self.contents) > 1 else self.contents[0],
                    "thinking": "hm" if way == "think" else None,
                },
                "done": True,
                "done_reason": "length" if way == "truncated" else "stop",
            }
        ).encode()
        if way == "broken":
            body = body[: len(body) // 2]
        status = {"500": b"500 Internal Server Error", "redirect": b"302 Found"}.get(way, b"200 OK")
        more = f"Location: {self.url}/elsewhere\r\n".encode() if way == "redirect" else b""
        writer.write(
            b"HTTP/1.1 "
            + status
            + b"\r\nContent-Type: application/json\r\n"
            + more
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
        )
        if way == "trickle":
            for place in range(len(body)):
                writer.write(body[place : place + 1])
                await writer.drain()
                await asyncio.sleep(0.02)
        else:
            writer.write(body)
        await writer.drain()


@pytest.fixture
async def ollama() -> AsyncGenerator[FakeOllama]:
    fake = FakeOllama()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield fake
    server.close()
    await server.wait_closed()
    for task in fake.serving:
        task.cancel()
    await asyncio.gather(*fake.serving, return_exceptions=True)
