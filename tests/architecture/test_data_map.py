"""The data map names every field that is read of anybody, and nothing that is not."""

import ast
import importlib
import inspect
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from graphql import FieldNode, Visitor, parse, visit
from pydantic import BaseModel

from server.importing.columns import COLUMNS
from tests.tool_surface import all_tools
from tools.connectors.shopify import operations
from tools.connectors.shopify.bulk_queries import QUERIES

ROOT = Path(__file__).parents[2]
MAP = ROOT / "knowledge" / "privacy" / "README.md"
CLASSES = {"identifier", "personal", "consent", "behavior", "text", "business"}
# whose shapes these are, as the map calls them
SHAPES: Final = {
    "Shopify": "tools.connectors.shopify.wire",
    "Shopify privacy": "server.webhooks.privacy",
    "Lightspeed": "tools.connectors.lightspeed.wire",
    "Lightspeed rule": "server.checkout.rules",
    "Klaviyo": "tools.connectors.klaviyo_profiles",
    "Register": "server.webhooks.told",
    "Register screen": "server.pos.asked",
}
_ROW = re.compile(
    r"\| ((?:Shopify|Lightspeed|Klaviyo|Register|File|MCP) [^|]+?) \| ([^|]+) \| (\w+) \| ([^|]+) \| ([^|]+) \|"
)


def mapped() -> dict[str, set[str]]:
    """Fields by shape, as the map tells them."""
    found: dict[str, set[str]] = defaultdict(set)
    for shape, fields, *_ in _ROW.findall(MAP.read_text(encoding="utf-8")):
        found[shape] |= set(re.findall(r"`(\w+)`", fields))
    return dict(found)


def read() -> dict[str, set[str]]:
    """Fields by shape, as the product reads them."""
    found = {f"MCP {name}": set(tool.arguments.model_fields) for name, tool in all_tools().items()}
    for owner, module in SHAPES.items():
        for name, shape in vars(importlib.import_module(module)).items():
            if inspect.isclass(shape) and issubclass(shape, BaseModel) and shape.__module__ == module:
                found[f"{owner} {name.strip('_')}"] = set(shape.model_fields) & set(inspect.get_annotations(shape))
    found |= {f"File {kind}": {column.name for column in columns} for kind, columns in COLUMNS.items()}
    asked = Asked()
    for one in vars(operations).values():
        if isinstance(one, operations.Operation):
            visit(parse(one.text), asked)
    for query in QUERIES.values():
        visit(parse(query), asked)
    found["Shopify poll"] = asked.fields
    bodies = ROOT / "tools" / "connectors" / "lightspeed" / "bodies.py"
    found["Lightspeed poll"] = fields_of(bodies)
    return {shape: fields for shape, fields in found.items() if fields}


class Asked(Visitor):
    """The fields a GraphQL document asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.fields.add(node.name.value)


def fields_of(file: Path) -> set[str]:
    """What a file reads of JSON by `row["name"]` and `row.get("name")`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        key: Any = None
        if isinstance(node, ast.Subscript):
            key = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            key = node.args[0] if node.args else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
    return found


def test_every_field_that_is_read_is_on_the_map_and_every_field_on_the_map_is_read():
    told, real = mapped(), read()
    unmapped = {shape: missing for shape, fields in real.items() if (missing := fields - told.get(shape, set()))}
    unread = {shape: extra for shape, fields in told.items() if (extra := fields - real.get(shape, set()))}
    assert (unmapped, unread) == ({}, {})


def test_every_row_of_the_map_says_what_it_is_where_it_goes_and_how_long_it_stays():
    rows = _ROW.findall(MAP.read_text(encoding="utf-8"))
    assert {row[2] for row in rows} <= CLASSES
    assert all(goes.strip() and kept.strip() for _, _, _, goes, kept in rows)


def test_a_connector_reads_a_customers_fields_through_its_shapes_alone():
    for platform in ("shopify", "lightspeed"):
        for file in (ROOT / "tools" / "connectors" / platform).glob("*.py"):
            raw = fields_of(file) & {"first_name", "last_name", "address1", "physical_address_1", "email", "phone"}
            assert not raw, (file.name, raw)
