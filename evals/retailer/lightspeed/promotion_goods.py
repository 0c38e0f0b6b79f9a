"""Which goods a promotion is about: its filters by product, brand, type, tag, supplier or family."""

from collections.abc import Callable
from typing import Any

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Json, Problem
from evals.retailer.lightspeed.json_values import a_list, an_object
from evals.retailer.lightspeed.products import parent_id, supplier_id
from evals.retailer.lightspeed.wire import derived_id
from evals.retailer.world import Variant

_VALUES: dict[str, Callable[[Variant], set[str]]] = {
    "brand_id": lambda one: {derived_id("brand", one.vendor)},
    "product_id": lambda one: {one.lightspeed_product_id},
    "supplier_id": lambda one: {supplier_id(one.vendor)},
    "tag_id": lambda one: {derived_id("tag", tag) for tag in one.tags},
    "type_id": lambda one: {derived_id("product type", one.category)},
    "variant_parent_id": lambda one: {parent_id(one)},
}


def skus_of(account: Account, action: Json, condition: Json) -> tuple[str, ...]:
    """The skus a promotion lowers; empty when it is for everything.

    Raises:
        Problem: A filter names an unknown field, or nothing at all.
    """
    include = _filters(action.get("include") or condition.get("include"))
    exclude = _filters(action.get("exclude") or condition.get("exclude"))
    if not include and not exclude:
        return ()
    if include and all(field == "product_id" for field, _ in include) and not exclude:
        products = account.index.products
        found = [products[value].sku for _, value in include if value in products]
    else:
        found = [
            variant.sku
            for variant in account.index.products.values()
            if (not include or _any(variant, include)) and not _any(variant, exclude)
        ]
    if not found:
        raise Problem(422, "No product fits the promotion.")
    return tuple(found)


def _filters(given: Any) -> list[tuple[str, str]]:
    filters: list[tuple[str, str]] = []
    for entry in a_list(given or [], "A product filter"):
        fields = an_object(entry, "A product filter")
        if fields.get("field") not in _VALUES or not isinstance(fields.get("value"), str):
            raise Problem(422, "A product filter names a field and a value.")
        filters.append((fields["field"], fields["value"]))
    return filters


def _any(variant: Variant, filters: list[tuple[str, str]]) -> bool:
    return any(value in _VALUES[field](variant) for field, value in filters)
