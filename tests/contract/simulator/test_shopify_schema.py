"""Our SDL is a true part of Shopify's: no field, argument or value that the real API does not have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, is_leaf_type, parse, validate

from evals.retailer import actions
from evals.retailer.shopify.admin import admin_schema
from tests.contract.simulator.small_shop import PHONE, SKU, SmallShop, open_shop

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "shopify"
OFFICIAL = ("admin_2026-07.projection.graphql", "admin_2026-10.projection.graphql")
SERVED = (
    "abandoned_checkouts",
    "active_discounts",
    "bulk_get",
    "customer_history",
    "customer_lookup",
    "customer_search",
    "inventory_adjust",
    "inventory_at_location",
    "inventory_by_sku",
    "inventory_set",
    "locations",
    "offer_activate",
    "offer_create",
    "offer_deactivate",
    "offer_delete",
    "offer_get_by_code",
    "order_detail",
    "orders_search",
    "product_search",
    "shop",
    "transfer_cancel",
    "transfer_create",
    "transfer_delete",
    "transfer_get",
    "transfer_ready",
    "transfer_receive",
    "transfer_ship",
    "transfers_list",
    "webhook_create",
    "webhook_delete",
    "webhook_list",
)


def foreign_parts(ours: GraphQLSchema, official: GraphQLSchema) -> Iterator[str]:
    """Everything in our schema that the official one does not have, or has with another type."""
    theirs: Any = official.type_map
    for name, named in ours.type_map.items():
        if name.startswith("__"):
            continue
        if type(theirs.get(name)) is type(named):
            yield from _foreign_members(named, theirs[name])
            yield from _foreign_fields(named, theirs[name])
        else:
            yield name


def _foreign_members(mine: Any, theirs: Any) -> Iterator[str]:
    yield from (f"{mine.name}.{value}" for value in getattr(mine, "values", ()) if value not in theirs.values)
    known = {member.name for member in getattr(theirs, "types", ())}
    yield from (f"{mine.name} = {member.name}" for member in getattr(mine, "types", ()) if member.name not in known)


def _foreign_fields(mine: Any, theirs: Any) -> Iterator[str]:
    for field, about in getattr(mine, "fields", {}).items():
        if field == "pageInfo" and mine.name.endswith("Connection"):
            continue  # every connection has one; the projection keeps it where its operations ask
        other = theirs.fields.get(field)
        if other is None or str(other.type) != str(about.type):
            yield f"{mine.name}.{field}"
            continue
        for argument, detail in getattr(about, "args", {}).items():
            if argument not in other.args or str(other.args[argument].type) != str(detail.type):
                yield f"{mine.name}.{field}({argument})"


def official_schema(file: str) -> GraphQLSchema:
    path = SPECS / file
    if not path.exists():
        pytest.skip("the official schema is not beside the repository")
    return build_schema(path.read_text("utf-8"), assume_valid=True)


def _fields_of(name: str) -> dict[str, Any]:
    named: Any = admin_schema().type_map[name]
    return named.fields


@pytest.mark.parametrize("file", OFFICIAL)
def test_every_part_of_our_sdl_is_in_the_official_schema(file: str):
    assert list(foreign_parts(admin_schema(), official_schema(file))) == []


def test_an_invented_part_is_found():
    official = build_schema("type Query { a(x: Int): String! b: E } enum E { V }")
    ours = build_schema("type Query { a(x: Int!, y: Int): String! b: E c: Int } enum E { V W } scalar S")
    assert set(foreign_parts(ours, official)) == {"Query.a(x)", "Query.a(y)", "Query.c", "E.W", "S"}


@pytest.mark.parametrize("name", SERVED)
def test_a_served_operation_is_valid_on_our_sdl(name: str):
    path = SPECS / "ops" / f"{name}.graphql"
    if not path.exists():
        pytest.skip("the operations are not beside the repository")
    assert validate(admin_schema(), parse(path.read_text("utf-8"))) == []


@pytest.mark.anyio
@pytest.mark.parametrize("root", sorted(_fields_of("QueryRoot")))
async def test_every_field_below_a_query_is_answered(root: str):
    async with open_shop() as shop:
        assert await shop.admin(everything(root, shop))


def everything(root: str, shop: SmallShop) -> str:
    """A query that selects every field below a root field, each type once on the way down."""
    order = next(one for one in shop.world.orders.values() if one.platform == "shopify")
    actions.create_transfer(shop.world, "shopify", "WAREHOUSE", "STORE_123", {SKU: 1}, "r", "IN_PROGRESS")
    cart = actions.put_in_cart(shop.world, actions.open_cart(shop.world, shop.person.key), SKU, 2)
    actions.begin_checkout(shop.world, cart)
    arguments = {
        "bulkOperation": '(id: "gid://shopify/BulkOperation/1")',
        "codeDiscountNodeByCode": f'(code: "{next(iter(shop.world.discounts))}")',
        "customer": f'(id: "{shop.customer}")',
        "customerByIdentifier": f'(identifier: {{phoneNumber: "{PHONE}"}})',
        "inventoryItems": f'(first: 1, query: "sku:{SKU}")',
        "inventoryTransfer": f'(id: "gid://shopify/InventoryTransfer/{next(iter(shop.world.transfers))}")',
        "location": f'(id: "{shop.location()}")',
        "order": f'(id: "gid://shopify/Order/{order.id}")',
        "shop": "",
    }
    schema = admin_schema()
    kind = _named(schema, str(_fields_of("QueryRoot")[root].type))
    return f"{{ {root}{arguments.get(root, '(first: 1)')} {_selection(schema, kind, ('QueryRoot',))} }}"


def _selection(schema: GraphQLSchema, named: Any, path: tuple[str, ...]) -> str:
    if hasattr(named, "types"):
        return f"{{ __typename ... on {named.types[0].name} {_selection(schema, named.types[0], path)} }}"
    parts = ["__typename"]
    for name, about in named.fields.items():
        below = _named(schema, str(about.type))
        if is_leaf_type(below):
            parts.append(f"{name}{_arguments(about)}")
        elif below.name not in path:
            parts.append(f"{name}{_arguments(about)} {_selection(schema, below, (*path, below.name))}")
    return "{ " + " ".join(parts) + " }"


def _arguments(about: Any) -> str:
    samples = {"first": "1", "names": '["available"]', "key": '"loyalty"'}
    given = [f"{name}: {samples[name]}" for name in about.args if name in samples]
    return f"({', '.join(given)})" if given else ""


def _named(schema: GraphQLSchema, text: str) -> Any:
    return schema.type_map[text.strip("[]!")]
