"""Calculated query cost, by Shopify's published rules.

An object costs 1, a scalar 0, a connection as much as it may hold, a mutation 10.
https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    is_leaf_type,
    value_from_ast_untyped,
)
from graphql.language import OperationType

MAX_QUERY_COST = 1000
_MUTATION = 10
_PAGE_WHEN_UNSAID = 10

Variables = Mapping[str, Any]
Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass(slots=True)
class Plan:
    """What one selected field costs, prepared once per query text."""

    answer_key: str
    own: int  # points for the object itself
    connection: FieldNode | None = None  # set when the page size multiplies what is inside
    children: list["Plan"] = field(default_factory=list["Plan"])
    alternatives: list[list["Plan"]] = field(
        default_factory=list[list["Plan"]]
    )  # by type condition: the dearest counts


def plan_of(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> list[Plan]:
    """The cost plan of a valid operation."""
    mutating = operation.operation is OperationType.MUTATION
    root = schema.mutation_type if mutating else schema.query_type
    if root is None:
        return []
    plan = Plan("", 0)
    _Planner(schema, fragments).fill(plan, operation.selection_set, root)
    for child in plan.children:
        child.own = _MUTATION if mutating else child.own
    return plan.children


def requested(plans: Sequence[Plan], variables: Variables) -> int:
    """The most the operation may cost with these variables."""
    return sum(_requested(plan, variables) for plan in plans)


def actual(plans: Sequence[Plan], data: dict[str, Any] | None) -> int:
    """What the answer did cost: objects that are there, pages as full as they came."""
    return sum(_actual(plan, data.get(plan.answer_key), each=False) for plan in plans) if data else 0


def _requested(plan: Plan, variables: Variables) -> int:
    inside = sum(_requested(child, variables) for child in plan.children)
    if plan.alternatives:
        inside += max(sum(_requested(child, variables) for child in branch) for branch in plan.alternatives)
    return inside * _page_size(plan.connection, variables) if plan.connection else plan.own + inside


def _page_size(node: FieldNode, variables: Variables) -> int:
    for argument in node.arguments or ():
        if argument.name.value in {"first", "last"}:
            size = value_from_ast_untyped(argument.value, dict(variables))
            return size if isinstance(size, int) else _PAGE_WHEN_UNSAID
    return _PAGE_WHEN_UNSAID


def _actual(plan: Plan, value: Any, *, each: bool) -> int:
    if not value:
        return 0
    if isinstance(value, list):  # a page pays for each thing on it, a plain list for the dearest, as when requested
        costs = [_actual(plan, one, each=False) for one in value]  # pyright: ignore[reportUnknownVariableType] - JSON
        return sum(costs) if each else max(costs)
    paged = plan.connection is not None
    branches = [sum(_actual(child, value.get(child.answer_key), each=paged) for child in b) for b in plan.alternatives]
    own = sum(_actual(child, value.get(child.answer_key), each=paged) for child in plan.children)
    return plan.own + own + max(branches, default=0)


class _Planner:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def fill(self, plan: Plan, selections: SelectionSetNode, parent: Composite) -> None:
        """Add what is selected on `parent` to the plan."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._field(plan, node, parent)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                self._branch(plan, fragment.selection_set, fragment.type_condition.name.value)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else parent.name
                self._branch(plan, node.selection_set, condition)

    def _branch(self, plan: Plan, selections: SelectionSetNode, condition: str) -> None:
        parent = self._schema.type_map[condition]
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            branch = Plan("", 0)
            self.fill(branch, selections, parent)
            plan.alternatives.append(branch.children)
            plan.alternatives.extend(branch.alternatives)

    def _field(self, plan: Plan, node: FieldNode, parent: Composite) -> None:
        name = node.name.value
        if name.startswith("__") or name == "pageInfo" or isinstance(parent, GraphQLUnionType):
            return
        named = self._schema.type_map[str(parent.fields[name].type).strip("[]!")]
        if is_leaf_type(named) or not node.selection_set:
            return
        key = node.alias.value if node.alias else name
        is_connection = named.name.endswith("Connection")
        child = Plan(key, 0 if is_connection else 1, node if is_connection else None)
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            self.fill(child, node.selection_set, named)
        plan.children.append(child)
