"""`tillhand import`: a retailer's own history, from files and from the platforms."""

import argparse
import json
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import text

from knowledge.planning.lanes import say_lanes, say_packs
from policies.errors import Misconfigured
from server.commands.context import Keyboard, operator_only
from server.connecting import histories_of
from server.importing.bookmark import all_bookmarks
from server.importing.columns import COLUMNS, Kind
from server.importing.files import FileImport
from server.importing.lanes import read_told
from server.importing.platforms import PlatformImport
from server.importing.progress import Report, Standing, Watch
from server.importing.taking import Taking
from server.importing.ways import read_ways

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]
_SKUS: Final = text("SELECT sku FROM variant")
_WAYS: Final = ("delimiter", "encoding", "decimal", "timezone", "time_format", "currency", "location", "as_of")


def add_import(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("import", help="the retailer's own history; it wakes no agent").add_subparsers(
        required=True, metavar="WHAT"
    )
    for kind in Kind:
        one = verbs.add_parser(kind, help=f"{kind} from a CSV or Parquet file")
        one.add_argument("file", type=Path)
        _ways(one)
        _output(one)
        one.set_defaults(run=at(file_import), kind=kind)
    for name, told in (
        ("lanes", "what moving goods between locations takes and costs"),
        ("packs", "units moved in one"),
    ):
        one = verbs.add_parser(name, help=f"{told}, from a CSV file, for the plan")
        one.add_argument("file", type=Path)
        one.add_argument("--dry-run", action="store_true", help="change nothing, and say what would be")
        one.set_defaults(run=at(moving_import), what=name)
    for name in ("shopify", "lightspeed"):
        one = verbs.add_parser(name, help=f"everything {name.title()} still tells of what was")
        one.add_argument("--only", action="append", default=[], metavar="KIND", help="repeat for several; else all")
        _output(one)
        one.set_defaults(run=at(platform_import), platform=name)
    one = verbs.add_parser("columns", help="the columns a file may have")
    one.add_argument("kind", type=Kind, choices=list(Kind))
    one.set_defaults(run=at(columns))
    verbs.add_parser("status", help="every import, and how far it is").set_defaults(run=at(status))


def _ways(one: argparse.ArgumentParser) -> None:
    one.add_argument("--map", type=Path, metavar="TOML", help="how the file differs: columns, values, units, ...")
    one.add_argument("--column", action="append", default=[], metavar="OURS=THEIRS", help="repeat for several")
    one.add_argument("--delimiter", default="", help="found out when it is not said")
    one.add_argument("--encoding", default="", help="utf-8 (default), latin-1 or cp1252")
    one.add_argument("--decimal", default="", help="the decimal sign, where numbers do not say it themselves")
    one.add_argument("--timezone", default="", help="of times without an offset; else their location's")
    one.add_argument("--time-format", default="", help="as strptime takes it; else ISO 8601")
    one.add_argument("--currency", default="", help="of rows that name none; else the chain's")
    one.add_argument("--location", default="", help="of rows that name none")
    one.add_argument("--as-of", type=_moment, help="when rows that do not say it were true")
    one.add_argument("--rejects", type=Path, help="where rejected rows are told (FILE.rejects.csv)")


def _output(one: argparse.ArgumentParser) -> None:
    one.add_argument("--dry-run", action="store_true", help="change nothing, and say what would be")
    one.add_argument("--json", action="store_true", help="progress and result as lines of JSON")


async def file_import(at: Keyboard, asked: argparse.Namespace) -> int:
    """Import a file; 0: all of it, 3: some rows were rejected, 1: nothing was taken."""
    operator_only(at)
    file: Path = asked.file
    house = at.house
    ways = read_ways(asked.map, {name: getattr(asked, name) for name in _WAYS}, asked.column, house.now())
    files = FileImport(
        house.database, Taking(house.places, house.vault, house.now), house.places, house.keys, house.settings.currency
    )
    rejects = asked.rejects or file.with_name(f"{file.name}.rejects.csv")
    with _watched(at.out, machine=asked.json) as watch:
        report = await files.run(asked.kind, file, ways, rejects=rejects, watch=watch, dry=asked.dry_run)
    _tell(at.out, report, None if asked.dry_run else rejects, machine=asked.json)
    return report.exit_code


async def platform_import(at: Keyboard, asked: argparse.Namespace) -> int:
    """Import from a platform; 0: all of it, 3: some things were left out, 1: nothing was taken."""
    operator_only(at)
    house = at.house
    history = histories_of(house.platforms).get(asked.platform)
    if history is None:
        raise Misconfigured(
            f"{asked.platform.title()} is not set up here.",
            code="import.platform",
            hint=f"Set TILLHAND_{asked.platform.upper()}_URL and its credentials.",
        )
    wanted = asked.only or history.kinds
    for kind in wanted:
        if kind not in history.kinds:
            raise Misconfigured(
                f"{asked.platform.title()} tells no {kind}.",
                code="import.kind",
                hint=f"It tells {', '.join(history.kinds)}.",
            )
    importing = PlatformImport(house.database, Taking(house.places, house.vault, house.now))
    codes: set[int] = set()
    with _watched(at.out, machine=asked.json) as watch:
        kinds = [kind for kind in history.kinds if kind in wanted]
        async for report in importing.run(asked.platform, history, kinds, watch=watch, dry=asked.dry_run):
            _tell(at.out, report, None, machine=asked.json)
            codes.add(3 if report.rejected else 0)
    return max(codes)


async def moving_import(at: Keyboard, asked: argparse.Namespace) -> int:
    """Take what a file says of moving goods; 0: all of it, 3: some rows were rejected, 1: nothing was taken."""
    operator_only(at)
    async with at.house.database.transaction() as connection:
        skus = {row.sku for row in await connection.execute(_SKUS)}
        told = read_told(asked.file, asked.what, {str(place.id) for place in at.house.places}, skus)
        if not asked.dry_run:
            await say_lanes(connection, list(told.lanes.values()))
            await say_packs(connection, told.packs)
    taken = len(told.lanes) + len(told.packs)
    would = "would be" if asked.dry_run else "were"
    at.out.print(
        f"{told.rows:,} rows of {asked.what}: {taken:,} {would} taken, {len(told.rejected):,} {would} rejected. "
        "The next plan is made with them."
    )
    for each in told.rejected:
        at_column = f", {each.column}" if each.column else ""
        at.out.print(f"  line {each.line}{at_column}: {each.reason}", highlight=False)
    return 3 if told.rejected and taken else 1 if not taken else 0


async def columns(at: Keyboard, asked: argparse.Namespace) -> int:
    """The columns of one kind of file."""
    table = Table("column", "", "holds", "", box=None)
    for column in COLUMNS[asked.kind]:
        table.add_row(column.name, column.form, column.about, "needed" if column.needed else "")
    at.out.print(table)
    return 0


async def status(at: Keyboard, asked: argparse.Namespace) -> int:  # noqa: ARG001  # as every command
    """Every import there was."""
    operator_only(at)
    async with at.house.database.reading() as connection:
        found = await all_bookmarks(connection)
    table = Table("import", "source", "what", "rows", "taken", "known", "rejected", "", "last", box=None)
    for each in found:
        counts = (f"{count:,}" for count in (each.rows, each.taken, each.known, each.rejected))
        last = each.at.strftime("%Y-%m-%d %H:%M") if each.at else ""
        table.add_row(each.id[:12], each.source, each.kind, *counts, "whole" if each.whole else "cut off", last)
    at.out.print(table if found else "Nothing was imported yet.")
    return 0


@contextmanager
def _watched(out: Console, *, machine: bool) -> Generator[Watch]:
    """Who is told how far it is: a program a line of JSON, a person at a terminal a bar, nobody else."""
    if machine:
        yield lambda standing: _line({"progress": asdict(standing)})
        return
    shapes = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*shapes, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("importing", total=None, rate=0.0)

        def watch(standing: Standing) -> None:
            bar.update(task, completed=standing.rows, total=standing.total or None, rate=standing.per_second)

        yield watch


def _tell(out: Console, report: Report, rejects: Path | None, *, machine: bool) -> None:
    if machine:
        told = {**asdict(report), "rejects": dict(report.rejects), "exit_code": report.exit_code}
        told["first"] = [{**asdict(each), "reason": each.reason} for each in report.first]
        _line({"result": told | {"rejects_file": str(rejects) if rejects and report.rejected else None}})
        return
    if report.before:
        out.print(f"This was imported whole before: {report.rows:,} rows, {report.taken:,} of them new then.")
        return
    if report.gone_on_from:
        out.print(f"Went on after row {report.gone_on_from:,}, where an earlier run was cut off.")
    would = "would be" if report.dry else "were"
    out.print(
        f"{report.rows:,} rows of {report.kind}: {report.taken:,} {would} taken, {report.known:,} were known, "
        f"{report.rejected:,} {'would be' if report.dry else 'were'} rejected."
    )
    for note in report.notes:
        out.print(note)
    for each in report.first:
        column = f", {each.column}" if each.column else ""
        line = f"line {each.line}" if each.line.isdecimal() else each.line
        out.print(f"  {line}{column}: {each.reason}", highlight=False)
    if rejects and report.rejected:
        out.print(f"Every rejected row, with its reason: {rejects}", highlight=False, soft_wrap=True)


def _line(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise Misconfigured(
            "--as-of needs a time with its offset.", code="import.mapping", hint="Such as 2026-03-31T20:00:00+02:00."
        )
    return found
