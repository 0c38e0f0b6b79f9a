"""`make bench`: every measurement, or those named, as one table and as build/bench.json."""

import argparse
import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from evals.bench.row import Row
from policies.errors import TillhandError

Measure = Callable[[], Coroutine[Any, Any, list[Row]]]

BENCHES: dict[str, str] = {
    "webhook": "evals.bench.webhook",
    "checkout": "evals.bench.checkout",
    "verdict": "evals.bench.verdict",
    "mcp": "evals.bench.mcp_call",
    "first_decision": "evals.bench.first_decision",
    "replay": "evals.bench.replay",
    "past": "evals.bench.past",
    "audit_verify": "evals.bench.audit_verify",
}
OUTPUT = Path("build/bench.json")


def main(arguments: list[str]) -> int:
    """Run the benches; the exit code is 1 when a goal is missed, 2 when a bench could not run."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="only these")
    names = parser.parse_args(arguments).names or list(BENCHES)
    console = Console()
    rows: list[Row] = []
    failed = False
    for name in names:
        started = time.monotonic()
        console.print(f"[dim]{name} …[/]")
        try:
            rows += _measure(BENCHES[name])
        except TillhandError as error:
            failed = True
            console.print(f"[red]{name} could not run:[/] {error.message} {error.hint}")
        console.print(f"[dim]{name} took {time.monotonic() - started:.0f} s[/]")
    console.print(_table(rows))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    console.print(f"{OUTPUT} written; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    if failed:
        return 2
    return 1 if any(row.holds is False for row in rows) else 0


def _measure(module: str) -> list[Row]:
    """Import one bench, and no other: what others need would take memory and time in this one."""
    measure: Measure = importlib.import_module(module).measure
    with asyncio.Runner(loop_factory=_loop()) as runner:
        return runner.run(measure())


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # there is no build of it for Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


def _table(rows: list[Row]) -> Table:
    table = Table(title="Bench: ours beside the floor of the same run")
    for column in ("name", "value", "unit", "goal", "baseline", "holds"):
        table.add_column(column, justify="right" if column in {"value", "baseline"} else "left")
    for row in rows:
        holds = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[row.holds]
        baseline = "" if row.baseline is None else f"{row.baseline:,.2f}"
        table.add_row(row.name, f"{row.value:,.2f}", row.unit, row.goal, baseline, holds)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
