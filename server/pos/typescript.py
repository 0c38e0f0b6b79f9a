"""The protocol in TypeScript, made of the shapes the doors read and write: the extension cannot disagree with them.

`python -m server.pos.typescript` writes `server/pos_extension/src/protocol.ts` anew; a test fails while it is not.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from server.pos import asked, told

EXTENSION: Final = Path(__file__).parents[1] / "pos_extension"
PROTOCOL: Final = EXTENSION / "src" / "protocol.ts"
SERVER: Final = Path("src") / "server.ts"
ASKED: Final[tuple[type[BaseModel], ...]] = (
    asked.InsightAsked,
    asked.BeforehandAsked,
    asked.BasketLine,
    asked.DecisionAsked,
    asked.ApproveAsked,
    asked.OutcomeTold,
    asked.OutcomesAsked,
)
TOLD: Final[tuple[type[BaseModel], ...]] = (
    told.Why,
    told.Item,
    told.InsightTold,
    told.OfferTold,
    told.BeforehandTold,
    told.DecisionTold,
    told.ApproveTold,
    told.OutcomeResult,
    told.OutcomesTold,
)
_HEAD: Final = "// Made by `python -m server.pos.typescript` of server/pos/asked.py and told.py; change those.\n"
_PLAIN: Final = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_DOORS: Final = {
    "insight": ("InsightAsked", "InsightTold"),
    "beforehand": ("BeforehandAsked", "BeforehandTold"),
    "decision": ("DecisionAsked", "DecisionTold"),
    "approve": ("ApproveAsked", "ApproveTold"),
    "outcome": ("OutcomesAsked", "OutcomesTold"),
}


def protocol() -> str:
    """The whole file."""
    parts = [_HEAD]
    parts += ["\n".join(_type(each, asking=True)) for each in ASKED]
    parts += ["\n".join(_type(each, asking=False)) for each in TOLD]
    doors = [f"  {name}: {{ asked: {one}; told: {other} }};" for name, (one, other) in _DOORS.items()]
    parts.append(
        "\n".join(["/** What each door under /pos/v1/ is asked, and tells. */", "export type Doors = {", *doors, "};"])
    )
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def write_extension(folder: Path, url: str) -> int:
    """Copy the extension's sources, made out to the server at this address; returns how many files there are.

    Args:
        folder: Of the extension in the retailer's app, such as `extensions/tillhand`; made when it is missing.
        url: Where registers reach this installation, https, without a trailing slash.
    """
    shutil.copytree(EXTENSION, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", "*.py"))
    (folder / SERVER).write_text(server_module(url), encoding="utf-8")
    return sum(1 for each in EXTENSION.rglob("*") if each.is_file() and "node_modules" not in each.parts)


def server_module(url: str) -> str:
    """The one file that differs between installations."""
    return (
        "// Where this installation listens; `tillhand pos extension FOLDER` writes it anew.\n"
        f"export const SERVER = {json.dumps(url)};\n"
    )


def _type(model: type[BaseModel], *, asking: bool) -> Iterator[str]:
    schema = model.model_json_schema(mode="validation" if asking else "serialization")
    summary = (model.__doc__ or "").strip().splitlines()[0]
    required = set(schema.get("required", ()))
    yield f"/** {summary} */"
    yield f"export type {model.__name__} = {{"
    for name, field in schema["properties"].items():
        optional = "?" if asking and name not in required else ""
        yield f"  {name}{optional}: {_of(field)};"
    yield "};"


def _of(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "enum" in field:
        return " | ".join(json.dumps(each) for each in field["enum"])
    if "const" in field:
        return json.dumps(field["const"])
    if "anyOf" in field:
        return " | ".join(_of(each) for each in field["anyOf"])
    if field["type"] == "array":
        inside = _of(field["items"])
        return f"({inside})[]" if " " in inside else f"{inside}[]"
    return _PLAIN[field["type"]]


if __name__ == "__main__":
    PROTOCOL.write_text(protocol(), encoding="utf-8")
