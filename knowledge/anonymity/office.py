"""Where groups of customers are released: on a fixed schedule, and at once when an erasure needs it."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from random import SystemRandom
from typing import Final, Protocol
from uuid import uuid4

from knowledge.anonymity import kept
from knowledge.anonymity.bought import everybody
from knowledge.anonymity.release import Rules, release
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.errors import Unavailable
from policies.vocabulary.ids import CustomerRef

_log = logging.getLogger(__name__)

_DAY: Final = 86_400  # seconds
_MONDAY: Final = 4 * _DAY  # seconds from the epoch to its first Monday: slots of seven days begin on Mondays
_TRIES: Final = 3


class Sentences(Protocol):
    """Sentences by meaning; `knowledge.memory.cohorts.CohortMemory` in the product."""

    async def write(self, table: str, sentences: Mapping[str, str], *, like: str = "") -> int:
        """Make a table."""
        ...

    async def keep_only(self, table: str, *, until: int) -> int:
        """Drop all others."""
        ...


@dataclass(frozen=True, slots=True)
class Released:
    """What a release came to: groups in all, those made anew, and its number."""

    number: int
    cohorts: int
    made: int


@dataclass(frozen=True, slots=True)
class Left:
    """What an erasure did: groups the customers were counted in, and groups withdrawn for having too few left."""

    cohorts: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class CohortOffice:
    """Releases groups of customers.

    Attributes:
        every_days: Days between two releases.
    """

    database: Database
    places: Places
    memory: Sentences
    rules: Rules
    every_days: int = 7
    now: Callable[[], datetime] = utc_now

    async def make_due(self) -> Released | None:
        """Release when the schedule's time has come and nobody has; for the clock to call.

        Raises:
            Unavailable: The sentences could not be embedded or written; what stood stands until the next try.
        """
        async with self.database.reading() as connection:
            state = await kept.read_state(connection)
        return await self.make() if state.number == 0 or self._slot() > state.slot else None

    async def make(self) -> Released:
        """Release now.

        Raises:
            Unavailable: As above; or erasures kept coming in between.
        """
        for _ in range(_TRIES):
            made = await self._make()
            if made is not None:
                return made
        raise Unavailable(
            "Customers were erased while groups were counted; they are counted again later.", code="cohorts.busy"
        )

    async def forget(self, refs: Collection[CustomerRef]) -> Left:
        """Take erased customers out of every group, and withdraw groups with too few left; safe to repeat.

        What still has enough is made anew, without them, by the next release.

        Raises:
            Unavailable: The sentences could not be written; call it again.
        """
        async with self.database.transaction() as connection:
            await kept.read_state(connection, lock=True)
            cohorts = await kept.leave(connection, refs)
        return Left(cohorts, await self.withdraw_thin())

    async def withdraw_thin(self) -> int:
        """Withdraw groups with too few members left, their bytes included; returns how many. Safe to repeat.

        An erasure may also take its customers out in a transaction of its own, with `kept.leave`; nobody is shown a
        thin group from then on, and the clock calls this.

        Raises:
            Unavailable: The sentences could not be written.
        """
        async with self.database.transaction() as connection:
            state = await kept.read_state(connection, lock=True)  # nobody else changes anything meanwhile
            names = await kept.thin(connection, self.rules.least)
            if names:
                following = replace(state, vectors=_table(state.number))
                gone = {kept.id_of(name) for name in names}
                standing = await kept.sentences(connection)
                left = {name: sentence for name, sentence in standing.items() if name not in gone}
                await self._write(following.vectors, left, state.vectors)
                await kept.withdraw(connection, names, following)
        await self._purge()
        return len(names)

    async def _make(self) -> Released | None:
        """`None` when something changed meanwhile."""
        async with self.database.transaction() as connection:
            state = await kept.read_state(connection)
            before = await kept.read_cohorts(connection)
        at = self.now()
        people = await everybody(self.database, self.places, currency=self.rules.currency, at=at)
        following = replace(state, number=state.number + 1, slot=self._slot(), vectors=_table(state.number + 1), at=at)
        cohorts = release(people, self.places, before, following.number, self.rules, SystemRandom())
        await self._write(following.vectors, {kept.id_of(one.name): one.sentence for one in cohorts}, state.vectors)
        async with self.database.transaction() as connection:
            current = (await kept.read_state(connection, lock=True)).turn == state.turn
            if current:
                await kept.keep(connection, cohorts, following)
        await self._purge()
        made = sum(one.made == following.number for one in cohorts)
        _log.info("release %d of %d groups, %d of them new", following.number, len(cohorts), made)
        return Released(following.number, len(cohorts), made) if current else None

    async def _write(self, table: str, sentences: Mapping[str, str], like: str) -> None:
        try:
            await self.memory.write(table, sentences, like=like)
        except Exception as error:
            raise Unavailable(
                "Groups of customers cannot be written now; those released before stand.", code="cohorts.unwritten"
            ) from error

    async def _purge(self) -> None:
        """Drop what no longer counts; also what a try that died has left behind. Never what is being written."""
        async with self.database.transaction() as connection:
            state = await kept.read_state(connection, lock=True)
            await self.memory.keep_only(state.vectors, until=state.number)

    def _slot(self) -> int:
        return int((self.now().timestamp() - _MONDAY) // (self.every_days * _DAY))


def _table(number: int) -> str:
    """A name never used before."""
    return f"cohorts_{number}_{uuid4().hex[:12]}"
