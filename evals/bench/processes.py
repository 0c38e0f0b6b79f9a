"""The bench's own processes: started, waited for until they listen, and stopped, whatever happens in between."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STARTS_WITHIN: Final = 120.0  # seconds; a busy machine imports slowly
_STOPS_WITHIN: Final = 40.0  # seconds
_SHOWN: Final = 2_000  # characters of what a process that did not start had to say


@dataclass(frozen=True, slots=True)
class Listening:
    """A process that listens on a loopback port."""

    pid: int
    port: int


@asynccontextmanager
async def listening(
    *command: str, port: int, says: Path, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[Listening]:
    """Run `python -m` with this command while the block runs.

    Args:
        command: A module and its arguments.
        port: Where it will listen.
        says: A file for everything it prints.
        environment: Added to ours.

    Raises:
        RuntimeError: It ended, or did not listen in time.
    """
    with says.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, stdout=out, stderr=out, env={**os.environ, **(environment or {})}
        )
    try:
        await _until_it_listens(process, port, says)
        yield Listening(process.pid, port)
    finally:
        await _stop(process)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def _until_it_listens(process: asyncio.subprocess.Process, port: int, says: Path) -> None:
    try:
        async with asyncio.timeout(_STARTS_WITHIN):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return
    except TimeoutError:
        pass
    said = await asyncio.to_thread(says.read_text, encoding="utf-8", errors="replace")
    raise RuntimeError(f"{says.stem} did not start:\n{said[-_SHOWN:]}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOPS_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
