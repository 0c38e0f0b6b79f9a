"""Query texts, read and checked once: parsing and validating cost more than most answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    ValueNode,
    get_operation_ast,
    parse,
    validate,
    value_from_ast_untyped,
)
from graphql.language import OperationType

from evals.retailer.shopify.cost import Plan, plan_of
from evals.retailer.shopify.scopes import Need, needs_of

DOCUMENTS_KEPT = 512
MAX_QUERY_TEXT = 50_000  # characters
_EMPTY = DocumentNode(definitions=())


@dataclass(frozen=True, slots=True)
class Document:
    """One operation, ready to be priced, permitted and run; or the errors that make it unusable."""

    errors: tuple[GraphQLError, ...]
    ast: DocumentNode = _EMPTY
    changes: bool = False  # a mutation
    plans: tuple[Plan, ...] = ()
    needs: tuple[Need, ...] = ()
    idempotency_keys: tuple[ValueNode, ...] = ()

    def keys(self, variables: Mapping[str, Any]) -> list[str]:
        """The idempotency keys this request brings."""
        values = (value_from_ast_untyped(node, dict(variables)) for node in self.idempotency_keys)
        return [value for value in values if isinstance(value, str)]


class Documents:
    """The documents of one schema, by text and operation name, the latest few hundred."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._kept: dict[tuple[str, str | None], Document] = {}

    def read(self, text: str, operation_name: str | None) -> Document:
        """The document, from memory when it was seen before."""
        key = (text, operation_name)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._read(text, operation_name)
            if len(self._kept) > DOCUMENTS_KEPT:
                del self._kept[next(iter(self._kept))]
        return found

    def _read(self, text: str, operation_name: str | None) -> Document:
        if len(text) > MAX_QUERY_TEXT:
            return Document((GraphQLError(f"Query is longer than {MAX_QUERY_TEXT} characters"),))
        try:
            ast = parse(text)
        except GraphQLError as error:
            return Document((error,))
        errors = validate(self.schema, ast)
        if errors:
            return Document(tuple(errors))
        operation = get_operation_ast(ast, operation_name)
        if operation is None:
            named = f'No operation named "{operation_name}"' if operation_name else "An operation name is required"
            return Document((GraphQLError(named),))
        fragments = {one.name.value: one for one in ast.definitions if isinstance(one, FragmentDefinitionNode)}
        return Document(
            errors=(),
            ast=ast,
            changes=operation.operation is OperationType.MUTATION,
            plans=tuple(plan_of(self.schema, operation, fragments)),
            needs=tuple(needs_of(self.schema, ast, operation)),
            idempotency_keys=tuple(_key_nodes(operation)),
        )


def _key_nodes(operation: OperationDefinitionNode) -> Iterator[ValueNode]:
    for node in operation.selection_set.selections:
        if not isinstance(node, FieldNode):
            continue
        for directive in node.directives or ():
            if directive.name.value == "idempotent":
                yield from (argument.value for argument in directive.arguments or () if argument.name.value == "key")
