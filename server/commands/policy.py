"""`tillhand policy`: rules tried on the past, and single decisions judged again."""

import argparse
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from policies.engine import Engine
from policies.errors import Misconfigured, Refused
from policies.limits import Limits
from policies.rollout import Rollout
from policies.rule_text import read_rules
from policies.vocabulary.ids import LocationId
from server.commands.context import Keyboard
from server.commands.policy_check import add_check
from tools.past.words import tell

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]

_SPAN: Final = re.compile(r"(\d{1,5})([hdw])")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_MOST: Final = timedelta(days=3660)


def add_policy(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser(
        "policy", help="check rules, try them on the past, or judge a decision again"
    ).add_subparsers(required=True, metavar="VERB")
    one = verbs.add_parser("try", help="judge what was decided again, under other rules, limits or another rollout")
    one.add_argument("--since", required=True, help="such as 30d, 12h, 4w, or a day: 2026-11-01")
    one.add_argument("--until", default="", help="the same; none: now")
    one.add_argument("--limits", type=Path, help="another limits.toml; none: the limits each was made under")
    one.add_argument("--rules", type=Path, help="a folder with rules/ and packs/; none: the rules in force")
    one.add_argument("--rollout", type=Path, help="another rollout.toml; none: the rung each was made on")
    one.add_argument("--location", action="append", default=[], help="repeat for several; none: all")
    one.add_argument("--top", type=int, default=10, help="changed decisions to show (10)")
    one.add_argument("--json", action="store_true", help="for a program")
    one.set_defaults(run=at(try_rules))
    add_check(verbs)
    one = verbs.add_parser("recompute", help="judge one decision again under exactly its own rules")
    one.add_argument("action")
    one.set_defaults(run=at(recompute))


async def try_rules(at: Keyboard, asked: argparse.Namespace) -> int:
    """What other rules would have changed; nothing is."""
    now = at.house.now()
    limits = Limits(_read(asked.limits), asked.limits.name) if asked.limits else None
    rollout = Rollout(_read(asked.rollout), asked.rollout.name) if asked.rollout else None
    tried = await at.house.past.try_rules(
        at.actor,
        moment(asked.since, now, "since"),
        until=moment(asked.until, now, "until") if asked.until else None,
        engine=_engine(asked.rules, at.house.engine) if asked.rules else None,
        limits=limits,
        rollout=rollout,
        locations=frozenset(map(LocationId, asked.location)) or None,
        top=max(0, asked.top),
    )
    told = json.dumps(tried.facts(), indent=2) if asked.json else tell(tried)
    at.out.print(told, markup=False, highlight=False, soft_wrap=True)
    return 0


async def recompute(at: Keyboard, asked: argparse.Namespace) -> int:
    """1 when a decision does not come out as recorded under its own rules: the record or the rules were altered."""
    holds = True
    for each in await at.house.past.recompute(at.actor, asked.action):
        told = each.told
        holds &= each.holds
        which = "its own rules" if told.same_rules else "the rules in force, because its own were never kept here"
        how = "the same" if told.equal else f"{told.now.outcome.value} instead of {told.recorded.outcome.value}"
        when = "after its approval" if told.again else "when it was proposed"
        at.out.print(
            f"{told.at:%Y-%m-%d %H:%M:%S} {when}: {told.recorded.outcome.value}. Judged again by {which}: {how}."
        )
        for reason in told.now.reasons:
            at.out.print(f"  {reason.rule}{f': {reason.sentence}' if reason.sentence else ''}", highlight=False)
    return 0 if holds else 1


def moment(told: str, now: datetime, field: str) -> datetime:
    """So long ago, or the beginning of a day in UTC.

    Raises:
        Refused: It is neither.
    """
    span = _SPAN.fullmatch(told)
    try:
        if span is None:
            return datetime.strptime(told, "%Y-%m-%d").replace(tzinfo=UTC) if _DAY.fullmatch(told) else _no(field)
        back = int(span[1]) * _UNITS[span[2]]
        return now - back if timedelta() < back <= _MOST else _no(field)
    except ValueError:
        return _no(field)


def _no(field: str) -> datetime:
    raise Refused(
        f"--{field} is written as 30d, 12h, 4w, or as a day: 2026-11-01.", code="past.moment", field=field
    ) from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read.", code="policy.file") from error


def _engine(folder: Path, running: Engine) -> Engine:
    """The folder's rules, under its own schema when it has one."""
    rules = read_rules(folder)
    if not rules:
        raise Misconfigured(
            f"{folder} holds no rules.", code="policy.folder", hint="Copy the folder policies: it needs rules/*.cedar."
        )
    schema = folder / "retail.cedarschema"
    return Engine(rules, _read(schema) if schema.exists() else running.schema, running.limits, running.rollout)
