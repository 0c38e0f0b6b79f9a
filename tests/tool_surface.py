"""The tool list as assistants read it, for every role, kept beside the tests so that a change shows in review.

Run `python -m tests.tool_surface` to accept the list as it is now.
"""

import json
from pathlib import Path
from typing import Any, cast

from policies.engine import Engine
from policies.limits import Limits
from policies.vocabulary.actor import Role
from server.mcp.listing import listing
from tests.small_chain import KEYS, PLACES, actor
from tools.access import visible
from tools.registry import build_tools
from tools.tool import Tool

FILE = Path(__file__).parent / "tool_surface.json"


def all_tools() -> dict[str, Tool]:
    """Every tool, none of which can run: nothing is behind them."""
    nothing: Any = cast("Any", None)
    return build_tools(nothing, nothing, places=PLACES, keys=KEYS, engine=_ENGINE, finder=cast("Any", object()))


def now() -> dict[str, Any]:
    """Each role's tools by name, and each tool as a client receives it."""
    tools = all_tools()
    return {
        "roles": {role.value: sorted(_listed(role, tools)) for role in Role},
        "tools": listing(tools.values()),
    }


def accepted() -> dict[str, Any]:
    """The list as it was last accepted."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def _listed(role: Role, tools: dict[str, Tool]) -> list[str]:
    return [tool.name for tool in visible(_ENGINE, actor(role), tools) if tool.listed]


_ENGINE = Engine.read(Limits.read())

if __name__ == "__main__":
    FILE.write_text(json.dumps(now(), indent=1, sort_keys=True, ensure_ascii=True) + "\n", encoding="utf-8")
