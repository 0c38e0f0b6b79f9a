"""`tillhand ladder`, `tillhand stop` and `tillhand start`: how far AI may go, moved by people whom the rules let."""

import argparse
from collections.abc import Callable, Coroutine
from typing import Any, Final

from rich.table import Table

from policies.ladder import Rung
from server.commands.context import Keyboard
from tools.ladder.office import Position
from tools.ladder.stops import Scope

_SCOPES: Final[tuple[Scope, ...]] = ("agent", "location", "all")

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]


def add_ladder(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("ladder", help="how far AI may go, and what it lacks to go further").add_subparsers(
        required=True, metavar="VERB"
    )
    one = verbs.add_parser("show", help="where every kind of action stands")
    one.add_argument("capability", nargs="?", default="", help="such as discount; none: all")
    one.add_argument("--location", default="", help="none: the chain, and every place that stands elsewhere")
    one.set_defaults(run=at(show))
    one = verbs.add_parser("climb", help="one rung up, with evidence; for the team that owns the kind of action")
    _move(one)
    one.set_defaults(run=at(climb))
    one = verbs.add_parser("demote", help="down, at any time")
    _move(one)
    one.add_argument("--to", choices=[rung.value for rung in Rung], default="", help="none: one rung")
    one.set_defaults(run=at(demote))

    one = commands.add_parser("stop", help="stop one agent, one location or all AI at once; or list what is stopped")
    one.add_argument("scope", choices=[*_SCOPES, "list"])
    _switch(one)
    one.set_defaults(run=at(stop))
    one = commands.add_parser("start", help="lift a stop")
    one.add_argument("scope", choices=_SCOPES)
    _switch(one)
    one.set_defaults(run=at(start))


async def show(at: Keyboard, asked: argparse.Namespace) -> int:
    """Where everything stands, and what it lacks."""
    for position in await at.house.ladder.show(at.actor, asked.capability, asked.location):
        _tell(at, position)
    return await _stopped(at)


async def climb(at: Keyboard, asked: argparse.Namespace) -> int:
    """Let AI one rung further; prints the evidence, or is refused with what is missing."""
    before = await at.house.ladder.show(at.actor, asked.capability, asked.location)
    _tell(at, before[0])
    after = await at.house.ladder.climb(at.actor, asked.capability, asked.location, reason=asked.reason)
    at.out.print(f"{after.capability} now stands at {after.rung.value}.")
    return 0


async def demote(at: Keyboard, asked: argparse.Namespace) -> int:
    """Send AI down."""
    to = Rung(asked.to) if asked.to else None
    after = await at.house.ladder.demote(at.actor, asked.capability, asked.location, reason=asked.reason, to=to)
    at.out.print(f"{after.capability} now stands at {after.rung.value}.")
    return 0


async def stop(at: Keyboard, asked: argparse.Namespace) -> int:
    """Throw a switch, or list those that are thrown."""
    if asked.scope == "list":
        return await _stopped(at, empty="Nothing is stopped.")
    await at.house.ladder.stop(at.actor, asked.scope, asked.name, reason=asked.reason)
    at.out.print("Stopped. Nothing more is decided or carried out; what people do themselves goes on.")
    return 0


async def start(at: Keyboard, asked: argparse.Namespace) -> int:
    """Lift a switch."""
    await at.house.ladder.start(at.actor, asked.scope, asked.name, reason=asked.reason)
    at.out.print("Started.")
    return 0


def _move(one: argparse.ArgumentParser) -> None:
    one.add_argument("capability", help="such as discount")
    one.add_argument("--location", default="", help="none: the chain")
    one.add_argument("--reason", required=True)


def _switch(one: argparse.ArgumentParser) -> None:
    one.add_argument("name", nargs="?", default="", help="of the agent, such as specialist:offers, or of the location")
    one.add_argument("--reason", default="")


async def _stopped(at: Keyboard, *, empty: str = "") -> int:
    found = await at.house.ladder.stops(at.actor)
    if not found:
        if empty:
            at.out.print(empty)
        return 0
    table = Table("stopped", "name", "by", "since (UTC)", "why", box=None)
    for one in found:
        table.add_row(one.scope, one.name, one.set_by, f"{one.set_at:%Y-%m-%d %H:%M:%S}", one.reason)
    at.out.print(table)
    return 0


def _tell(at: Keyboard, position: Position) -> None:
    record = position.record
    where = position.location or "the chain"
    at.out.print(f"{position.capability} at {where}: {position.rung.value}  (owner {position.team})", highlight=False)
    because = f": {position.reason}" if position.reason else ""
    since = f"{record.since:%Y-%m-%d %H:%M} UTC" if record.since else "the beginning"
    at.out.print(f"  set by {position.set_by}, since {since}{because}", highlight=False)
    signed = f"{record.review:%Y-%m-%d}" if record.review else "not signed"
    at.out.print(
        f"  {record.decisions} decisions over {record.days} days, {record.agreed} of {record.judged} agreed unchanged,"
        f" {record.undone} of {record.executed} undone, review {signed}",
        highlight=False,
    )
    for lack in position.lacks:
        at.out.print(f"  lacks: {lack}", highlight=False)
