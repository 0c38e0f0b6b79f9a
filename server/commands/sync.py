"""`tillhand sync`: counts that two platforms keep of the same goods, where they come from, and what was oversold."""

import argparse
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from rich.table import Table

from knowledge.inventory.rebuild import history, rebuild
from knowledge.unify.oddities import oddities
from policies.errors import Refused
from policies.vocabulary.actor import Role
from policies.vocabulary.money import Money
from server.commands.context import Keyboard
from tools.mirroring.oversells import oversold, settle_oversell
from tools.mirroring.state import sync_state
from tools.propose.decided import Decided
from tools.read.place import known
from tools.settling import look_again, standing_as
from tools.settling_by import Said, adjustment_for

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]
_ODD: Final = timedelta(days=7)


def add_sync(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("sync", help="counts two platforms keep of the same goods").add_subparsers(
        required=True, metavar="VERB"
    )
    verbs.add_parser("now", help="look at everything that is not as it was last left").set_defaults(run=at(now))
    verbs.add_parser("status", help="last write of each platform, what waits, what was refused").set_defaults(
        run=at(status)
    )
    one = verbs.add_parser("history", help="every change of a variant's counts, and why")
    one.add_argument("sku")
    one.add_argument("--location", default="")
    one.set_defaults(run=at(changes))
    verbs.add_parser("rebuild", help="add every count up anew, and compare").set_defaults(run=at(compare))
    verbs.add_parser("oversold", help="what was sold and is not there, with every way out").set_defaults(run=at(short))
    one = verbs.add_parser("settle", help="say which way out of an oversell was taken")
    one.add_argument("number", type=int, help="as tillhand sync oversold shows it")
    one.add_argument("remedy", choices=("move", "back_order", "cancel"))
    one.set_defaults(run=at(settle))
    one = verbs.add_parser("count", help="settle counts that disagree, as tillhand plan discrepancies names them")
    one.add_argument("name")
    way = one.add_mutually_exclusive_group(required=True)
    way.add_argument("--fix", dest="way", action="store_const", const="fix", help="as proposed")
    way.add_argument("--leave", dest="way", action="store_const", const="leave", help="reject the fix, leave the count")
    way.add_argument("--counted", default="", metavar="UNITS", help="set the platform to what was counted")
    one.add_argument("--reason", default="")
    one.set_defaults(run=at(settle_count))
    verbs.add_parser("odd", help="what platforms and tills told that cannot be so").set_defaults(run=at(odd))


async def now(at: Keyboard, _: argparse.Namespace) -> int:
    """Look, write, and say what came of it."""
    _for(at, Role.PLANNER)
    synced = await at.house.mirroring.sweep()
    at.out.print(f"{synced.looked} counts looked at, {synced.wrote} written, {synced.later} put off.")
    return 0


async def status(at: Keyboard, _: argparse.Namespace) -> int:
    """How sync stands."""
    _for(at, Role.PLANNER, Role.MANAGER)
    async with at.house.database.reading() as connection:
        stands = await sync_state(connection)
    table = Table("location", "counts", "last written (UTC)", "refused as stale", "end unknown", "open", box=None)
    for side in stands.sides:
        wrote = f"{side.wrote_at:%Y-%m-%d %H:%M:%S}" if side.wrote_at else "-"
        table.add_row(side.place, str(side.counts), wrote, str(side.stale), str(side.unsure), str(side.pending))
    at.out.print(table)
    since = f", the oldest since {stands.since:%H:%M:%S}" if stands.since else ""
    at.out.print(f"{stands.waiting} counts wait{since}. {stands.error}".strip())
    return 0


async def changes(at: Keyboard, asked: argparse.Namespace) -> int:
    """Newest first."""
    _for(at, Role.PLANNER, Role.MANAGER)
    if asked.location:
        known(at.house.places, asked.location)
    async with at.house.database.reading() as connection:
        steps = await history(connection, asked.sku, asked.location)
    if not steps:
        where = f" at {asked.location}" if asked.location else ""
        at.out.print(f"No count of {asked.sku} ever changed{where}.", markup=False)
        return 0
    table = Table("occurred (UTC)", "location", "count", "change", "after", "why", "by", box=None)
    for step in steps:
        table.add_row(
            f"{step.occurred_at:%Y-%m-%d %H:%M:%S}",
            step.location,
            step.state,
            f"{step.delta:+d}",
            str(step.after),
            step.cause,
            step.reference,
        )
    at.out.print(table)
    return 0


async def compare(at: Keyboard, _: argparse.Namespace) -> int:
    """1 when a count is not what its history adds up to."""
    _for(at, Role.PLANNER)
    async with at.house.database.reading() as connection:
        kept, apart = await rebuild(connection)
    at.out.print(f"{kept} counts kept, {len(apart)} differ from what their history adds up to.")
    for one in apart[:50]:
        at.out.print(f"{one.sku} at {one.location}: {one.state} is {one.kept}, rebuilt {one.rebuilt}.")
    return int(bool(apart))


async def short(at: Keyboard, _: argparse.Namespace) -> int:
    """The oldest first, each with the way out that is proposed, then the others."""
    _for(at, Role.PLANNER, Role.MANAGER)
    places = None if at.actor.locations is None else sorted(at.actor.locations)
    async with at.house.database.reading() as connection:
        found = await oversold(connection, places)
    for one in found:
        late = ", told late by a till" if one.late else ""
        at.out.print(f"{one.id}: {one.units} of {one.sku} at {one.location}{late}; {', '.join(one.orders)}")
        for remedy in one.remedies:
            cost = Money(int(remedy["cost"]), one.currency) if one.currency else remedy["cost"]
            at.out.print(f"   {remedy['remedy']}: {cost}. {remedy['sentence']}")
    if not found:
        at.out.print("Nothing is oversold.")
    return 0


async def settle(at: Keyboard, asked: argparse.Namespace) -> int:
    """Keep it, with who said so."""
    _for(at, Role.PLANNER, Role.MANAGER)
    async with at.house.database.transaction() as connection:
        done = await settle_oversell(connection, asked.number, asked.remedy, at.actor.id, at.house.now())
    at.out.print(f"{done.sku} at {done.location}: {asked.remedy}.")
    return 0


async def settle_count(at: Keyboard, asked: argparse.Namespace) -> int:
    """Through the guard, against what the platform counts at this moment; 1 when it was not done."""
    house = at.house
    house.guard.authorize(at.actor, "propose_stock_adjustment")
    async with house.database.reading() as connection:
        found = await standing_as(connection, asked.name)
    looked = await look_again(house.platforms, house.places, found)
    fix = "" if found.fix_units is None else str(found.fix_units)
    said = Said(asked.way or "counted", asked.counted, str(looked.count), fix)
    told = adjustment_for(said, found.sku, found.location, found.name)
    told |= {"idempotency_key": f"cli-{uuid4().hex}", "reason": asked.reason or "Settled at the keyboard."}
    answer = await house.guard.invoke(at.actor, "propose_stock_adjustment", told, at.origin())
    assert isinstance(answer, Decided)  # noqa: S101  # this tool's answer
    at.out.print(answer.action, markup=False)
    for why in answer.reasons if answer.state != "executed" else ():
        at.out.print(why.sentence or why.rule, markup=False)
    at.out.print(f"{answer.state}. {answer.error or answer.next}", markup=False)
    if answer.action_id:
        at.out.print(f"A manager takes it back: tillhand undo {answer.action_id}.")
    return 0 if answer.state in {"executed", "waiting"} else 1


async def odd(at: Keyboard, _: argparse.Namespace) -> int:
    """Of the last week, newest first."""
    _for(at, Role.PLANNER, Role.MANAGER)
    async with at.house.database.reading() as connection:
        found = await oddities(connection, at.house.now() - _ODD)
    for one in found:
        at.out.print(f"{one.kind} ({one.times}x) {one.about}: {one.told} {one.answer}")
    if not found:
        at.out.print("Nothing odd was told in the last week.")
    return 0


def _for(at: Keyboard, *roles: Role) -> None:
    if at.actor.role not in {Role.OPERATOR, *roles}:
        named = ", ".join(sorted(role.value for role in roles))
        raise Refused("You may not do this.", code="access.role", hint=f"It is for the operator and: {named}.")
