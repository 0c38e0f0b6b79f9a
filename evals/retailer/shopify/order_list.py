"""Lists of orders: by customer, by time, by what they contain."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from evals.retailer.shopify.matching import Field, Test, matcher
from evals.retailer.shopify.orders import financial_status
from evals.retailer.shopify.page import Connection, Key, Paging, connection, sorted_connection
from evals.retailer.shopify.search_syntax import value_of
from evals.retailer.shopify.search_warnings import note_unknown_fields
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.time_list import marked_by_time
from evals.retailer.shopify.wire import number
from evals.retailer.world import Order, Person

# Without the scope read_all_orders an app sees this much. https://shopify.dev/docs/api/usage/access-scopes
_SEEN_BY_ALL = timedelta(days=60)


def orders(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.orders`: `processed_at`, `updated_at`, `created_at`, `source_name`, `location_id` and others."""
    fields = _fields(call)
    note_unknown_fields(call, page.query, fields)
    holds = _visible(call, matcher(page.query, fields))
    index = call.index.orders
    narrowed = _narrowed(call, page.query)
    if narrowed is None and page.sort_key in {"PROCESSED_AT", "UPDATED_AT"}:
        field, timeline = (
            ("updated_at", index.by_updated) if page.sort_key == "UPDATED_AT" else ("processed_at", index.by_processed)
        )
        marks = marked_by_time(timeline, page, field)
        return connection(_holding(call, marks, holds), page.first)
    found = filter(holds, index.by_key.values() if narrowed is None else narrowed)
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def customer_orders(person: Person, call: Call, *, page: Paging) -> Connection:
    """`Customer.orders`."""
    fields = _fields(call)
    note_unknown_fields(call, page.query, fields)
    holds = _visible(call, matcher(page.query, fields))
    found = filter(holds, call.index.orders.by_customer[person.key])
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def order(call: Call, *, id: str) -> Order | None:  # noqa: A002 - Shopify's word
    """`QueryRoot.order`."""
    found = call.index.orders.by_id.get(number(id, "Order"))
    return found if found and _visible(call, matcher(None, {}))(found) else None


def _narrowed(call: Call, query: str) -> Iterable[Order] | None:
    """The few orders a query can be about, when it names an id or a customer or when they changed."""
    index = call.index.orders
    if named := value_of(query, "id"):
        found = index.by_id.get(named)
        return [found] if found else []
    if buyer := value_of(query, "customer_id"):
        person = call.index.people.by_id.get(int(buyer)) if buyer.isdecimal() else None
        return index.by_customer[person.key] if person else []
    return None


def _fields(call: Call) -> dict[str, Field]:
    def customer_id(found: Order) -> int | None:
        person = call.index.people.get(found.customer)
        return person.shopify_id if person else None

    def location_id(found: Order) -> int | None:
        return call.world.places[found.place].shopify_id if found.channel == "pos" else None

    return _FIELDS | {
        "customer_id": Field("number", customer_id),
        "location_id": Field("number", location_id),
    }


def _visible(call: Call, holds: Test) -> Test:
    if "read_all_orders" in call.shop.settings.scopes:
        return holds
    oldest = call.world.now() - _SEEN_BY_ALL
    return lambda found: found.occurred_at >= oldest and holds(found)


def _holding(call: Call, marks: Iterator[tuple[Key, int]], holds: Test) -> Iterator[tuple[Key, Order]]:
    by_key = call.index.orders.by_key
    return ((mark, by_key[key]) for mark, key in marks if holds(by_key[key]))


def _status(found: Order) -> tuple[str, ...]:
    if found.cancelled_at:
        return "cancelled", "any"
    return ("closed" if found.fulfilled_at else "open"), "any", "not_closed"


def _by_created(found: Order) -> Key:
    return ((found.created_at or found.occurred_at).isoformat(), found.key)


def _by_id(found: Order) -> Key:
    return (int(found.id),)


def _by_processed(found: Order) -> Key:
    return (found.occurred_at.isoformat(), found.key)


def _by_updated(found: Order) -> Key:
    return (found.updated_at.isoformat(), found.key)


def _skus(found: Order) -> tuple[Any, ...]:
    return tuple(line.sku for line in found.lines)


_FIELDS = {
    "created_at": Field("time", lambda found: found.created_at or found.occurred_at),
    "default": Field("words", lambda found: f"{found.name} {' '.join(_skus(found))}"),
    "discount_code": Field("text", lambda found: found.discount_codes),
    "financial_status": Field("text", financial_status),
    "fulfillment_status": Field("text", lambda found: ("fulfilled", "shipped") if found.fulfilled_at else "unshipped"),
    "id": Field("number", lambda found: int(found.id)),
    "name": Field("text", lambda found: (found.name, found.name.lstrip("#"))),
    "processed_at": Field("time", lambda found: found.occurred_at),
    "sku": Field("text", _skus),
    "source_name": Field("text", lambda found: "pos" if found.channel == "pos" else "web"),
    "status": Field("text", _status),
    "test": Field("text", lambda _found: "false"),
    "updated_at": Field("time", lambda found: found.updated_at),
}
_ORDERS = {"CREATED_AT": _by_created, "ID": _by_id, "PROCESSED_AT": _by_processed, "UPDATED_AT": _by_updated}
