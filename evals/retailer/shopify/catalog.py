"""Products and variants, as the Admin API shows them."""

from typing import Any

from evals.retailer.shopify.matching import Field, matcher
from evals.retailer.shopify.page import Connection, Key, Paging, sorted_connection
from evals.retailer.shopify.search_syntax import value_of
from evals.retailer.shopify.search_warnings import note_unknown_fields
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import gid, price
from evals.retailer.world import Variant

VARIANT_FIELDS = {
    "id": Field("number", lambda one: one.shopify_variant_id),
    "product_id": Field("number", lambda one: one.shopify_product_id),
    "product_type": Field("text", lambda one: one.category),
    "sku": Field("text", lambda one: one.sku),
    "tag": Field("text", lambda one: one.tags),
    "title": Field("words", lambda one: one.title),
    "updated_at": Field("time", lambda one: one.updated_at),
    "vendor": Field("text", lambda one: one.vendor),
}


def product_row(variant: Variant, _call: Call) -> dict[str, Any]:
    """`Product`, from any of its variants."""
    return {
        "id": gid("Product", variant.shopify_product_id),
        "productType": variant.category,
        "status": "ACTIVE",
        "tags": list(variant.tags),
        "title": variant.product_title,
        "vendor": variant.vendor,
    }


def variant_row(variant: Variant, call: Call) -> dict[str, Any]:
    """`ProductVariant`."""
    available = sellable(variant, call)
    return {
        "availableForSale": available > 0,
        "barcode": None,
        "compareAtPrice": None,
        "displayName": variant.title,
        "id": gid("ProductVariant", variant.shopify_variant_id),
        "inventoryItem": variant,
        "inventoryQuantity": available,
        "price": price(variant.price),
        "product": variant,
        "selectedOptions": selected_options(variant),
        "sku": variant.sku,
    }


def product_variants(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.productVariants`."""
    words = call.index.variants.words
    fields = VARIANT_FIELDS | {"default": Field("words", lambda one: words[one.sku])}
    note_unknown_fields(call, page.query, fields)
    wanted = call.index.variants.by_sku.get(value_of(page.query, "sku"))
    holds = matcher(page.query, fields)
    found = filter(holds, [wanted] if wanted else call.index.variants.by_sku.values())
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def sellable(variant: Variant, call: Call) -> int:
    """Units that can be sold now across the shop's locations."""
    levels = call.world.levels
    places = call.index.locations.values()
    return sum(level.available for place in places if (level := levels.get((variant.sku, place.code))))


def selected_options(variant: Variant) -> list[dict[str, str]]:
    """`SelectedOption`s of an option text such as "M / Blue"."""
    values = [value.strip() for value in variant.option.split("/")] if variant.option else ["Default Title"]
    names = ("Size", "Color", "Style") if len(values) > 1 else ("Size",)
    return [{"name": name, "value": value} for name, value in zip(names, values, strict=False)]


def _by_id(variant: Variant) -> Key:
    return (variant.shopify_variant_id,)


def _by_sku(variant: Variant) -> Key:
    return (variant.sku,)


def _by_title(variant: Variant) -> Key:
    return (variant.title, variant.shopify_variant_id)


_ORDERS = {"ID": _by_id, "SKU": _by_sku, "TITLE": _by_title}
