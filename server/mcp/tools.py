"""Our tools as MCP tools: closed schemas, and hints that follow from the declared effect.

A model reads this list on every turn, so it says what a caller must know and no more: a tool stays within 300 tokens.
The tool itself checks more than the list says, such as how long a text may be, and its refusals explain it.
"""

from typing import Any, Final, cast

import mcp_types

from policies.actions.action import Effect
from tools.tool import Tool

_UNSAID: Final = ("title", "pattern", "format", "minLength", "maxLength", "minItems", "maxItems")


def definition(tool: Tool) -> mcp_types.Tool:
    """The tool as a client lists it. The same tool always gives the same bytes, so that a change shows in review."""
    return mcp_types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=_brief(tool.takes()),
        output_schema=_outline(tool.gives()),
        annotations=mcp_types.ToolAnnotations(
            read_only_hint=tool.effect is Effect.READ,
            destructive_hint=tool.effect is Effect.IRREVERSIBLE,
            idempotent_hint=True,  # reads are; writes carry an idempotency_key
            open_world_hint=tool.effect is not Effect.READ,  # a write may reach a platform
        ),
    )


def _brief(schema: dict[str, Any]) -> dict[str, Any]:
    brief: dict[str, Any] = {}
    for key, value in schema.items():
        if key in {"properties", "$defs"}:
            brief[key] = {name: _inner(each) for name, each in value.items()}
        elif key not in _UNSAID and not (key == "default" and not value):  # nothing given is nothing asked
            brief[key] = _inner(value)
    return brief


def _inner(value: Any) -> Any:
    """A schema inside a schema: the tool's own description says enough for all of them."""
    if isinstance(value, dict):
        return {key: each for key, each in _brief(cast("dict[str, Any]", value)).items() if key != "description"}
    return value


def _outline(schema: dict[str, Any]) -> dict[str, Any]:
    """What every answer of the tool holds at its top level; what is not a text says its type."""
    properties = cast("dict[str, dict[str, Any]]", schema["properties"])
    required = cast("list[str]", schema["required"])
    types = {name: _type(properties[name]) for name in required}
    return {
        "type": "object",
        "properties": {name: {"type": each} for name, each in types.items() if each != "string"},
        "required": required,
    }


def _type(schema: dict[str, Any]) -> str | list[str]:
    if "$ref" in schema:
        return "object"
    if "anyOf" in schema:
        return [cast("str", _type(each)) for each in schema["anyOf"]]
    return cast("str", schema["type"])
