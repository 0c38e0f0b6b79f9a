"""A search query as a test of one thing, and the span of time it leaves open."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from evals.retailer.shopify.search_syntax import Group, Term, demanded, parse, terms

Kind = Literal["text", "words", "number", "time"]
Test = Callable[[Any], bool]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
# An instant on the wire is cut to the second, so it stands for all of that second.
_ONE_SECOND = timedelta(seconds=1) - timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1) - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Field:
    """How one searchable field is read from a thing and compared.

    `text` compares whole values without case; `words` finds each word anywhere in the value; a tuple of values
    matches when one of them does.
    """

    kind: Kind
    read: Callable[[Any], object]


Fields = Mapping[str, Field]


def matcher(query: str | None, fields: Fields) -> Test:
    """The query as a test. Fields the list does not know are ignored, as Shopify does; see `unknown_fields`."""
    return _compile(parse(query), fields) if query else _always


def unknown_fields(query: str | None, fields: Fields) -> list[str]:
    """The field names of a query that the list does not know."""
    return [term.field for term in terms(parse(query or "")) if term.field and term.field not in fields]


def span_of(query: str | None, field: str) -> tuple[datetime | None, datetime | None]:
    """The closed span of time that the query leaves open for `field`; None where it has no end."""
    low: datetime | None = None
    high: datetime | None = None
    for term in demanded(query or ""):
        moment = _moment(term.value) if term.field == field else None
        if moment is None:
            continue
        if term.operator not in {"<", "<="}:
            low = max(low, moment[0]) if low else moment[0]
        if term.operator not in {">", ">="}:
            high = min(high, moment[1]) if high else moment[1]
    return low, high


def _always(_thing: object) -> bool:
    return True


def _never(_thing: object) -> bool:
    return False


def _compile(part: Term | Group, fields: Fields) -> Test:
    if isinstance(part, Term):
        return _compile_term(part, fields)
    tests = [_compile(inner, fields) for inner in part.parts]
    decides = part.joined_by == "or"  # the answer of one test that settles the group
    settled = decides != part.negated

    def holds(thing: object) -> bool:
        for test in tests:  # a loop, because `any` over a generator takes twice as long
            if test(thing) is decides:
                return settled
        return not settled

    return holds


def _compile_term(term: Term, fields: Fields) -> Test:
    field = fields.get(term.field or "default")
    if field is None:
        return _always
    read = field.read
    compare = _COMPARISONS[field.kind](term)

    def holds(thing: object) -> bool:
        value = read(thing)
        if isinstance(value, tuple):
            return any(compare(one) for one in value)  # pyright: ignore[reportUnknownVariableType] - values of any type
        return compare(value)

    return holds


def _text(term: Term) -> Test:
    if term.value == "*":
        return bool
    wanted = {text.strip().casefold() for text in term.value.split(",")}
    prefixes = tuple(text[:-1] for text in wanted if text.endswith("*"))

    def holds(value: object) -> bool:
        found = str(value or "").casefold()
        return found in wanted or bool(prefixes and found.startswith(prefixes))

    return holds


def _words(term: Term) -> Test:
    wanted = term.value.casefold().rstrip("*").split()

    def holds(value: object) -> bool:
        found = str(value).casefold()
        return all(word in found for word in wanted)

    return holds


def _number(term: Term) -> Test:
    try:
        wanted = [Decimal(text.rpartition("/")[2]) for text in term.value.split(",")]
    except InvalidOperation:
        return _never
    if not term.operator:
        return lambda value: value is not None and Decimal(value) in wanted
    compare = _COMPARE[term.operator]
    return lambda value: value is not None and compare(Decimal(value), wanted[0])


def _time(term: Term) -> Test:
    span = _moment(term.value)
    if span is None:
        return _never
    low, high = span
    if not term.operator:
        return lambda value: value is not None and low <= value <= high
    compare = _COMPARE[term.operator]
    edge = high if term.operator in {">", "<="} else low
    return lambda value: value is not None and compare(value, edge)


_COMPARISONS: dict[Kind, Callable[[Term], Test]] = {"text": _text, "words": _words, "number": _number, "time": _time}


def _moment(text: str) -> tuple[datetime, datetime] | None:
    """The first and last instant that a date or a time stands for; UTC unless it names an offset."""
    try:
        if "T" not in text:
            start = datetime.combine(date.fromisoformat(text), time(), UTC)
            return start, start + _ONE_DAY
        start = datetime.fromisoformat(text)
    except ValueError:
        return None
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    return start, start + (timedelta() if start.microsecond else _ONE_SECOND)
