"""One command that runs measurements and says which goals they meet: what `make bench` and `make evals` share."""

import argparse
import asyncio
import importlib
import json
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from evals.row import Row
from policies.errors import TillhandError

Measure = Callable[[], Coroutine[Any, Any, list[Row]]]


@dataclass(frozen=True, slots=True)
class Measurements:
    """A set of measurements.

    Attributes:
        command: As it is typed, such as `python -m evals.bench`.
        title: Over the table.
        modules: By name, the module whose `measure()` returns rows.
        output: Where the rows go as JSON.
    """

    command: str
    title: str
    modules: Mapping[str, str]
    output: Path

    def run(self, arguments: list[str], about: str | None) -> int:
        """Run them all, or those named; the exit code is 1 when a goal is missed, 2 when one could not run."""
        parser = argparse.ArgumentParser(prog=self.command, description=about)
        parser.add_argument("names", nargs="*", choices=[[], *self.modules], help="only these")
        names = parser.parse_args(arguments).names or list(self.modules)
        console = Console()
        rows: list[Row] = []
        failed = False
        for name in names:
            started = time.monotonic()
            console.print(f"[dim]{name} …[/]")
            try:
                rows += _measure(self.modules[name])
            except TillhandError as error:
                failed = True
                console.print(f"[red]{name} could not run:[/] {error.message} {error.hint}")
            console.print(f"[dim]{name} took {time.monotonic() - started:.0f} s[/]")
        console.print(self._table(rows))
        self.output.parent.mkdir(exist_ok=True)
        self.output.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
        console.print(f"{self.output} written; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
        if failed:
            return 2
        return 1 if any(row.holds is False for row in rows) else 0

    def _table(self, rows: list[Row]) -> Table:
        table = Table(title=self.title)
        for column in ("name", "value", "unit", "goal", "baseline", "holds"):
            table.add_column(column, justify="right" if column in {"value", "baseline"} else "left")
        for row in rows:
            holds = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[row.holds]
            baseline = "" if row.baseline is None else f"{row.baseline:,.3f}"
            table.add_row(row.name, f"{row.value:,.3f}", row.unit, row.goal, baseline, holds)
        return table


def _measure(module: str) -> list[Row]:
    """Import one, and no other: what others need would take memory and time in this one."""
    measure: Measure = importlib.import_module(module).measure
    with asyncio.Runner(loop_factory=_loop()) as runner:
        return runner.run(measure())


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # there is no build of it for Windows
    except ImportError:
        return None
    return uvloop.new_event_loop
