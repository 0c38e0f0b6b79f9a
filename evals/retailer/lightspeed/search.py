"""`GET /search`: customers by what identifies them, sales by customer, products by sku; paged by offset."""

from collections.abc import Iterable

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import MAX_PAGE, Answer, Asked, Json, Problem
from evals.retailer.lightspeed.customer_code import code_of
from evals.retailer.lightspeed.customers import customer_row
from evals.retailer.lightspeed.products import product_row
from evals.retailer.lightspeed.sale_rows import sale_row
from evals.retailer.lightspeed.wire import moment_of
from evals.retailer.world import Order, Person

_CUSTOMER_KEYS = ("customer_code", "email", "phone", "mobile", "first_name", "last_name")
_STATES = {"CLOSED": "closed", "VOIDED": "voided"}


def search(account: Account, asked: Asked) -> Answer:
    """`GET /search?type=customers|sales|products`."""
    kind = asked.first("type")
    if kind == "customers":
        rows = _customers(account, asked)
    elif kind == "sales":
        rows = _sales(account, asked)
    elif kind == "products":
        rows = _products(account, asked)
    else:
        raise Problem(400, "type must be customers, sales or products.")
    size, offset = min(asked.whole("page_size", MAX_PAGE), MAX_PAGE), asked.whole("offset", 0)
    return Answer(200, {"data": rows[offset : offset + size]})


def _customers(account: Account, asked: Asked) -> list[Json]:
    wanted = {name: asked.first(name).casefold() for name in _CUSTOMER_KEYS if asked.first(name)}
    if not wanted:
        raise Problem(400, "Name what to search customers by.")
    people = account.index.people
    pools: list[Iterable[Person]] = []
    if "email" in wanted:
        pools.append(people.by_email.get(wanted["email"], {}).values())
    phones = [wanted[name] for name in ("phone", "mobile") if name in wanted]
    pools.extend(people.by_phone.get(phone, {}).values() for phone in phones)
    if "customer_code" in wanted:
        pools.append(people.by_code.get(wanted["customer_code"], {}).values())
    known = pools[0] if pools else people.by_id.values()
    return [customer_row(person) for person in known if _fits(person, wanted)]


def _fits(person: Person, wanted: dict[str, str]) -> bool:
    shown = {
        "customer_code": code_of(person),
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "mobile": person.phone,
        "phone": person.phone,
    }
    return all(shown[name].casefold() == value for name, value in wanted.items())


def _sales(account: Account, asked: Asked) -> list[Json]:
    sales = account.index.sales
    customer = asked.first("customer_id")
    if customer:
        person = account.index.people.by_id.get(customer)
        pool: Iterable[Order] = sales.by_customer.get(person.key, {}).values() if person else ()
    else:
        pool = sales.by_id.values()
    low, high = moment_of(asked.first("date_from")), moment_of(asked.first("date_to"))
    states = {_STATES.get(status.upper(), "") for status in asked.query.get("status", ())}
    outlet, invoice = asked.first("outlet_id"), asked.first("invoice_number")
    found = [
        order
        for order in pool
        if (low is None or order.occurred_at >= low)
        and (high is None or order.occurred_at <= high)
        and (not states or ("voided" if order.cancelled_at else "closed") in states)
        and (not outlet or account.world.places[order.place].outlet_id == outlet)
        and (not invoice or order.name.lstrip("#") == invoice)
    ]
    found.sort(key=lambda order: order.occurred_at, reverse=asked.first("order_direction") != "asc")
    return [sale_row(account, order) for order in found]


def _products(account: Account, asked: Asked) -> list[Json]:
    wanted = {sku.casefold() for sku in asked.query.get("sku", ())}
    if not wanted:
        raise Problem(400, "Name the skus to search for.")
    variants = account.world.variants
    exact = [variants.get(sku.upper()) or variants.get(sku) for sku in wanted]
    return [product_row(one) for one in exact if one and one.lightspeed_product_id]
