"""Sales: listed by version, rung up with the client's own id, which makes the same request once more harmless."""

from typing import Any

from evals.retailer.actions import CodeRefused, OutOfStock, Unknown
from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, listed, ok
from evals.retailer.lightspeed.json_values import a_list, an_object
from evals.retailer.lightspeed.products import find_product
from evals.retailer.lightspeed.ring_up import RungLine, ring_up
from evals.retailer.lightspeed.sale_rows import sale_row
from evals.retailer.lightspeed.wire import amount, cents_of, is_uuid, moment_of, timestamp, units_of
from evals.retailer.world import Place

_STATES = {"parked", "pending", "voided", "closed"}


def list_sales(account: Account, asked: Asked) -> Answer:
    """`GET /sales`: closed, voided and parked ones together, by version."""
    after, size = asked.whole("after", 0), asked.page_size()
    sales = account.index.sales
    parked = [(row["_metadata"]["version"], key) for key, row in account.parked.items()]
    waiting = [mark for mark in parked if mark[0] > after]
    marks = sorted([*sales.feed.after(after, size), *waiting])[:size]
    rows = [row for _, key in marks if (row := _row(account, key))]
    return listed(rows, [version for version, _ in marks])


def get_sale(account: Account, asked: Asked) -> Answer:
    """`GET /sales/{sale_id}`."""
    row = _row(account, asked.path["sale_id"])
    if row is None:
        raise Problem(404, "Sale not found.")
    return ok(row)


def create_sale(account: Account, asked: Asked) -> Answer:
    """`POST /sales`. An id that was used answers the sale it made, and makes none."""
    given = asked.object()
    sale_id, state = given.get("id") or account.new_id("sale"), given.get("state")
    if not is_uuid(sale_id):
        raise Problem(422, "id must be a uuid.")
    if state not in _STATES:
        raise Problem(422, "state must be parked, pending, voided or closed.")
    sale_id = str(sale_id).lower()
    if sale_id in account.index.sales.by_id:
        return ok(sale_row(account, account.index.sales.by_id[sale_id]))
    place, person, lines = _place(account, given), _person(account, given), _lines(account, given)
    if state == "closed":
        return _close(account, given, sale_id, place, person, lines)
    row = _parked_row(account, given, sale_id, place, lines)
    account.parked[sale_id] = row
    return ok(row)


def _close(  # noqa: PLR0913, PLR0917 - a sale has this many facts
    account: Account, given: Json, sale_id: str, place: Place, person: int | None, lines: list[RungLine]
) -> Answer:
    if not lines:
        raise Problem(422, "A closed sale has at least one line.")
    total = sum(line.quantity * line.unit_price - line.discount for line in lines)
    if given.get("payments") and _paid(given) != total:
        raise Problem(422, "The payments do not add up to the total.")
    transaction = given["source"].get("id")
    try:
        order = ring_up(
            account.world,
            place=place,
            lines=lines,
            occurred_at=moment_of(given.get("date")) or account.now(),
            id=sale_id,
            customer=person,
            transaction=transaction if isinstance(transaction, str) else "",
        )
    except (OutOfStock, CodeRefused, Unknown) as error:
        raise Problem(422, str(error)) from error
    account.parked.pop(sale_id, None)
    return ok(sale_row(account, order))


def _row(account: Account, sale_id: str) -> Json | None:
    order = account.index.sales.by_id.get(sale_id)
    return sale_row(account, order) if order else account.parked.get(sale_id)


def _place(account: Account, given: Json) -> Place:
    source = an_object(given.get("source"), "source")
    if "author_id" not in source:
        raise Problem(422, "source.author_id is required.")
    found = account.index.registers.get(source.get("register_id", ""))
    if found is None:
        raise Problem(422, "Register not found.")
    return found


def _person(account: Account, given: Json) -> int | None:
    customer = given.get("customer_id")
    if customer is None:
        return None
    found = account.index.people.by_id.get(str(customer))
    if found is None:
        raise Problem(422, "Customer not found.")
    return found.key


def _lines(account: Account, given: Json) -> list[RungLine]:
    entries = a_list(given.get("line_items", []), "line_items")
    return [_line(account, entry, number) for number, entry in enumerate(entries)]


def _line(account: Account, entry: Any, number: int) -> RungLine:
    try:
        variant = find_product(account, entry["product"]["id"], 422)
        units, price = units_of(entry["quantity"]), cents_of(entry["pricing"]["price"])
        off = cents_of(entry["pricing"].get("discount", 0))
    except (AttributeError, KeyError, TypeError) as error:
        raise Problem(422, f"line_items[{number}] needs product.id, quantity and pricing.price.") from error
    if units is None or units <= 0:
        raise Problem(422, f"line_items[{number}]: quantity must be a whole number above zero.")
    if price is None or off is None or not 0 <= off <= price:
        raise Problem(422, f"line_items[{number}]: the discount must be from 0 to the price.")
    return RungLine(variant.sku, units, price, off * units)


def _paid(given: Json) -> int | None:
    try:
        amounts = [cents_of(payment["amount"]) for payment in given["payments"]]
    except (KeyError, TypeError) as error:
        raise Problem(422, "Every payment needs an amount.") from error
    return None if None in amounts else sum(one for one in amounts if one is not None)


def _parked_row(account: Account, given: Json, sale_id: str, place: Place, lines: list[RungLine]) -> Json:
    now, world = timestamp(account.now()), account.world
    total = sum(line.quantity * line.unit_price - line.discount for line in lines)
    row: Json = {
        "attributes": [],
        "created_at": now,
        "date": now,
        "id": sale_id,
        "line_items": [
            {
                "pricing": {"discount_total": amount(line.discount), "price": amount(line.unit_price)},
                "product": {"id": world.variants[line.sku].lightspeed_product_id},
                "quantity": line.quantity,
            }
            for line in lines
        ],
        "note": given.get("note") if isinstance(given.get("note"), str) else "",
        "return": {"is_return": False, "return_sale_ids": []},
        "source": {
            "author": {"id": account.user_id},
            "outlet_id": place.outlet_id,
            "register_id": place.register_id,
        },
        "state": given["state"],
        "totals": {"price": amount(total), "price_incl_tax": amount(total), "tax": 0},
        "updated_at": now,
        "_metadata": {"version": world.next_version()},
    }
    if isinstance(given.get("customer_id"), str):
        row["customer_id"] = given["customer_id"]
    return row
