"""Counted from orders, kept in the store, read from memory."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest
from sqlalchemy import text

from knowledge.offers.companions import CompanionTable, count_companions
from knowledge.store.session import Database
from policies.errors import Unavailable

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 10, tzinfo=UTC)


async def sell(
    database: Database, name: str, *skus: str, days_ago: float = 1, cancelled: bool = False, times: int = 1
) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO purchase (id, channel, location_id, occurred_at, received_at, total, currency, cancelled)"
                " SELECT :name || n, 'pos', 'S', :at, :at, 1, 'USD', :cancelled FROM generate_series(1, :times) AS n"
            ),
            {"name": name, "at": NOW - timedelta(days=days_ago), "cancelled": cancelled, "times": times},
        )
        await connection.execute(
            text(
                "INSERT INTO purchase_line (purchase_id, sku, quantity, unit_price) SELECT :name || n, sku, 1, 1"
                " FROM generate_series(1, :times) AS n CROSS JOIN unnest(CAST(:skus AS text[])) AS sku"
            ),
            {"name": name, "times": times, "skus": list(skus)},
        )


async def read(database: Database, table: CompanionTable | None = None) -> CompanionTable:
    table = table or CompanionTable()
    async with database.reading() as connection:
        await table.refresh(connection, at_once=True)
    return table


async def test_what_is_bought_together_is_read_back_with_its_chance(database: Database):
    await sell(database, "both", "tee", "jeans", times=30)
    await sell(database, "tee", "tee", times=70)
    await sell(database, "other", "hat", times=900)
    counted = await count_companions(database, until=NOW)
    assert (counted.baskets, counted.pairs) == (1000, 2)
    table = await read(database)
    (jeans,) = table.of("tee")
    assert (jeans.sku, jeans.together, table.counted_at) == ("jeans", 30, NOW)
    # 30 of the 100 baskets with a tee, shrunk by 20 imagined ones at the 3 % of all baskets that hold jeans
    assert jeans.chance == pytest.approx((30 + 20 * 0.03) / 120)
    assert table.share("jeans") == pytest.approx(0.03)
    assert table.of("never sold") == ()


async def test_cancelled_old_and_later_orders_do_not_count(database: Database):
    await sell(database, "gone", "tee", "jeans", times=30, cancelled=True)
    await sell(database, "old", "tee", "jeans", times=30, days_ago=91)
    await sell(database, "later", "tee", "jeans", times=30, days_ago=-1)
    assert (await count_companions(database, until=NOW)).baskets == 0


async def test_a_new_count_replaces_the_old_one_everywhere(database: Database):
    await sell(database, "both", "tee", "jeans", times=30)
    await sell(database, "other", "hat", times=900)
    await count_companions(database, until=NOW)
    table = await read(database)
    assert table.of("tee")
    await count_companions(database, until=NOW + timedelta(days=300))
    await read(database, table)
    assert table.of("tee") == ()


async def test_between_two_looks_the_store_is_not_asked(database: Database):
    await sell(database, "both", "tee", "jeans", times=30)
    await sell(database, "other", "hat", times=900)
    await count_companions(database, until=NOW)
    table = await read(database, CompanionTable(check_every=3600))
    await count_companions(database, until=NOW + timedelta(hours=1))
    async with database.reading() as connection:
        assert not await table.refresh(connection)
        assert await table.refresh(connection, at_once=True)


async def test_a_caller_that_gives_up_waiting_does_not_stop_the_loading(database: Database):
    await sell(database, "both", "tee", "jeans", times=30)
    await sell(database, "other", "hat", times=900)
    await count_companions(database, until=NOW)
    table = CompanionTable(check_every=3600)

    with anyio.move_on_after(0):
        await table.keep_fresh(database)
        pytest.fail("nobody was in a hurry")
    with anyio.fail_after(5):
        await table.keep_fresh(database)

    assert table.of("tee")


async def test_a_loading_that_failed_is_tried_again(database: Database):
    await sell(database, "both", "tee", "jeans", times=30)
    await sell(database, "other", "hat", times=900)
    await count_companions(database, until=NOW)
    table, unreachable = CompanionTable(check_every=3600), Database("postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(Unavailable):
        await table.keep_fresh(unreachable)
    await unreachable.close()
    await table.keep_fresh(database)

    assert table.of("tee")
