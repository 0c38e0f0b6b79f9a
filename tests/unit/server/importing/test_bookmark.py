"""One import moves its bookmark; a second one of the same that runs beside it is refused."""

from datetime import UTC, datetime

import pytest

from knowledge.store.session import Database
from policies.errors import Refused
from server.importing.bookmark import Bookmark, all_bookmarks, begin, move, read_bookmark

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_an_import_that_runs_twice_at_once_is_refused_and_counts_once(database: Database):
    start = Bookmark("shopify:orders", "shopify", "orders", {})
    after = start.moved({"after": 7}, taken=5, known=1, rejected=2, at=NOW)
    async with database.transaction() as connection:
        await begin(connection, start, NOW)
        await move(connection, start, after)
    with pytest.raises(Refused) as told:
        async with database.transaction() as connection:
            await move(connection, start, after)
    assert told.value.code == "import.running"
    async with database.reading() as connection:
        assert await read_bookmark(connection, start.id) == after
        assert [each.rows for each in await all_bookmarks(connection)] == [8]
