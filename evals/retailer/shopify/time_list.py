"""Pages over a timeline: cursors that hold a moment and a key."""

from collections.abc import Iterator
from datetime import datetime

from evals.retailer.shopify.matching import span_of
from evals.retailer.shopify.page import Key, Paging, bad_cursor, read_cursor
from evals.retailer.shopify.timeline import Mark, Timeline


def marked_by_time(timeline: Timeline, page: Paging, field: str) -> Iterator[tuple[Key, int]]:
    """Keys behind the cursor, each with its sort key, within the time that the query leaves open for `field`.

    Raises:
        GraphQLError: The cursor belongs to another order.
    """
    low, high = span_of(page.query, field)
    mark = _mark(page.after) if page.after else None
    walk = timeline.walk(low, high, after=mark, reverse=page.reverse)
    return (((moment.isoformat(), key), key) for moment, key in walk)


def _mark(cursor: str) -> Mark:
    match read_cursor(cursor):
        case [str(moment), int(key)]:
            try:
                return datetime.fromisoformat(moment), key
            except ValueError as error:
                raise bad_cursor() from error
        case _:
            raise bad_cursor()
