"""Bulk operations: one query run over everything in the background, its result a file of JSON lines.

https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    execute_sync,  # pyright: ignore[reportUnknownVariableType] - its middleware argument is half typed
    parse,
    validate,
    visit,
)

from evals.retailer.shopify.bulk_runs import BulkOperation
from evals.retailer.shopify.scopes import missing, needs_of
from evals.retailer.shopify.shop import Call, Shop
from evals.retailer.shopify.wire import gid, number, optional_timestamp

KEPT: Final = timedelta(days=7)
_MOST: Final = 5  # connections in one query
_OPEN: Final = frozenset({"CREATED", "RUNNING"})


def bulk_operation(call: Call, *, id: str) -> dict[str, Any] | None:  # noqa: A002 - Shopify's word
    """`QueryRoot.bulkOperation`."""
    found = call.shop.bulk.all.get(int(number(id, "BulkOperation") or 0))
    if found is None:
        return None
    _move_on(call.shop, found)
    return _row(call.shop, found)


def bulk_operation_run_query(call: Call, *, query: str, group_objects: bool = False) -> dict[str, Any]:
    """`Mutation.bulkOperationRunQuery`; one at a time."""
    shop = call.shop
    if any(one.status in _OPEN for one in shop.bulk.all.values()):
        message = "A bulk query operation for this app and shop is already in progress."
        return _refused("OPERATION_IN_PROGRESS", message)
    if not group_objects:
        return _refused("INVALID", "The simulated shop writes grouped results only.")
    try:
        lines = list(_lines(shop, query))
    except GraphQLError as error:
        return _refused("INVALID", error.message)
    made = BulkOperation(shop.next_number(), lines, len(lines))
    if shop.bulk.fail_next:
        shop.bulk.fail_next -= 1
        made.error, made.lines = "INTERNAL_SERVER_ERROR", lines[: len(lines) // 2]
    shop.bulk.all[made.number] = made
    return {"bulkOperation": _row(shop, made), "userErrors": []}


def result(shop: Shop, operation: int) -> bytes | None:
    """The file of an operation; `None` when there is none, or none any more."""
    found = shop.bulk.all.get(operation)
    if found is None or found.done_at is None or shop.settings.now() - found.done_at >= KEPT:
        return None
    return b"".join(found.lines)


def _move_on(shop: Shop, one: BulkOperation) -> None:
    if one.status in _OPEN:
        one.status = "RUNNING"
        one.looks -= 1
        if one.looks <= 0:
            one.status, one.done_at = ("FAILED" if one.error else "COMPLETED"), shop.settings.now()
    elif one.done_at and shop.settings.now() - one.done_at >= KEPT:
        one.status = "EXPIRED"


def _row(shop: Shop, one: BulkOperation) -> dict[str, Any]:
    ready = one.lines and one.done_at and one.status != "EXPIRED"
    url = f"{shop.bulk.address}/bulk/{one.number}.jsonl" if ready else None
    return {
        "completedAt": optional_timestamp(one.done_at if one.status == "COMPLETED" else None),
        "errorCode": one.error if one.status == "FAILED" else None,
        "fileSize": str(sum(map(len, one.lines))) if ready else None,
        "id": gid("BulkOperation", one.number),
        "objectCount": str(one.objects if one.done_at else 0),
        "partialDataUrl": url if one.status == "FAILED" else None,
        "status": one.status,
        "url": url if one.status == "COMPLETED" else None,
    }


def _refused(code: str, message: str) -> dict[str, Any]:
    error = {"code": code, "field": ["query"], "message": message}
    return {"bulkOperation": None, "userErrors": [error]}


def _lines(shop: Shop, query: str) -> Iterator[bytes]:
    """What the query finds, one object a line, children after their parents and with their ids.

    Raises:
        GraphQLError: It is no query that can be run in bulk.
    """
    schema = shop.bulk.schema
    asked = parse(query)
    rewriting = _Rewriting()
    document: DocumentNode = visit(asked, rewriting)
    operation = document.definitions[0]
    if not isinstance(operation, OperationDefinitionNode) or not 0 < rewriting.connections <= _MOST:
        raise GraphQLError(f"Bulk queries have between one connection and {_MOST}.")
    if errors := [*validate(schema, document), *_denied(shop, schema, document, operation)]:
        raise errors[0]
    found = execute_sync(schema, document, context_value=Call(shop, whole=True))
    if found.errors or found.data is None:
        raise (found.errors or [GraphQLError("Nothing was found.")])[0]
    ((_, connection),) = found.data.items()
    for node in connection["nodes"]:
        yield from _object(node, "")


def _denied(
    shop: Shop, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> list[GraphQLError]:
    return missing(tuple(needs_of(schema, document, operation)), shop.settings.scopes)


def _object(node: dict[str, Any], parent: str) -> Iterator[bytes]:
    own = {name: value for name, value in node.items() if not _is_connection(value)}
    shown = own | ({"__parentId": parent} if parent else {})
    yield json.dumps(shown, separators=(",", ":")).encode() + b"\n"
    for value in node.values():
        if _is_connection(value):
            for child in value["nodes"]:
                yield from _object(child, str(node["id"]))


def _is_connection(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"nodes"}  # pyright: ignore[reportUnknownMemberType] - JSON


class _Rewriting(Visitor):
    """`edges { node { … } }`, which bulk queries are written with, as the `nodes { … }` our lists answer."""

    def __init__(self) -> None:
        super().__init__()
        self.connections = 0

    def enter_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        """Rewrite one connection."""
        if node.name.value == "nodes":
            raise GraphQLError("The simulated shop takes bulk queries with edges and node only.")
        if node.name.value != "edges" or node.selection_set is None:
            return None
        self.connections += 1
        (inner,) = node.selection_set.selections
        if not isinstance(inner, FieldNode) or inner.selection_set is None or not _asks_id(inner.selection_set):
            raise GraphQLError("The parent 'node' field for a nested connection must select the 'id' field.")
        return FieldNode(name=_named(inner, "nodes"), arguments=(), directives=(), selection_set=inner.selection_set)


def _named(like: FieldNode, name: str) -> Any:
    return type(like.name)(value=name)


def _asks_id(selection: SelectionSetNode) -> bool:
    return any(isinstance(one, FieldNode) and one.name.value == "id" for one in selection.selections)
