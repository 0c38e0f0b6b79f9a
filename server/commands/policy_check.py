"""`tillhand policy check`: whether rules, limits and a rollout can be used, and whose each of them is."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

import policies
from policies.engine import Engine
from policies.errors import Misconfigured
from policies.limits import Limits
from policies.rollout import Rollout
from policies.rule_text import check, owner, read_rules, statements, table_owners
from server.settings import Settings

_HOME = Path(policies.__file__).parent
_SCHEMA, _LIMITS, _ROLLOUT = "retail.cedarschema", "limits.toml", "rollout.toml"


def add_check(verbs: Any) -> None:
    """Tell the command line what this command takes."""
    one = verbs.add_parser("check", help="see whether files can be used, and whose they are")
    one.add_argument("path", nargs="?", type=Path, help="a file, or a folder with rules/; none: what is in force")
    one.set_defaults(run=check_path)


async def check_path(asked: argparse.Namespace, settings: Settings, out: Console) -> int:
    """Print every part with its owner.

    Raises:
        Misconfigured: Something cannot be used; the message has the file and the line.
    """
    for name, team, what in _parts(asked.path, settings):
        out.print(f"{name:28}  {team:16}  {what}", highlight=False, markup=False)
    out.print("All of it can be used.")
    return 0


def _parts(path: Path | None, settings: Settings) -> list[tuple[str, str, str]]:
    """Name, owner and size of everything that was read; all of it is read before anything is said."""
    if path is None:
        return [*_folder(_HOME), *_named(settings.limits, settings.rollout)]
    if path.is_dir():
        return list(_folder(path))
    if path.suffix == ".cedar":
        return [_rules(path.name, read(path))]
    return list(_named(None, path) if "rollout" in path.name else _named(path, None))


def _folder(folder: Path) -> Iterator[tuple[str, str, str]]:
    rules = read_rules(folder)
    if not rules:
        raise Misconfigured(f"{folder} holds no rules.", code="policy.folder", hint="It needs rules/*.cedar.")
    schema, limits, rollout = (folder / name for name in (_SCHEMA, _LIMITS, _ROLLOUT))
    numbers = Limits.read(limits) if limits.exists() else Limits.read()
    plan = Rollout.read(rollout) if rollout.exists() else Rollout.read()
    engine = Engine(rules, read(schema if schema.exists() else _HOME / _SCHEMA), numbers, plan)
    yield from (_told(name, text) for name, text in rules.items())
    yield from _named(limits if limits.exists() else None, rollout if rollout.exists() else None)
    yield "together", "", engine.digest[:12]


def _named(limits: Path | None, rollout: Path | None) -> Iterator[tuple[str, str, str]]:
    if limits is not None:
        numbers = Limits.read(limits)
        for table, team in table_owners(numbers.text).items():
            yield f"{limits.name} [{table}]", team, "numbers"
    if rollout is not None:
        Rollout(read(rollout), rollout.name)
        yield rollout.name, "it", "how far AI may go"


def _rules(name: str, text: str) -> tuple[str, str, str]:
    told = _told(name, text)
    check(name, text, read(_HOME / _SCHEMA))
    return told


def _told(name: str, text: str) -> tuple[str, str, str]:
    return name, owner(name, text), f"{len(list(statements(text)))} rules"


def read(file: Path) -> str:
    """A file's text.

    Raises:
        Misconfigured: It cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read.", code="policy.file") from error
