"""Shopify's search syntax, from text to a tree.

https://shopify.dev/docs/api/usage/search-syntax

Terms may be joined by AND (also implied), OR, NOT or `-`, and grouped; values may be quoted, compared, listed with
commas or end in `*`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_TOKEN = re.compile(
    r"""\s*(?:(?P<open>-?\()|(?P<close>\))|(?P<minus>-)?"""
    r"""(?:(?P<field>[A-Za-z_][A-Za-z0-9_.]*):\s*)?(?P<operator>>=|<=|>|<)?\s*"""
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s()]+)))"""
)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; `field` is "" for a bare word, `operator` one of "", ">", ">=", "<", "<="."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that must all hold, or of which one must; `negated` turns the answer round."""

    joined_by: Literal["and", "or"]
    parts: tuple["Term | Group", ...]
    negated: bool = False


@lru_cache(maxsize=1024)
def parse(query: str) -> Term | Group:
    """The text as a tree; an empty text is a group that always holds."""
    return _alternatives(_tokens(query))


def terms(part: Term | Group) -> Iterator[Term]:
    """Every term of a tree."""
    if isinstance(part, Term):
        yield part
        return
    for inner in part.parts:
        yield from terms(inner)


def demanded(query: str) -> list[Term]:
    """The terms that every answer satisfies, so that an index may narrow the list by any one of them."""
    tree = parse(query)
    if isinstance(tree, Term):
        return [tree]
    if tree.joined_by == "or" or tree.negated:
        return []
    return [part for part in tree.parts if isinstance(part, Term)]


def value_of(query: str, field: str) -> str:
    """The single plain value a query demands of `field`, or ""."""
    for term in demanded(query):
        if term.field == field and not term.operator and not set(term.value) & {"*", ","}:
            return term.value
    return ""


def _tokens(query: str) -> Iterator[re.Match[str]]:
    return _TOKEN.finditer(query)


def _alternatives(tokens: Iterator[re.Match[str]]) -> Term | Group:
    """Read up to the closing parenthesis or the end."""
    alternatives: list[Term | Group] = []
    together: list[Term | Group] = []
    negated = False
    for token in tokens:
        if token["close"]:
            break
        word = "" if token["field"] else (token["bare"] or "").upper()
        if word == "OR":
            alternatives.append(_joined("and", together))
            together = []
        elif word == "NOT":
            negated = True
        elif word != "AND":
            minus = bool(token["minus"] or (token["open"] or "").startswith("-"))
            part = _alternatives(tokens) if token["open"] else _term(token)
            together.append(Group("and", (part,), negated=True) if negated != minus else part)
            negated = False
    alternatives.append(_joined("and", together))
    return _joined("or", alternatives)


def _joined(joined_by: Literal["and", "or"], parts: list[Term | Group]) -> Term | Group:
    return parts[0] if len(parts) == 1 else Group(joined_by, tuple(parts))


def _term(token: re.Match[str]) -> Term:
    value = next((text for text in (token["double"], token["single"], token["bare"]) if text is not None), "")
    return Term(token["field"] or "", token["operator"] or "", value)
