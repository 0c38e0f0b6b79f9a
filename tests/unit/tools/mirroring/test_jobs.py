"""A shelf is one worker's alone; a worker that was too slow changes nothing of what became somebody else's."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from knowledge.unify.due import ask_for_sync
from tools.mirroring.jobs import LEASE, claim, hold, next_due, release, renew

pytestmark = pytest.mark.anyio
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SHELF = "STORE_SEA"
MOMENT = timedelta(microseconds=1)


async def test_a_lease_that_is_renewed_in_time_is_never_taken_over(database: Database):
    async with database.transaction() as connection:
        await ask_for_sync(connection, [("A", SHELF), ("B", SHELF)], START)
        jobs = await claim(connection, START)
        later = START + LEASE
        assert [job.sku for job in await renew(connection, jobs, later)] == ["A", "B"]
        assert await claim(connection, later + LEASE) == []
        assert await hold(connection, "A", SHELF, later + LEASE) is None
        assert len(await claim(connection, later + LEASE + MOMENT)) == 2


async def test_who_lost_a_shelf_neither_renews_nor_puts_it_away(database: Database):
    async with database.transaction() as connection:
        await ask_for_sync(connection, [("A", SHELF), ("B", SHELF)], START)
        slow = await claim(connection, START)
        after = START + LEASE + MOMENT
        taken = await hold(connection, "A", SHELF, after)
        assert taken is not None
        assert [job.sku for job in await renew(connection, slow, after)] == ["B"]
        release(connection, slow[0], after)
        release(connection, slow[0], after, due=after + LEASE, error="too slow")
        assert await renew(connection, [taken], after) == [taken]
        release(connection, taken, after)
        assert await renew(connection, [taken, slow[0]], after) == []


async def test_the_next_look_waits_for_who_has_the_shelf(database: Database):
    async with database.transaction() as connection:
        assert await next_due(connection) is None
        await ask_for_sync(connection, [("A", SHELF)], START)
        assert await next_due(connection) == START
        await claim(connection, START)
        assert await next_due(connection) == START + LEASE
        await connection.execute(text("UPDATE sync_job SET due_at = :at"), {"at": START + 2 * LEASE})
        assert await next_due(connection) == START + 2 * LEASE
