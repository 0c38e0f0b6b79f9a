"""The Storefront API: what a buyer may see, and what enrichment asks for."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from graphql import GraphQLSchema

from evals.retailer.shopify.binding import bound_schema
from evals.retailer.shopify.catalog import selected_options, sellable
from evals.retailer.shopify.customers import customer_row, metafield
from evals.retailer.shopify.matching import Field, matcher
from evals.retailer.shopify.page import Connection, Key, Paging, sorted_connection
from evals.retailer.shopify.search_warnings import note_unknown_fields
from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import gid, integer, money, price, timestamp
from evals.retailer.world import Person, Place, Variant

RECOMMENDED = 10  # products, as at Shopify


@dataclass(frozen=True, slots=True)
class Product:
    """Variants sold under one title."""

    variants: tuple[Variant, ...]

    @property
    def id(self) -> int:
        """Shopify's product id."""
        return self.variants[0].shopify_product_id

    @property
    def handle(self) -> str:
        """The title as the shop's URLs spell it, told apart by the id."""
        words = re.sub(r"[^a-z0-9]+", "-", self.variants[0].product_title.lower()).strip("-")
        return f"{words}-{self.id % 1_000_000_007}"


def buyer_token(settings: ShopifySettings, customer_id: int) -> str:
    """The access token of a signed-in customer, by their numeric id."""
    signature = hmac.digest(settings.client_secret.encode(), b"buyer %d" % customer_id, hashlib.sha256)
    return f"{customer_id}.{signature.hex()}"


@cache
def storefront_schema() -> GraphQLSchema:
    """Our part of the Storefront schema, ready to run."""
    return bound_schema("storefront.graphql", _ROWS, _QUERIES, {})


def product_row(product: Product, call: Call) -> dict[str, Any]:
    """`Product`."""
    first = product.variants[0]
    prices = [variant.price for variant in product.variants]
    stock = sum(sellable(variant, call) for variant in product.variants)
    return {
        "__typename": "Product",
        "availableForSale": stock > 0,
        "description": partial(_description, first),
        "handle": product.handle,
        "id": gid("Product", product.id),
        "priceRange": {
            "maxVariantPrice": money(max(prices), call.currency),
            "minVariantPrice": money(min(prices), call.currency),
        },
        "productType": first.category,
        "tags": list(first.tags),
        "title": first.product_title,
        "totalInventory": stock,
        "updatedAt": timestamp(max(variant.updated_at for variant in product.variants)),
        "variants": partial(_variants, product),
        "vendor": first.vendor,
    }


def variant_row(variant: Variant, call: Call) -> dict[str, Any]:
    """`ProductVariant`."""
    stock = sellable(variant, call)
    return {
        "__typename": "ProductVariant",
        "availableForSale": stock > 0,
        "currentlyNotInStock": stock <= 0,
        "id": gid("ProductVariant", variant.shopify_variant_id),
        "price": money(variant.price, call.currency),
        "product": _product(call, variant.shopify_product_id),
        "quantityAvailable": max(stock, 0),
        "selectedOptions": selected_options(variant),
        "sku": variant.sku,
        "storeAvailability": partial(_store_availability, variant, call),
        "title": variant.option or "Default Title",
    }


def location_row(place: Place, _call: Call) -> dict[str, Any]:
    """`Location`."""
    return {
        "address": {"city": place.name, "countryCode": "US", "provinceCode": place.region},
        "id": gid("Location", place.shopify_id),
        "name": place.name,
    }


def buyer_row(person: Person, call: Call) -> dict[str, Any]:
    """`Customer`, as the buyer sees themselves."""
    return customer_row(person, call) | {"metafields": partial(_metafields, person, call)}


def customer(call: Call, *, customer_access_token: str) -> Person | None:
    """`QueryRoot.customer`: the buyer whose token this is."""
    number, _, _ = customer_access_token.partition(".")
    person = call.index.people.by_id.get(int(number)) if number.isdecimal() else None
    if person is None:
        return None
    own = buyer_token(call.shop.settings, person.shopify_id)
    return person if hmac.compare_digest(own.encode(), customer_access_token.encode()) else None


def shop(call: Call) -> dict[str, Any]:
    """`QueryRoot.shop`."""
    return {"id": gid("Shop", 1), "name": call.shop.settings.shop_name}


def node(call: Call, *, id: str) -> dict[str, Any] | None:  # noqa: A002 - Shopify's word
    """`QueryRoot.node`: a product or a variant."""
    if found := _product(call, integer(id, "Product")):
        return product_row(found, call)
    variant = call.index.variants.by_id.get(integer(id, "ProductVariant"))
    return variant_row(variant, call) if variant else None


def nodes(call: Call, *, ids: list[str]) -> list[dict[str, Any] | None]:
    """`QueryRoot.nodes`."""
    return [node(call, id=one) for one in ids]


def product(call: Call, *, id: str | None = None, handle: str | None = None) -> Product | None:  # noqa: A002
    """`QueryRoot.product`, by id or handle."""
    if id is not None:
        return _product(call, integer(id, "Product"))
    return next((found for found in _products(call) if found.handle == handle), None)


def products(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.products`."""
    note_unknown_fields(call, page.query, _FIELDS)
    found = filter(matcher(page.query, _FIELDS), _products(call))
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def product_recommendations(
    call: Call, *, intent: str, product_id: str | None = None, product_handle: str | None = None
) -> list[Product] | None:
    """`QueryRoot.productRecommendations`: bought together (COMPLEMENTARY), or of the same kind (RELATED)."""
    base = product(call, id=product_id, handle=product_handle)
    if base is None:
        return None
    if intent == "COMPLEMENTARY":
        together = call.shop.companions.of(base.id, RECOMMENDED)
        return [found for one in together if (found := _product(call, one))]
    first = base.variants[0]
    alike = [one for one in _products(call) if one.variants[0].category == first.category and one.id != base.id]
    return sorted(alike, key=lambda one: (abs(one.variants[0].price - first.price), one.id))[:RECOMMENDED]


def search(call: Call, *, page: Paging, types: list[str] | None = None) -> Connection:
    """`QueryRoot.search`: every word must occur; those in the title count most. Products are all there is."""
    found = _relevant(call, page.query) if types is None or types else []
    order = _by_price if page.sort_key == "PRICE" else partial(_by_relevance, page.query.casefold().split())
    shown = sorted_connection(found, order, page)
    nodes: Any = shown["nodes"]
    return shown | {"nodes": [product_row(one, call) for one in nodes], "totalCount": len(found)}


def predictive_search(
    call: Call, *, query: str, limit: int | None = None, types: list[str] | None = None
) -> dict[str, Any]:
    """`QueryRoot.predictiveSearch`, of products."""
    found = _relevant(call, query) if types is None or types else []
    found.sort(key=partial(_by_relevance, query.casefold().split()))
    return {"products": found[: min(limit or RECOMMENDED, RECOMMENDED)]}


def _product(call: Call, id: int) -> Product | None:  # noqa: A002 - Shopify's word
    variants = call.index.variants.by_product.get(id)
    return Product(tuple(variants)) if variants else None


def _products(call: Call) -> Iterator[Product]:
    return (Product(tuple(variants)) for variants in call.index.variants.by_product.values())


def _relevant(call: Call, query: str) -> list[Product]:
    words = query.casefold().split()
    return [one for one in _products(call) if words and all(word in _text(one) for word in words)]


def _text(one: Product) -> str:
    first = one.variants[0]
    return " ".join((first.product_title, first.category, first.vendor, *first.tags, first.description)).casefold()


def _description(variant: Variant, *, truncate_at: int | None = None) -> str:
    return variant.description if truncate_at is None else variant.description[:truncate_at]


def _variants(found: Product, *, page: Paging) -> Connection:
    return sorted_connection(found.variants, lambda variant: (variant.shopify_variant_id,), page)


def _store_availability(variant: Variant, call: Call, *, page: Paging) -> Connection:
    shops = [place for place in call.index.locations.values() if place.kind == "shop"]
    shown = sorted_connection(shops, lambda place: (place.shopify_id,), page)
    places: Any = shown["nodes"]
    return shown | {"nodes": [_stock_at(variant, place, call) for place in places]}


def _stock_at(variant: Variant, place: Place, call: Call) -> dict[str, Any]:
    level = call.world.levels.get((variant.sku, place.code))
    units = max(level.available, 0) if level else 0
    return {
        "available": units > 0,
        "location": place,
        "pickUpTime": "Usually ready in 2 hours" if units else "",
        "quantityAvailable": units,
    }


def _metafields(person: Person, call: Call, *, identifiers: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    return [metafield(person, call, key=one["key"], namespace=one.get("namespace")) for one in identifiers]


def _by_id(one: Product) -> Key:
    return (one.id,)


def _by_price(one: Product) -> Key:
    return (min(variant.price for variant in one.variants), one.id)


def _by_relevance(words: list[str], one: Product) -> Key:
    title = one.variants[0].product_title.casefold()
    return (-sum(word in title for word in words), one.id)


def _by_title(one: Product) -> Key:
    return (one.variants[0].product_title, one.id)


def _by_updated(one: Product) -> Key:
    return (max(variant.updated_at for variant in one.variants).isoformat(), one.id)


_FIELDS = {
    "default": Field("words", _text),
    "product_type": Field("text", lambda one: one.variants[0].category),
    "tag": Field("text", lambda one: one.variants[0].tags),
    "title": Field("words", lambda one: one.variants[0].product_title),
    "updated_at": Field("time", lambda one: max(variant.updated_at for variant in one.variants)),
    "variants.price": Field("number", lambda one: tuple(price(variant.price) for variant in one.variants)),
    "vendor": Field("text", lambda one: one.variants[0].vendor),
}
_ORDERS = {"ID": _by_id, "PRICE": _by_price, "TITLE": _by_title, "UPDATED_AT": _by_updated}
_ROWS = {
    "Customer": buyer_row,
    "Location": location_row,
    "Product": product_row,
    "ProductVariant": variant_row,
}
_QUERIES = {
    "customer": customer,
    "node": node,
    "nodes": nodes,
    "predictiveSearch": predictive_search,
    "product": product,
    "productRecommendations": product_recommendations,
    "products": products,
    "search": search,
    "shop": shop,
}
