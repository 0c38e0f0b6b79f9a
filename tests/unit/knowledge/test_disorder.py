"""A day of tills, vans and counts ends in the same levels, state by state, however its tellings arrive."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from knowledge.events.event import Event, Topic
from knowledge.inventory.position import positions
from knowledge.inventory.rebuild import rebuild
from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import action
from knowledge.unify.apply import apply
from policies.vocabulary.ids import LocationId
from tests.unit.knowledge.test_apply import START, happened, order

pytestmark = pytest.mark.anyio
NOW = START + timedelta(hours=30)
PLACES = Places(
    Place(LocationId(name), name, platform, name, "shop", "NY", "UTC", LocationId(name))
    for name, platform in (("S1", "shopify"), ("L1", "log"), ("L2", "log"))
)


def counted(place: str, units: int, *, minute: int, **others: int) -> Event:
    """Somebody counted a shelf, or put its count right."""
    facts: dict[str, object] = {"location": place, "sku": "A", "available": units, **others}
    return happened(Topic.INVENTORY_UPDATED, facts, minute=minute, version=minute, name=f"{place}-{minute}")


def back(number: int, units: int, *, minute: int) -> Event:
    facts: dict[str, object] = {
        "order": f"shopify:order:{number}",
        "location": "L1",
        "lines": [{"sku": "A", "quantity": units, "unit_price": 1000}],
        "refund": 1000 * units,
        "currency": "USD",
    }
    return happened(Topic.RETURN_CREATED, facts, minute=minute, name=f"return-{number}")


def van(reference: str, status: str, *, minute: int) -> Event:
    facts: dict[str, object] = {"transfer": reference, "reference": reference, "status": status}
    return happened(Topic.TRANSFER_UPDATED, facts, minute=minute, name=f"{reference}-{status}")


DAY = [
    counted("L1", 20, minute=0),
    counted("L2", 5, minute=5),
    order(10, ("A", 2), location="L1"),
    van("there", "SENT", minute=12),  # 3 units from L1 to L2
    back(10, 1, minute=15),
    counted("L1", 14, minute=20),  # two are missing from the shelf, and the van had left
    counted("L2", 6, minute=25),  # one too many, and the van had not come
    order(30, ("A", 3), location="L1"),
    order(30, ("A", 2), version=1, location="L1"),
    order(35, ("A", 1), location="L2"),
    van("there", "RECEIVED", minute=45),
    order(50, ("A", 4), location="L1"),
    order(50, ("A", 4), version=2, location="L1", cancelled=True),
    van("back", "SENT", minute=55),  # 1 unit from L2 to L1
    van("back", "RECEIVED", minute=70),
    counted("S1", 9, minute=1, on_hand=10, committed=1, incoming=0),
    counted("S1", 7, minute=2),
    counted("S1", 7, minute=3, on_hand=9, committed=2, incoming=4),
    counted("S1", 6, minute=4),
]
LEVELS = [("L1", 13, 13, None, None), ("L2", 7, 7, None, None), ("S1", 6, 9, 2, 4)]
SOLD = [("L1", "2026-03-02", 4, 1), ("L2", "2026-03-02", 1, 0)]
WHY = [  # the newest count of each shelf, and all that moved there since
    (place, units, START + timedelta(minutes=counted), reference, moved, START + timedelta(minutes=minute))
    for place, units, counted, reference, moved, minute in (
        ("L1", 14, 20, "shopify:order:30", -2, 30),
        ("L1", 14, 20, "back", 1, 70),
        ("L2", 6, 25, "shopify:order:35", -1, 35),
        ("L2", 6, 25, "there", 3, 45),
        ("L2", 6, 25, "back", -1, 55),
    )
]


async def transfer(connection: Connection, reference: str, origin: str, destination: str, units: int) -> None:
    """One of ours, as the executor leaves it."""
    facts: dict[str, Any] = {
        "kind": "transfer", "reference": reference, "origin": origin, "destination": destination,
        "lines": [{"sku": "A", "units": units}],
    }  # fmt: skip
    await connection.execute(
        insert(action).values(
            id=reference, kind="transfer", location_id=destination, actor_id="planner", actor={}, facts=facts,
            idempotency_key=reference, fingerprint="0" * 64, proposal={}, correlation_id=reference, situation={},
            causation_id=reference, verdict={}, state="executed", money=0, currency="USD", created_at=START,
        )
    )  # fmt: skip


async def ends(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Levels by state, what they are explained by, and the days' sales."""
    assert (await rebuild(connection))[1] == []
    levels = [
        (str(each.location), each.available, each.on_hand, each.committed, each.incoming)
        for each in await positions(connection, ["A"])
    ]
    why = await connection.execute(
        text(
            "SELECT level.location_id, counted, counted_at, reference, units, occurred_at FROM inventory_level AS level"
            " LEFT JOIN stock_movement AS movement ON movement.location_id = level.location_id"
            " AND movement.sku = level.sku AND occurred_at >= counted_at AND units <> 0"
            " WHERE counted IS NOT NULL ORDER BY 1, 6, 4"
        )
    )
    sold = await connection.execute(text("SELECT location_id, day, units, returned FROM daily_sale ORDER BY 1, 2"))
    return {"levels": list(levels), "why": [tuple(row) for row in why], "sold": [tuple(row) for row in sold]}


async def play(database: Database, bursts: list[list[Event]]) -> dict[str, list[tuple[object, ...]]]:
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "TRUNCATE purchase, purchase_line, daily_sale, match_key, customer, inventory_level, stock_change,"
                " stock_movement"
            )
        )
        for burst in bursts:
            await apply(connection, burst, PLACES, at=NOW)
        return await ends(connection)


@pytest.fixture
async def chain(database: Database) -> Database:
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        await transfer(connection, "there", "L1", "L2", 3)
        await transfer(connection, "back", "L2", "L1", 1)
    return database


async def test_a_day_in_order_ends_with_what_was_counted_last_and_all_that_moved_since(chain: Database):
    assert await play(chain, [[each] for each in DAY]) == {"levels": LEVELS, "sold": SOLD, "why": WHY}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
async def test_late_twice_and_out_of_order_it_ends_in_the_same_levels_explained_alike(
    chain: Database, chance: random.Random
):
    told = DAY + chance.sample(DAY, 7)
    chance.shuffle(told)
    bursts: list[list[Event]] = []
    while told:
        cut = chance.randint(1, 8)
        bursts.append(told[:cut])
        told = told[cut:]
    assert await play(chain, bursts) == {"levels": LEVELS, "sold": SOLD, "why": WHY}


async def test_a_count_says_how_much_it_replaced(chain: Database):
    """One missing from the shelf is the count's own change; what was sold before it is the sales'."""
    async with chain.transaction() as connection:
        for event in (counted("L1", 20, minute=0), order(10, ("A", 2), location="L1"), counted("L1", 17, minute=20)):
            await apply(connection, [event], PLACES, at=NOW)
        rows = await connection.execute(
            text("SELECT cause, reference, delta FROM stock_change WHERE state = 'available' ORDER BY seq")
        )
        assert [tuple(row) for row in rows] == [
            ("opening", "", 20),
            ("order", "shopify:order:10", -2),
            ("count", "", -1),
        ]
