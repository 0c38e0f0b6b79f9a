"""What follows from the night's forecast: what is moved, what is ordered, and what is on its way already."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from knowledge.demand.nightly import make_forecasts
from knowledge.planning.chain import read_chain
from knowledge.planning.lanes import COST, Lane, say_lanes, say_packs
from knowledge.planning.orders import orders
from knowledge.planning.running_out import running_out
from knowledge.planning.transfers import Move, transfers
from knowledge.planning.what_if import Supposed, suppose
from knowledge.store.planning_tables import supplier
from knowledge.store.session import Database
from knowledge.store.stock_tables import stock_movement
from knowledge.store.tables import action
from policies.errors import NotFound
from tests.unit.agents.shop import NOW, PLACES
from tests.unit.knowledge.planning.half_a_year import TODAY, done, open_half_a_year, stock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database) -> Database:
    return await open_half_a_year(database)


async def test_the_plan_moves_goods_to_where_they_will_run_out(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 2, ("TEE", "STORE_2"): 60, ("TEE", "STORE_9"): 90})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    found = await transfers(chain, PLACES)
    assert [(move.origin, move.destination) for move in found] == [("STORE_2", "STORE_1")]
    assert found[0].earns > 0
    assert found[0].otherwise > 0.9
    assert found[0].units > 10, "one night moves what is needed, not a few packs"
    assert not found[0].instead, "nobody else of the platform has any"


async def test_a_move_tells_where_else_the_goods_could_come_from(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 2, ("TEE", "STORE_2"): 60, ("TEE", "WAREHOUSE"): 200})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    moves = await transfers(chain, PLACES)
    first = next(move for move in moves if move.destination == "STORE_1")
    told = {origin: earns for origin, earns, _ in first.instead}
    assert set(told) == {"STORE_2", "WAREHOUSE"} - {first.origin}
    assert all(earns <= first.earns for earns in told.values())


async def test_the_plan_keeps_to_lanes_and_packs_the_retailer_told_of(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 2, ("TEE", "STORE_2"): 200, ("TEE", "WAREHOUSE"): 200})

    async def planned(*said: Lane, **packs: int) -> list[Move]:
        async with shop.transaction() as connection:
            await say_lanes(connection, said)
            await say_packs(connection, packs)
            chain = await read_chain(connection, TODAY)
        return [move for move in await transfers(chain, PLACES) if move.destination == "STORE_1"]

    (plain,) = await planned(Lane("STORE_2", "STORE_1", forbidden=True))
    assert (plain.origin, plain.cost, plain.instead) == ("WAREHOUSE", plain.units * COST, ())
    packed = await planned(Lane("STORE_2", "STORE_1", cost=500), Lane("WAREHOUSE", "STORE_1", cost=90, packs=3), TEE=4)
    by_origin = {move.origin: move for move in packed}
    assert (by_origin["WAREHOUSE"].units, by_origin["WAREHOUSE"].cost) == (12, 3 * 90)
    assert all(move.units % 4 == 0 for move in packed)
    ((other, earns, cost),) = by_origin["WAREHOUSE"].instead
    assert (other, cost, earns < by_origin["WAREHOUSE"].earns) == ("STORE_2", 3 * 500, True)


async def test_a_warehouse_that_sells_nothing_itself_sends_what_shops_lack(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 0, ("TEE", "STORE_2"): 8, ("TEE", "WAREHOUSE"): 40, ("JEANS", "STORE_2"): 9})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    moves = await transfers(chain, PLACES)
    assert ("TEE", "WAREHOUSE", "STORE_1") in {(move.sku, move.origin, move.destination) for move in moves}
    assert "STORE_2" not in {move.origin for move in moves if move.sku == "JEANS"}, "a shop keeps what nobody forecasts"


async def test_a_shop_sends_what_lasts_beyond_a_fortnight_and_not_what_it_sells_within_one(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 0, ("TEE", "STORE_2"): 0})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)

    async def senders(days: int) -> list[str]:
        last = {("TEE", "STORE_1"): 8, ("TEE", "STORE_2"): days}
        levels = {
            spot: replace(chain.levels[spot], available=round(chain.forecasts[spot].expected(TODAY, count)))
            for spot, count in last.items()
        }
        return [move.origin for move in await transfers(replace(chain, levels=levels), PLACES)]

    assert not await senders(12)
    assert await senders(20) == ["STORE_2"]


async def test_what_if_changes_the_plan_and_nothing_that_is_kept(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 30, ("TEE", "STORE_2"): 500})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    (stands,) = await running_out(chain)
    (more,) = await running_out(suppose(chain, Supposed(demand_percent=200)))
    assert more.day < stands.day
    assert more.at_stake > stands.at_stake
    assert await running_out(chain) == [stands]
    assert not await running_out(suppose(chain, Supposed(demand_percent=0, sku="TEE", location="STORE_1")))
    assert await running_out(suppose(chain, Supposed(demand_percent=0, sku="JEANS"))) == [stands]


async def test_a_supplier_that_comes_late_puts_more_at_stake(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 10, ("TEE", "STORE_2"): 500})
    async with shop.transaction() as connection:
        await connection.execute(text("UPDATE variant SET vendor = 'Loom' WHERE sku = 'TEE'"))
        row = {"vendor": "Loom", "lead_days": 5, "review_days": 7, "pack": 6, "minimum": 0}
        await connection.execute(insert(supplier).values(row))
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    (stands,), (late,) = [await running_out(suppose(chain, Supposed(late_days=days))) for days in (0, 4)]
    assert late.at_stake > stands.at_stake


async def test_a_best_seller_that_will_not_last_is_told_with_its_day(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 10, ("TEE", "STORE_2"): 500, ("JEANS", "STORE_1"): 500})
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    (alert,) = await running_out(chain)
    assert (alert.sku, alert.location) == ("TEE", "STORE_1")
    assert TODAY + timedelta(days=1) <= alert.day <= TODAY + timedelta(days=4)
    assert not alert.event


async def test_orders_go_to_described_vendors_within_the_budget(shop: Database):
    await make_forecasts(shop, now=NOW)
    await stock(shop, {("TEE", "STORE_1"): 2, ("JEANS", "STORE_1"): 500})
    async with shop.transaction() as connection:
        await connection.execute(text("UPDATE variant SET vendor = 'Loom' WHERE sku = 'TEE'"))
        row = {"vendor": "Loom", "lead_days": 5, "review_days": 7, "pack": 6, "minimum": 0}
        await connection.execute(insert(supplier).values(row))
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    (line,) = await orders(chain, PLACES, 10**7)
    assert (line.vendor, line.sku, line.units % 6) == ("Loom", "TEE", 0)
    assert line.cost == line.units * 1200
    assert not await orders(chain, PLACES, 6 * 1200 - 1)


async def planned(shop: Database, budget: int = 100_000) -> int:
    """Tees to be ordered."""
    async with shop.reading() as connection:
        chain = await read_chain(connection, TODAY)
    return sum(line.units for line in await orders(chain, PLACES, budget) if line.sku == "TEE")


async def test_what_was_ordered_is_not_ordered_again_until_it_should_have_come(shop: Database):
    await stock(shop, {("TEE", "STORE_1"): 0, ("JEANS", "STORE_1"): 10})
    await make_forecasts(shop, now=NOW)
    async with shop.transaction() as connection:
        await connection.execute(insert(supplier).values(vendor="", lead_days=7, review_days=7, pack=1, minimum=0))
    wanted = await planned(shop)
    assert wanted > 0
    lines = [{"sku": "TEE", "units": wanted, "unit_cost": 1}]
    for kind, state, age, left in (
        ("reorder", "undone", 1, wanted),
        ("reorder", "executed", 8, wanted),
        ("reorder", "executed", 1, 0),
    ):
        async with shop.transaction() as connection:
            await connection.execute(text("DELETE FROM action"))
            facts = {"vendor": "", "lines": lines, "reference": "tillhand-9"}
            await connection.execute(insert(action).values(**done(kind, state, facts, NOW - timedelta(days=age))))
        assert await planned(shop) == left
    async with shop.transaction() as connection:  # where the platform tells what is coming, it is believed
        await connection.execute(text("UPDATE inventory_level SET incoming = 0 WHERE sku = 'TEE'"))
    assert await planned(shop) == wanted


async def test_goods_that_move_are_coming_until_they_were_counted(shop: Database):
    await stock(shop, {("TEE", "STORE_1"): 0, ("TEE", "STORE_2"): 0})
    await make_forecasts(shop, now=NOW)

    async def coming() -> int:
        async with shop.reading() as connection:
            return (await read_chain(connection, TODAY)).levels["TEE", "STORE_1"].incoming

    async with shop.transaction() as connection:
        facts = {"lines": [{"sku": "TEE", "units": 6}], "reference": "tillhand-9"}
        await connection.execute(insert(action).values(**done("transfer", "executed", facts, NOW)))
    assert await coming() == 6
    async with shop.transaction() as connection:
        row = {"sku": "TEE", "location_id": "STORE_1", "reference": "tillhand-9", "cause": "transfer", "units": 6}
        await connection.execute(insert(stock_movement).values(**row, occurred_at=NOW, recorded_at=NOW))
    assert await coming() == 0


async def test_what_another_shop_can_spare_is_moved_and_not_bought(shop: Database):
    await stock(shop, {("TEE", "STORE_1"): 0, ("TEE", "STORE_2"): 9})
    await make_forecasts(shop, now=NOW)
    async with shop.transaction() as connection:
        await connection.execute(insert(supplier).values(vendor="", lead_days=7, review_days=7, pack=1, minimum=0))
    scarce = await planned(shop)
    async with shop.transaction() as connection:
        await connection.execute(text("UPDATE inventory_level SET available = 200 WHERE location_id = 'STORE_2'"))
    async with shop.reading() as connection:
        moves = await transfers(await read_chain(connection, TODAY), PLACES)
    moved = sum(move.units for move in moves if (move.sku, move.destination) == ("TEE", "STORE_1"))
    assert moved > 0
    assert await planned(shop) <= scarce - moved


async def test_without_a_forecast_there_is_no_plan(database: Database):
    async with database.reading() as connection:
        with pytest.raises(NotFound) as missing:
            await read_chain(connection, TODAY)
    assert missing.value.code == "forecast.none"
