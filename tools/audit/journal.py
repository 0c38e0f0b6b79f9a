"""Records of calls, written in groups: a call must not cost a transaction of its own to be on record.

Only answered calls come here. Whoever changed something waits for the record; of the answered reads, those of the last
moment are lost when the process is killed.
"""

import asyncio
import logging
from typing import Final

from knowledge.store.session import Database
from policies.errors import Unavailable
from tools.audit.entry import Entry
from tools.audit.ledger import append

_log = logging.getLogger(__name__)

EVERY: Final = 1.0  # seconds between a read and its record, at most: a group of hundreds costs what a single one does
_MOST: Final = 10_000  # records. With the database gone for long, reading stops rather than going unrecorded


class Journal:
    """Keeps records for a moment and writes them together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: list[Entry] = []
        self._writing = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    def keep(self, entry: Entry) -> None:
        """Record this within a second.

        Raises:
            Unavailable: Too much is unwritten already.
        """
        if len(self._kept) >= _MOST:
            raise Unavailable(
                "The record of reads cannot be written, so nothing may be read.",
                code="ledger.unavailable",
                hint="Check that the database answers.",
            )
        self._kept.append(entry)
        if self._later is None or self._later.done():
            self._later = asyncio.create_task(self._write_soon())

    async def flush(self) -> None:
        """Write what is kept; returns once it is durable."""
        async with self._writing:
            if not self._kept:
                return
            batch, self._kept = self._kept, []
            try:
                async with self._database.transaction() as connection:
                    await append(connection, batch)
            except BaseException:
                self._kept = batch + self._kept
                raise

    async def close(self) -> None:
        """Write what is kept and stop."""
        if self._later is not None:
            self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)
        await self.flush()

    async def _write_soon(self) -> None:
        await asyncio.sleep(EVERY)
        try:
            await self.flush()
        except Unavailable:
            _log.warning("%d records of reads wait for the database", len(self._kept))
