"""What fails of one shelf or at one platform is put off with its reason, and keeps nobody else waiting."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policies.errors import Misconfigured
from tests.flows.shared_shelf import SharedShelf, shared_shelf

pytestmark = pytest.mark.anyio
ENDLESS = 9_999_999  # what shop systems are told where somebody wants them never to run out
_WAITING = "SELECT error, claimed_until FROM sync_job WHERE sku = 'PROD_001'"


async def revoked(*_: Any) -> Any:
    raise Misconfigured("Shopify does not take our token any more.", code="shopify.credentials")


async def test_a_revoked_token_puts_shelves_off_and_stops_neither_sync_nor_the_other_platform_s_polls(
    database_url: str, tmp_path: Path
):
    async with shared_shelf(database_url, tmp_path) as shelf:
        house = shelf.opened.house
        shop = house.platforms["shopify"]
        read, since = shop.inventory.levels, shop.changes.since
        object.__setattr__(shop.inventory, "levels", revoked)
        object.__setattr__(shop.changes, "since", revoked)
        shelf.sell_at_till(1)
        await house.schedule.poll()
        await shelf.opened.drain()
        assert (await house.mirroring.run()).later >= 1
        assert await shelf.rows(_WAITING) == [("Shopify does not take our token any more.", None)]
        object.__setattr__(shop.inventory, "levels", read)
        object.__setattr__(shop.changes, "since", since)
        await shelf.sync()
        assert shelf.counts == (9, 9)
        await _endless(shelf)


async def _endless(shelf: SharedShelf) -> None:
    """A count beyond any that can be is put off, and comes right when it is counted again."""
    shelf.put(9, online=ENDLESS)
    await shelf.sync()
    assert shelf.counts == (9, ENDLESS)
    assert "count it there" in (await shelf.rows(_WAITING))[0][0]
    shelf.put(8, online=9)
    await shelf.sync()
    assert shelf.counts == (8, 8)


async def test_a_sku_that_two_variants_have_is_not_synced_and_told_as_odd(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        shop = shelf.opened.house.platforms["shopify"]
        read = shop.inventory.levels

        async def two_of_one(*asked: Any) -> Any:
            told = await read(*asked)
            return [*told, *(replace(each, item="shopify:InventoryItem:9", available=3) for each in told)]

        object.__setattr__(shop.inventory, "levels", two_of_one)
        shelf.sell_at_till(1)
        await shelf.sync()
        assert shelf.counts == (9, 10)
        assert "sku of its own" in (await shelf.rows(_WAITING))[0][0]
        odd = await shelf.rows("SELECT kind FROM stock_oddity WHERE about = 'PROD_001'")
        assert odd == [("sku_merged",)]
        object.__setattr__(shop.inventory, "levels", read)
        await shelf.sync()
        assert shelf.counts == (9, 9)
