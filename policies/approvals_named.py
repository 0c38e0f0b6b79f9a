"""Which approvals a rule tells apart, read from its text, so that nobody asks it what it has answered already."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from cedarpy.pst import BinaryOp, GetAttr, HasAttr, Set, StringLit, Template, Var

_APPROVAL: Final = GetAttr(base=Var(name="context"), attr="approval")


class _SaidOtherwiseError(Exception):
    """It looks at the approval in a way that is not a comparison with words."""


def approvals_named(rule: Template) -> frozenset[str] | None:
    """The words a rule compares the approval with; any two others are one to it. Empty when it does not look at all.

    `None` when it looks in another way, such as at the whole context: then it may tell any two apart.
    """
    try:
        return frozenset(_words(rule.clauses))
    except _SaidOtherwiseError:
        return None


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, BinaryOp) and node.op in {"eq", "not_eq", "contains"}:
        sides = (node.left, node.right)
        if _APPROVAL in sides and node.left != node.right:
            yield from _literals(node.left if node.right == _APPROVAL else node.right, several=node.op == "contains")
            return
    if node == _APPROVAL or (isinstance(node, Var) and node.name == "context"):
        raise _SaidOtherwiseError
    if isinstance(node, GetAttr | HasAttr) and node.base == Var(name="context"):
        return  # another fact
    if isinstance(node, Mapping):
        node = tuple(node.values())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # a record's
    if isinstance(node, tuple):
        for each in node:  # pyright: ignore[reportUnknownVariableType]  # whatever a clause holds
            yield from _words(each)
    elif is_dataclass(node) and not isinstance(node, type):
        for field in fields(node):
            yield from _words(getattr(node, field.name))


def _literals(node: Any, *, several: bool) -> Iterator[str]:
    words = node.elements if several and isinstance(node, Set) else () if several else (node,)
    if not words:
        raise _SaidOtherwiseError
    for word in words:
        if not isinstance(word, StringLit):
            raise _SaidOtherwiseError
        yield word.value
