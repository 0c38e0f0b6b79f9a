"""Two variants with one sku: every item of a read comes, and no count is changed when nobody can say whose it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from knowledge.store.places import Place, Places
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify.graphql import Admin
from tools.connectors.shopify.inventory import ShopifyInventory
from tools.connectors.shopify.transfers import ShopifyTransfers
from tools.connectors.shopify.variants import VariantIds

pytestmark = pytest.mark.anyio
SHOP = LocationId("S1")
PLACES = Places([Place(SHOP, "First", "shopify", "1", "shop", "NY", "America/New_York", SHOP)])
SOLD = [("A", 5), ("A", 9), ("A", 1), ("B", 7)]  # sku and units, by the item's number


class TwoOfOneSku:
    """Shopify, as far as it answers for items and variants, by two at a time."""

    async def ask(self, operation: Any, asked: dict[str, Any], _priority: Any) -> dict[str, Any]:
        if "VariantIds" in operation.text:
            start = int(asked["after"] or 0)
            page = {"hasNextPage": start + 2 < len(SOLD), "endCursor": str(start + 2)}
            return {"productVariants": {"nodes": _every(_variant)[start : start + 2], "pageInfo": page}}
        skus, _, beyond = asked["query"].partition(" AND id:>")
        found = [item for item in _every(_item) if f'"{item["sku"]}"' in skus]
        nodes = [item for item in found if not beyond or int(item["id"].rpartition("/")[2]) > int(beyond)]
        return {"inventoryItems": {"nodes": nodes[: asked["items"]]}}


def _every(make: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    return [make(number) for number in range(len(SOLD))]


def _variant(number: int) -> dict[str, Any]:
    item = f"gid://shopify/InventoryItem/{number}"
    return {"id": f"gid://shopify/ProductVariant/{number}", "sku": SOLD[number][0], "inventoryItem": {"id": item}}


def _item(number: int) -> dict[str, Any]:
    sku, units = SOLD[number]
    level = {"location": {"id": "gid://shopify/Location/1"}, "quantities": [{"name": "available", "quantity": units}]}
    levels = {"nodes": [level], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    return {"id": f"gid://shopify/InventoryItem/{number}", "sku": sku, "inventoryLevels": levels}


async def test_no_sku_is_cut_out_of_a_read_by_another_s_second_item():
    admin = cast("Admin", TwoOfOneSku())
    transfers = cast("ShopifyTransfers", None)
    inventory = ShopifyInventory(admin, VariantIds(admin), transfers, PLACES, lambda: datetime(2026, 11, 2, tzinfo=UTC))
    levels = await inventory.levels([Sku("A"), Sku("B")], [SHOP])
    assert [(one.sku, one.item, one.available) for one in levels] == [
        ("A", "shopify:InventoryItem:0", 5),
        ("A", "shopify:InventoryItem:1", 9),
        ("A", "shopify:InventoryItem:2", 1),
        ("B", "shopify:InventoryItem:3", 7),
    ]


async def test_no_count_is_changed_of_a_sku_that_several_variants_have():
    variants = VariantIds(cast("Admin", TwoOfOneSku()))
    assert await variants.items([Sku("B")], Priority.WRITE) == {"B": "gid://shopify/InventoryItem/3"}
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            await variants.items([Sku("A"), Sku("B")], Priority.WRITE)
        assert refusal.value.code == "sku.merged"
