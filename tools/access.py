"""Who may use which tool where, and whether what they sent is well formed."""

import json
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from policies.actions.action import Effect
from policies.decision import Outcome
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId
from tools.tool import Arguments, Tool
from tools.toolset import TOOLSET_OF, reaches

# Arguments whose values a record keeps: names of things, never anything a customer could be found by.
_RECORDED: Final = frozenset(
    {"sku", "order_id", "action_id", "approval_id", "location_id", "origin_id", "destination_id", "approve", "dry_run"}
)
_OURS: Final = re.compile(r"(act|apr)_[0-9a-f]{32}")
_NAMEABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}|[0-9]{1,4}")  # names of ours, and places in a list
_FALLBACK: Final = "Your role does not allow this."


def authorize(engine: Engine, actor: Actor, tool: str, location: LocationId | None) -> None:
    """Let through whom the access rules let through, and who was not narrowed to other toolsets.

    Raises:
        Refused: They do not; `code` is the rule's id.
    """
    if actor.toolsets is not None and TOOLSET_OF.get(tool) not in actor.toolsets:
        raise Refused(
            "Your credential was narrowed to other tools.",
            code="access.toolset",
            hint="Use the credential that is meant for this, or ask the operator for one.",
        )
    verdict = engine.may(actor, tool, location)
    if verdict.outcome is Outcome.ALLOW:
        return
    reason = verdict.reasons[0]
    raise Refused(
        reason.sentence or _FALLBACK,
        code=reason.rule,
        hint="Ask a manager of that location, or the operator for another role.",
    )


def visible(engine: Engine, actor: Actor, tools: Mapping[str, Tool], *, read_only: bool = False) -> list[Tool]:
    """The tools this actor may use at all; what is hidden is unknown to them.

    Args:
        engine: The rules.
        actor: Who looks.
        tools: All there are.
        read_only: Nobody may use what has an effect, whatever anything else says.
    """
    return [tool for tool in tools.values() if _usable(engine, actor, tool, read_only)]


def find_tool(engine: Engine, actor: Actor, tools: Mapping[str, Tool], name: str, *, read_only: bool = False) -> Tool:
    """The tool of this name.

    Raises:
        NotFound: There is none, or not for this actor: both read the same.
    """
    tool = tools.get(name)
    if tool is None or not _usable(engine, actor, tool, read_only):
        raise NotFound("There is no tool of this name.", code="tool.unknown", hint="List the tools you may use.")
    return tool


def read_arguments(tool: Tool, arguments: Mapping[str, Any]) -> Arguments:
    """Arguments as the tool declares them: nothing coerced, nothing unknown.

    Raises:
        Refused: One is missing, unknown or not what it must be; `field` names it where it has a name of ours, and
            nothing that was sent is repeated.
    """
    try:
        # as JSON, because that is what a caller sent: a list may then stand for a tuple, but a text never for a number
        return tool.arguments.model_validate_json(json.dumps(arguments))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = _field(first["loc"])
        raise Refused(
            f"The argument {field or 'list'} is not right: {first['msg']}.",
            code="arguments.invalid",
            hint="Look at the tool's input schema; at the keyboard, at the command's --help.",
            field=field,
        ) from None  # the cause would show what was sent
    except (TypeError, ValueError, RecursionError):  # not JSON at all
        raise Refused("Arguments are JSON.", code="arguments.invalid") from None


def _usable(engine: Engine, actor: Actor, tool: Tool, read_only: bool) -> bool:
    if read_only and tool.effect is not Effect.READ:
        return False
    return reaches(actor, tool.toolset, tool.effect) and engine.may(actor, tool.name, None).outcome is Outcome.ALLOW


def _field(where: Sequence[int | str]) -> str:
    """The place of an error, as far as its names are ordinary: an unknown argument's name is the caller's own text."""
    parts = [str(part) for part in where]
    return ".".join(part if _NAMEABLE.fullmatch(part) else "?" for part in parts)


def named(name: str) -> str:
    """The id of an action or approval that somebody named, as a record keeps it; "?" for whatever else they sent."""
    return name if _OURS.fullmatch(name) else "?"


def recorded(arguments: Arguments | None, *, answered: bool, locations: Container[str]) -> dict[str, Any]:
    """What a record keeps of a call's arguments: which were given, and the values that name things of ours.

    Nothing of arguments that were not right: there is no telling what they hold. Of a call that was not answered, only
    locations that exist and ids we made: a sku that does not exist may be somebody's e-mail address.
    """
    if arguments is None:
        return {"names": [], "values": {}}
    given = arguments.model_fields_set
    values = {name: getattr(arguments, name) for name in sorted(given & _RECORDED)}
    return {
        "names": sorted(given),
        "values": {
            name: value
            for name, value in values.items()
            if isinstance(value, bool)
            or (isinstance(value, str) and (answered or value in locations or _OURS.fullmatch(value)))
        },
    }
