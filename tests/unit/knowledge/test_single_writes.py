"""Single writes promise durable statements, one transaction each, whatever happened to the connection before."""

import anyio
import pytest
from psycopg import errors
from sqlalchemy import text

from knowledge.store.session import Database
from policies.errors import Unavailable

pytestmark = pytest.mark.anyio

KEEP = text(
    """
    INSERT INTO absorbed (source, reason, count) VALUES (:source, 'duplicate', 1)
    ON CONFLICT (source, reason) DO UPDATE SET count = absorbed.count + 1 RETURNING count
    """
)


async def kept(database: Database) -> list[int]:
    """Count one more, and the counts it was told."""
    return list((await database.at_once(KEEP, {"source": "a"})).scalars())


async def test_what_was_written_is_there_for_everybody_when_it_returns(database: Database):
    assert await kept(database) == [1]
    assert await kept(database) == [2]

    assert await database.quick.rows("SELECT count FROM absorbed WHERE source = $1", "a") == [{"count": 2}]


async def test_a_statement_without_rows_answers_none(database: Database):
    gone = await database.at_once(text("DELETE FROM absorbed WHERE source = :source"), {"source": "a"})
    assert (gone.all(), gone.rowcount) == ([], 0)


async def test_many_at_once_share_a_few_connections(database: Database):
    counts: list[int] = []

    async def write() -> None:
        counts.extend(await kept(database))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(30):
                group.start_soon(write)
    assert sorted(counts) == list(range(1, 31))


async def test_a_broken_connection_is_told_once_and_replaced(database: Database):
    await kept(database)
    async with database.transaction() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    with pytest.raises(Unavailable):  # whether it was carried out is not known, so it is not repeated unasked
        await kept(database)

    assert await kept(database) == [2]


async def test_a_refused_statement_stays_loud_and_leaves_the_connection_usable(database: Database):
    with pytest.raises(errors.UndefinedTable):
        await database.at_once(text("DELETE FROM nowhere WHERE x = :x"), {"x": "a"})

    assert await kept(database) == [1]


async def test_after_closing_nothing_is_opened_again(database: Database):
    await database.close()
    with pytest.raises(Unavailable):
        await kept(database)
