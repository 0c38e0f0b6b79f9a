"""Counts are the sums of their changes, with a reason for each, however sales, returns and counts arrive."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from knowledge.events.event import Event, Topic
from knowledge.inventory.position import positions
from knowledge.inventory.rebuild import rebuild
from knowledge.store.connection import Connection
from knowledge.store.session import Database
from knowledge.unify.apply import apply
from tests.unit.knowledge.test_apply import PLACES, START, happened, level, order

pytestmark = pytest.mark.anyio
NOW = START + timedelta(hours=4)


def back(number: int, units: int, *, minute: int, location: str = "L1", name: str = "") -> Event:
    facts: dict[str, object] = {
        "order": f"shopify:order:{number}",
        "location": location,
        "lines": [{"sku": "A", "quantity": units, "unit_price": 1000}],
        "refund": 1000 * units,
        "currency": "USD",
    }
    return happened(Topic.RETURN_CREATED, facts, minute=minute, name=name or f"return-{number}-{minute}")


def count(units: int, *, minute: int) -> Event:
    facts: dict[str, object] = {"location": "L1", "sku": "A", "available": units, "on_hand": units}
    return happened(Topic.INVENTORY_UPDATED, facts, minute=minute, name=f"count-{minute}")


# a till that nobody counts for: sold before and after counts, given back, edited, called off
STORY = [
    count(20, minute=0),
    order(10, ("A", 2), location="L1"),
    order(11, ("A", 1), location="L1"),
    back(10, 1, minute=15),
    count(17, minute=20),  # one is missing from the shelf
    order(30, ("A", 3), location="L1"),
    order(30, ("A", 2), version=1, location="L1"),
    back(30, 1, minute=40),
    order(50, ("A", 4), location="L1"),
    order(50, ("A", 4), version=2, location="L1", cancelled=True),
]


async def told(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    [position] = await positions(connection, ["A"])
    days = await connection.execute(text("SELECT day, units, returned FROM daily_sale ORDER BY day"))
    lines = await connection.execute(
        text("SELECT purchase_id, returned FROM purchase_line WHERE returned > 0 ORDER BY 1")
    )
    assert (await rebuild(connection))[1] == []
    return {
        "level": [(position.available, position.on_hand)],
        "days": [tuple(row) for row in days],
        "returned": [tuple(row) for row in lines],
    }


@pytest.mark.parametrize("seed", range(8))
async def test_sales_returns_and_counts_late_twice_and_out_of_order_end_in_the_same_counts(
    database: Database, seed: int
):
    chance = random.Random(seed)
    async with database.transaction() as connection:
        for event in STORY:
            await apply(connection, [event], PLACES, at=NOW)
        orderly = await told(connection)
        await connection.execute(
            text(
                "TRUNCATE purchase, purchase_line, daily_sale, match_key, customer, inventory_level, stock_change,"
                " stock_movement"
            )
        )
        shuffled = STORY + chance.sample(STORY, 5)
        chance.shuffle(shuffled)
        while shuffled:
            cut = chance.randint(1, 4)
            burst, shuffled = shuffled[:cut], shuffled[cut:]
            await apply(connection, burst, PLACES, at=NOW)
        assert await told(connection) == orderly
    assert orderly["level"] == [(17 - 2 + 1, 17 - 2 + 1)]
    assert orderly["days"] == [("2026-03-02", 5, 2)]
    assert orderly["returned"] == [("shopify:order:10", 1), ("shopify:order:30", 1)]


async def causes(connection: Connection) -> list[tuple[object, ...]]:
    rows = await connection.execute(
        text("SELECT cause, sum(delta) FROM stock_change WHERE state = 'available' GROUP BY 1 HAVING sum(delta) <> 0")
    )
    return sorted(tuple(row) for row in rows)


@pytest.mark.parametrize("first", ["order", "count"])
async def test_a_platform_s_count_is_explained_by_the_sale_whichever_is_told_first(database: Database, first: str):
    sale, after = order(1, ("A", 2)), level("A", 7, 2)
    async with database.transaction() as connection:
        await apply(connection, [level("A", 9, 1)], PLACES, at=NOW)
        for event in [sale, after] if first == "order" else [after, sale]:
            await apply(connection, [event], PLACES, at=NOW)
        assert await causes(connection) == [("opening", 9), ("order", -2)]
        assert (await rebuild(connection))[1] == []


async def test_what_nothing_explains_says_so(database: Database):
    async with database.transaction() as connection:
        await apply(connection, [level("A", 9, 1)], PLACES, at=NOW)
        await apply(connection, [order(1, ("A", 2)), level("A", 4, 2)], PLACES, at=NOW)
        assert await causes(connection) == [("count", -3), ("opening", 9), ("order", -2)]


async def test_a_sale_from_the_future_counts_as_of_when_we_heard_of_it_and_is_kept_as_odd(database: Database):
    from dataclasses import replace  # noqa: PLC0415

    ahead = order(1, ("A", 2), location="L1")
    ahead = replace(ahead, occurred_at=START + timedelta(days=3), received_at=START)
    async with database.transaction() as connection:
        await apply(connection, [ahead], PLACES, at=START)
        days = await connection.execute(text("SELECT day FROM daily_sale"))
        assert days.scalars().all() == ["2026-03-02"]
        odd = await connection.execute(text("SELECT kind, about, times FROM stock_oddity"))
        assert [tuple(row) for row in odd] == [("clock_ahead", "test:S1", 1)]


async def test_a_count_below_zero_is_kept_told_and_looked_into(database: Database):
    async with database.transaction() as connection:
        await apply(connection, [level("A", -2, 1)], PLACES, at=NOW)
        [position] = await positions(connection, ["A"])
        assert position.available == -2
        odd = await connection.execute(text("SELECT kind, about FROM stock_oddity"))
        assert [tuple(row) for row in odd] == [("negative_count", "A at S1")]
        due = await connection.execute(text("SELECT sku, location_id FROM sync_job"))
        assert [tuple(row) for row in due] == [("A", "S1")]
