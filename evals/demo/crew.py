"""The product's processes: the doors and a worker, as `tillhand serve --workers 0` and `tillhand worker` run them."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from policies.errors import Unavailable

COMMANDS: Final[dict[str, tuple[str, ...]]] = {"server": ("serve", "--workers", "0"), "worker": ("worker",)}
READY_WITHIN: Final = 60.0  # seconds
_LOOK_EVERY: Final = 0.05  # seconds
_STOP_WITHIN: Final = 15.0  # seconds
_LAST_WORDS: Final = 12  # lines


@dataclass(frozen=True, slots=True)
class Crew:
    """Processes that have begun to import; each writes a log file of its own."""

    processes: Mapping[str, subprocess.Popen[bytes]]
    logs: Mapping[str, Path]

    def begin(self, settings: Mapping[str, str]) -> None:
        """Tell every process its settings: now it runs.

        Raises:
            Unavailable: One has died already.
        """
        line = json.dumps(dict(settings)).encode() + b"\n"
        for name, process in self.processes.items():
            try:
                assert process.stdin is not None  # noqa: S101  # it was asked for
                process.stdin.write(line)
                process.stdin.flush()
            except BrokenPipeError as error:
                raise self._died(name) from error

    def check(self) -> None:
        """See that all are alive.

        Raises:
            Unavailable: One died; the hint has its last words.
        """
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise self._died(name)

    async def ready(self, url: str, client: httpx.AsyncClient) -> None:
        """Wait until the doors are open.

        Raises:
            Unavailable: They do not open in time.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_WITHIN):
                while True:
                    self.check()
                    with suppress(httpx.HTTPError):
                        if (await client.get(f"{url}/ready")).is_success:
                            return
                    await asyncio.sleep(_LOOK_EVERY)
        raise Unavailable("The product's doors did not open.", code="demo.not_ready", hint=self._words("server"))

    def _died(self, name: str) -> Unavailable:
        return Unavailable(f"The product's {name} has ended.", code="demo.process_ended", hint=self._words(name))

    def _words(self, name: str) -> str:
        lines = self.logs[name].read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"{self.logs[name]} ends with:", *lines[-_LAST_WORDS:]])


@contextmanager
def crew(folder: Path) -> Generator[Crew]:
    """Start all processes; stop them, their jobs finished, when the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    logs = {name: folder / f"{name}.log" for name in COMMANDS}
    try:
        for name, command in COMMANDS.items():
            with logs[name].open("wb") as log:
                processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "evals.demo.product", *command],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")},
                    start_new_session=True,  # Ctrl+C reaches us alone: the product is stopped in its turn
                )
        yield Crew(processes, logs)
    finally:
        for process in processes.values():
            with suppress(OSError):
                process.terminate()
        for process in processes.values():
            try:
                process.wait(_STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()
