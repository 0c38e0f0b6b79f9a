"""`tillhand pos`: what IT tells of registers: where each stands, who signs in there, and managers' PINs."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from policies.errors import Misconfigured, Refused
from server.commands.context import Keyboard, operator_only
from server.pos import known
from server.pos.pin import KeptPin, keep_pin
from server.pos.typescript import write_extension
from tools.action_row import actor_facts
from tools.audit.entry import Entry
from tools.audit.ledger import append

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]
_WORDS: Final = {"register": "device", "user": "subject", "pin": "actor"}


def add_pos(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("pos", help="registers, their users, and managers' PINs").add_subparsers(
        required=True, metavar="VERB"
    )
    one = verbs.add_parser("register", help="say where a register stands; said again, it moves")
    one.add_argument("device", help="its number, as the extension shows it")
    one.add_argument("--location", required=True)
    one.set_defaults(run=at(register))
    one = verbs.add_parser("user", help="say who a platform's user is; their credential says what they may do")
    one.add_argument("user", help="the user's number at Shopify")
    one.add_argument("actor", help="as their credential names them, such as associate:bo")
    one.set_defaults(run=at(user))
    one = verbs.add_parser("pin", help="set a manager's PIN, typed unseen, or a line of standard input")
    one.add_argument("actor", help="as their credential names them, such as manager:ada")
    one.set_defaults(run=at(pin))
    one = verbs.add_parser("forget", help="forget a register, a user or a PIN")
    one.add_argument("what", choices=sorted(_WORDS))
    one.add_argument("name")
    one.set_defaults(run=at(forget))
    verbs.add_parser("list", help="everything that was told").set_defaults(run=at(show))
    one = verbs.add_parser("extension", help="write the extension's sources, made out to this installation")
    one.add_argument("folder", type=Path)
    one.set_defaults(run=at(extension))


async def register(at: Keyboard, asked: argparse.Namespace) -> int:
    """Keep where a register stands."""
    operator_only(at)
    place = at.house.places.get(asked.location)
    async with at.house.database.transaction() as connection:
        await known.put_register(connection, asked.device, place.id, by=at.actor.id, at=at.house.now())
        await _record(at, connection, f"Register {asked.device} stands in {place.id}.")
    at.out.print(f"Register {asked.device} stands in {place.id}.", highlight=False, markup=False)
    return 0


async def user(at: Keyboard, asked: argparse.Namespace) -> int:
    """Keep who a user is."""
    operator_only(at)
    async with at.house.database.transaction() as connection:
        await known.put_person(connection, asked.user, asked.actor, by=at.actor.id, at=at.house.now())
        await _record(at, connection, f"User {asked.user} of the registers is {asked.actor}.")
    at.out.print(f"User {asked.user} is {asked.actor}.", highlight=False, markup=False)
    return 0


async def pin(at: Keyboard, asked: argparse.Namespace) -> int:
    """Keep a manager's PIN; it is asked for, so that it stands in no shell's history."""
    operator_only(at)
    typed = await asyncio.to_thread(_typed)
    kept: KeptPin = await asyncio.to_thread(keep_pin, typed, at.house.secret.derive("pin"))
    async with at.house.database.transaction() as connection:
        await known.put_pin(connection, asked.actor, kept, by=at.actor.id, at=at.house.now())
        await _record(at, connection, f"{asked.actor} has a new PIN for registers.")
    at.out.print(f"{asked.actor} has a new PIN; the one before is worth nothing.", highlight=False, markup=False)
    return 0


async def forget(at: Keyboard, asked: argparse.Namespace) -> int:
    """Forget what was told; a PIN that is forgotten approves nothing from now on."""
    operator_only(at)
    async with at.house.database.transaction() as connection:
        await known.drop(connection, asked.what, asked.name)
        await _record(at, connection, f"The {asked.what} of {_WORDS[asked.what]} {asked.name} was forgotten.")
    at.out.print("Forgotten.")
    return 0


async def show(at: Keyboard, _: argparse.Namespace) -> int:
    """Everything that was told; of a PIN, that there is one."""
    operator_only(at)
    async with at.house.database.reading() as connection:
        rows = await known.everything(connection)
    table = Table("what", "name", "is", "told by", "at (UTC)", box=None)
    for row in rows:
        table.add_row(row.what, row.name, row.told, row.made_by, f"{row.made_at:%Y-%m-%d %H:%M}")
    at.out.print(table)
    return 0


async def extension(at: Keyboard, asked: argparse.Namespace) -> int:
    """Write the extension's sources to a folder of the app."""
    operator_only(at)
    url = at.house.settings.public_url
    if not url.startswith("https://"):
        raise Misconfigured(
            "The extension has to know where to ask, and registers ask over https alone.",
            code="pos.public_url",
            hint="Set TILLHAND_PUBLIC_URL to the https address the registers reach.",
            field="public_url",
        )
    files = await asyncio.to_thread(write_extension, asked.folder, url)
    at.out.print(f"{files} files in {asked.folder}.", highlight=False, markup=False)
    return 0


def _typed() -> str:
    """The PIN, typed twice at a terminal, or one line of what was piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    first, again = (getpass.getpass(prompt).strip() for prompt in ("PIN: ", "The same again: "))
    if first != again:
        raise Refused("The two are not the same.", code="pin.differ", hint="Type it once more.", field="pin")
    return first


async def _record(at: Keyboard, connection: Any, sentence: str) -> None:
    body = {"actor": actor_facts(at.actor)["id"], "sentence": sentence}
    entry = Entry("note", at.house.now(), body, correlation=at.origin().correlation)
    await append(connection, [entry])
