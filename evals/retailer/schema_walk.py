"""Random JSON that fits a JSON schema: what a model without sense, but held to the schema, would write."""

import string
from collections.abc import Callable
from random import Random
from typing import Any, cast

Schema = dict[str, Any]
TextWriter = Callable[[str], str | None]  # the property's name -> a text, or None for a random one
NumberWriter = Callable[[str], int | None]  # the property's name -> a number whatever the bounds, or None

_DEEP = 6  # levels; below, lists are short and optional properties are left out
_MOST = 4  # entries of a list without maxItems, beyond its minItems
_LONG = 24  # characters of a text without maxLength, beyond its minLength
_WIDE = 1_000  # span of a number without bounds
_FORMATS = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T14:00:00Z",
    "email": "[email protected]",
    "uri": "https://example.com/",
    "uuid": "5f3c1c1e-5e57-4c8a-8f0d-1d4a2b7c9e10",
}


class SchemaWalk:
    """Draws values for one schema. `pattern` and `multipleOf` are passed over, as some engines do.

    Args:
        schema: With its `$defs`.
        chance: Where the draws come from.
        text: Writes texts of its own for some properties, whatever the schema says.
        number: Writes numbers of its own for some properties, whatever the schema says.
    """

    def __init__(
        self, schema: Schema, chance: Random, *, text: TextWriter | None = None, number: NumberWriter | None = None
    ) -> None:
        self._root = schema
        self._chance = chance
        self._text = text
        self._number = number

    def draw(self) -> Any:
        """One value."""
        return self._value(self._root, "", 0)

    def _value(self, schema: Schema, name: str, depth: int) -> Any:  # noqa: PLR0911 - one for each kind of schema
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._chance.choice(cast("list[Any]", schema["enum"]))
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = self._chance.choice(cast("list[str]", kind))
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind == "boolean":
            return self._chance.random() < 0.5  # noqa: PLR2004 - a fair coin
        if kind == "null":
            return None
        if kind in {"integer", "number"}:
            return self._a_number(schema, name, whole=kind == "integer")
        return self._a_text(schema, name)

    def _resolved(self, schema: Schema) -> Schema:
        """The schema with its reference followed, one of its alternatives taken and its parts joined."""
        while True:
            if "$ref" in schema:
                target: Any = self._root
                for step in str(schema["$ref"]).removeprefix("#/").split("/"):
                    target = target[step]
                schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
                continue
            choice = next((key for key in ("anyOf", "oneOf") if key in schema), None)
            if choice:
                schema = {**schema, **self._chance.choice(cast("list[Schema]", schema[choice]))}
                del schema[choice]
                continue
            if "allOf" in schema:
                parts = [self._resolved(part) for part in schema["allOf"]]
                schema = {key: value for key, value in schema.items() if key != "allOf"}
                for part in parts:
                    schema = _joined(schema, part)
                continue
            return schema

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        return {
            name: self._value(inner, name, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in required or (depth < _DEEP and self._chance.random() < 0.5)  # noqa: PLR2004 - a fair coin
        }

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        most = schema.get("maxItems", least + _MOST) if depth < _DEEP else least
        items = schema.get("items", {"type": "string"})
        found: list[Any] = []
        for _ in range(self._chance.randint(least, max(least, min(most, least + _MOST)))):
            value = self._value(items, name, depth + 1)
            if not schema.get("uniqueItems") or value not in found:
                found.append(value)
        return found

    def _a_number(self, schema: Schema, name: str, *, whole: bool) -> int | float:
        own = self._number(name) if self._number else None
        if own is not None:
            return own
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        if low is None:
            low = 0 if high is None else high - _WIDE
        if high is None:
            high = low + _WIDE
        if whole:
            first = int(low) + (1 if schema.get("exclusiveMinimum") == low else 0)
            last = int(high) - (1 if schema.get("exclusiveMaximum") == high else 0)
            return self._chance.randint(first, max(first, last))
        return round(self._chance.uniform(low, high), 2)

    def _a_text(self, schema: Schema, name: str) -> str:
        own = self._text(name) if self._text else None
        if own is not None:
            return own
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        least = schema.get("minLength", 0)
        most = max(least, min(schema.get("maxLength", least + _LONG), least + _LONG))
        letters = string.ascii_letters + string.digits + "  .,%$"
        return "".join(self._chance.choice(letters) for _ in range(self._chance.randint(max(1, least), max(1, most))))


def _joined(left: Schema, right: Schema) -> Schema:
    joined = {**left, **right}
    if "properties" in left and "properties" in right:
        joined["properties"] = {**left["properties"], **right["properties"]}
    if "required" in left and "required" in right:
        joined["required"] = [*left["required"], *right["required"]]
    return joined
