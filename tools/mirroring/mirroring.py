"""Looks at shelves that two platforms count, and tells each of them what became of the goods at the other.

Nothing is repeated from a queue: a shelf is read when its turn comes, so after an outage only the newest count goes
out, and while a platform is away nothing is written at all. Every write is an action like any other: judged, recorded,
and carried out once. No AI has a part in it, and it goes on while all of them stand still.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places
from knowledge.store.session import Database, utc_now
from knowledge.unify.due import wake_sync
from policies.actions.stock_sync import StockSync
from policies.errors import NotFound, Refused, Unavailable
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, LocationId, Sku
from policies.vocabulary.money import Money
from tools.action_row import action_id
from tools.mirroring import state
from tools.mirroring.ended import ended
from tools.mirroring.oversells import look_for_oversell
from tools.mirroring.shelf import Shelf, Side, after_unknown_end
from tools.mirroring.state import Job, Kept, Write
from tools.platform import Capability, Platform
from tools.proposal import Decision, Origin, Proposal

logger = logging.getLogger(__name__)

SYNC: Final = Actor("system:sync", Role.SYNC, None, Door.EVENT)
ROUNDS: Final = 5  # times a shelf is read and decided on again while its counts move under us
_OPEN_AGAIN: Final = timedelta(seconds=15)  # while an action of ours has no end yet
_DENIED_AGAIN: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(minutes=5)


class Guard(Protocol):
    """The guard, as far as sync uses it."""

    async def propose(self, actor: Actor, proposal: Proposal, *, wait: bool = True) -> Decision:
        """Decide, record, and carry out what is allowed."""
        ...


@dataclass(slots=True)
class Synced:
    """What a run came to: shelves looked at, writes made, refused because the count had moved, and put off."""

    looked: int = 0
    wrote: int = 0
    stale: int = 0
    later: int = 0


@dataclass(slots=True)
class _Round:
    """One batch of shelves between reading and the end of its writes."""

    shelf: Place
    mirror: Place
    jobs: dict[str, Job]
    again: set[str] = field(default_factory=set[str])  # to be read once more
    later: dict[str, tuple[timedelta, str]] = field(default_factory=dict[str, tuple[timedelta, str]])


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
                await state.ask_for_all(connection, shelf, mirror, at)
            state.lapse(connection, at)
        return await self.run()

    async def run(self) -> Synced:
        """Look at every shelf that is due."""
        synced = Synced()
        while True:
            async with self.database.transaction() as connection:
                jobs = await state.claim(connection, self.now())
            if not jobs:
                break
            by_shelf: dict[str, list[Job]] = defaultdict(list)
            for job in jobs:
                by_shelf[job.shelf].append(job)
            for shelf, some in by_shelf.items():
                await self._look(self.places.get(shelf), some, synced)
        async with self.database.transaction() as connection:
            due = await state.next_due(connection)
            if due is not None:
                wake_sync(connection, due)
        return synced

    async def _look(self, shelf: Place, jobs: Sequence[Job], synced: Synced) -> None:
        mirror = self.places.mirror(shelf.id)
        synced.looked += len(jobs)
        if mirror is None:
            await self._unshared(shelf, jobs)
            return
        batch = _Round(shelf, mirror, {job.sku: job for job in jobs}, {job.sku for job in jobs})
        try:
            for _ in range(ROUNDS):
                if not batch.again:
                    break
                await self._round(batch, synced)
            for sku in batch.again:
                batch.later[sku] = (_OPEN_AGAIN, "The counts moved each time they were looked at.")
        except Unavailable as error:
            logger.warning("counts of %s wait: %s", shelf.id, error.message)
            for sku, job in batch.jobs.items():
                waits = min(timedelta(seconds=15 * 2 ** min(job.tries, 8)), _LONGEST)
                batch.later.setdefault(sku, (waits, error.message))
        synced.later += len(batch.later)
        await self._put_away(batch)

    async def _put_away(self, batch: _Round) -> None:
        at = self.now()
        async with self.database.transaction() as connection:
            for sku, job in sorted(batch.jobs.items()):
                waits, error = batch.later.get(sku, (None, ""))
                state.release(connection, job, at, due=at + waits if waits else None, error=error)

    async def _unshared(self, shelf: Place, jobs: Sequence[Job]) -> None:
        """Shelves one platform counts: nothing is told to anybody, but what was oversold is looked into."""
        at = self.now()
        async with self.database.transaction() as connection:
            for job in jobs:
                await look_for_oversell(connection, job.sku, shelf, None, self.places, self.limits, at)
                state.release(connection, job, at)

    async def settle(self, job: Job) -> Shelf | None:
        """Look at one shelf now, for a caller who holds it; how it ended, or `None` when it could not be settled.

        Raises:
            Unavailable: A platform does not answer.
        """
        shelf = self.places.get(job.shelf)
        mirror = self.places.mirror(shelf.id)
        if mirror is None:
            return None
        batch = _Round(shelf, mirror, {job.sku: job}, {job.sku})
        for _ in range(ROUNDS):
            settled = await self._round(batch, Synced())
            if not batch.again:
                return None if batch.later else settled.get(job.sku)
        return None

    async def _round(self, batch: _Round, synced: Synced) -> dict[str, Shelf]:
        """Read, take in and write once; what moved meanwhile stays in `batch.again`."""
        skus = sorted(batch.again)
        batch.again.clear()
        async with self.database.reading() as connection:
            kept = await state.read(connection, skus, batch.shelf, batch.mirror, self.now())
            ends = await _ends(connection, kept)
        own, theirs = await self._reading(skus, batch.shelf), await self._reading(skus, batch.mirror)
        settled: dict[str, Shelf] = {}
        for sku in skus:
            if sku not in own or sku not in theirs:
                continue  # one of them does not stock it: there is nothing to keep alike
            shelf = await self._take_in(sku, batch, kept, ends, own[sku], theirs[sku])
            if shelf is None:
                batch.later[sku] = (_OPEN_AGAIN, "An earlier write has no end yet.")
                continue
            settled[sku] = shelf
            for side, ought in shelf.writes():
                if not await self._write(sku, side, ought, batch, kept, synced):
                    break
        return settled

    async def _reading(self, skus: Sequence[str], place: Place) -> dict[str, int]:
        platform = self.platforms.get(place.platform)
        if platform is None:
            raise Unavailable(f"No connection to {place.platform} is set up.", code="platform.missing")
        told = await platform.inventory.levels([Sku(sku) for sku in skus], [place.id])
        return {level.sku: level.available for level in told}

    async def _take_in(  # noqa: PLR0913, PLR0917  # what is known, was read, and is pending
        self,
        sku: str,
        batch: _Round,
        kept: Kept,
        ends: Mapping[str, tuple[str, int]],
        own: int,
        theirs: int,
    ) -> Shelf | None:
        """Take both readings in and keep what they make of the shelf; `None` while an earlier write has no end."""
        at = self.now()
        sides: list[Side] = []
        async with self.database.transaction() as connection:
            for place, reading in ((batch.shelf, own), (batch.mirror, theirs)):
                row = kept.counts.get((sku, place.id))
                counted = None if row is None else row.counted
                if row is not None and row.pending:
                    end, delta = ends[row.pending]
                    if end == "open":
                        return None
                    write, moved = Write(sku, place.id, row.pending, delta), delta if end == "done" else 0
                    counted, sure = row.counted + moved, True
                    if end == "unknown":
                        counted, sure = after_unknown_end(row.counted, delta, reading)
                    state.end(connection, write, at, moved=moved, unsure=not sure)
                sides.append(Side(place.id, counted, reading))
            shelf = self._shelf(sku, batch.mirror, kept, sides)
            state.settle(connection, sku, batch.shelf.id, shelf.units or 0, at)
            for side in (shelf.own, shelf.mirror):
                state.take_in(connection, sku, side.place, side.reading)
            await look_for_oversell(connection, sku, batch.shelf, shelf.units, self.places, self.limits, at)
        return shelf

    def _shelf(self, sku: str, mirror: Place, kept: Kept, sides: Sequence[Side]) -> Shelf:
        known = kept.goods.get(sku)
        buffer = mirror.buffers.get(known.category if known else "", mirror.buffer)
        own, theirs = sides
        return Shelf(kept.units.get(sku), own, theirs, kept.reserved.get(sku, {}), buffer).settled()

    async def _write(  # noqa: PLR0913, PLR0917  # what is written where, and what is known around it
        self, sku: str, side: Side, ought: int, batch: _Round, kept: Kept, synced: Synced
    ) -> bool:
        """Tell a side what it ought to show; false when the shelf has to be looked at again first."""
        row = kept.counts.get((sku, side.place))
        action, key = self._action(sku, side, ought, row.writes if row is not None else 0, kept)
        write = Write(sku, side.place, action_id(SYNC, key), action.delta)
        async with self.database.transaction() as connection:
            state.begin(connection, write, self.now())
        story = f"sync:{batch.shelf.id}:{sku}"
        rationale = f"The shelf {batch.shelf.id} has {ought} for {side.place} to sell."
        evidence = {"shelf": batch.shelf.id, "reading": side.reading, "ought": ought}
        proposal = Proposal(action, key, Origin(CorrelationId(story), story), rationale, evidence)
        try:
            decision = await self.guard.propose(SYNC, proposal)
        except (Refused, NotFound) as error:
            return await self._not_written(write, batch, error.message)
        return await self._written(write, decision, batch, synced)

    async def _written(self, write: Write, decision: Decision, batch: _Round, synced: Synced) -> bool:
        """Keep what came of a write."""
        why = "; ".join(sentence for _, sentence in decision.reasons) or decision.error
        if decision.state in {"waiting", "allowed", "executing"}:
            batch.later[write.sku] = (_OPEN_AGAIN, why)
            return False
        if decision.state not in {"executed", "failed"}:
            return await self._not_written(write, batch, why)
        at, done = self.now(), decision.state == "executed"
        async with self.database.transaction() as connection:
            if done:
                state.end(connection, write, at, moved=write.delta)
            elif (await ended(connection, write.action))[0] == "not_done":
                state.end(connection, write, at, stale=True)
        synced.wrote += done
        synced.stale += not done
        platform = self.platforms[self.places.get(write.place).platform]
        if not done or Capability.COMPARE_AND_SWAP not in platform.capabilities:
            batch.again.add(write.sku)  # whether the count moved between our look and our write, the next look shows
        return done

    async def _not_written(self, write: Write, batch: _Round, why: str) -> bool:
        """It may not be: nobody is told, and the next look comes in an hour or with the next news."""
        batch.later[write.sku] = (_DENIED_AGAIN, why)
        async with self.database.transaction() as connection:
            state.end(connection, write, self.now())
        return False

    def _action(self, sku: str, side: Side, ought: int, number: int, kept: Kept) -> tuple[StockSync, str]:
        known = kept.goods.get(sku)
        worth = Money(known.worth, known.currency) if known else Money(0, "USD")
        key = f"{side.place}:{sku}:{number + 1}"
        action = StockSync(
            store=LocationId(side.place),
            sku=Sku(sku),
            before=side.reading,
            after=ought,
            value=worth * abs(ought - side.reading),
            reference=f"sync-{action_id(SYNC, key)[4:36]}",
        )
        return action, key


async def _ends(connection: Connection, kept: Kept) -> dict[str, tuple[Any, int]]:
    pending = [row.pending for row in kept.counts.values() if row.pending]
    return {name: await ended(connection, name) for name in pending}
