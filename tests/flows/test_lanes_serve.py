"""`tillhand serve` as its operator starts it: ready, with workers that come back when they die, and gone when told."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest
from anyio import fail_after

from tests.flows.test_killed_worker import ROOT, until

pytestmark = pytest.mark.anyio


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def children(parent: int) -> list[int]:
    """Process ids of a process's children."""
    found = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in found.read_text(encoding="ascii").split()]


@pytest.mark.timeout(300)  # two processes start, each with everything it imports
@pytest.mark.skipif(sys.platform != "linux", reason="children are read from /proc")
async def test_serve_is_ready_restarts_a_killed_worker_and_stops_with_all_of_them(database_url: str, tmp_path: Path):
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")},
        "DATABASE_URL": database_url,
        "TILLHAND_HOME": str(tmp_path),
        "TILLHAND_PORT": str(port),
        "TILLHAND_HEARTBEAT_S": "0.5",
        "TILLHAND_STALLED_S": "2",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "serve", "--workers", "1", cwd=ROOT, env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with fail_after(270):
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

                async def workers() -> int:
                    try:
                        told = (await client.get("/ready")).json()["workers"]
                    except httpx.TransportError:  # not listening yet
                        return 0
                    return told if isinstance(told, int) else 0

                async def one_worker() -> bool:
                    return await workers() >= 1

                await until(one_worker)
                (first,) = children(process.pid)
                os.kill(first, signal.SIGKILL)

                async def another() -> bool:
                    now = children(process.pid)
                    return bool(now) and first not in now

                await until(another)
                assert (await client.get("/live")).text == "live"
            left = children(process.pid)
            process.terminate()
            await process.wait()
            assert not [pid for pid in left if alive(pid)]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
