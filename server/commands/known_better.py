"""`tillhand plan event | override | overrides`: what planners know better than sales of the past."""

import argparse
from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any, get_args
from uuid import uuid4

from rich.table import Table

from knowledge.planning.known_better import Days, add_event
from knowledge.planning.overrides import measured
from policies.actions.forecast_override import Known
from policies.errors import Refused
from policies.vocabulary.actor import Role
from server.commands.context import Keyboard
from tools.propose.decided import Decided
from tools.read.place import known

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]


def add_known(verbs: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these take."""
    for name, run, told in (
        ("event", event, "percent of ordinary sales on these days; 0 when closed"),
        ("override", override, "percent to add to the forecast, -30 to 30"),
    ):
        one = verbs.add_parser(name, help=f"tell the forecast of an {name}")
        one.add_argument("percent", type=int, help=told)
        one.add_argument("--sku", default="", required=name == "override")
        one.add_argument("--location", default="", help="everywhere when absent")
        one.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
        one.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
        one.add_argument("--reason", required=True)
        if name == "event":
            one.add_argument(
                "--past", action="store_true", help="the days are over: learn from their sales accordingly"
            )
        if name == "override":
            one.add_argument("--cause", choices=get_args(Known), default="other", help="what it is measured under")
            one.add_argument("--dry-run", action="store_true", help="only tell what it would change")
        one.set_defaults(run=at(run))
    verbs.add_parser("overrides", help="overrides that have ended, and whether they helped").set_defaults(run=at(ended))


async def event(at: Keyboard, asked: argparse.Namespace) -> int:
    """Remember a promotion, or closed days; the next forecast has it in."""
    planner(at, asked.location)
    async with at.house.database.transaction() as connection:
        await add_event(
            connection,
            sku=asked.sku,
            place=asked.location,
            days=Days(asked.first, asked.last),
            percent=asked.percent,
            reason=asked.reason,
            by=at.actor.id,
            at=at.house.now(),
            past=asked.past,
        )
    at.out.print("It is in the next forecast.")
    return 0


async def override(at: Keyboard, asked: argparse.Namespace) -> int:
    """Change a forecast through the guard; 1 when it was not done."""
    told = {
        "location_id": asked.location,
        "sku": asked.sku,
        "percent": asked.percent,
        "first_day": asked.first.isoformat(),
        "last_day": asked.last.isoformat(),
        "cause": asked.cause,
        "reason": asked.reason,
        "dry_run": asked.dry_run,
        "idempotency_key": f"cli-{uuid4().hex}",
    }
    answer = await at.house.guard.invoke(at.actor, "propose_forecast_override", told, at.origin())
    assert isinstance(answer, Decided)  # noqa: S101  # this tool's answer
    at.out.print(answer.action, markup=False)
    for change in answer.changes:
        at.out.print(f"{change.what}: {change.before} before, {change.after} after ({change.unit}).", markup=False)
    for why in answer.reasons if answer.state != "executed" else ():
        at.out.print(why.sentence or why.rule, markup=False)
    at.out.print(f"{answer.state}. {answer.next}", markup=False)
    if answer.action_id:
        at.out.print(f"A manager takes it back: tillhand undo {answer.action_id}.")
    return 0 if answer.state in {"executed", "previewed", "waiting"} else 1


async def ended(at: Keyboard, asked: argparse.Namespace) -> int:  # noqa: ARG001
    """What came of overrides."""
    async with at.house.database.reading() as connection:
        found = await measured(connection, at.house.now().date())
    table = Table("sku", "location", "percent", "cause", "by", "forecast", "overridden", "sold", "helped", box=None)
    for each in found:
        table.add_row(
            each.sku,
            each.location or "all",
            f"{each.percent:+d}",
            each.cause,
            each.made_by,
            f"{each.said:.1f}",
            f"{each.overridden:.1f}",
            str(each.sold),
            "yes" if each.helped else "no",
        )
    at.out.print(table)
    return 0


def planner(at: Keyboard, location: str) -> None:
    """Planners of the place and operators; never a model.

    Raises:
        Refused: Somebody else.
    """
    if location:
        known(at.house.places, location)
    allowed = at.actor.role in {Role.PLANNER, Role.OPERATOR} and not at.actor.model
    if not allowed or (at.actor.locations is not None and location not in at.actor.locations):
        raise Refused("Only a planner of this location may do this.", code="access.role", field="location")
