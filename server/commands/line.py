"""Every command of `tillhand` but the added ones: what it is called, what it takes, and who does it."""

import argparse
import asyncio
import importlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from rich.console import Console

from knowledge.identity.card import refuse_cards
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from policies.vocabulary.actor import Role
from server.commands import approvals, audit, credential, operate
from server.commands.context import Keyboard, keyboard
from server.commands.doctor import doctor
from server.commands.history import add_import
from server.commands.identity import add_identity
from server.commands.ladder import add_ladder
from server.commands.measure import add_measure
from server.commands.plan import add_plan
from server.commands.policy import add_policy
from server.commands.pos import add_pos
from server.commands.privacy import add_privacy
from server.commands.review import add_review
from server.commands.scannable import add_scannable
from server.commands.stock import stock
from server.commands.sync import add_sync
from server.commands.undo import add_undo
from server.commands.words import add_words
from server.egress import enforce, guarded, listed
from server.settings import Settings

Run = Callable[[argparse.Namespace, Settings, Console], Coroutine[Any, Any, int]]
AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]


def run(given: Sequence[str], added: Sequence[str]) -> int:
    """Run one command; 0 when it did what was asked, 1 when it found something wrong.

    Args:
        given: The command line after `tillhand`.
        added: Names of the added commands, for the help.

    Raises:
        TillhandError: It was refused, or cannot be done now.
    """
    refuse_cards(list(given), "arguments")
    asked = parser(added).parse_args(given)
    command: Run = asked.run
    settings = Settings.read()
    loop = _loop()
    if settings.egress == "listed":
        enforce(listed(settings))
        loop = guarded(loop) if loop else None
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(command(asked, settings, Console()))


def parser(added: Sequence[str]) -> argparse.ArgumentParser:
    """What every command takes."""
    line = argparse.ArgumentParser(
        prog="tillhand",
        description="Lets AI work in shops safely.",
        epilog=f"Also: {', '.join(added)}." if added else None,
    )
    commands = line.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("serve", help="listen, with workers beside")
    one.add_argument("--workers", type=_count, default=1, help="worker processes (default 1)")
    one.set_defaults(run=_serve)
    commands.add_parser("worker", help="work only").set_defaults(run=_work)
    one = commands.add_parser("mcp", help="serve one AI client over standard input and output")
    one.add_argument("--as", dest="actor", metavar="ACTOR", default="", help="act as this actor's credential")
    one.set_defaults(run=_mcp)
    commands.add_parser("migrate", help="bring the database to the present schema").set_defaults(run=_migrate)

    _approvals(commands)
    _operator(commands)

    one = commands.add_parser("stock", help="one variant's counts across locations")
    one.add_argument("sku")
    one.add_argument("--location", default="")
    one.set_defaults(run=_at(lambda at, asked: stock(at, asked.sku, asked.location)))
    commands.add_parser("doctor", help="check everything").set_defaults(run=_at(lambda at, _: doctor(at)))
    return line


def _approvals(commands: Any) -> None:
    verbs = commands.add_parser("approve", help="list what waits for a person, or answer it").add_subparsers(
        required=True, metavar="VERB"
    )
    verbs.add_parser("list").set_defaults(run=_at(lambda at, _: approvals.list_waiting(at)))
    for word in ("yes", "no"):
        one = verbs.add_parser(word)
        one.add_argument("approval")
        one.add_argument("--note", default="")
        one.set_defaults(
            run=_at(lambda at, asked: approvals.answer(at, asked.approval, yes=asked.yes, note=asked.note)),
            yes=word == "yes",
        )
    one = verbs.add_parser("take", help="carry it through as your own, for less when you say so")
    one.add_argument("approval")
    one.add_argument("--percent", default="", help="of a discount; lower than what was proposed")
    one.add_argument("--units", default="", help="of a transfer or an adjustment; fewer than was proposed")
    one.add_argument("--note", default="")
    one.set_defaults(
        run=_at(lambda at, asked: approvals.take(at, asked.approval, asked.percent, asked.units, asked.note))
    )
    add_ladder(commands, _at)
    add_undo(commands, _at)
    add_policy(commands, _at)
    add_review(commands, _at)
    add_measure(commands, _at)
    add_scannable(commands, _at)
    add_privacy(commands, _at)
    add_identity(commands, _at)
    add_plan(commands, _at)
    add_words(commands, _at)
    add_pos(commands, _at)
    add_sync(commands, _at)
    add_import(commands, _at)

    verbs = commands.add_parser("audit", help="verify the ledger, or explain a decision").add_subparsers(
        required=True, metavar="VERB"
    )
    verbs.add_parser("anchor", help="write the ledger's head down outside the database").set_defaults(
        run=_at(lambda at, _: audit.anchor(at))
    )
    verbs.add_parser("verify").set_defaults(run=_at(lambda at, _: audit.verify_ledger(at)))
    for parent, name in ((verbs, "explain"), (commands, "explain")):
        one = parent.add_parser(name, help="why something was done, refused or is waiting")
        one.add_argument("id", help="of an order, action, approval, event, run or undo, or an offer's code")
        one.set_defaults(run=_at(lambda at, asked: audit.explain(at, asked.id)))


def _operator(commands: Any) -> None:
    verbs = commands.add_parser("credential", help="keys of people, registers and assistants").add_subparsers(
        required=True, metavar="VERB"
    )
    one = verbs.add_parser("add", help="make one; its key is shown once")
    one.add_argument("actor", help="a stable name, such as manager:ada")
    one.add_argument("--role", required=True, choices=[role.value for role in Role])
    one.add_argument("--location", action="append", default=[], help="repeat for several; none: every location")
    one.add_argument("--model", action="store_true", help="a language model uses it: it never approves")
    one.add_argument("--for", dest="person", default="", help="it acts for this person, and never beyond their own")
    one.add_argument("--toolset", action="append", default=[], help="repeat for several; none: all of the role's")
    one.add_argument("--days", type=_span, help="it ends after as many; none: when it is revoked")
    one.set_defaults(
        run=_at(
            lambda at, asked: credential.add(
                at,
                asked.actor,
                asked.role,
                asked.location,
                model=asked.model,
                on_behalf_of=asked.person,
                toolsets=asked.toolset,
                days=asked.days,
            )
        )
    )
    verbs.add_parser("list").set_defaults(run=_at(lambda at, _: credential.show(at)))
    one = verbs.add_parser("rotate", help="a new key with the same rights, shown once")
    one.add_argument("name", help="as credential list shows it")
    one.add_argument("--overlap", type=_span, default=0, metavar="MINUTES", help="the old key works as long (0)")
    one.set_defaults(run=_at(lambda at, asked: credential.rotate(at, asked.name, asked.overlap)))
    one = verbs.add_parser("revoke", help="it opens nothing from now on")
    one.add_argument("name", help="as credential list shows it")
    one.set_defaults(run=_at(lambda at, asked: credential.revoke(at, asked.name)))
    one = verbs.add_parser("sign-out", help="refuse a person's OAuth tokens of until now")
    one.add_argument("subject", help="as the identity provider names them")
    one.set_defaults(run=_at(lambda at, asked: credential.end_tokens(at, asked.subject)))

    verbs = commands.add_parser("dead-letters", help="what was given up or not understood").add_subparsers(
        required=True, metavar="VERB"
    )
    verbs.add_parser("list").set_defaults(run=_at(lambda at, _: operate.list_set_aside(at)))
    one = verbs.add_parser("retry")
    one.add_argument("event", help="its id, or all")
    one.set_defaults(run=_at(lambda at, asked: operate.retry(at, asked.event)))
    one = verbs.add_parser("open", help="show a parked event's body; it may hold personal data")
    one.add_argument("event")
    one.set_defaults(run=_at(lambda at, asked: operate.open_parked(at, asked.event)))

    one = commands.add_parser("agents", help="stop or start all specialists")
    one.add_argument("asked", choices=["stop", "start", "status"])
    one.set_defaults(run=_at(lambda at, asked: operate.switch(at, asked.asked)))
    commands.add_parser("poll", help="ask the platforms for what webhooks missed").set_defaults(
        run=_at(lambda at, _: operate.poll(at))
    )


def _at(command: AtKeyboard) -> Run:
    async def run(asked: argparse.Namespace, settings: Settings, out: Console) -> int:
        async with keyboard(settings, out) as at:
            return await command(at, asked)

    return run


async def _serve(asked: argparse.Namespace, settings: Settings, out: Console) -> int:
    return await _part("serve").serve(settings, asked.workers, out)


async def _work(_: argparse.Namespace, settings: Settings, out: Console) -> int:  # noqa: ARG001
    return await _part("work").work(settings)


async def _mcp(asked: argparse.Namespace, settings: Settings, out: Console) -> int:  # noqa: ARG001
    return await _part("speak").speak(settings, asked.actor)


def _part(name: str) -> Any:
    """A command that alone needs what it imports: the MCP library takes a second, and only two commands speak it."""
    return importlib.import_module(f"server.commands.{name}")


async def _migrate(_: argparse.Namespace, settings: Settings, out: Console) -> int:
    await asyncio.to_thread(migrate, settings.database_url or start_embedded(settings.home / "pg"))
    out.print("The schema is up to date.")
    return 0


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count <= 64:  # noqa: PLR2004  # more than any machine we know of has use for
        raise argparse.ArgumentTypeError("between 0 and 64")
    return count


def _span(text: str) -> float:
    """Days or minutes."""
    span = float(text)
    if not 0 < span <= 36_500:  # noqa: PLR2004  # a hundred years of days, a month of minutes
        raise argparse.ArgumentTypeError("more than 0, and no more than 36500")
    return span


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # there is no build of it for Windows
    except ImportError:
        return None
    return uvloop.new_event_loop
