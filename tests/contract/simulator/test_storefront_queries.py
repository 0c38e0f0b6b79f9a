"""The Storefront API shows what a buyer may see: products, what goes with them, where they are, and the wishlist."""

import json
from typing import Any

import pytest

from evals.retailer.shopify.storefront import buyer_token
from evals.retailer.shopify.wire import gid
from tests.contract.simulator.small_shop import SKU, SmallShop, open_shop

pytestmark = pytest.mark.anyio

SEARCH = """query S($q: String!, $after: String) { search(query: $q, first: 3, after: $after, types: [PRODUCT]) {
  totalCount nodes { __typename ... on Product { id title } } pageInfo { hasNextPage endCursor } } }"""
RECOMMENDED = """query R($id: ID, $handle: String, $intent: ProductRecommendationIntent = RELATED) {
  productRecommendations(productId: $id, productHandle: $handle, intent: $intent) { id title productType } }"""
WISHES = """query W($token: String!) { customer(customerAccessToken: $token) { id
  metafield(namespace: "custom", key: "wishlist") { type value }
  metafields(identifiers: [{namespace: "tillhand", key: "loyalty"}, {namespace: "custom", key: "shoe_size"}]) {
    value } } }"""


def product(shop: SmallShop) -> str:
    return gid("Product", shop.variant.shopify_product_id)


async def post(shop: SmallShop, headers: dict[str, str]) -> int:
    body = {"query": "{ shop { name } }"}
    return (await shop.http.post("/api/2026-07/graphql.json", json=body, headers=headers)).status_code


async def test_the_storefront_wants_its_own_token_or_an_apps():
    async with open_shop() as shop:
        private = {"Shopify-Storefront-Private-Token": shop.headers["X-Shopify-Access-Token"]}
        assert await post(shop, {}) == 401
        assert await post(shop, {"X-Shopify-Storefront-Access-Token": "guess"}) == 401
        assert await post(shop, {"X-Shopify-Storefront-Access-Token": shop.settings.storefront_token}) == 200
        assert await post(shop, private) == 200


async def test_a_search_finds_every_product_with_all_the_words_title_first():
    async with open_shop() as shop:
        found: list[str] = []
        after, total = None, 0
        while True:
            page = (await shop.storefront(SEARCH, q="cotton", after=after))["search"]
            found.extend(node["title"] for node in page["nodes"])
            total, after = page["totalCount"], page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        nothing = (await shop.storefront(SEARCH, q="cotton submarine"))["search"]
    in_title = ["cotton" in title.lower() for title in found]
    assert len(found) == total > 0
    assert in_title == sorted(in_title, reverse=True)
    assert (nothing["totalCount"], nothing["nodes"]) == (0, [])


async def test_a_product_is_found_by_its_id_and_by_its_handle():
    query = "query P($id: ID, $handle: String) { product(id: $id, handle: $handle) { id handle title } }"
    async with open_shop() as shop:
        by_id = (await shop.storefront(query, id=product(shop)))["product"]
        by_handle = (await shop.storefront(query, handle=by_id["handle"]))["product"]
        missing = (await shop.storefront(query, handle="no-such-thing"))["product"]
    assert by_id == by_handle
    assert by_id["title"] == shop.variant.product_title
    assert missing is None


async def test_complementary_products_are_those_bought_together():
    async with open_shop(history_days=14) as shop:
        together = await shop.storefront(RECOMMENDED, id=product(shop), intent="COMPLEMENTARY")
        companions = {
            shop.world.variants[line.sku].shopify_product_id
            for order in shop.world.orders.values()
            if any(
                line.sku in shop.world.variants and product_of(shop, line.sku) == product(shop) for line in order.lines
            )
            for line in order.lines
        }
    shown = [one["id"] for one in together["productRecommendations"]]
    assert shown
    assert set(shown) <= {gid("Product", one) for one in companions} - {product(shop)}
    assert len(shown) <= 10


def product_of(shop: SmallShop, sku: str) -> str:
    return gid("Product", shop.world.variants[sku].shopify_product_id)


async def test_related_products_are_of_the_same_kind_and_not_the_product_itself():
    async with open_shop() as shop:
        related = (await shop.storefront(RECOMMENDED, id=product(shop)))["productRecommendations"]
        unknown = (await shop.storefront(RECOMMENDED, id="gid://shopify/Product/1"))["productRecommendations"]
    assert {one["productType"] for one in related} <= {shop.variant.category}
    assert product(shop) not in {one["id"] for one in related}
    assert unknown is None


async def test_availability_is_shown_for_each_shop_and_never_below_zero():
    query = """query A($id: ID!) { node(id: $id) { ... on ProductVariant { sku availableForSale quantityAvailable
      storeAvailability(first: 10) { nodes { available quantityAvailable location { id } } } } } }"""
    async with open_shop() as shop:
        shop.level("STORE_NYC").on_hand = -2
        variant = gid("ProductVariant", shop.variant.shopify_variant_id)
        shown: Any = (await shop.storefront(query, id=variant))["node"]
        stores = {one["location"]["id"]: one for one in shown["storeAvailability"]["nodes"]}
        here = shop.level().available
    assert shown["sku"] == SKU
    assert stores[shop.location()]["quantityAvailable"] == here
    assert stores[shop.location("STORE_NYC")] == {
        "available": False,
        "quantityAvailable": 0,
        "location": {"id": shop.location("STORE_NYC")},
    }


async def test_a_buyer_sees_their_own_wishlist_and_loyalty_id():
    async with open_shop() as shop:
        token = buyer_token(shop.settings, shop.person.shopify_id)
        seen = (await shop.storefront(WISHES, token=token))["customer"]
        wished = json.loads(seen["metafield"]["value"])
        titles = await shop.storefront("query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=wished)
    assert seen["id"] == shop.customer
    assert seen["metafield"]["type"] == "list.product_reference"
    assert [one["id"] for one in titles["nodes"]] == wished
    assert seen["metafields"] == [{"value": shop.person.loyalty_id}, None]


@pytest.mark.parametrize("shape", ["{token}0", "1{token}", "nonsense", ""])
async def test_another_token_shows_nobody(shape: str):
    async with open_shop() as shop:
        token = shape.format(token=buyer_token(shop.settings, shop.person.shopify_id))
        assert (await shop.storefront(WISHES, token=token))["customer"] is None
