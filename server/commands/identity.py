"""`tillhand identity`: which customers are one person, who asks to be looked at, and what a person says to it."""

import argparse
from collections.abc import Callable, Coroutine
from typing import Any, Final

from rich.table import Table

from knowledge.identity.links import Told
from server.commands.context import Keyboard, operator_only
from tools.recognition.office import Said

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]
_SHOWN: Final = 100


def add_identity(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("identity", help="which customers are one person").add_subparsers(
        required=True, metavar="VERB"
    )
    one = verbs.add_parser("links", help="pairs that are linked, or wait for the rules or a person, or are kept apart")
    one.add_argument("says", nargs="?", choices=("link", "certain", "ask", "apart"), default="link")
    one.set_defaults(run=at(links))
    one = verbs.add_parser("history", help="everything ever said of a customer's links")
    one.add_argument("customer", help="as find_customer names them")
    one.set_defaults(run=at(history))
    for word, meaning, work in (
        ("confirm", "two customers are one person", confirm),
        ("unlink", "they are not, and no evidence links them again", unlink),
    ):
        one = verbs.add_parser(word, help=meaning)
        one.add_argument("one")
        one.add_argument("other")
        one.set_defaults(run=at(work))
    verbs.add_parser("compare", help="compare customers now, as is done every night").set_defaults(run=at(compare))


async def links(at: Keyboard, asked: argparse.Namespace) -> int:
    """The newest first."""
    found = await at.house.links.standing(at.actor, says=asked.says)
    _show(at, found[:_SHOWN])
    if len(found) > _SHOWN:
        at.out.print(f"{len(found) - _SHOWN} more.")
    return 0


async def history(at: Keyboard, asked: argparse.Namespace) -> int:
    """Oldest first, and who is one person with them now."""
    together, told = await at.house.links.history(at.actor, asked.customer)
    _show(at, told)
    at.out.print(f"One person now: {', '.join(together)}.", highlight=False)
    return 0


async def confirm(at: Keyboard, asked: argparse.Namespace) -> int:
    """Say that they are one person."""
    told = await at.house.links.confirm(at.actor, asked.one, asked.other, origin=at.origin())
    if not _waits(at, told):
        at.out.print(f"One person: {', '.join(told.together)}.", highlight=False)
    return 0


async def unlink(at: Keyboard, asked: argparse.Namespace) -> int:
    """Say that they are not."""
    told = await at.house.links.unlink(at.actor, asked.one, asked.other, origin=at.origin())
    if not _waits(at, told):
        at.out.print(f"{asked.one} and {asked.other} are two people from now on.", highlight=False)
    return 0


async def compare(at: Keyboard, asked: argparse.Namespace) -> int:  # noqa: ARG001  # as every command
    """Compare whoever changed with everybody."""
    operator_only(at)
    done = await at.house.linking.run()
    at.out.print(
        f"{done.customers} customers compared: {done.linked} pairs linked, {done.asked} put before a person, "
        f"{done.parted} taken apart. {done.people} customers are one person with another."
    )
    return 0


def _waits(at: Keyboard, told: Said) -> bool:
    """Say that it is not done yet, where it is not."""
    decision = told.decision
    if decision.state == "waiting":
        at.out.print(f"{decision.reasons[0][1]} It waits as {decision.approval_id}.", highlight=False)
    elif decision.state != "executed":
        at.out.print(f"It is {decision.state}, and is tried again by itself.", highlight=False)
    return decision.state != "executed"


def _show(at: Keyboard, told: list[Told]) -> None:
    if not told:
        at.out.print("None.")
        return
    table = Table("customer", "customer ", "says", "basis", "bits", "agreed", "by", "at (UTC)", box=None)
    for each in told:
        bits = f"{each.bits / 100:.1f}" if each.bits else ""
        agreed = " ".join(each.agreed)
        table.add_row(each.one, each.other, each.says, each.basis, bits, agreed, each.by, f"{each.at:%Y-%m-%d %H:%M}")
    at.out.print(table)
