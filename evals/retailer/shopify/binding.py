"""Joins an SDL to the functions that answer it.

A row function turns a thing of the world into the mapping of one GraphQL type, field name to value. A value may be
another thing of the world, turned into its own row only when the query asks for it; a field with arguments holds a
function of those arguments, in snake case.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_directive_values,
)

from evals.retailer.shopify.idempotency import REQUIRED_ON
from evals.retailer.shopify.page import WHOLE, Paging
from evals.retailer.shopify.shop import Call

Row = dict[str, Any]
MakeRow = Callable[[Any, Call], Row]
Rows = Mapping[str, MakeRow]  # by type name
Root = Mapping[str, Callable[..., Any]]  # by field name: (call, **arguments)
Resolver = Callable[..., Any]  # (source, info, **arguments), as graphql-core calls it

_PAGING = ("first", "after", "reverse", "query", "sort_key")
_HUMP = re.compile(r"(?<!^)(?=[A-Z])")


def bound_schema(sdl: str, rows: Rows, queries: Root, mutations: Root) -> GraphQLSchema:
    """The executable schema of one of this package's SDL files.

    Raises:
        KeyError: A root field has no function.
    """
    schema = build_schema(Path(__file__).with_name(sdl).read_text("utf-8"))
    for about in schema.type_map.values():
        named: Any = about  # graphql-core declares the attributes set here as methods
        if named.name.startswith("__"):
            continue
        if isinstance(about, GraphQLObjectType):
            _bind_object(schema, about, rows, {**queries, **mutations})
        elif isinstance(about, GraphQLInputObjectType):
            for name, entry in about.fields.items():
                entry.out_name = snake(name)
        elif isinstance(about, GraphQLUnionType | GraphQLInterfaceType):
            named.resolve_type = _type_of_row
        elif isinstance(about, GraphQLScalarType) and named.name in _READ_SCALAR:
            named.coerce_input_value = named.parse_value = _READ_SCALAR[named.name]
    return schema


def snake(name: str) -> str:
    """`changeFromQuantity` as `change_from_quantity`."""
    return _HUMP.sub("_", name).lower()


def _bind_object(schema: GraphQLSchema, named: GraphQLObjectType, rows: Rows, roots: Root) -> None:
    for name, entry in named.fields.items():
        for argument, about in entry.args.items():
            about.out_name = snake(argument)
        shown = str(entry.type).strip("[]!")
        row, pages = rows.get(shown), shown.endswith("Connection")
        if named is schema.query_type or named is schema.mutation_type:
            answer = _root(roots[name], row, pages=pages)
            entry.resolve = _once(name, answer) if name in REQUIRED_ON else answer
        elif pages:
            entry.resolve = _page(name)
        elif entry.args:
            entry.resolve = _with_arguments(name, row)
        elif named.name.endswith(("Payload", "UserError")):
            entry.resolve = _optional(name, row)
        else:
            entry.resolve = _plain(name, row)


def _root(answer: Callable[..., Any], row: MakeRow | None, *, pages: bool) -> Resolver:
    def resolve(_source: object, info: Any, **arguments: Any) -> Any:
        given = _paged(arguments, info.context) if pages else arguments
        return _shown(answer(info.context, **given), row, info.context)

    return resolve


def _page(name: str) -> Resolver:
    def resolve(source: Row, info: Any, **arguments: Any) -> Any:
        return source[name](**_paged(arguments, info.context))

    return resolve


def _with_arguments(name: str, row: MakeRow | None) -> Resolver:
    def resolve(source: Row, info: Any, **arguments: Any) -> Any:
        return _shown(source[name](**arguments), row, info.context)

    return resolve


def _optional(name: str, row: MakeRow | None) -> Resolver:
    """Payloads and user errors leave out what does not apply."""

    def resolve(source: Row, info: Any) -> Any:
        return _shown(source.get(name), row, info.context)

    return resolve


def _plain(name: str, row: MakeRow | None) -> Resolver:
    def resolve(source: Row, info: Any) -> Any:
        return source[name] if row is None else _shown(source[name], row, info.context)

    return resolve


def _once(name: str, answer: Resolver) -> Resolver:
    def resolve(source: object, info: Any, **arguments: Any) -> Any:
        directive = info.schema.get_directive("idempotent")
        given = get_directive_values(directive, info.field_nodes[0], info.variable_values)
        if not given:
            message = "The @idempotent directive is required for this mutation but was not provided."
            raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
        call: Call = info.context
        return call.shop.keys.once(
            name, given["key"], arguments, call.taken_keys, lambda: answer(source, info, **arguments)
        )

    return resolve


def _paged(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    """The arguments of a connection, those that every connection shares gathered as `page`."""
    if call.whole:
        arguments = {"first": WHOLE} | arguments
    shared = {name: arguments[name] for name in _PAGING if arguments.get(name) is not None}
    return {"page": Paging(**shared)} | {name: value for name, value in arguments.items() if name not in _PAGING}


def _shown(value: Any, row: MakeRow | None, call: Call) -> Any:
    if row is None or value is None or isinstance(value, dict):
        return value  # pyright: ignore[reportUnknownVariableType] - a row of any type
    if isinstance(value, list):
        return [row(thing, call) for thing in value]  # pyright: ignore[reportUnknownVariableType] - things of any type
    return row(value, call)


def _type_of_row(row: Row, _info: object, _abstract: object) -> str:
    return row["__typename"]


def _decimal(value: object) -> str:
    """A decimal as its digits: a JSON number is read by its shortest spelling, so 29.99 stays 29.99."""
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise GraphQLError(f"'{text}' is not a decimal number.")
    return text


def _moment(value: object) -> datetime:
    """An ISO 8601 time; UTC when it names no offset."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise GraphQLError(f"'{value}' is not an ISO 8601 time.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READ_SCALAR: dict[str, Callable[[object], object]] = {"DateTime": _moment, "Decimal": _decimal, "Money": _decimal}
