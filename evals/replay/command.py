"""`tillhand replay FILE`: a real transaction log through the product, with a progress bar and a closing table."""

import argparse
import asyncio
from decimal import Decimal, InvalidOperation
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from evals.replay.run import Options, Replayed, replay
from evals.replay.run import Progress as Standing


def command(arguments: list[str]) -> int:
    """Run a replay; the exit code is 1 when an event was lost, an effect doubled, or the ledger does not hold."""
    parser = argparse.ArgumentParser(
        prog="tillhand replay",
        description="Run a transaction log (Parquet) through the inbox, the lanes, the supervisor and the guard.",
    )
    parser.add_argument("file", type=Path, help="columns: seq ts type store_id fulfil cust_key order_id sku qty ...")
    parser.add_argument("--limit", type=int, help="only the first so many rows")
    parser.add_argument("--workers", type=int, choices=range(1, 17), metavar="N", default=2, help="default: 2")
    parser.add_argument("--currency", default="GBP", help="of the log's prices (default: GBP)")
    parser.add_argument(
        "--unit-cost-share",
        type=_share,
        default=Decimal("0.5"),
        help="assume this unit cost, as a share of price, for a log tells none; 'unknown' assumes none (default: 0.5)",
    )
    given = parser.parse_args(arguments)
    console = Console()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), TextColumn("worker {task.fields[mib]:.0f} MiB"),
    )  # fmt: skip
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("replaying", total=given.limit, mib=0.0)

        def watch(standing: Standing) -> None:
            bar.update(task, total=standing.rows, completed=standing.events, mib=standing.worker_mib)

        options = Options(given.limit, given.unit_cost_share, given.currency, given.workers)
        done = asyncio.run(replay(given.file, options, watch))
    console.print(_table(done))
    return 0 if whole(done) else 1


def whole(done: Replayed) -> bool:
    """Whether every event was handled, every effect happened once, and the ledger holds."""
    handled = set(done.states) <= {"handled"} and sum(done.topics.values()) == done.events - done.duplicates
    return handled and done.executed == done.effects and done.ledger_ok and not done.worker["failures"]


def _share(value: str) -> Decimal | None:
    if value == "unknown":
        return None
    try:
        share = Decimal(value)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError("a share between 0 and 1, or 'unknown'") from error
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share between 0 and 1, or 'unknown'")
    return share


def _table(done: Replayed) -> Table:
    table = Table(title="Replay", show_header=False, title_justify="left")
    worker = done.worker
    table.add_row("rows in the log", f"{done.rows:,}")
    table.add_row("events handled", _counts(done.topics))
    table.add_row("seen by the supervisor", _counts(worker["seen"]))
    table.add_row("left out", _counts(done.bad) or "none")
    table.add_row("made for it", f"{done.made:,} product and delivery events")
    table.add_row("duplicates absorbed", f"{done.duplicates:,}")
    table.add_row(
        "proposals", f"{worker['proposals']:,}; before the guard: {_counts(worker['dropped']) or 'none'} dropped"
    )
    table.add_row("decisions", _counts(worker["decisions"]) or "none")
    table.add_row("actions now", _counts(done.actions) or "none")
    table.add_row("effects", f"{done.effects:,} for {done.executed:,} executed actions; {done.replays:,} asked again")
    table.add_row("kept silent about", _counts(worker["passed"]))
    table.add_row("wall time", f"{done.wall_s:,.1f} s")
    table.add_row("throughput", f"{done.per_second:,.0f} events/s")
    decided = sum(worker["decisions"].values())
    table.add_row("worker CPU", f"{1000 * worker['cpu_s'] / max(done.events, 1):.2f} ms per event")
    table.add_row(
        "worker CPU per decision", f"{1000 * worker['cpu_s'] / decided:.1f} ms" if decided else "no decisions"
    )
    table.add_row("feeder CPU", f"{1000 * done.feeder_cpu_s / max(done.events, 1):.2f} ms per event")
    table.add_row("memory, worker", _memory([each.worker_mib for each in done.memory], worker["peak_mib"]))
    table.add_row("memory, feeder", _memory([each.feeder_mib for each in done.memory], None))
    table.add_row("ledger", done.ledger)
    table.add_row("whole", "[green]yes[/]" if whole(done) else "[red]no[/]")
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def _memory(course: list[float], peak: float | None) -> str:
    if not course:
        return ""
    quarter = max(1, len(course) // 4)
    first, last = max(course[:quarter]), max(course[-quarter:])
    most = f", {peak:,.0f} at most" if peak else f", {max(course):,.0f} at most"
    return f"{first:,.0f} MiB in the first quarter, {last:,.0f} in the last{most}"
