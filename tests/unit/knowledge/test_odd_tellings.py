"""What a platform tells that cannot be so is answered, kept for a person, and blocks nobody."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, text

from knowledge.events.event import Event, Topic
from knowledge.inventory.position import positions
from knowledge.inventory.rebuild import rebuild
from knowledge.store.connection import Connection
from knowledge.store.places import save_locations
from knowledge.store.session import Database
from knowledge.store.tables import event
from knowledge.unify.apply import apply
from knowledge.unify.units import other_units
from policies.vocabulary.ids import EventId
from tests.unit.knowledge.test_apply import PLACES, START, happened, level, order

pytestmark = pytest.mark.anyio
ITEM = "shopify:InventoryItem:1"


def article(sku: str, item: str, *, minute: int) -> Event:
    variant = {"sku": sku, "title": sku, "product": sku, "price": 1000, "currency": "USD", "item": item}
    return happened(Topic.PRODUCT_UPDATED, {"variants": [variant]}, minute=minute, name=f"{sku}-{item}-{minute}")


async def counts(connection: Connection) -> list[tuple[str, int]]:
    return [(each.sku, each.available) for each in await positions(connection, ["A", "B"])]


async def add_event(connection: Connection, told: Event) -> None:
    """As the inbox keeps it, applied."""
    times = {"occurred_at": told.occurred_at, "received_at": told.received_at, "applied_at": START}
    await connection.execute(insert(event).values(**told.row() | times))


async def odd(connection: Connection) -> list[tuple[object, ...]]:
    rows = await connection.execute(text("SELECT kind, about, told FROM stock_oddity ORDER BY kind, about"))
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("sku", ["", "A", "B"])
async def test_a_renamed_sku_takes_its_sales_and_counts_along_and_is_counted_once(database: Database, sku: str):
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        first = article("A", ITEM, minute=0)
        await apply(connection, [first, level("A", 9, 1), order(1, ("A", 2))], PLACES, at=START)
        await apply(connection, [article("B", ITEM, minute=9)], PLACES, at=START)
        assert await counts(connection) == [("A", 0), ("B", 9)]
        assert (await rebuild(connection))[1] == []
        # whoever counts next may not have heard of it yet
        counted: dict[str, object] = {"location": "S1", "sku": sku, "item": ITEM, "available": 8}
        told = happened(Topic.INVENTORY_UPDATED, counted, version=2, name="counted")
        await apply(connection, [told], PLACES, at=START)
        assert await counts(connection) == [("A", 0), ("B", 8)]
        sales = await connection.execute(text("SELECT sku, units FROM daily_sale"))
        assert [tuple(row) for row in sales] == [("B", 2)]
        assert await odd(connection) == [("sku_renamed", "A", "It is B now.")]
        assert (await rebuild(connection))[1] == []


async def test_an_older_telling_of_a_product_undoes_no_rename(database: Database):
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        for number, (sku, minute) in enumerate((("A", 0), ("B", 9), ("A", 4), ("A", 9))):
            told = replace(article(sku, ITEM, minute=minute), resource="shopify:product:1", id=EventId(f"told{number}"))
            await add_event(connection, told)
            applied = await apply(connection, [told], PLACES, at=START)
            if number == 0:
                await apply(connection, [level("A", 9, 1), order(1, ("A", 2))], PLACES, at=START)
            assert applied.stale == ({told.id} if minute == 4 else set())
            if number in {1, 2}:
                assert await counts(connection) == [("A", 0), ("B", 9)]
        # told at the same moment as the newest, it is the later telling that counts
        assert await counts(connection) == [("A", 9), ("B", 0)]


async def test_two_articles_under_one_sku_are_told_and_stop_nothing(database: Database):
    one, two = "shopify:InventoryItem:1", "shopify:InventoryItem:2"
    async with database.transaction() as connection:
        await apply(connection, [article("A", one, minute=0)], PLACES, at=START)
        await apply(connection, [article("A", two, minute=1), level("A", 3, 1)], PLACES, at=START)
        assert [each.available for each in await positions(connection, ["A"])] == [3]
        assert await odd(connection) == [("sku_merged", "A", f"{one} and {two} share it.")]


async def test_a_part_of_a_unit_is_told_and_not_promised(database: Database):
    facts: dict[str, object] = {"location": "S1", "sku": "A", "available": 4, "exact": "4.5"}
    async with database.transaction() as connection:
        await apply(connection, [happened(Topic.INVENTORY_UPDATED, facts, version=1)], PLACES, at=START)
        assert [each.available for each in await positions(connection, ["A"])] == [4]
        assert await odd(connection) == [("part_of_a_unit", "A at S1", "4.5 units")]


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        (144, 12, 12), (12, 144, 12), (36, 3, 12), (24, 2, None), (2, 24, None), (144, 13, None), (35, 5, None),
        (60, 12, None), (60, 10, 6), (12, 12, None), (12, 0, None), (0, 12, None), (-12, 144, None),
    ],
)  # fmt: skip
def test_a_count_that_is_another_one_in_cases_is_told_from_one_that_is_not(before: int, after: int, pieces: int | None):
    assert other_units(before, after) == pieces


@pytest.mark.parametrize(("first", "second"), [(144, 12), (12, 144)])
async def test_a_sku_counted_in_cases_all_at_once_is_kept_as_told_and_asked_about(
    database: Database, first: int, second: int
):
    async with database.transaction() as connection:
        await apply(connection, [level("A", first, 1)], PLACES, at=START)
        await apply(connection, [level("A", second, 2)], PLACES, at=START)
        assert [each.available for each in await positions(connection, ["A"])] == [second]
        [(kind, about, told)] = await odd(connection)
        assert (kind, about) == ("units_changed", "A at S1")
        assert str(told).startswith(f"{first} became {second} without a reason")


async def test_a_count_a_sale_explains_is_no_change_of_units(database: Database):
    async with database.transaction() as connection:
        await apply(connection, [level("A", 36, 1)], PLACES, at=START)
        await apply(connection, [order(1, ("A", 33)), level("A", 3, 2)], PLACES, at=START)
        assert await odd(connection) == []


async def test_units_that_changed_beside_a_sale_are_told_all_the_same(database: Database):
    async with database.transaction() as connection:
        await apply(connection, [level("A", 145, 1)], PLACES, at=START)
        await apply(connection, [order(1, ("A", 1)), level("A", 12, 2)], PLACES, at=START)
        assert [each[0] for each in await odd(connection)] == ["units_changed"]
