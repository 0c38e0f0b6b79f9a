"""A worker slower than its lease: somebody else has the shelf by then, and no unit is invented or lost by it."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.flows.shared_shelf import SHELF, TEE, SharedShelf, shared_shelf

pytestmark = pytest.mark.anyio


async def slow_worker(shelf: SharedShelf, *, reads_first: bool) -> None:
    """A run whose lease is over while Shopify answers, and another worker's run in between."""
    mirroring = shelf.opened.house.mirroring
    inventory = mirroring.platforms["shopify"].inventory
    read = inventory.levels
    slow: list[bool] = []

    async def levels(*asked: Any) -> Any:
        if slow:
            return await read(*asked)
        slow.append(True)
        told = await read(*asked) if reads_first else None
        async with shelf.opened.database.transaction() as connection:
            await connection.execute(text("UPDATE sync_job SET claimed_until = 'epoch'"))
        await mirroring.run()
        return told or await read(*asked)

    object.__setattr__(inventory, "levels", levels)
    await mirroring.run()
    object.__setattr__(inventory, "levels", read)


async def test_a_batch_that_outlasts_its_lease_leaves_the_shelf_to_who_took_it_over(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        for units, reads_first in ((15, False), (4, True), (9, True)):
            shelf.put(units)
            await shelf.listen()
            await slow_worker(shelf, reads_first=reads_first)
            assert shelf.counts == (units, units)
            await shelf.sync()
            await shelf.opened.house.mirroring.sweep()
            assert shelf.counts == (units, units)
        assert await shelf.rows("SELECT units FROM shared_stock WHERE sku = 'PROD_001'") == [(9,)]
        assert await shelf.rows("SELECT count(*) FROM sync_job") == [(0,)]


async def test_a_promise_made_while_a_batch_was_too_slow_is_kept(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        shelf.sell_at_till(2)
        await shelf.listen()
        house = shelf.opened.house
        inventory = house.mirroring.platforms["shopify"].inventory
        read, slow = inventory.levels, list[bool]()

        async def levels(*asked: Any) -> Any:
            told = await read(*asked)
            if not slow:
                slow.append(True)
                async with shelf.opened.database.transaction() as connection:
                    await connection.execute(text("UPDATE sync_job SET claimed_until = 'epoch'"))
                await house.reservations.reserve("T-1", TEE, SHELF, 3)
            return told

        object.__setattr__(inventory, "levels", levels)
        await house.mirroring.run()
        assert shelf.counts == (8, 5)
        await shelf.sync()
        assert shelf.counts == (8, 5)
