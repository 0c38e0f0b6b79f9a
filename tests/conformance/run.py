"""`make conformance`: the official suite against our adapter with its fixtures, and against the product without them.

It needs the suite's runner beside the repository, and Node with npm, which fetch the suite once. Where one is missing,
it says which and ends well: on a bare machine there is nothing to run.
"""

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[2]
RUNNER: Final = _ROOT.parent / "shared" / "checks" / "mcp-conformance"
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mcp-conformance"
_WITHIN: Final = 900.0  # seconds for all of it; a minute on a machine of its own
# what asks for no fixture, by revision
_PLAIN: Final = {
    "2026-07-28": (
        "server-stateless",
        "tools-list",
        "resources-list",
        "prompts-list",
        "completion-complete",
        "caching",
        "http-header-validation",
        "dns-rebinding-protection",
        "sep-2164-resource-not-found",
        "server-sse-multiple-streams",
        "input-required-result-unsupported-methods",
    ),
    "2025-11-25": (
        "server-initialize",
        "server-session-lifecycle",
        "ping",
        "tools-list",
        "resources-list",
        "prompts-list",
        "completion-complete",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
    ),
}
_NOT_FETCHED: Final = 2  # the runner's exit code
_UNTESTABLE: Final = re.compile(r"^Not testable: server does not list the diagnostic tool 'test_")


def missing() -> str:
    """Why the suite cannot run here; "" when it can."""
    if not RUNNER.exists():
        return f"its runner is not at {RUNNER.relative_to(_ROOT.parent)}"
    absent = [name for name in ("bash", "node", "npm") if shutil.which(name) is None]
    return f"{' and '.join(absent)} cannot be found" if absent else ""


@asynccontextmanager
async def served(*arguments: str) -> AsyncGenerator[str]:
    """A server of `tests.conformance.server` in a process of its own; its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.conformance.server",
        *arguments,
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(180):
            yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


async def fixtures() -> bool | None:
    """The whole suite against our adapter with its fixtures; `None` when npm could not fetch it."""
    async with served() as url:
        process = await asyncio.create_subprocess_exec("bash", str(RUNNER), url)
        code = await process.wait()
        return None if code == _NOT_FETCHED else code == 0


async def plain() -> bool:
    """What asks for no fixture, against the product; a check that says it needs one is left aside."""
    good = True
    tools = _CACHE / "node_modules"
    path = os.pathsep.join([str(tools / "node" / "bin"), str(tools / ".bin"), os.environ.get("PATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        async with served("--plain") as url:
            for revision, scenarios in _PLAIN.items():
                for scenario in scenarios:
                    told = Path(folder) / revision / scenario
                    process = await asyncio.create_subprocess_exec(
                        "conformance",
                        *("server", "--url", url, "--scenario", scenario, "--spec-version", revision, "-o", str(told)),
                        env={**os.environ, "PATH": path},
                        stdout=asyncio.subprocess.DEVNULL,
                        stderr=asyncio.subprocess.DEVNULL,
                    )
                    await process.wait()
                    good &= _tell(f"product {revision} {scenario}", told)
    return good


def _tell(what: str, folder: Path) -> bool:
    checks: list[dict[str, Any]] = [
        check for file in folder.rglob("checks.json") for check in json.loads(file.read_text(encoding="utf-8"))
    ]
    passed = sum(check["status"] == "SUCCESS" for check in checks)
    failed = [check for check in checks if check["status"] == "FAILURE"]
    aside = [check for check in failed if _UNTESTABLE.match(check.get("errorMessage") or "")]
    wrong = [check["id"] for check in failed if check not in aside]
    left = f", {len(aside)} need a fixture" if aside else ""
    print(f"{what}: {passed} passed, {len(wrong)} failed{left} {' '.join(wrong)}".rstrip(), flush=True)  # noqa: T201  # the same
    return bool(passed) and not wrong


async def _all() -> bool:
    async with asyncio.timeout(_WITHIN):
        whole = await fixtures()
        if whole is None:
            print("The conformance suite is skipped: npm could not fetch it.")  # noqa: T201  # a command's own words
            return True
        return await plain() and whole


def main() -> int:
    """Run everything; 1 when a check failed."""
    if why := missing():
        print(f"The conformance suite is skipped: {why}.")  # noqa: T201  # a command's own words
        return 0
    return 0 if asyncio.run(_all()) else 1


if __name__ == "__main__":
    sys.exit(main())
