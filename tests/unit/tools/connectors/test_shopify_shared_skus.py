"""Two variants with one sku: every item of a read comes, and no count is changed when nobody can say whose it is."""

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
SOLD = [("A", 5), ("A", 9), ("B", 7)]  # sku and units, by the item's number


class TwoOfOneSku:
    """Shopify, as far as it pages through items and variants; two at a time, whatever is asked for."""

    async def ask(self, operation: Any, asked: dict[str, Any], _priority: Any) -> dict[str, Any]:
        called = "productVariants" if "VariantIds" in operation.text else "inventoryItems"
        make = _variant if called == "productVariants" else _item
        start = int(asked.get("following") or asked.get("after") or 0)
        page = {"hasNextPage": start + 2 < len(SOLD), "endCursor": str(start + 2)}
        return {called: {"nodes": [make(number) for number in range(len(SOLD))][start : start + 2], "pageInfo": page}}


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
        ("B", "shopify:InventoryItem:2", 7),
    ]


async def test_no_count_is_changed_of_a_sku_that_several_variants_have():
    variants = VariantIds(cast("Admin", TwoOfOneSku()))
    assert await variants.items([Sku("B")], Priority.WRITE) == {"B": "gid://shopify/InventoryItem/2"}
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            await variants.items([Sku("A"), Sku("B")], Priority.WRITE)
        assert refusal.value.code == "sku.merged"
