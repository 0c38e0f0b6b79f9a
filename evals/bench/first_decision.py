"""How long it takes from starting `tillhand demo` until the product has decided something: what a newcomer waits for.

Everything begins from nothing: a new folder, a new database, the whole retailer, and the product's processes.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from evals.row import Row
from policies.errors import Unavailable

GOAL: Final = 15.0  # seconds
_STEPS: Final = "20"
_WITHIN: Final = 300.0  # seconds for the whole demo
_LAST_WORDS: Final = 12  # lines


async def measure() -> list[Row]:
    """Seconds from starting the process until the first decision was recorded.

    Raises:
        Unavailable: The demo did not come to its end; the hint has its last words.
    """
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        told = await _run(home)
    seconds = float(told["figures"]["first_decision_at"]) - float(told["started_at"])
    return [Row("first_decision_s", round(seconds, 2), "s", f"< {GOAL:.0f}", None, holds=seconds < GOAL)]


async def _run(home: Path) -> dict[str, Any]:
    summary = home / "summary.json"
    command = (sys.executable, "-m", "server", "demo", "--exit", "--steps", _STEPS, "--home", str(home / "demo"),
               "--summary", str(summary))  # fmt: skip
    started = time.time()
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=dict(os.environ)
    )
    try:
        async with asyncio.timeout(_WITHIN):
            output, _ = await process.communicate()
    except TimeoutError as error:
        raise Unavailable("The demo did not end in time.", code="bench.demo_stuck") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not summary.exists():
        words = "\n".join(output.decode(errors="replace").splitlines()[-_LAST_WORDS:])
        raise Unavailable("The demo did not go as promised.", code="bench.demo_failed", hint=words)
    told: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    return {**told, "started_at": started}
