"""What the simulated Admin API shows is what the world holds."""

from datetime import timedelta
from typing import Any

import pytest

from evals.retailer import actions
from evals.retailer.world import Order
from tests.contract.simulator.small_shop import LOYALTY, PHONE, SKU, START, SmallShop, open_shop

pytestmark = pytest.mark.anyio

LOOKUP = "query L($by: CustomerIdentifierInput!) { customerByIdentifier(identifier: $by) { id numberOfOrders } }"
ORDERS = """query O($query: String, $first: Int! = 5, $after: String, $reverse: Boolean = false, $by: OrderSortKeys) {
  orders(first: $first, after: $after, query: $query, reverse: $reverse, sortKey: $by) {
    nodes { id updatedAt } pageInfo { hasNextPage endCursor }
  }
}"""


def sell(shop: SmallShop, **changes: Any) -> Order:
    sale: dict[str, Any] = {"place": "STORE_123", "customer_key": shop.person.key, "lines": [(SKU, 2)]}
    moment: dict[str, Any] = {"channel": "pos", "occurred_at": shop.clock.now()}
    return actions.sell(shop.world, **(sale | moment | changes))


async def all_orders(shop: SmallShop, **variables: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = (await shop.admin(ORDERS, after=after, **variables))["orders"]
        found.extend(node["id"].rpartition("/")[2] for node in page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize(
    "by",
    [
        {"phoneNumber": PHONE},
        {"customId": {"namespace": "tillhand", "key": "loyalty_id", "value": LOYALTY}},
        {"customId": {"key": "loyalty_id", "value": LOYALTY.lower()}},
    ],
)
async def test_a_customer_is_found_by_phone_and_by_loyalty_id(by: dict[str, Any]):
    async with open_shop() as shop:
        found = (await shop.admin(LOOKUP, by=by))["customerByIdentifier"]
    assert found == {"id": shop.customer, "numberOfOrders": str(shop.person.orders)}


async def test_a_customer_is_found_by_email_in_any_case_and_by_id():
    async with open_shop() as shop:
        for by in ({"emailAddress": shop.person.email.upper()}, {"id": shop.customer}):
            assert (await shop.admin(LOOKUP, by=by))["customerByIdentifier"]["id"] == shop.customer


async def test_an_old_email_finds_nobody_after_it_changed():
    async with open_shop() as shop:
        old, shop.person.email = shop.person.email, "new.address@example.com"
        actions.update_customer(shop.world, shop.person)
        assert (await shop.admin(LOOKUP, by={"emailAddress": old}))["customerByIdentifier"] is None
        assert (await shop.admin(LOOKUP, by={"emailAddress": shop.person.email}))["customerByIdentifier"]


async def test_an_unknown_customer_is_null_and_two_identifiers_are_an_error():
    async with open_shop() as shop:
        nobody = await shop.admin(LOOKUP, by={"id": "gid://shopify/Customer/1"})
        assert nobody["customerByIdentifier"] is None
        assert await shop.errors(LOOKUP, by={"emailAddress": "a@example.com", "phoneNumber": PHONE}) == [
            "INVALID_VARIABLE"
        ]
        assert await shop.errors(LOOKUP, by={"id": "not an id"}) == ["INVALID_GLOBAL_ID"]


async def test_a_customer_who_only_lightspeed_knows_is_not_found():
    async with open_shop() as shop:
        stranger = next(one for one in shop.world.people.values() if not one.shopify_id and one.email)
        found = await shop.admin(LOOKUP, by={"emailAddress": stranger.email})
        assert found["customerByIdentifier"] is None


async def test_inventory_by_sku_shows_every_location_as_the_world_counts_it():
    query = """query S($q: String!) { inventoryItems(first: 5, query: $q) { nodes { sku
      inventoryLevels(first: 20) { nodes { location { id }
        quantities(names: ["available", "on_hand"]) { name quantity } } } } } }"""
    async with open_shop() as shop:
        (item,) = (await shop.admin(query, q=f"sku:{SKU}"))["inventoryItems"]["nodes"]
        shown = {
            node["location"]["id"]: {one["name"]: one["quantity"] for one in node["quantities"]}
            for node in item["inventoryLevels"]["nodes"]
        }
        held = {
            shop.location(place): {"available": level.available, "on_hand": level.on_hand}
            for (sku, place), level in shop.world.levels.items()
            if sku == SKU and shop.world.places[place].shopify_id
        }
    assert shown == held
    assert len(shown) >= 4


async def test_paging_through_a_location_shows_every_level_once():
    query = """query P($id: ID!, $after: String) { location(id: $id) { inventoryLevels(first: 7, after: $after) {
      nodes { item { sku } } pageInfo { hasNextPage endCursor } } } }"""
    async with open_shop() as shop:
        seen: list[str] = []
        after = None
        while True:
            page = (await shop.admin(query, id=shop.location(), after=after))["location"]["inventoryLevels"]
            seen.extend(node["item"]["sku"] for node in page["nodes"])
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert sorted(seen) == sorted(sku for sku, place in shop.world.levels if place == "STORE_123")


@pytest.mark.parametrize("by", ["PROCESSED_AT", "UPDATED_AT", "ID", "CREATED_AT"])
@pytest.mark.parametrize("reverse", [False, True])
async def test_cursor_paging_walks_every_order_once_in_either_direction(by: str, *, reverse: bool):
    async with open_shop() as shop:
        walked = await all_orders(shop, by=by, reverse=reverse)
        held = [order.id for order in shop.world.orders.values() if order.platform == "shopify"]
        at_once = await all_orders(shop, by=by, first=200)
    assert sorted(walked) == sorted(held)
    assert walked == (at_once[::-1] if reverse else at_once)


async def test_a_poller_that_asks_from_the_last_second_it_saw_misses_nothing():
    async with open_shop() as shop:
        shop.clock.advance_to(START + timedelta(minutes=1))
        before = sell(shop)
        shop.clock.advance_to(START + timedelta(minutes=2))
        at = sell(shop)
        moment = at.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert await all_orders(shop, query=f"updated_at:>={moment}", by="UPDATED_AT") == [at.id]
        assert await all_orders(shop, query=f"updated_at:>'{moment}'", by="UPDATED_AT") == []
        assert before.id in await all_orders(shop, query=f"updated_at:<{moment}", by="UPDATED_AT")
        actions.refund(shop.world, before, {SKU: 1})
        assert set(await all_orders(shop, query=f"updated_at:>={moment}", by="UPDATED_AT")) == {at.id, before.id}


async def test_orders_are_narrowed_by_source_and_location():
    async with open_shop() as shop:
        here = sell(shop)
        online = sell(shop, place="ONLINE", channel="online")
        location = shop.world.places["STORE_123"].shopify_id
        at_till = await all_orders(shop, query=f"source_name:pos location_id:{location} status:any", first=100)
        from_web = await all_orders(shop, query="source_name:web", first=100)
        waiting = await all_orders(shop, query="fulfillment_status:unshipped financial_status:paid", first=100)
    assert here.id in at_till
    assert online.id not in at_till
    assert online.id in from_web
    assert online.id in waiting
    assert here.id not in waiting
    assert here.id not in from_web


async def test_an_order_shows_what_was_given_back():
    query = """query D($id: ID!) { order(id: $id) { displayFinancialStatus returnStatus
      currentTotalPriceSet { shopMoney { amount currencyCode } }
      lineItems(first: 5) { nodes { sku quantity currentQuantity refundableQuantity
        discountedUnitPriceAfterAllDiscountsSet { shopMoney { amount } } } }
      transactions(first: 5) { kind amountSet { shopMoney { amount } } }
      returns(first: 5) { nodes { totalQuantity } } } }"""
    async with open_shop() as shop:
        order = sell(shop)
        actions.refund(shop.world, order, {SKU: 1})
        shown = (await shop.admin(query, id=f"gid://shopify/Order/{order.id}"))["order"]
    assert shown == {
        "displayFinancialStatus": "PARTIALLY_REFUNDED",
        "returnStatus": "RETURNED",
        "currentTotalPriceSet": {"shopMoney": {"amount": "29.99", "currencyCode": "USD"}},
        "lineItems": {
            "nodes": [
                {
                    "sku": SKU,
                    "quantity": 2,
                    "currentQuantity": 1,
                    "refundableQuantity": 1,
                    "discountedUnitPriceAfterAllDiscountsSet": {"shopMoney": {"amount": "29.99"}},
                }
            ]
        },
        "transactions": [
            {"kind": "SALE", "amountSet": {"shopMoney": {"amount": "59.98"}}},
            {"kind": "REFUND", "amountSet": {"shopMoney": {"amount": "29.99"}}},
        ],
        "returns": {"nodes": [{"totalQuantity": 1}]},
    }


async def test_a_till_that_was_offline_shows_when_it_sold_and_when_it_told():
    query = "query T($id: ID!) { order(id: $id) { processedAt createdAt } }"
    async with open_shop() as shop:
        order = sell(shop, occurred_at=START - timedelta(hours=3))
        shown = (await shop.admin(query, id=f"gid://shopify/Order/{order.id}"))["order"]
    assert shown == {"processedAt": "2026-11-23T12:00:00Z", "createdAt": "2026-11-23T15:00:00Z"}


async def test_a_checkout_begun_online_is_shown_until_it_is_paid():
    query = (
        "{ abandonedCheckouts(first: 5) { nodes { customer { id } lineItems(first: 5) { nodes { sku quantity } } } } }"
    )
    async with open_shop() as shop:
        shop.world.carts.clear()
        cart = actions.put_in_cart(shop.world, actions.open_cart(shop.world, shop.person.key), SKU, 2)
        assert (await shop.admin(query))["abandonedCheckouts"]["nodes"] == []
        actions.begin_checkout(shop.world, cart)
        assert (await shop.admin(query))["abandonedCheckouts"]["nodes"] == [
            {"customer": {"id": shop.customer}, "lineItems": {"nodes": [{"sku": SKU, "quantity": 2}]}}
        ]


async def test_a_search_field_that_the_list_does_not_know_is_ignored_with_a_warning():
    async with open_shop() as shop:
        body = (await shop.post(ORDERS, query="shoe_size:44")).json()
    assert body["data"]["orders"]["nodes"]
    assert body["extensions"]["search"] == [
        {
            "query": "shoe_size:44",
            "warnings": [{"field": "shoe_size", "message": "Invalid search field for this query."}],
        }
    ]


async def test_without_the_scope_for_all_orders_only_sixty_days_are_seen():
    async with open_shop() as shop:
        scopes = shop.settings.scopes - {"read_all_orders"}
    async with open_shop(scopes=scopes) as shop:
        old = sell(shop, occurred_at=START - timedelta(days=60, seconds=1))
        young = sell(shop, occurred_at=START - timedelta(days=60))
        seen = await all_orders(shop, first=200)
    assert old.id not in seen
    assert young.id in seen


@pytest.mark.parametrize("first", [-1, 251])
async def test_a_page_holds_at_most_250(first: int):
    async with open_shop() as shop:
        assert await shop.errors("query P($n: Int) { locations(first: $n) { nodes { id } } }", n=first) == [
            "BAD_REQUEST"
        ]
        assert await shop.admin("{ locations(first: 250) { nodes { id } } }")


async def test_a_cursor_of_another_list_is_refused():
    async with open_shop() as shop:
        cursor = (await shop.admin(ORDERS, by="ID"))["orders"]["pageInfo"]["endCursor"]
        assert await shop.errors(ORDERS, after=cursor, by="UPDATED_AT") == ["BAD_USER_INPUT"]
        assert await shop.errors(ORDERS, after="nonsense") == ["BAD_USER_INPUT"]
