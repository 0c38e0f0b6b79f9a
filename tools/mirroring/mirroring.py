"""Looks at shelves that two platforms count, and tells each of them what became of the goods at the other.

Nothing is repeated from a queue: a shelf is read when its turn comes, so after an outage only the newest count goes
out, and while a platform is away nothing is written at all. Every write is an action like any other: judged, recorded,
and carried out once. No AI has a part in it, and it goes on while all of them stand still.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from knowledge.store.places import Place, Places
from knowledge.store.session import Database, utc_now
from knowledge.unify.due import wake_sync
from policies.errors import TillhandError
from policies.limits import Limits
from tools.mirroring import jobs, state
from tools.mirroring.jobs import Job
from tools.mirroring.looking import OPEN_AGAIN, Batch, Guard, Looking, Synced
from tools.mirroring.oversells import look_for_oversell
from tools.mirroring.shelf import Shelf
from tools.platform import Platform

logger = logging.getLogger(__name__)

ROUNDS: Final = 5  # times a shelf is read and decided on again while its counts move under us
_LONGEST: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Mirroring:
    """Keeps counts of the same goods alike.

    Attributes:
        platforms: Asked for their counts, by name; written to by the guard alone.
    """

    database: Database
    guard: Guard
    platforms: Mapping[str, Platform]
    places: Places
    limits: Limits
    now: Callable[[], datetime] = utc_now

    async def sweep(self) -> Synced:
        """Look at everything that is not as it was last left: what no message told of, and what was never looked at."""
        at = self.now()
        async with self.database.transaction() as connection:
            for shelf, mirror in self.places.shared():
                await jobs.ask_for_all(connection, shelf, mirror, at)
            state.lapse(connection, at)
        return await self.run()

    async def run(self) -> Synced:
        """Look at every shelf that is due."""
        synced = Synced()
        while True:
            async with self.database.transaction() as connection:
                claimed = await jobs.claim(connection, self.now())
            if not claimed:
                break
            by_shelf: dict[str, list[Job]] = defaultdict(list)
            for job in claimed:
                by_shelf[job.shelf].append(job)
            for shelf, some in by_shelf.items():
                synced.looked += len(some)
                synced.later += await self._look(shelf, some, synced)
        async with self.database.transaction() as connection:
            due = await jobs.next_due(connection)
            if due is not None:
                wake_sync(connection, due)
        return synced

    async def settle(self, job: Job) -> Shelf | None:
        """Look at one shelf now, for a caller who holds it; how it ended, or `None` when it could not be settled.

        Raises:
            TillhandError: A platform does not answer, or its connection is not set up right.
        """
        shelf = self.places.get(job.shelf)
        mirror = self.places.mirror(shelf.id)
        if mirror is None:
            return None
        batch = Batch(shelf, mirror, {job.sku: job}, {job.sku})
        for _ in range(ROUNDS):
            shelf_now = (await self._looking.look(batch, Synced())).get(job.sku)
            if not batch.again:
                # a side that may not show more yet holds nothing up
                return shelf_now if not batch.later or (shelf_now and not shelf_now.shows_too_much) else None
        return None

    @property
    def _looking(self) -> Looking:
        return Looking(self.database, self.guard, self.platforms, self.places, self.limits, self.now)

    async def _look(self, name: str, some: Sequence[Job], synced: Synced) -> int:
        """Look at some variants of one shelf, and put their jobs away; returns how many are put off.

        Whatever fails there, other shelves and platforms are looked at.
        """
        later: dict[str, tuple[timedelta, str]] = {}
        try:
            shelf = self.places.get(name)
            mirror = self.places.mirror(shelf.id)
            if mirror is None:
                await self._unshared(shelf, some)
                return 0
            batch = Batch(shelf, mirror, {job.sku: job for job in some}, {job.sku for job in some}, later)
            for _ in range(ROUNDS):
                if not batch.again:
                    break
                await self._looking.look(batch, synced)
            for sku in batch.again:
                later[sku] = (OPEN_AGAIN, "The counts moved each time they were looked at.")
        except TillhandError as error:
            logger.warning("counts of %s wait: %s", name, error.message)
            for job in some:
                waits = min(timedelta(seconds=15 * 2 ** min(job.tries, 8)), _LONGEST)
                later.setdefault(job.sku, (waits, error.message))
        at = self.now()
        async with self.database.transaction() as connection:
            for job in sorted(some, key=lambda each: each.sku):
                waits, why = later.get(job.sku, (None, ""))
                jobs.release(connection, job, at, due=at + waits if waits else None, error=why)
        return len(later)

    async def _unshared(self, shelf: Place, some: Sequence[Job]) -> None:
        """Shelves one platform counts: nothing is told to anybody, but what was oversold is looked into."""
        at = self.now()
        async with self.database.transaction() as connection:
            for job in await jobs.renew(connection, some, at):
                await look_for_oversell(connection, job.sku, shelf, None, self.places, self.limits, at)
                jobs.release(connection, job, at)
