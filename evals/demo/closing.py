"""The last word of a demo: one table, and what to try next."""

import json
import shlex
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evals.demo.figures import Figures
from evals.demo.words import ASSISTANT, MANAGER


@dataclass(slots=True)
class Day:
    """A day that is over: what was counted in the product, and what those outside it saw.

    Attributes:
        steps: How many things happened.
        seconds: From the first step until nothing was left to do.
        start_s: Seconds from the start of the process until the first decision.
        made: Deliveries the platforms made, duplicates not counted.
        twice: Those made twice.
        overtaken: Those overtaken by a later one.
        late: Those held back, and those of a register that had been offline.
        bogus: Forged and unsigned ones.
        bogus_accepted: Of those, how many were taken for true.
        given_up: Genuine ones the platforms gave up.
        checkouts: Answers at the registers, by status.
        unanswered: Why checkouts had no answer.
        shown: Offers customers were told of.
        taken: Offers they wanted.
        answered: The manager's answers.
        refused: What the assistant was refused, by code.
        filled: Records the first fill has read, and about how many there are.
    """

    steps: int
    seconds: float
    start_s: float
    made: int
    twice: int
    overtaken: int
    late: int
    bogus: int
    bogus_accepted: int
    given_up: int
    checkouts: dict[str, int]
    unanswered: dict[str, int]
    shown: int
    taken: int
    answered: dict[str, int]
    refused: dict[str, int]
    filled: tuple[int, int]
    figures: Figures
    troubles: list[str] = field(default_factory=list[str])

    def faults(self) -> list[str]:
        """What should not be, in sentences; empty when the day went as promised."""
        counted = self.figures
        found = list(self.troubles)
        checks = {
            "forged or unsigned deliveries were accepted": self.bogus_accepted,
            "deliveries were given up": self.given_up,
            "checkouts were not answered": self.checkouts.get("failed", 0),
            "events became dead letters": counted.states.get("dead", 0),
            "events were not understood": counted.states.get("parked", 0),
            "events are not handled": counted.states.get("pending", 0),
            "effects were lost": len(counted.lost),
            "effects were doubled": counted.doubled,
            "actions failed": sum(n for what, n in counted.actions.items() if what.endswith(" failed")),
            "actions are not carried out": sum(
                n for what, n in counted.actions.items() if what.endswith((" allowed", " executing"))
            ),
        }
        found += [f"{number:,} {what}." for what, number in checks.items() if number]
        found += [f"{number:,} x no answer at a register: {why}." for why, number in self.unanswered.items()]
        if not counted.first_decision:
            found.append("Nothing was decided.")
        return found + counted.faults

    def as_json(self) -> str:
        """The whole day, for programs."""
        whole: dict[str, Any] = {**asdict(self), "faults": self.faults(), "whole": not self.faults()}
        return json.dumps(whole, indent=2)


def show(console: Console, day: Day) -> None:
    """Print the closing table."""
    console.print()
    console.print(_table(day))
    for fault in day.faults():
        console.print(f"[red]{escape(fault)}[/]", highlight=False)


def show_next(console: Console, day: Day, url: str, home: Path, keys: dict[str, str]) -> None:
    """Print what to try next, ready to be pasted."""
    environment = home / "demo.env"
    http = {"type": "http", "url": f"{url}/mcp", "headers": {"Authorization": f"Bearer {keys[ASSISTANT]}"}}
    program = Path(sys.executable).with_name("tillhand")
    stdio = {
        "command": "sh",
        "args": [
            "-c",
            f". {shlex.quote(str(environment))} && exec {shlex.quote(str(program))} mcp --as {ASSISTANT}",
        ],
    }
    lines = [
        "[bold]What to try next[/]",
        f"  The console, where approvals wait: [cyan]{url}/console/[/]",
        f"  The shop floor, for a phone:       [cyan]{url}/console/floor[/]",
        f"  sign in with the manager's key     {keys[MANAGER]}",
        "",
        "  An AI client over HTTP; paste into its MCP configuration:",
        escape(_indented({"mcpServers": {"tillhand": http}})),
        "  or over standard input and output:",
        escape(_indented({"mcpServers": {"tillhand": stdio}})),
        "  On the command line, in another terminal:",
        f"    . {escape(shlex.quote(str(environment)))}",
        f"    {program} approve list",
        f"    TILLHAND_KEY={keys[MANAGER]} {program} approve yes APPROVAL",
        f"    {program} explain {day.figures.example}",
        f"    {program} stock PROD_001",
        f"    {program} audit verify",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def _table(day: Day) -> Table:
    counted = day.figures
    table = Table(title="The day", show_header=False, title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    row = table.add_row
    told, filled = sum(counted.events.values()), day.filled
    row("happenings", f"{day.steps:,} in {day.seconds:.0f} s")
    row("events", f"{told:,}: {_counts(counted.events)}")
    duplicates = sum(n for name, n in counted.absorbed.items() if not name.startswith("poll:"))
    row("duplicates absorbed", f"{duplicates:,}; {day.twice:,} of {day.made:,} deliveries were made twice")
    row("late, out of order", f"{day.late:,} late, {day.overtaken:,} overtaken by a later one")
    row("forged or unsigned", f"{day.bogus:,} made, {day.bogus - day.bogus_accepted:,} refused")
    row("first fill", f"{filled[0]:,} of about {filled[1]:,} records read so far")
    row("decisions", f"{sum(counted.outcomes.values()):,}: {_counts(counted.outcomes)}")
    row("why not at once", "\n".join(f"{n:,} x {why}" for why, n in counted.reasons.items()) or "nothing was held up")
    row("checkouts", _counts(day.checkouts))
    row("offers", f"{day.shown:,} shown at a register, {day.taken:,} wanted, {counted.codes_redeemed:,} codes redeemed")
    row("approvals", f"{counted.approvals.get('waiting', 0):,} waiting; answered: {_counts(day.answered) or 'none'}")
    row("assistant refused", _counts(day.refused) or "nothing")
    row("actions", _counts(counted.actions))
    effects = f"{counted.codes_made:,} codes made, {counted.transfers_made:,} transfers drafted at the platforms"
    row("effects", f"{effects}; lost: {len(counted.lost):,}, doubled: {counted.doubled:,}")
    for name, (half, most, nearly_all, number) in counted.latencies.items():
        row(name, f"p50 {half:,.0f} ms, p95 {most:,.0f} ms, p99 {nearly_all:,.0f} ms  ({number:,.0f})")
    row("first decision", f"{day.start_s:.1f} s after the start")
    row("ledger", f"{counted.records:,} records, {'not whole' if counted.faults else 'all as they were written'}")
    row("as promised", "[red]no[/]" if day.faults() else "[green]yes[/]")
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def _indented(value: Any) -> str:
    return "\n".join(f"    {line}" for line in json.dumps(value, indent=2).splitlines())
