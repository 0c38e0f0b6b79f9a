"""`tillhand privacy`: what customers may ask of the retailer, done and shown; and new keys for the vault."""

import argparse
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from rich.table import Table

from knowledge.identity.normal import Kind
from knowledge.vault.person import Person
from policies.errors import NotFound, Refused
from server.commands.context import Keyboard, operator_only

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]

_NAMED: Final[tuple[tuple[str, Kind], ...]] = (
    ("email", "email"),
    ("phone", "phone"),
    ("loyalty", "loyalty"),
    ("shopify", "shopify"),
    ("lightspeed", "lightspeed"),
)


def add_privacy(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("privacy", help="erase or hand out a customer's data, and show it").add_subparsers(
        required=True, metavar="VERB"
    )
    one = verbs.add_parser("erase", help="forget one customer everywhere")
    _identifiers(one)
    one.add_argument("--request", default="", help="go on with this one, as status names it")
    one.set_defaults(run=at(erase))
    one = verbs.add_parser("export", help="everything kept of one customer, as JSON")
    _identifiers(one)
    one.add_argument("--request", default="", help="answer a platform's request, as status names it")
    one.add_argument("--to", type=Path, help="a file, made with mode 0600; none: standard output")
    one.set_defaults(run=at(export))
    verbs.add_parser("status", help="requests, and how far they are").set_defaults(run=at(status))
    one = verbs.add_parser("receipts", help="what an erasure did, checked against the ledger")
    one.add_argument("id", nargs="?", default="", help="of a request; none: list them")
    one.set_defaults(run=at(receipts))
    one = verbs.add_parser("receipt", help="a day's receipt for an auditor, checked against the ledger")
    one.add_argument("--day", default="", metavar="YYYY-MM-DD", help="a day that is over (UTC); none: yesterday")
    one.set_defaults(run=at(receipt_of_day))
    one = verbs.add_parser("rotate-keys", help="new keys for the vault; old ones are destroyed, and backups with them")
    one.add_argument("--retire", action="store_true", help="give up match keys that cannot be made anew")
    one.set_defaults(run=at(rotate_keys))


async def erase(at: Keyboard, asked: argparse.Namespace) -> int:
    """Ask for an erasure and do it; stopped in the middle, a worker or the next run finishes it."""
    operator_only(at)
    office = at.house.privacy
    name: str = asked.request
    if not name:
        name, _ = await office.ask("erase", _person(at, asked), source="cli", delivery=uuid4().hex, by=at.actor.id)
    done = await office.erase(name)
    at.out.print(f"{name} is {'done' if done else 'under way'}.", highlight=False)
    return 0 if done else 1


async def export(at: Keyboard, asked: argparse.Namespace) -> int:
    """Hand out what is kept; the reading is on record."""
    operator_only(at)
    person = Person() if asked.request else _person(at, asked)
    told = await at.house.privacy.export(at.actor, person, request=asked.request)
    text = json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True)
    if asked.to:
        asked.to.touch(mode=0o600, exist_ok=False)
        asked.to.write_text(text + "\n", encoding="utf-8")
        at.out.print(f"Written to {asked.to}.", highlight=False)
    else:
        at.out.print(text, markup=False, highlight=False, soft_wrap=True)
    return 0


async def status(at: Keyboard, asked: argparse.Namespace) -> int:  # noqa: ARG001  # as every command
    """Every request; 1 when one is overdue."""
    found = await at.house.privacy.standing(at.actor)
    if not found:
        at.out.print("Nobody has asked for anything.")
        return 0
    now, overdue = at.house.now(), False
    table = Table("id", "what", "from", "asked (UTC)", "due", "state", box=None)
    for each in found:
        request = each.request
        late = request.done_at is None and request.due_at < now
        overdue = overdue or late
        if request.done_at is None:
            last = each.steps[-1].step if each.steps else "asked"
            state = "overdue" if late else "waits for an operator" if request.kind == "access" else f"after {last}"
        elif request.kind == "access":
            state = "answered"
        else:
            state = "done" if request.shredded_at else "done; backups: after the next rotate-keys"
        table.add_row(
            request.id,
            request.kind,
            request.source,
            f"{request.asked_at:%Y-%m-%d %H:%M}",
            f"{request.due_at:%Y-%m-%d}",
            state,
        )
    at.out.print(table)
    return int(overdue)


async def receipts(at: Keyboard, asked: argparse.Namespace) -> int:
    """List finished requests, or show one's receipt; 1 when it is not the one the ledger recorded."""
    if not asked.id:
        for each in await at.house.privacy.standing(at.actor):
            if each.request.digest:
                line = f"{each.request.id}  {each.request.done_at:%Y-%m-%d %H:%M} UTC  {each.request.digest[:12]}"
                at.out.print(line, highlight=False)
        return 0
    request, genuine = await at.house.privacy.receipt(at.actor, asked.id)
    told = json.dumps(json.loads(request.receipt), indent=2, sort_keys=True)
    at.out.print(told, markup=False, highlight=False, soft_wrap=True)
    said = "as the ledger recorded it" if genuine else "NOT the one the ledger recorded"
    at.out.print(f"Digest {request.digest}: {said}.", highlight=False)
    return 0 if genuine else 1


async def receipt_of_day(at: Keyboard, asked: argparse.Namespace) -> int:
    """Show a day's receipt; 1 when it is not the one on the ledger, or it tells of a leak."""
    try:
        day = (
            date.fromisoformat(asked.day) if asked.day else (at.house.now().astimezone(UTC) - timedelta(days=1)).date()
        )
    except ValueError as error:
        raise Refused("A day is written as in 2026-11-23.", code="privacy.day", field="day") from error
    found, genuine = await at.house.receipts.read(day)
    at.out.print(json.dumps(found.facts, indent=2, sort_keys=True), markup=False, highlight=False, soft_wrap=True)
    said = "as the ledger recorded it" if genuine else "NOT the one the ledger recorded"
    at.out.print(f"Digest {found.digest}, record {found.ledger_seq} of the ledger: {said}.", highlight=False)
    return 0 if genuine and not found.facts["scan"]["leaks"] else 1


async def rotate_keys(at: Keyboard, asked: argparse.Namespace) -> int:
    """Rotate; run again after an interruption, it goes on."""
    operator_only(at)
    done = await at.house.privacy.rotate(at.actor, retire=asked.retire)
    at.out.print(f"{done.records} customers' keys are under a new one; {done.chain_destroyed} old ones are destroyed.")
    if done.unseen:
        at.out.print(
            f"{done.unseen} match keys wait for their customers' next visit; until then the old secret is kept."
            " To give them up: tillhand privacy rotate-keys --retire"
        )
    if done.closed:
        at.out.print(f"{done.closed} erasures are final: no backup tells of them any more.")
    return 0


def _identifiers(one: Any) -> None:
    for option, _ in _NAMED:
        one.add_argument(
            f"--{option}", default="", help='"-" reads it from standard input, out of the shell\'s history'
        )


def _person(at: Keyboard, asked: argparse.Namespace) -> Person:
    told: list[tuple[str, str]] = []
    for option, kind in _NAMED:
        value: str = getattr(asked, option)
        if value == "-":
            value = sys.stdin.readline().strip()
        if not value:
            continue
        normal = at.house.keys.normal(kind, value)
        if not normal:
            raise Refused(f"This cannot be a customer's {option}.", code="customer.identifier", field=option)
        told.append((kind, normal))
    if not told:
        raise NotFound(
            "Nobody was named.",
            code="privacy.nobody",
            hint="Give --email, --phone, --loyalty, --shopify or --lightspeed.",
        )
    return Person.of(told)
