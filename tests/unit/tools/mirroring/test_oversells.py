"""What was oversold is asked about once, as often as it gets worse, and told as late only when a till told it late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from knowledge.store.connection import Connection
from knowledge.store.places import save_locations
from knowledge.store.session import Database
from knowledge.unify.apply import apply
from policies.limits import DEFAULT_FILE, Limits
from tests.unit.knowledge.test_apply import PLACES, START, order
from tools.mirroring.oversells import look_for_oversell, oversold, settle_oversell

pytestmark = pytest.mark.anyio
LIMITS = Limits(DEFAULT_FILE.read_text(encoding="utf-8"))
LATER = START + timedelta(hours=8)


async def look(connection: Connection, units: int) -> list[tuple[int, tuple[str, ...], bool]]:
    """A shelf that holds so many; what a person is then asked about."""
    await look_for_oversell(connection, "A", PLACES.get("S1"), units, PLACES, LIMITS, LATER)
    return [(one.units, one.orders, one.late) for one in await oversold(connection)]


async def settle(connection: Connection) -> None:
    for one in await oversold(connection):
        await settle_oversell(connection, one.id, "back_order", "manager:ada", LATER)


async def test_what_a_person_settled_is_not_asked_again_until_it_gets_worse_or_the_shelf_was_filled(
    database: Database,
):
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        await apply(connection, [order(number, ("A", 1)) for number in (1, 2, 3)], PLACES, at=START)
        assert await look(connection, -1) == [(1, ("shopify:order:3",), False)]
        await settle(connection)
        for _ in range(2):
            assert await look(connection, -1) == []
        assert await look(connection, -3) == [(2, ("shopify:order:2", "shopify:order:1"), False)]
        assert await look(connection, -1) == []  # goods came for what was not settled
        assert await look(connection, -2) == [(1, ("shopify:order:2",), False)]
        await settle(connection)
        assert await look(connection, -2) == []
        assert await look(connection, 0) == []
        assert await look(connection, -1) == [(1, ("shopify:order:3",), False)]


async def test_an_order_that_changes_hours_later_was_not_told_late(database: Database):
    first, changed = order(1, ("A", 1)), order(1, ("A", 1), version=1)
    changed = replace(changed, occurred_at=first.occurred_at, received_at=START + timedelta(hours=5))
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        for burst in ([first], [changed], [order(2, ("A", 1)), replace(changed, id=changed.id, version="000002")]):
            await apply(connection, burst, PLACES, at=START)
        assert await look(connection, -2) == [(2, ("shopify:order:2", "shopify:order:1"), False)]


@pytest.mark.parametrize(("minutes", "late"), [(15, False), (16, True)])
async def test_late_is_what_was_told_a_quarter_of_an_hour_after_it_was_sold(
    database: Database, minutes: int, *, late: bool
):
    sold = order(1, ("A", 1))
    offline = replace(sold, received_at=sold.occurred_at + timedelta(minutes=minutes))
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        await apply(connection, [offline, order(2, ("A", 1))], PLACES, at=START)
        assert [each[2] for each in await look(connection, -1)] == [late]


async def test_a_till_that_told_late_days_ago_makes_no_ordinary_oversell_late(database: Database):
    sold = order(1, ("A", 1))
    offline = replace(sold, received_at=sold.occurred_at + timedelta(hours=2))
    today = order(2, ("A", 1))
    at = START + timedelta(hours=6)
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        await apply(connection, [offline], PLACES, at=START)
        await apply(connection, [replace(today, occurred_at=at, received_at=at)], PLACES, at=START)
        assert await look(connection, -1) == [(1, ("shopify:order:2",), False)]
        # by now the unit it sold is one of those missing
        assert await look(connection, -2) == [(2, ("shopify:order:2", "shopify:order:1"), True)]
