"""Quick reads promise the rows of now, whatever happened to the connection before, and never to write."""

import anyio
import anyio.lowlevel
import pytest
from psycopg import errors

from knowledge.store.session import Database
from policies.errors import Unavailable

_ASLEEP = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = $1
"""

pytestmark = pytest.mark.anyio


async def test_values_come_as_json_has_them_and_in_order(database: Database):
    rows = await database.quick.rows(
        """
        SELECT number, number % 2 = 0 AS even, nullif(number, 2) AS gap, ARRAY['a', $1] AS names
        FROM generate_series(3, 1, -1) AS number
        """,
        "é\u2028'",
    )
    assert [row["number"] for row in rows] == [3, 2, 1]
    assert rows[1] == {"number": 2, "even": True, "gap": None, "names": ["a", "é\u2028'"]}


async def test_no_row_is_an_empty_list(database: Database):
    assert await database.quick.rows("SELECT 1 AS x WHERE $1 = 'b'", "a") == []


async def test_what_was_committed_a_moment_ago_is_seen(database: Database):
    for number in range(3):
        async with database.transaction() as connection:
            await connection.execute(
                "INSERT INTO poll_cursor (platform, stream, cursor, at) VALUES ('x', 's', '1', now())"
                " ON CONFLICT (platform, stream) DO UPDATE SET cursor = poll_cursor.cursor || '1'"
            )
        [row] = await database.quick.rows("SELECT cursor FROM poll_cursor WHERE platform = $1", "x")
        assert row["cursor"] == "1" * (number + 1)


async def test_it_cannot_write(database: Database):
    with pytest.raises(errors.ReadOnlySqlTransaction):
        await database.quick.rows("SELECT nextval(pg_get_serial_sequence('event', 'seq')) AS x WHERE $1 = 'a'", "a")


async def test_a_connection_that_died_is_replaced_without_anybody_noticing(database: Database):
    await database.quick.rows("SELECT 1 AS x WHERE $1 = 'a'", "a")
    async with database.transaction() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert await database.quick.rows("SELECT 1 AS x WHERE $1 = 'a'", "a") == [{"x": 1}]


async def test_many_at_once_share_a_few_connections(database: Database):
    answers: list[int] = []

    async def read(number: int) -> None:
        [row] = await database.quick.rows("SELECT CAST($1 AS int) AS x", str(number))
        answers.append(row["x"])

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(read, number)
    assert sorted(answers) == list(range(50))


async def test_a_caller_that_leaves_in_the_middle_disturbs_nobody(database: Database):
    with anyio.move_on_after(0.05) as left:
        await database.quick.rows("SELECT pg_sleep(2)::text AS x WHERE $1 = 'a'", "a")
    assert left.cancelled_caught
    assert await database.quick.rows("SELECT 2 AS x WHERE $1 = 'a'", "a") == [{"x": 2}]


async def test_after_closing_nothing_is_opened_again(database: Database):
    await database.quick.close()
    with pytest.raises(Unavailable):
        await database.quick.rows("SELECT 1 AS x WHERE $1 = 'a'", "a")


async def test_a_statement_that_is_wrong_stays_loud(database: Database):
    with pytest.raises(errors.UndefinedTable):
        await database.quick.rows("SELECT 1 AS x FROM nowhere WHERE $1 = 'a'", "a")


async def test_what_is_asked_together_with_a_wrong_statement_is_answered(database: Database):
    answers: dict[str, object] = {}

    async def right(name: str) -> None:
        answers[name] = await database.quick.rows("SELECT $1 AS x", name)

    async def wrong() -> None:
        with pytest.raises(errors.UndefinedTable):
            await database.quick.rows("SELECT 1 AS x FROM nowhere WHERE $1 = 'a'", "a")
        answers["wrong"] = None

    async with anyio.create_task_group() as group:
        group.start_soon(right, "before")
        group.start_soon(wrong)
        group.start_soon(right, "after")
    assert answers == {"before": [{"x": "before"}], "wrong": None, "after": [{"x": "after"}]}


async def test_text_the_database_cannot_hold_is_refused_to_its_own_caller_alone(database: Database):
    async def unstorable() -> None:
        with pytest.raises(errors.DataError):
            await database.quick.rows("SELECT $1 AS x", "\x00")

    async with anyio.create_task_group() as group:
        group.start_soon(unstorable)
        assert await database.quick.rows("SELECT $1 AS x", "fine") == [{"x": "fine"}]


async def test_nobody_waits_for_the_end_of_a_slow_read_of_others(database: Database):
    done: list[str] = []

    async def slow() -> None:
        with anyio.move_on_after(3):
            await database.quick.rows("SELECT pg_sleep(30)::text AS x WHERE $1 = 'a'", "a")
        done.append("slow")

    async with anyio.create_task_group() as group:
        group.start_soon(slow)
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        for number in range(20):
            assert await database.quick.rows("SELECT $1 AS x", str(number)) == [{"x": str(number)}]
        done.append("quick")
        group.cancel_scope.cancel()
    assert done[0] == "quick"


async def test_a_read_nobody_waits_for_any_more_is_stopped_at_the_server(database: Database):
    with anyio.move_on_after(0.2) as left:
        await database.quick.rows("SELECT pg_sleep(30)::text AS x WHERE $1 = 'a'", "a")
    assert left.cancelled_caught
    with anyio.fail_after(10):
        while await database.quick.rows(_ASLEEP, "PgSleep"):
            await anyio.lowlevel.checkpoint()
