"""A connection does what SQLAlchemy's does with our statements, and never leaves a half-done one to the next caller."""

import asyncio
from datetime import UTC, datetime

import anyio
import pytest
from psycopg import errors
from sqlalchemy import insert, select, text

from knowledge.store.places import Place, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import event, location
from policies.errors import Unavailable
from policies.vocabulary.ids import LocationId

pytestmark = pytest.mark.anyio

_COUNT = text("SELECT count(*) FROM poll_cursor")
_ADD = text("INSERT INTO poll_cursor (platform, stream, cursor, at) VALUES ('x', :stream, :cursor, now())")


async def count(database: Database) -> int:
    async with database.reading() as connection:
        return (await connection.execute(_COUNT)).scalar_one()


async def add(database: Database, *streams: str, posted: bool = False) -> None:
    """One transaction that adds these."""
    async with database.transaction() as connection:
        for stream in streams:
            if posted:
                connection.post(_ADD, {"stream": stream, "cursor": "secret"})
            else:
                await connection.execute(_ADD, {"stream": stream, "cursor": "secret"})


async def test_values_go_and_come_back_as_python_has_them(database: Database):
    sent = {
        "number": 2**40,
        "words": "é ':x' %s \u2028",
        "gap": None,
        "truth": True,
        "many": ["a", None, "b"],
        "when": datetime(2026, 11, 20, 15, 0, 0, 123456, tzinfo=UTC),
        "part": 0.1,
        "bytes": b"\x00\xff",
    }
    asked = text(
        "SELECT CAST(:number AS bigint) AS number, :words AS words, CAST(:gap AS int) AS gap, :truth AS truth,"
        " CAST(:many AS text[]) AS many, CAST(:when AS timestamptz) AS when, CAST(:part AS float8) AS part,"
        " CAST(:bytes AS bytea) AS bytes, '50%' AS percent, '{\"a\": [1]}'::jsonb AS json"
    )
    for _ in range(4):  # as it is, and prepared
        async with database.reading() as connection:
            row = (await connection.execute(asked, sent)).mappings().one()
        assert {**sent, "percent": "50%", "json": {"a": [1]}} == dict(row)


async def test_statements_built_of_tables_are_understood(database: Database):
    async with database.transaction() as connection:
        await save_locations(
            connection, [Place(LocationId(n), n, "p", n, "shop", "NY", "UTC", LocationId(n)) for n in ("A", "B")]
        )
        found = await connection.execute(select(location.c.id).where(location.c.id.in_(["A", "B", "C"])))
        assert sorted(found.scalars()) == ["A", "B"]
        told = {"lane": "A", "source": "s", "topic": "t", "correlation_id": "c"}
        at = {"occurred_at": datetime.now(UTC), "received_at": datetime.now(UTC)}
        rows = [{**told, **at, "id": f"e{n}", "delivery": f"d{n}", "facts": {"n": n}} for n in range(3)]
        await connection.execute(insert(event), rows)
        assert (await connection.execute(select(event.c.facts).order_by(event.c.id))).scalars().all() == [
            {"n": 0},
            {"n": 1},
            {"n": 2},
        ]


async def test_a_transaction_is_whole_or_not_at_all(database: Database):
    with pytest.raises(errors.UniqueViolation):
        await add(database, "a", "a")
    assert await count(database) == 0
    async with database.transaction() as connection:
        assert (await connection.execute(_ADD, {"stream": "a", "cursor": "1"})).rowcount == 1
    assert await count(database) == 1


async def test_what_was_posted_is_part_of_it_and_its_refusal_is_not_overlooked(database: Database):
    async with database.transaction() as connection:
        connection.post(_ADD, {"stream": "a", "cursor": "1"})
        connection.post(_ADD, {"stream": "b", "cursor": "1"})
        assert (await connection.execute(_COUNT)).scalar_one() == 2
        connection.post(_ADD, {"stream": "c", "cursor": "1"})
    assert await count(database) == 3
    with pytest.raises(errors.UniqueViolation):
        await add(database, "d", "a", posted=True)
    assert await count(database) == 3


async def test_a_refusal_that_was_swallowed_does_not_look_like_success(database: Database):
    async def swallow() -> None:
        async with database.transaction() as connection:
            await connection.execute(_ADD, {"stream": "a", "cursor": "1"})
            with pytest.raises(errors.UniqueViolation):
                await connection.execute(_ADD, {"stream": "a", "cursor": "1"})

    with pytest.raises(errors.InFailedSqlTransaction):
        await swallow()
    assert await count(database) == 0


async def test_an_error_tells_nothing_of_the_values(database: Database):
    with pytest.raises(errors.UniqueViolation) as refusal:
        await add(database, "ada@example.org", "ada@example.org")
    assert "ada" not in str(refusal.value) + repr(refusal.value)


async def test_the_next_caller_is_not_told_what_the_last_one_asked(database_url: str):
    database = Database(database_url, pool=1)
    for _ in range(3):
        with anyio.move_on_after(0.05):
            async with database.reading() as connection:
                await connection.execute(text("SELECT pg_sleep(20)"))
        assert await count(database) == 0
    await database.close()


async def test_what_nobody_waits_for_any_more_is_stopped_at_the_server(database_url: str):
    database = Database(database_url, pool=2)
    with anyio.move_on_after(0.05):
        async with database.transaction() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(42), pg_sleep(20)"))
    async with asyncio.timeout(10), database.transaction() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(42)"))  # the first one's lock is gone
    await database.close()


async def test_a_connection_that_died_is_replaced(database: Database):
    async with database.reading() as connection:
        own = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    assassin = Database(database.url)
    async with assassin.reading() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
    await assassin.close()
    refused = 0
    for _ in range(3):
        try:
            await count(database)
        except Unavailable:
            refused += 1
    assert refused <= 1
    assert await count(database) == 0


async def test_a_table_that_changed_its_shape_is_read_after_one_refusal(database: Database):
    asked = text("SELECT * FROM poll_cursor")
    for _ in range(3):
        async with database.transaction() as connection:
            await connection.execute(asked)
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE poll_cursor ADD COLUMN more int")
    with pytest.raises(errors.FeatureNotSupported):
        async with database.transaction() as connection:
            await connection.execute(asked)
    async with database.transaction() as connection:
        assert "more" in (await connection.execute(asked)).keys()  # noqa: SIM118  # a result is not a mapping


async def test_a_great_many_rows_come_in_parts(database: Database):
    many = text("SELECT n FROM generate_series(1, :most) AS n")
    async with database.transaction() as connection:
        parts = [[row.n for row in part] async for part in connection.partitions(many, {"most": 25}, 10)]
        none = [part async for part in connection.partitions(many, {"most": 0}, 10)]
        even = [len(part) async for part in connection.partitions(many, {"most": 20}, 10)]
    assert [len(part) for part in parts] == [10, 10, 5]
    assert [each for part in parts for each in part] == list(range(1, 26))
    assert (none, even) == ([], [10, 10])


async def test_more_than_a_socket_holds_goes_both_ways(database: Database):
    long = "x" * 5_000_000
    async with database.transaction() as connection:
        connection.post(text("SELECT :long"), {"long": long})
        for _ in range(3):
            assert (await connection.execute(text("SELECT :long AS long"), {"long": long})).scalar_one() == long


async def test_when_every_connection_is_in_use_one_is_waited_for(database_url: str):
    database = Database(database_url, pool=1)
    order: list[int] = []

    async def ask(number: int) -> None:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))
            order.append(number)

    await asyncio.gather(*(ask(number) for number in range(20)))
    assert sorted(order) == list(range(20))
    await database.close()
