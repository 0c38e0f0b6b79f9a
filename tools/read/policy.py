"""read_policies: the rules and numbers that hold, each with who owns it and where it is written."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from tomllib import loads
from typing import Annotated, Final, Literal, cast

from pydantic import Field

from knowledge.store.places import Place, Places
from policies.actions.action import Effect
from policies.engine import Engine
from policies.limits import Limits
from policies.rule_text import owner, statements
from policies.toml_lines import line_of
from policies.vocabulary.ids import LocationId
from tools.read.fields import Cursor, OptionalIdentifier
from tools.read.page import next_page, page_start
from tools.read.place import known
from tools.tool import Answer, Arguments, Call, Tool

_ID: Final = re.compile(r'^@id\("([^"]+)"\)', re.MULTILINE)
_SENTENCE: Final = re.compile(r'^@sentence\("((?:[^"\\]|\\.)*)"\)', re.MULTILINE)
_KIND: Final = re.compile(r"^(permit|forbid)\b", re.MULTILINE)


class ReadPolicies(Arguments):
    """Those of the chain, or as they hold at one location."""

    location_id: OptionalIdentifier = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Cursor = ""

    def location(self) -> LocationId | None:
        """The one location asked about."""
        return LocationId(self.location_id) if self.location_id else None


class Rule(Answer):
    """One rule of the file `file`, from line `line`; `sentence` is what people are told when it objects."""

    id: str
    effect: Literal["permit", "forbid"]
    sentence: str
    team: str
    file: str
    line: int


class Limit(Answer):
    """One number a rule uses: cents, basis points, units or seconds; `scope` is the table it was taken from."""

    name: str
    value: int
    scope: str
    file: str
    line: int


class Policies(Answer):
    """By file and line. `digest` names exactly these rules and numbers: every decision record carries it."""

    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...]
    digest: str
    as_of: datetime
    truncated: bool
    next_cursor: str


def policy_tool(engine: Engine, places: Places, now: Callable[[], datetime]) -> Tool:
    """The tool over the rules that are running. It is read at an address: a model is not handed it on every turn."""

    async def read(call: Call, asked: ReadPolicies) -> Policies:  # noqa: ARG001  # the rules are no secret
        start = page_start(asked.cursor)
        place = places.get(known(places, asked.location_id)) if asked.location_id else None
        rules = [rule for name in sorted(engine.texts) for rule in cited(name, engine.texts[name])]
        end = start + asked.limit
        more = len(rules) > end
        return Policies(
            rules=tuple(rules[start:end]),
            limits=tuple(numbers(engine.limits, place)),
            digest=engine.digest,
            as_of=now(),
            truncated=more,
            next_cursor=next_page(end) if more else "",
        )

    return Tool(
        name="read_policies",
        toolset="decisions",
        title="Read the policies",
        description="The rules and limits in force, each with its owner, file and line.",
        effect=Effect.READ,
        arguments=ReadPolicies,
        answer=Policies,
        run=read,
        listed=False,
    )


def cited(name: str, text: str) -> Iterator[Rule]:
    """The rules of one file, in its order; a rule without a name of its own could not be cited and is left out."""
    team = owner(name, text)
    for line, body in statements(text):
        rule, sentence, kind = _ID.search(body), _SENTENCE.search(body), _KIND.search(body)
        if rule is not None and kind is not None:
            yield Rule(
                id=rule[1],
                effect="permit" if kind[1] == "permit" else "forbid",
                sentence=sentence[1] if sentence else "",
                team=team,
                file=name,
                line=line,
            )


def numbers(limits: Limits, place: Place | None) -> Iterator[Limit]:
    """Every number at a place, or the chain's, and where it is written."""
    here = limits.place(place.region, place.id) if place else limits.place("", "")
    tables = loads(limits.text)
    layers = [("location", place.id), ("region", place.region)] if place else []
    for table, values in asdict(here).items():
        if not isinstance(values, dict):
            continue
        for name, value in cast("dict[str, int]", values).items():
            # the most particular table that says this very number: one that only seems to loosen does not count
            path = next(
                (
                    layer
                    for layer in layers
                    if tables.get(layer[0], {}).get(layer[1], {}).get(table, {}).get(name) == value
                ),
                ("chain",),
            )
            line = line_of(limits.text, (*path, table, name))
            yield Limit(name=f"{table}.{name}", value=value, scope=" ".join(path), file="limits.toml", line=line)
