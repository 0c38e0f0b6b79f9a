"""Who wins where two tellings differ: a test for each row of the table in knowledge/README.md."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from knowledge.events.event import Event, Topic
from knowledge.events.families import VariantFacts
from knowledge.inventory.position import positions
from knowledge.store.connection import Connection
from knowledge.store.places import save_locations
from knowledge.store.session import Database
from knowledge.store.tables import customer, purchase, purchase_line, variant
from knowledge.unify.apply import apply
from tests.unit.knowledge.test_apply import ADA, PLACES, START, happened, level, order
from tests.unit.knowledge.test_counts import back, count
from tests.unit.knowledge.test_disorder import NOW, counted, transfer, van
from tests.unit.knowledge.test_disorder import PLACES as SHELVES
from tools.mirroring.shelf import Shelf, Side

pytestmark = pytest.mark.anyio
README = Path(__file__).parents[3] / "knowledge" / "README.md"
SHOPIFY, LIGHTSPEED = "shopify:InventoryItem:1", "lightspeed:product:1"
FIRST: dict[str, Any] = {
    "sku": "A",
    "title": "Tee",
    "product": "Tee",
    "vendor": "Acme",
    "category": "Tops",
    "tags": ["soft"],
    "description": "A tee.",
    "price": 2_000,
    "currency": "USD",
    "unit_cost": 800,
    "item": SHOPIFY,
}


def record(minute: int, **changed: Any) -> Event:
    facts: dict[str, object] = {"variants": [{**FIRST, **changed}]}
    return happened(Topic.PRODUCT_UPDATED, facts, minute=minute, name=f"record-{minute}")


async def articles(connection: Connection, *events: Event) -> Any:
    for event in events:
        await apply(connection, [event], PLACES, at=START)
    return (await connection.execute(select(variant).where(variant.c.sku == "A"))).one()


def test_the_table_names_every_field_that_has_a_test_here():
    table = README.read_text(encoding="utf-8").partition("**Who wins where two tellings differ**")[2]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert rows[: rows.index("orders and money of a customer") + 1] == [
        "field",
        *("count, one platform", "count, two platforms", "count, the first look", "count online", "count, no platform"),
        *("counts beside what can be sold", "when goods of a transfer left"),
        *("price, title, product", "vendor, category, tags, description", "unit cost", "platform ids", "barcode"),
        *("order", "units returned", "consent", "orders and money of a customer"),
    ]


async def test_a_count_is_its_own_platform_s_by_its_newest_version(database: Database):
    async with database.transaction() as connection:
        await apply(connection, [level("A", 5, 2), level("A", 9, 1)], PLACES, at=START)
        assert [each.available for each in await positions(connection, ["A"])] == [5]


def test_of_two_counts_neither_wins_and_at_first_the_shelf_s_own():
    both = Shelf(10, Side("own", 10, 9), Side("mirror", 10, 8), {}, 0).settled()
    assert (both.units, sorted((side.place, ought) for side, ought in both.writes())) == (
        7,
        [("mirror", 7), ("own", 7)],
    )
    assert Shelf(None, Side("own", None, 6), Side("mirror", None, 40), {}, 0).settled().units == 6


def test_what_is_told_online_is_what_is_left_and_never_less_than_nothing():
    shelf = Shelf(3, Side("own", 3, 3), Side("mirror", 3, 3), {"own": 1}, 1)
    assert shelf.ought(shelf.mirror) == 1
    short = Shelf(1, Side("own", 1, 1), Side("mirror", 1, 1), {"own": 1}, 1)
    assert short.ought(short.mirror) == 0


async def test_where_no_platform_counts_the_newest_count_and_what_moved_after_it(database: Database):
    async with database.transaction() as connection:
        events = [count(9, minute=20), order(30, ("A", 1), location="L1"), order(10, ("A", 2), location="L1")]
        await apply(connection, [*events, count(20, minute=0)], PLACES, at=START)
        assert [each.available for each in await positions(connection, ["A"])] == [8]


@pytest.mark.parametrize("late", [False, True])
async def test_counts_beside_what_can_be_sold_are_of_the_newest_that_told_them(database: Database, late: bool):
    whole, bare = counted("S1", 7, minute=3, on_hand=9, committed=2, incoming=4), counted("S1", 6, minute=4)
    async with database.transaction() as connection:
        for telling in [bare, whole] if late else [whole, bare]:
            await apply(connection, [telling], SHELVES, at=NOW)
        (level_now,) = await positions(connection, ["A"])
    assert (level_now.available, level_now.on_hand, level_now.committed, level_now.incoming) == (6, 9, 2, 4)


@pytest.mark.parametrize("late", [False, True])
async def test_goods_of_a_transfer_left_when_the_earliest_telling_says(database: Database, late: bool):
    sent, received = van("there", "SENT", minute=12), van("there", "RECEIVED", minute=45)
    between = counted("L1", 14, minute=20)
    async with database.transaction() as connection:
        await save_locations(connection, SHELVES)
        await transfer(connection, "there", "L1", "L2", 3)
        for telling in [between, received, sent] if late else [sent, between, received]:
            await apply(connection, [telling], SHELVES, at=NOW)
        here = {str(each.location): each.available for each in await positions(connection, ["A"])}
    assert here["L1"] == 14  # the van was gone before anybody counted


@pytest.mark.parametrize("late", [False, True])
async def test_price_and_title_are_the_platform_s_whose_record_changed_last(database: Database, late: bool):
    newer = record(5, title="Cotton Tee", product="Cotton Tee", price=1_900, item=LIGHTSPEED)
    async with database.transaction() as connection:
        row = await articles(connection, *([newer, record(0)] if late else [record(0), newer]))
    assert (row.title, row.product, row.price) == ("Cotton Tee", "Cotton Tee", 1_900)
    assert (row.shopify_item, row.lightspeed_product) == (SHOPIFY, LIGHTSPEED)  # each platform's own


@pytest.mark.parametrize("late", [False, True])
async def test_what_one_platform_lacks_erases_nothing(database: Database, late: bool):
    bare = record(5, vendor="", category="", tags=[], description="", unit_cost=None)
    async with database.transaction() as connection:
        row = await articles(connection, *([bare, record(0)] if late else [record(0), bare]))
    assert (row.vendor, row.category, row.tags, row.description) == ("Acme", "Tops", ["soft"], "A tee.")
    assert row.unit_cost == 800


async def test_the_newest_known_cost_wins(database: Database):
    async with database.transaction() as connection:
        assert (await articles(connection, record(0), record(5, unit_cost=900))).unit_cost == 900


def test_barcodes_are_not_kept():
    assert not [name for name in VariantFacts.model_fields if "barcode" in name]


async def test_an_order_is_its_newest_version_and_once_called_off_stays_so(database: Database):
    async with database.transaction() as connection:
        off, edited = order(1, ("A", 2), version=3, cancelled=True), order(1, ("A", 1), version=4)
        await apply(connection, [edited, off], PLACES, at=START)
        await apply(connection, [off, edited], PLACES, at=START)
        row = (await connection.execute(select(purchase))).one()
        assert row.version == edited.version
        await apply(connection, [order(2, ("A", 2), version=3, cancelled=True)], PLACES, at=START)
        await apply(connection, [order(2, ("A", 2), version=4)], PLACES, at=START)
        [second] = (await connection.execute(select(purchase).where(purchase.c.id == "shopify:order:2"))).all()
        assert second.cancelled


async def test_units_returned_are_the_sum_of_returns_told_once_and_never_more_than_were_sold(database: Database):
    async with database.transaction() as connection:
        events = [back(1, 1, minute=5), back(1, 1, minute=5), order(1, ("A", 2), location="L1"), back(1, 3, minute=6)]
        for event in events:
            await apply(connection, [event], PLACES, at=START)
        assert (await connection.execute(select(purchase_line.c.returned))).scalars().all() == [2]


async def test_consent_is_the_newest_telling_and_totals_the_greater(database: Database):
    def told(minute: int, **facts: Any) -> Event:
        keys = [key.model_dump() for key in ADA if key]
        return happened(Topic.CUSTOMER_UPDATED, {"keys": keys, **facts}, minute=minute, name=f"told-{minute}")

    async with database.transaction() as connection:
        await apply(connection, [told(5, consent_sms=False, orders=3, spent=900, currency="USD")], PLACES, at=START)
        await apply(connection, [told(1, consent_sms=True)], PLACES, at=START)
        await apply(connection, [told(9, orders=2, spent=950, currency="USD")], PLACES, at=START)
        row = (await connection.execute(select(customer))).one()
    assert (row.consent_sms, row.orders, row.spent) == (False, 3, 950)
