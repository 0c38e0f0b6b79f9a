"""One profile of all a person's records: what is slow is left out and named, what is old says so."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from knowledge.offers.companions import CompanionTable
from knowledge.profile.parts import Part, gather_parts
from knowledge.profile.profile import LEFT_DAYS, profile_of
from knowledge.store.session import Database
from policies.errors import Unavailable
from policies.vocabulary.ids import CustomerRef

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 10, tzinfo=UTC)
ONLINE, TILL = CustomerRef("c_online"), CustomerRef("c_till")


async def looked(database: Database, ref: str, sku: str, kind: str, days_ago: float) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            text("INSERT INTO interest (customer_ref, sku, kind, at) VALUES (:ref, :sku, :kind, :at)"),
            {"ref": ref, "sku": sku, "kind": kind, "at": NOW - timedelta(days=days_ago)},
        )


async def bought(database: Database, ref: str, sku: str, days_ago: float, *, units: int = 1) -> None:
    values = {"ref": ref, "sku": sku, "id": f"{ref}-{sku}-{days_ago}", "at": NOW - timedelta(days=days_ago)}
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO purchase (id, channel, location_id, customer_ref, occurred_at, received_at, total,"
                " currency) VALUES (:id, 'pos', 'S', :ref, :at, :at, 1, 'USD')"
            ),
            values,
        )
        await connection.execute(
            text("INSERT INTO purchase_line (purchase_id, sku, quantity, unit_price) VALUES (:id, :sku, :units, 1000)"),
            {**values, "units": units},
        )
        await connection.execute(
            text(
                "INSERT INTO variant (sku, title, product, vendor, category, price, currency, observed_at)"
                " SELECT told, told, told, 'maker of ' || told, 'goods', 1, 'USD', :at"
                " FROM (SELECT CAST(:sku AS text) AS told) AS one ON CONFLICT DO NOTHING"
            ),
            values,
        )


async def test_both_records_of_a_person_are_one_profile(database: Database):
    for number in range(7):
        await looked(database, (ONLINE, TILL)[number % 2], f"look-{number}", "view", number + 1)
    await bought(database, ONLINE, "mug", 10, units=2)
    await bought(database, TILL, "tee", 20)
    await bought(database, TILL, "old", 400)

    found = await profile_of(database, CompanionTable(), [ONLINE, TILL], now=NOW)

    assert found.viewed == tuple(f"look-{number}" for number in range(5))
    assert (found.taste.orders, found.taste.spent, found.taste.days_since) == (2, 3_000, 10)
    assert found.taste.brands == ("maker of mug", "maker of tee")
    assert found.taste.categories == ("goods",)
    assert found.as_of == {"interest": NOW - timedelta(days=1), "purchases": NOW - timedelta(days=10)}
    assert found.missing == ()


async def test_a_cart_counts_as_left_until_it_is_bought_anywhere_or_forgotten(database: Database):
    await looked(database, ONLINE, "waits", "cart", LEFT_DAYS - 1)
    await looked(database, ONLINE, "forgotten", "cart", LEFT_DAYS + 1)
    await looked(database, ONLINE, "taken", "cart", 5)
    await bought(database, TILL, "taken", 2)
    found = await profile_of(database, CompanionTable(), [ONLINE, TILL], now=NOW)
    assert found.left_in_cart == ("waits",)


async def wished(database: Database, ref: str, days_ago: float, *skus: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            text("INSERT INTO wishlist (customer_ref, skus, at) VALUES (:ref, :skus, :at)"),
            {"ref": ref, "skus": list(skus), "at": NOW - timedelta(days=days_ago)},
        )


async def test_a_wish_stands_until_it_is_bought_anywhere(database: Database):
    await wished(database, ONLINE, 9, "waits", "bought-before", "taken", "both")
    await wished(database, TILL, 3, "newer", "both")
    await bought(database, TILL, "taken", 2)
    await bought(database, TILL, "bought-before", 10)
    found = await profile_of(database, CompanionTable(), [ONLINE, TILL], now=NOW)
    assert found.wishlist == ("newer", "both", "waits", "bought-before")
    assert found.as_of["wishlist"] == NOW - timedelta(days=3)


async def test_only_open_tickets_of_the_person_are_told_the_newest_first(database: Database):
    async with database.transaction() as connection:
        for number, ref, state in ((1, ONLINE, "open"), (2, TILL, "closed"), (3, TILL, "open"), (4, "c_else", "open")):
            await connection.execute(
                text("INSERT INTO ticket VALUES (:ticket, :ref, :state, 'late_parcel', :at, :at)"),
                {"ticket": f"T-{number}", "ref": ref, "state": state, "at": NOW - timedelta(days=9 - number)},
            )
    found = await profile_of(database, CompanionTable(), [ONLINE, TILL], now=NOW)
    assert [(each.ticket, each.subject) for each in found.tickets] == [("T-3", "late_parcel"), ("T-1", "late_parcel")]
    assert found.as_of["tickets"] == NOW - timedelta(days=6)


async def test_a_stranger_has_an_empty_profile_and_not_a_partial_one(database: Database):
    found = await profile_of(database, CompanionTable(), [ONLINE], now=NOW)
    assert (found.viewed, found.taste.orders, found.as_of, found.missing) == ((), 0, {}, ())


async def test_a_slow_or_failing_part_is_named_and_takes_nothing_from_the_others():
    async def slow() -> Part:
        await asyncio.Event().wait()
        raise AssertionError

    async def failing() -> Part:
        raise Unavailable("The database does not answer.", code="database.unavailable")

    async def quick() -> Part:
        return Part("here", NOW)

    found = await gather_parts({"slow": slow, "failing": failing, "quick": quick}, within=0.05)
    assert found.missing == ("failing", "slow")
    assert found.parts["quick"] == Part("here", NOW)
