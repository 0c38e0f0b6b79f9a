"""Customers, as the Admin API shows them."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from evals.retailer.shopify.matching import Field, matcher
from evals.retailer.shopify.order_list import customer_orders
from evals.retailer.shopify.page import Connection, Key, Paging, connection, sorted_connection
from evals.retailer.shopify.search_syntax import value_of
from evals.retailer.shopify.search_warnings import note_unknown_fields
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.time_list import marked_by_time
from evals.retailer.shopify.wire import gid, integer, money, timestamp
from evals.retailer.world import Person

CUSTOMER_FIELDS = {
    "created_at": Field("time", lambda one: one.created_at),
    "customer_date": Field("time", lambda one: one.created_at),
    "email": Field("text", lambda one: one.email),
    "first_name": Field("text", lambda one: one.first_name),
    "id": Field("number", lambda one: one.shopify_id),
    "last_name": Field("text", lambda one: one.last_name),
    "orders_count": Field("number", lambda one: one.orders),
    "phone": Field("text", lambda one: one.phone),
    "tag": Field("text", lambda one: tuple(tags_of(one))),
    "updated_at": Field("time", lambda one: one.updated_at),
}
LOYALTY_KEYS = {"loyalty", "loyalty_id"}
WISHLIST = ("custom", "wishlist")
_WISHES = 3
_OFTEN = 10  # orders: where Shopify would call a buyer a champion is its secret; ours is a plain step
_BIG_SPENDER = 50_000  # cents
_SMALL_SPENDER = 10_000  # cents
_CREDITED = 5
_CREDIT = 1_500  # cents


def customer_row(person: Person, call: Call) -> dict[str, Any]:
    """`Customer`."""
    return {
        "amountSpent": money(person.spent, call.currency),
        "createdAt": timestamp(person.created_at),
        "defaultEmailAddress": _email(person),
        "defaultPhoneNumber": _phone(person),
        "displayName": f"{person.first_name} {person.last_name}".strip() or person.email,
        "events": _no_events,
        "firstName": person.first_name or None,
        "id": gid("Customer", person.shopify_id),
        "lastOrder": max(call.index.orders.by_customer[person.key], key=lambda order: order.occurred_at, default=None),
        "legacyResourceId": str(person.shopify_id),
        "metafield": partial(metafield, person, call),
        "numberOfOrders": str(person.orders),
        "orders": partial(customer_orders, person, call),
        "state": "DISABLED",
        "statistics": _statistics(person),
        "storeCreditAccounts": partial(_credit, person, call),
        "tags": tags_of(person),
        "updatedAt": timestamp(person.updated_at),
    }


def customer(call: Call, *, id: str) -> Person | None:  # noqa: A002 - Shopify's word
    """`QueryRoot.customer`."""
    return call.index.people.by_id.get(integer(id, "Customer"))


def customer_by_identifier(call: Call, *, identifier: dict[str, Any]) -> Person | None:
    """`QueryRoot.customerByIdentifier`; a custom id is the loyalty id in namespace `tillhand`."""
    people = call.index.people
    if "email_address" in identifier:
        return people.by_email.get(identifier["email_address"].casefold())
    if "phone_number" in identifier:
        return people.by_phone.get(identifier["phone_number"])
    if "id" in identifier:
        return people.by_id.get(integer(identifier["id"], "Customer"))
    custom = identifier["custom_id"]
    ours = custom.get("namespace") in {"tillhand", None} and custom["key"] in LOYALTY_KEYS
    return people.by_loyalty.get(custom["value"].casefold()) if ours else None


def customers(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.customers`."""
    people = call.index.people
    fields = CUSTOMER_FIELDS | {"default": Field("words", lambda one: people.words[one.key])}
    note_unknown_fields(call, page.query, fields)
    holds = matcher(page.query, fields)
    one = people.by_email.get(value_of(page.query, "email").casefold()) or people.by_phone.get(
        value_of(page.query, "phone")
    )
    if one is None and page.sort_key == "UPDATED_AT":
        marks = marked_by_time(people.by_updated, page, "updated_at")
        return connection(((mark, person) for mark, person in _at(call, marks) if holds(person)), page.first)
    found = filter(holds, [one] if one else people.by_id.values())
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def metafield(person: Person, _call: Call, *, key: str, namespace: str | None = None) -> dict[str, Any] | None:
    """`Customer.metafield`: the loyalty id under `tillhand`, the wishlist under `custom`."""
    if namespace in {"tillhand", None} and key in LOYALTY_KEYS and person.loyalty_id:
        return _metafield(person, "tillhand", key, "id", person.loyalty_id)
    if (namespace, key) == WISHLIST:
        wished = [gid("Product", product) for product in wishlist(person, _call)]
        return _metafield(person, *WISHLIST, "list.product_reference", json.dumps(wished)) if wished else None
    return None


def wishlist(person: Person, call: Call) -> list[int]:
    """Ids of products the person put aside: drawn from what they lean to, the same at every call."""
    liked = [
        product for product, variants in call.index.variants.by_product.items() if variants[0].category in person.taste
    ]
    if not liked:
        return []
    step = max(1, len(liked) // _WISHES)
    return list(islice(liked[person.key % step :: step], _WISHES))


def tags_of(person: Person) -> list[str]:
    """The tags the retailer keeps on a customer."""
    return ["loyalty"] if person.loyalty_id else []


def _at(call: Call, marks: Iterator[tuple[Key, int]]) -> Iterator[tuple[Key, Person]]:
    return ((mark, call.world.people[key]) for mark, key in marks)


def _email(person: Person) -> dict[str, Any] | None:
    if not person.email:
        return None
    return {"emailAddress": person.email, **_consent(person, given=person.consent_email)}


def _phone(person: Person) -> dict[str, Any] | None:
    if not person.phone:
        return None
    return {"phoneNumber": person.phone, **_consent(person, given=person.consent_sms)}


def _consent(person: Person, *, given: bool) -> dict[str, Any]:
    return {
        "marketingOptInLevel": "SINGLE_OPT_IN" if given else None,
        "marketingState": "SUBSCRIBED" if given else "NOT_SUBSCRIBED",
        "marketingUpdatedAt": timestamp(person.created_at) if given else None,
    }


def _statistics(person: Person) -> dict[str, Any]:
    tier = "HIGH" if person.spent >= _BIG_SPENDER else "MEDIUM" if person.spent >= _SMALL_SPENDER else "LOW"
    group = "CHAMPIONS" if person.orders >= _OFTEN else "LOYAL" if person.orders > _OFTEN // 2 else "ACTIVE"
    return {
        "predictedSpendTier": tier if person.orders else None,
        "rfmGroup": ("NEW" if person.orders == 1 else group) if person.orders else "PROSPECTS",
    }


def _credit(person: Person, call: Call, **_page: object) -> Connection:
    """One account in the shop's currency, for those whose complaint was settled with credit: one customer in five."""
    if person.key % _CREDITED:
        return {"nodes": []}
    account = {"balance": money(_CREDIT, call.currency), "id": gid("StoreCreditAccount", person.shopify_id)}
    return {"nodes": [account]}


def _metafield(person: Person, namespace: str, key: str, kind: str, value: str) -> dict[str, Any]:
    return {
        "compareDigest": hashlib.sha256(value.encode()).hexdigest(),
        "id": gid("Metafield", f"{person.shopify_id}{len(key):02d}"),
        "key": key,
        "namespace": namespace,
        "type": kind,
        "updatedAt": timestamp(person.created_at),
        "value": value,
    }


def _no_events(**_page: object) -> Connection:
    """The admin's timeline of a customer, which the simulated retailer does not write."""
    return {"nodes": []}


def _by_created(person: Person) -> Key:
    return (person.created_at.isoformat(), person.shopify_id)


def _by_id(person: Person) -> Key:
    return (person.shopify_id,)


def _by_name(person: Person) -> Key:
    return (person.last_name, person.first_name, person.shopify_id)


def _by_updated(person: Person) -> Key:
    return (person.updated_at.isoformat(), person.key)


_ORDERS = {"CREATED_AT": _by_created, "ID": _by_id, "NAME": _by_name, "UPDATED_AT": _by_updated}
