"""`tillhand plan`: forecasts, what follows from them, and what planners know better."""

import argparse
import csv
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

from rich.markup import escape
from rich.table import Column, Table

from knowledge.demand.nightly import make_forecasts
from knowledge.planning.chain import Supplier, describe, read_chain
from knowledge.planning.orders import OrderLine, orders
from knowledge.planning.what_if import Supposed, suppose
from policies.vocabulary.money import Money
from server.commands.context import Keyboard, operator_only
from server.commands.known_better import add_known, planner
from tools.read.place import seen_by
from tools.read.planned import Planned

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]
_ANY: Final = 10**12  # minor units: the most that may be asked for
_ERP: Final = ("vendor", "sku", "location", "units", "cost_minor", "currency")


def add_plan(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("plan", help="forecasts, transfers, orders, and what planners know").add_subparsers(
        required=True, metavar="VERB"
    )
    verbs.add_parser("make", help="forecast now; it is done every night").set_defaults(run=at(make))
    one = verbs.add_parser("forecast", help="two weeks of one variant, and why")
    one.add_argument("sku")
    one.add_argument("--location", default="")
    one.set_defaults(run=at(forecast))
    one = verbs.add_parser("transfers", help="transfers worth proposing, best first")
    _supposing(one)
    one.set_defaults(run=at(moves))
    one = verbs.add_parser("orders", help="purchase orders within a budget, for a person to place")
    one.add_argument("--budget", type=int, default=_ANY, help="minor units; all that is worth it when absent")
    one.add_argument("--csv", type=Path, help="also write them here, for an ERP")
    _supposing(one)
    one.set_defaults(run=at(buying))
    verbs.add_parser("discrepancies", help="counts that disagree with a platform's").set_defaults(run=at(differing))
    verbs.add_parser("noticed", help="what the specialist noticed last night, and proposed").set_defaults(run=at(noted))
    one = verbs.add_parser("running-out", help="best sellers that will not last")
    _supposing(one)
    one.set_defaults(run=at(alerts))
    add_known(verbs, at)
    _supplying(verbs, at)


def _supposing(one: Any) -> None:
    one.add_argument("--demand", type=int, default=100, help="what if demand were so many percent of the forecast")
    one.add_argument("--late", type=int, default=0, help="what if suppliers came so many days late")


def _supplying(verbs: Any, at: Callable[[AtKeyboard], Any]) -> None:
    one = verbs.add_parser("supplier", help="describe a vendor: no order is planned without it")
    one.add_argument("vendor", help="as the catalog names it")
    for name, told in (("lead", "days from order to shelf"), ("review", "days between orders"), ("pack", "units")):
        one.add_argument(f"--{name}", type=int, required=True, help=told)
    one.add_argument("--minimum", type=int, default=0, help="least value of an order, minor units")
    one.set_defaults(run=at(supplier))


async def make(at: Keyboard, asked: argparse.Namespace) -> int:  # noqa: ARG001  # as every command
    """Forecast everything now."""
    operator_only(at)
    at.out.print(f"{await make_forecasts(at.house.database, now=at.house.now())} forecasts are kept.")
    return 0


async def forecast(at: Keyboard, asked: argparse.Namespace) -> int:
    """One variant's forecast and its drivers."""
    answer = await _read(
        at, view="forecast", sku=asked.sku, **({"location_id": asked.location} if asked.location else {})
    )
    table = Table(
        "location", "a week", "50 %", "80 %", "95 %", "available", "level", "share", "trend", "override", box=None
    )
    for each in answer.forecasts:
        override_ = f"{each.drivers.override_percent:+d} %" if each.drivers.override_percent else ""
        table.add_row(
            each.location_id,
            f"{each.week:.1f}",
            *map(str, each.week_quantiles),
            "-" if each.available is None else str(each.available),
            f"{each.drivers.level:.2f}",
            f"{each.drivers.share:.0%}",
            f"{each.drivers.trend:.2f}",
            override_,
        )
    at.out.print(table)
    return 0


async def moves(at: Keyboard, asked: argparse.Namespace) -> int:
    """Transfers worth proposing, and where the goods could come from instead."""
    answer = await _read(at, view="transfers", **_supposed(asked))
    table = Table(
        "sku", "from", "to", "units", "costs", "earns", "runs out without", "or from (costs, earns)", box=None
    )
    for each in answer.transfers:
        earns = str(Money(each.earns, each.currency))
        others = ", ".join(
            f"{one.origin_id} ({Money(one.cost, each.currency)}, {Money(one.earns, each.currency)})"
            for one in each.instead
        )
        out = f"{each.chance_to_run_out:.0%}"
        costs = str(Money(each.cost, each.currency))
        table.add_row(each.sku, each.origin_id, each.destination_id, str(each.units), costs, earns, out, others)
    at.out.print(table)
    _whole(at, answer, "earning")
    return 0


async def buying(at: Keyboard, asked: argparse.Namespace) -> int:
    """Purchase orders; nothing is ordered by showing or writing them. A file gets every line, whatever is shown."""
    answer = await _read(at, view="orders", budget=asked.budget, **_supposed(asked))
    table = Table(*_ERP, box=None)
    for line in answer.orders:
        table.add_row(line.vendor, line.sku, line.location_id, str(line.units), str(line.cost), line.currency)
    at.out.print(table)
    _whole(at, answer, "costing")
    if asked.csv:
        lines = await _every_line(at, asked)
        with asked.csv.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_ERP)
            writer.writerows(map(astuple, lines))
        at.out.print(f"{len(lines)} lines written.")
    return 0


async def alerts(at: Keyboard, asked: argparse.Namespace) -> int:
    """Best sellers that will not last."""
    answer = await _read(at, view="running_out", **_supposed(asked))
    table = Table("sku", "location", "available", "gone on", "chance", "at stake", "event", box=None)
    for each in answer.running_out:
        stake = str(Money(each.at_stake, each.currency))
        known_ = "yes" if each.known_event else ""
        table.add_row(
            each.sku,
            each.location_id,
            str(each.available),
            each.gone_on.isoformat(),
            f"{each.chance:.0%}",
            stake,
            known_,
        )
    at.out.print(table)
    _whole(at, answer, "putting at stake")
    return 1 if answer.running_out else 0


async def noted(at: Keyboard, asked: argparse.Namespace) -> int:  # noqa: ARG001
    """What the night noticed; proposals wait among the approvals."""
    answer = await _read(at, view="noticed")
    table = Table("night", "what", "proposed", "action", box=None)
    for each in answer.noticed:
        change = f"{each.percent:+d} % until {each.last_day}" if each.percent else ""
        table.add_row(each.night.isoformat(), escape(each.words), change, each.action_id)
    at.out.print(table)
    _more(at, answer)
    return 0


async def differing(at: Keyboard, asked: argparse.Namespace) -> int:  # noqa: ARG001
    """Counts that disagree, most money first; 1 when there are any."""
    answer = await _read(at, view="discrepancies")
    name = Column("name", no_wrap=True, min_width=14)
    table = Table(name, "sku", "location", "ours", "theirs", "cause", "money", "since (UTC)", "fix", box=None)
    for each in answer.discrepancies:
        money = str(Money(each.money, each.currency))
        since = f"{each.since:%Y-%m-%d %H:%M}"
        fix = " ".join([each.fix, *each.documents])
        counts = (str(each.ours), str(each.theirs))
        table.add_row(each.name, each.sku, each.location_id, *counts, each.cause, money, since, fix)
    at.out.print(table)
    if any(each.name for each in answer.discrepancies):
        at.out.print("Settle one: tillhand sync count NAME --fix | --leave | --counted UNITS.")
    _more(at, answer)
    return 1 if answer.discrepancies else 0


async def supplier(at: Keyboard, asked: argparse.Namespace) -> int:
    """Describe a vendor."""
    planner(at, "")
    one = Supplier(asked.vendor, asked.lead, asked.review, asked.pack, asked.minimum)
    async with at.house.database.transaction() as connection:
        await describe(connection, one)
    at.out.print(f"{asked.vendor} is described.", markup=False)
    return 0


async def _every_line(at: Keyboard, asked: argparse.Namespace) -> Sequence[OrderLine]:
    """For whoever was just let read them."""
    seen = seen_by(at.actor, "")
    async with at.house.database.reading() as connection:
        chain = await read_chain(connection, at.house.now().date())
    chain = suppose(chain, Supposed(asked.demand, asked.late))
    found = await orders(chain, at.house.places, asked.budget)
    return [each for each in found if seen is None or each.location in seen]


def _supposed(asked: argparse.Namespace) -> dict[str, int]:
    return {"demand_percent": asked.demand, "late_days": asked.late}


def _whole(at: Keyboard, answer: Planned, doing: str) -> None:
    """All of it in figures, and beside what was supposed."""
    currency = next((each.currency for each in (*answer.transfers, *answer.orders, *answer.running_out)), "")
    for name, told in (("As it stands", answer.stands), ("As supposed", answer.supposed)):
        if told and (currency or not told.entries):
            money = f", {doing} {Money(told.money, currency)}" if told.entries else ""
            at.out.print(f"{name}: {told.entries} lines, {told.units} units{money}.")
    _more(at, answer)


def _more(at: Keyboard, answer: Planned) -> None:
    if answer.truncated:
        at.out.print("There are more; read_plan tells them page by page.")


async def _read(at: Keyboard, **asked: object) -> Planned:
    answer = await at.house.guard.invoke(at.actor, "read_plan", asked, at.origin())
    assert isinstance(answer, Planned)  # noqa: S101  # this tool's answer
    return answer
