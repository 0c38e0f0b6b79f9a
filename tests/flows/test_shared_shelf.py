"""Goods that two platforms count: each is told what became of them at the other, once, and it comes back to nobody."""

from pathlib import Path

import pytest

from evals.retailer import actions
from knowledge.inventory.rebuild import rebuild
from tests.flows.shared_shelf import SHELF, TEE, WEB, shared_shelf

pytestmark = pytest.mark.anyio


async def test_a_sale_in_one_system_lowers_the_count_of_the_other_and_comes_back_to_nobody(
    database_url: str, tmp_path: Path
):
    async with shared_shelf(database_url, tmp_path, TILLHAND_AGENTS="false") as shelf:
        assert shelf.counts == (10, 10)
        shelf.sell_at_till(2)
        await shelf.sync()
        assert shelf.counts == (8, 8)
        sold = shelf.sell_online(3)
        await shelf.sync()
        assert shelf.counts == (5, 5)
        actions.cancel(shelf.opened.retailer.world, sold)
        await shelf.sync()
        assert shelf.counts == (8, 8)
        assert shelf.writes == 6  # three of theirs, three of ours
        for _ in range(3):
            await shelf.sync()
        assert shelf.writes == 6
        assert await shelf.rows("SELECT count(*) FROM sync_job") == [(0,)]
        # every count is the sum of its history, and ours are known as ours
        async with shelf.opened.database.reading() as connection:
            assert (await rebuild(connection))[1] == []
        told = await shelf.rows(
            "SELECT location_id, cause, delta FROM stock_change WHERE sku = 'PROD_001' AND state = 'available'"
            " AND cause <> 'opening' AND location_id LIKE '%STORE_SEA'"
        )
        assert sorted(told) == sorted(
            [
                (SHELF, "order", -2),
                (SHELF, "sync", -3),
                (SHELF, "sync", 3),
                (WEB, "order", -3),
                (WEB, "order", 3),
                (WEB, "sync", -2),
                (WEB, "sync", 10),
            ]
        )
        recorded = await shelf.rows(
            "SELECT count(*) FROM ledger JOIN action ON action.id = action_id WHERE action.kind = 'stock_sync'"
            " AND ledger.kind = 'decision' AND action.facts ->> 'sku' = 'PROD_001'"
        )
        assert recorded == [(4,)]


async def test_a_count_that_moves_under_a_write_is_read_and_decided_on_again(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        shelf.sell_at_till(1)
        await shelf.listen()
        mirroring = shelf.opened.house.mirroring
        read = mirroring.platforms["shopify"].inventory.levels
        sold: list[object] = []

        async def read_then_sold(*asked: object) -> object:
            found = await read(*asked)  # type: ignore[arg-type]
            if not sold:
                sold.append(shelf.sell_online(2))
            return found

        object.__setattr__(mirroring.platforms["shopify"].inventory, "levels", read_then_sold)
        synced = await mirroring.run()
        assert (synced.stale, shelf.counts) == (1, (7, 7))
        assert await shelf.rows("SELECT stale FROM shared_count WHERE location_id = 'WEB_STORE_SEA' AND stale > 0") == [
            (1,)
        ]


async def test_after_an_outage_only_the_newest_count_goes_out(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        world, faults = shelf.opened.retailer.world, shelf.opened.retailer.faults["shopify"]
        faults.down = True
        before = shelf.writes
        for units in (1, 2, 3):
            shelf.sell_at_till(units)
            await shelf.opened.house.poller.poll("lightspeed", shelf.opened.house.platforms["lightspeed"].changes)
            await shelf.opened.drain()
            assert (await shelf.opened.house.mirroring.run()).wrote == 0
        faults.down = False
        await shelf.sync()
        assert shelf.counts == (4, 4)
        assert shelf.writes - before == 3 + 1
        assert world.levels[TEE, WEB].on_hand == 4


async def test_a_write_whose_answer_was_lost_is_made_once(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        house, faults = shelf.opened.house, shelf.opened.retailer.faults["shopify"]
        shelf.sell_at_till(3)
        await shelf.listen()
        faults.lose_answer_next = 10  # longer than the connector itself has patience for
        await house.mirroring.run()
        faults.lose_answer_next = 0
        assert shelf.counts == (7, 7)  # done, and nobody told us
        [(action, state)] = await shelf.rows(
            "SELECT id, state FROM action WHERE facts ->> 'sku' = 'PROD_001' ORDER BY created_at DESC LIMIT 1"
        )
        assert state == "allowed"
        shelf.sell_at_till(1)
        await shelf.sync()
        assert shelf.counts == (6, 7)  # what has no end yet is not written over
        await house.carry_out(action)
        await shelf.sync()
        assert shelf.counts == (6, 6)
        assert await shelf.rows("SELECT count(*) FROM shared_count WHERE pending <> '' OR unsure > 0") == [(0,)]


async def test_stopped_by_name_it_writes_nothing_and_started_again_it_catches_up(database_url: str, tmp_path: Path):
    async with shared_shelf(database_url, tmp_path) as shelf:
        async with shelf.opened.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO halt (scope, name, set_by, set_at, reason)"
                " VALUES ('all', '', 'manager:ada', now(), 'a test')"
            )
        shelf.sell_at_till(1)
        await shelf.sync()
        assert shelf.counts == (9, 9)  # all AI stands still, and sync goes on
        async with shelf.opened.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO halt (scope, name, set_by, set_at, reason)"
                " VALUES ('agent', 'system:sync', 'manager:ada', now(), 'a test')"
            )
        shelf.sell_at_till(1)
        await shelf.sync()
        assert shelf.counts == (8, 9)
        async with shelf.opened.database.transaction() as connection:
            await connection.execute("UPDATE halt SET lifted_at = now()")
        await shelf.sync()
        assert shelf.counts == (8, 8)
        async with shelf.opened.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO rung (capability, location_id, rung, set_by, set_at, reason, evidence)"
                " VALUES ('stock_sync', 'WEB_STORE_SEA', 'observe', 'manager:ada', now(), 'a test', '{}')"
            )
        shelf.sell_at_till(1)
        await shelf.sync()
        assert shelf.counts == (7, 8)
        would = "SELECT state, facts -> 'after' FROM action WHERE kind = 'stock_sync' ORDER BY created_at DESC LIMIT 1"
        assert await shelf.rows(would) == [("denied", 7)]
