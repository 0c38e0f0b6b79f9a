"""Cursor pagination: what Shopify calls a connection."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from graphql import GraphQLError

T = TypeVar("T")

MAX_PAGE = 250
WHOLE = 1 << 62  # what a bulk operation asks for; nobody else may
Connection = dict[str, object]
Key = tuple[str | int, ...]  # what a list is sorted by, ending in something unique


@dataclass(frozen=True, slots=True)
class Paging:
    """The arguments that every connection shares."""

    first: int | None = None
    after: str | None = None
    reverse: bool = False
    query: str = ""
    sort_key: str = "ID"


def connection(found: Iterable[tuple[Key, T]], first: int | None) -> Connection:
    """The next `first` of things already in order and behind the cursor, each with its sort key.

    Raises:
        GraphQLError: `first` is missing, negative or above 250.
    """
    if first is None:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    if not 0 <= first <= MAX_PAGE and first is not WHOLE:
        raise GraphQLError(f"first must be between 0 and {MAX_PAGE}", extensions={"code": "BAD_REQUEST"})
    page = list(islice(found, first + 1))
    shown = page[:first]
    return {
        "nodes": [thing for _, thing in shown],
        "pageInfo": {"hasNextPage": len(page) > first, "endCursor": write_cursor(shown[-1][0]) if shown else None},
    }


def sorted_connection(things: Iterable[T], key: Callable[[T], Key], page: Paging) -> Connection:
    """Sort a short list and answer the page behind the cursor.

    Raises:
        GraphQLError: The page size is out of bounds, or the cursor belongs to another order.
    """
    return connection(_behind(things, key, page), page.first)


def write_cursor(key: Key) -> str:
    """An opaque cursor for a sort key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def read_cursor(cursor: str) -> list[Any]:
    """The sort key of a cursor, as JSON keeps it.

    Raises:
        GraphQLError: The cursor was not written by `write_cursor`.
    """
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise bad_cursor() from error
    if not isinstance(key, list):
        raise bad_cursor()
    return key  # pyright: ignore[reportUnknownVariableType] - JSON of any element type


def bad_cursor() -> GraphQLError:
    """What a cursor of another list or order is answered with."""
    return GraphQLError("Invalid cursor for current pagination sort.", extensions={"code": "BAD_USER_INPUT"})


def _behind(things: Iterable[T], key: Callable[[T], Key], page: Paging) -> Iterator[tuple[Key, T]]:
    keyed = sorted(((key(thing), thing) for thing in things), key=lambda pair: pair[0], reverse=page.reverse)
    if page.after is None:
        yield from keyed
        return
    mark = tuple(read_cursor(page.after))
    try:
        for place, thing in keyed:
            if place < mark if page.reverse else place > mark:
                yield place, thing
    except TypeError as error:  # the cursor of another sort order
        raise bad_cursor() from error
