"""`tillhand demo`: starts the product's processes at once, for they take longest, and then everything else."""

import gc
import importlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from evals.demo.crew import crew
from evals.demo.options import read_options


def command(arguments: list[str]) -> int:
    """Run a demo; the exit code is 1 when something was lost or doubled, or the ledger does not hold.

    Raises:
        Misconfigured: No database can be had, or another demo uses it.
        Unavailable: A process of the product ended.
    """
    began = _process_began()
    options = read_options(arguments)
    gc.disable()  # until the retailer is open: nothing of it is garbage, and looking for it takes a fifth of the time
    with crew(options.home) as processes, ThreadPoolExecutor(1) as aside:
        # both take seconds, and neither needs the other; what they need is imported while they work
        database = aside.submit(importlib.import_module("evals.demo.database").fresh_database, options.home / "pg")
        run = importlib.import_module("evals.demo.run").run
        return int(run(options, processes, database, began))


def _process_began() -> float:
    """When this process was started, on the wall clock; where the system does not tell, now."""
    try:
        ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
        up = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return time.time()
    return time.time() - (up - ticks / 100)
