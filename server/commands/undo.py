"""`tillhand undo`: taking back one action, a run, an agent's hours or a campaign, looked at beforehand when asked."""

import argparse
import re
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from policies.errors import Refused
from server.commands.approvals import tell
from server.commands.context import Keyboard
from tools.undo.report import UndoReport
from tools.undo.scope import Kind, Scope

_SPAN: Final = re.compile(r"(\d{1,4})([smhd])")
_UNIT: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MANY: Final[dict[str, Kind]] = {"run": "run", "agent": "agent", "campaign": "campaign"}
_BATCH: Final = frozenset({"batch", "start", "decline"})

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]


def add_undo(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what `undo` takes."""
    one = commands.add_parser(
        "undo",
        help="take back an action, a run, an agent's hours or a campaign",
        usage="tillhand undo [-h] [--dry-run] [--since 1h] [--reason TEXT] "
        "ACTION | run ID | agent NAME | campaign NAME | list | batch ID | start ID | decline ID",
    )
    one.add_argument("what", nargs="+", help="an action's id, or one of the words above and a name")
    one.add_argument("--dry-run", action="store_true", help="only say what would be taken back, and what would stay")
    one.add_argument("--since", type=span, default=timedelta(hours=1), help="of an agent: how far back (default 1h)")
    one.add_argument("--reason", default="Taken back by a person.")
    one.set_defaults(run=at(undo))


async def undo(at: Keyboard, asked: argparse.Namespace) -> int:
    """Do what was asked; needs `TILLHAND_KEY` of a manager."""
    words: list[str] = asked.what
    if words == ["list"]:
        return await _list(at)
    if len(words) == 1:
        return await (_foresee(at, words[0]) if asked.dry_run else _one(at, words[0], asked.reason))
    if len(words) == 2 and words[0] in _MANY:  # noqa: PLR2004  # a word and a name
        return await _many(at, _MANY[words[0]], words[1], asked)
    if len(words) == 2 and words[0] in _BATCH:  # noqa: PLR2004  # the same
        return await _batch(at, words[0], words[1])
    raise Refused(
        "What is to be taken back is not clear.",
        code="undo.words",
        hint="Name an action, or say run, agent, campaign, batch, start or decline and a name.",
    )


def span(text: str) -> timedelta:
    """A time such as 90s, 30m, 1h or 2d."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("such as 30m, 1h or 2d")
    return timedelta(**{_UNIT[found[2]]: int(found[1])})


async def _one(at: Keyboard, action: str, reason: str) -> int:
    decision = await at.house.guard.undo(at.actor, action, key=f"undo:{action}", reason=reason, origin=at.origin())
    tell(at, decision)
    return 0


async def _foresee(at: Keyboard, action: str) -> int:
    fate = await at.house.undoing.foresee(at.actor, action)
    at.out.print(f"{fate.name}: {fate.why} {fate.instead}".strip(), markup=False, highlight=False, soft_wrap=True)
    if fate.left.minor:
        at.out.print(f"Stays spent or moved: {fate.left}", highlight=False)
    return 0


async def _many(at: Keyboard, kind: Kind, name: str, asked: argparse.Namespace) -> int:
    now, undoing = at.house.now(), at.house.undoing
    scope = Scope(kind, name, now, now - asked.since if kind == "agent" else None)
    if asked.dry_run:
        return _show(at, await undoing.preview(at.actor, scope))
    for batch in await undoing.latest(at.actor):
        if batch.state == "open" and (batch.kind, batch.name) == (kind, name):
            at.out.print("This was begun before; going on with it. Do it again for what happened since.")
            return _show(at, await undoing.go_on(at.actor, batch.batch_id))
    return _show(at, await undoing.begin(at.actor, scope, key=uuid4().hex, reason=asked.reason, origin=at.origin()))


async def _batch(at: Keyboard, verb: str, name: str) -> int:
    undoing = at.house.undoing
    if verb == "batch":
        return _show(at, await undoing.go_on(at.actor, name))
    return _show(at, await undoing.answer(at.actor, name, start=verb == "start"))


async def _list(at: Keyboard) -> int:
    found = await at.house.undoing.latest(at.actor)
    if not found:
        at.out.print("Nothing was taken back together yet.")
    for batch in found:
        counts = ", ".join(f"{count} {name}" for name, count in batch.totals.model_dump().items() if count)
        at.out.print(
            f"{batch.batch_id}  {batch.state:8}  {batch.scope}: {counts}", markup=False, highlight=False, soft_wrap=True
        )
    return 0


def _show(at: Keyboard, report: UndoReport) -> int:
    at.out.print(report.text(), markup=False, highlight=False, soft_wrap=True)
    return 0
