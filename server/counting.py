"""Writes down what was counted where it went, every few seconds and when a process ends."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from knowledge.privacy.tally import TALLY, Tally
from knowledge.store.session import Database
from policies.errors import Unavailable

logger = logging.getLogger(__name__)

_EVERY: Final = 5.0  # seconds; what a killed process had not written down yet is missing in the day's receipt
_ADD = text(
    """
    INSERT INTO privacy_count (day, sink, what, count)
    SELECT :day, told.sink, told.what, told.count
    FROM unnest(CAST(:sinks AS text[]), CAST(:whats AS text[]), CAST(:counts AS bigint[])) AS told(sink, what, count)
    ON CONFLICT (day, sink, what) DO UPDATE SET count = privacy_count.count + excluded.count
    """
)
_OF_DAY = text("SELECT sink, what, count AS times FROM privacy_count WHERE day = :day ORDER BY sink, what")


async def write_down(database: Database, at: datetime, tally: Tally = TALLY) -> None:
    """Add what was counted since the last time to the day's counts.

    Raises:
        Unavailable: The database does not answer; nothing is lost.
    """
    taken = tally.take()
    if not taken:
        return
    entries = sorted(taken.items())
    try:
        async with database.transaction() as connection:
            await connection.execute(
                _ADD,
                {
                    "day": at.date().isoformat(),
                    "sinks": [sink for (sink, _), _ in entries],
                    "whats": [what for (_, what), _ in entries],
                    "counts": [count for _, count in entries],
                },
            )
    except Unavailable:
        tally.give_back(taken)
        raise


async def counts_of(database: Database, day: date) -> dict[str, dict[str, int]]:
    """A day's counts, by sink and what was counted."""
    found: dict[str, dict[str, int]] = {}
    async with database.reading() as connection:
        for row in await connection.execute(_OF_DAY, {"day": day.isoformat()}):
            found.setdefault(str(row.sink), {})[str(row.what)] = int(row.times)
    return found


@asynccontextmanager
async def counting(database: Database, now: Callable[[], datetime]) -> AsyncGenerator[None]:
    """Keep writing down while the block lasts, and once more at its end."""
    writing = asyncio.create_task(_keep_writing(database, now), name="counting")
    try:
        yield
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        with suppress(Unavailable):  # the process ends, whatever its database does
            await write_down(database, now())


async def _keep_writing(database: Database, now: Callable[[], datetime]) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        try:
            await write_down(database, now())
        except Unavailable as error:
            logger.warning("counts wait: %s", error.message)
