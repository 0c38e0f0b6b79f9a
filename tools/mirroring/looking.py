"""One look at a batch of shelves that two platforms count: both counts read, taken in, and what follows written.

A platform takes its time to answer, so a shelf is checked again before anything is kept or written: a batch that lost
it leaves it alone, and one under whose look something else was kept reads it anew.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places
from knowledge.store.session import Database
from knowledge.unify.oddities import Oddity, keep_oddities
from policies.actions.stock_sync import MOST_COUNTED, StockSync
from policies.errors import NotFound, Refused, Unavailable
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, LocationId, Sku
from policies.vocabulary.money import Money
from tools.action_row import action_id
from tools.mirroring import state
from tools.mirroring.ended import Ended, ended, side_of
from tools.mirroring.jobs import Job, renew
from tools.mirroring.oversells import look_for_oversell
from tools.mirroring.shelf import Shelf, Side
from tools.mirroring.state import Kept, Write
from tools.platform import Capability, Platform
from tools.proposal import Decision, Origin, Proposal

logger = logging.getLogger(__name__)

SYNC: Final = Actor("system:sync", Role.SYNC, None, Door.EVENT)
OPEN_AGAIN: Final = timedelta(seconds=15)  # while an action of ours has no end yet
_DENIED_AGAIN: Final = timedelta(hours=1)
_MERGED: Final = "It is not synced; give one of them a sku of its own."
_UNENDED: Final = (OPEN_AGAIN, "An earlier write has no end yet.")


class Guard(Protocol):
    """The guard, as far as sync uses it."""

    async def propose(self, actor: Actor, proposal: Proposal, *, wait: bool = True) -> Decision:
        """Decide, record, and carry out what is allowed."""
        ...

    async def withdraw(self, actor: Actor, action_id: str, *, reason: str) -> Decision:
        """Keep what waits from happening."""
        ...


@dataclass(slots=True)
class Synced:
    """What a run came to: shelves looked at, writes made, refused because the count had moved, and put off."""

    looked: int = 0
    wrote: int = 0
    stale: int = 0
    later: int = 0


@dataclass(slots=True)
class Batch:
    """Some variants of one shelf while they are looked at.

    Attributes:
        again: To be read once more.
        later: Put off, for how long and why.
    """

    shelf: Place
    mirror: Place
    jobs: dict[str, Job]
    again: set[str]
    later: dict[str, tuple[timedelta, str]] = field(default_factory=dict[str, tuple[timedelta, str]])


Ends = Mapping[str, Ended]


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks; how often and at what is its caller's."""

    database: Database
    guard: Guard
    platforms: Mapping[str, Platform]
    places: Places
    limits: Limits
    now: Callable[[], datetime]

    async def look(self, batch: Batch, synced: Synced) -> dict[str, Shelf]:
        """Read, take in and write once; what moved meanwhile stays in `batch.again`. Returns what was settled.

        A shelf that is refused or not found is put off alone.

        Raises:
            TillhandError: A platform does not answer, or its connection is not set up right.
        """
        asked = [batch.jobs[sku] for sku in sorted(batch.again)]
        batch.again.clear()
        async with self.database.transaction() as connection:
            at = self.now()
            skus = [job.sku for job in await renew(connection, asked, at)]
            kept = await state.read(connection, skus, batch.shelf, batch.mirror, at)
            ends = await _ends(connection, kept)  # before the counts are read: what has ended is in them
        if not skus:  # all were taken over
            return {}
        own, theirs = await self._reading(skus, batch.shelf, batch), await self._reading(skus, batch.mirror, batch)
        settled: dict[str, Shelf] = {}
        for sku in skus:
            if sku not in own or sku not in theirs:
                continue  # one of them does not stock it: there is nothing to keep alike
            try:
                shelf = await self._settle(sku, batch, kept, ends, (own[sku], theirs[sku]), synced)
            except (Refused, NotFound) as error:
                logger.warning("counts of one variant at %s wait: %s", batch.shelf.id, error.message)
                batch.later[sku] = (_DENIED_AGAIN, error.message)
            else:
                if shelf is not None:
                    settled[sku] = shelf
        return settled

    async def _settle(  # noqa: PLR0913, PLR0917  # a shelf, what is known of it, and what was read
        self, sku: str, batch: Batch, before: Kept, ends: Ends, readings: tuple[int, int], synced: Synced
    ) -> Shelf | None:
        """Take one shelf in, and write what follows; `None` when it has to be looked at again first."""
        if max(abs(told) for told in readings) > MOST_COUNTED:
            why = f"A platform tells of more than {MOST_COUNTED} of {sku}: count it there."
            batch.later[sku] = (_DENIED_AGAIN, why)
            return None
        taken = await self._take_in(sku, batch, before, ends, readings)
        if taken is None:
            return None
        shelf, kept = taken
        for side, ought in shelf.writes():
            row = kept.counts.get((sku, side.place))
            if row is not None and row.pending and ends[row.pending][0] == "waiting":  # for exactly this
                batch.later[sku] = (OPEN_AGAIN, "A manager is asked whether a count may rise this much.")
            elif not await self._write(sku, side, ought, batch, kept, synced):
                break
        return shelf

    async def _reading(self, skus: Sequence[str], place: Place, batch: Batch) -> dict[str, int]:
        """What a side counts, but of skus that several of its goods have: which of them a count is of, nobody knows."""
        platform = self.platforms.get(place.platform)
        if platform is None:
            raise Unavailable(f"No connection to {place.platform} is set up.", code="platform.missing")
        told = await platform.inventory.levels([Sku(sku) for sku in skus], [place.id])
        items: dict[str, set[str]] = defaultdict(set)
        for level in told:
            items[level.sku].add(level.item)
        merged = {sku: sorted(names) for sku, names in items.items() if len(names) > 1}
        if merged:
            shared = [
                Oddity("sku_merged", sku, f"{' and '.join(names)} share it.", _MERGED) for sku, names in merged.items()
            ]
            async with self.database.transaction() as connection:
                await keep_oddities(connection, shared, self.now())
            batch.later.update({sku: (_DENIED_AGAIN, f"{sku}: {_MERGED}") for sku in merged})
        return {level.sku: level.available for level in told if level.sku not in merged}

    async def _take_in(
        self, sku: str, batch: Batch, before: Kept, ends: Ends, readings: tuple[int, int]
    ) -> tuple[Shelf, Kept] | None:
        """Take both readings in and keep what they make of the shelf, locked meanwhile.

        `None` when somebody took the shelf over, or it has to be read again, now or once an earlier write has an end.
        """
        at = self.now()
        async with self.database.transaction() as connection:
            if not await renew(connection, [batch.jobs[sku]], at):
                return None
            kept = await state.read(connection, [sku], batch.shelf, batch.mirror, at)
            if not _same(sku, batch, before, kept):
                batch.again.add(sku)
                return None
            places = (batch.shelf, batch.mirror)
            found = [side_of(sku, place.id, told, kept, ends) for place, told in zip(places, readings, strict=True)]
            earlier = [each for _, each in found if each is not None]
            if any(each.end == "open" for each in earlier):
                batch.later[sku] = _UNENDED
                return None
            shelf = self._shelf(sku, batch.mirror, kept, [side for side, _ in found])
            wanted = {(side.place, side.reading, ought) for side, ought in shelf.writes()}
            outdated = [each.write.action for each in earlier if each.asks and each.asks not in wanted]
            if not outdated:
                for each in earlier:
                    if not each.asks:
                        state.end(connection, each.write, at, moved=each.moved, unsure=not each.sure)
                state.settle(connection, sku, batch.shelf.id, shelf, at)
                for side in (shelf.own, shelf.mirror):
                    state.take_in(connection, sku, side.place, side.reading)
                await look_for_oversell(connection, sku, batch.shelf, shelf.units, self.places, self.limits, at)
        if outdated:
            return await self._withdraw(sku, outdated, batch)
        return shelf, kept

    async def _withdraw(self, sku: str, outdated: Sequence[str], batch: Batch) -> None:
        """Have managers no longer asked about counts that have moved since: they are asked anew after another look."""
        try:
            for action in outdated:
                await self.guard.withdraw(SYNC, action, reason="The counts have moved since.")
        except (Refused, NotFound):  # answered a moment ago
            batch.later[sku] = _UNENDED
        else:
            batch.again.add(sku)

    def _shelf(self, sku: str, mirror: Place, kept: Kept, sides: Sequence[Side]) -> Shelf:
        known = kept.goods.get(sku)
        buffer = mirror.buffers.get(known.category if known else "", mirror.buffer)
        own, theirs = sides
        return Shelf(kept.units.get(sku), own, theirs, kept.reserved.get(sku, {}), buffer).settled()

    async def _write(  # noqa: PLR0913, PLR0917  # what is written where, and what is known around it
        self, sku: str, side: Side, ought: int, batch: Batch, kept: Kept, synced: Synced
    ) -> bool:
        """Tell a side what it ought to show; false when the shelf has to be looked at again first."""
        row = kept.counts.get((sku, side.place))
        action, key = _action(sku, side, ought, row.writes if row is not None else 0, kept)
        write = Write(sku, side.place, action_id(SYNC, key), action.delta)
        at = self.now()
        async with self.database.transaction() as connection:
            if not await renew(connection, [batch.jobs[sku]], at):
                return False
            state.begin(connection, write, at)
        story = f"sync:{batch.shelf.id}:{sku}"
        rationale = f"The shelf {batch.shelf.id} has {ought} for {side.place} to sell."
        evidence = {"shelf": batch.shelf.id, "reading": side.reading, "ought": ought}
        proposal = Proposal(action, key, Origin(CorrelationId(story), story), rationale, evidence)
        try:
            decision = await self.guard.propose(SYNC, proposal)
        except (Refused, NotFound) as error:
            return await self._not_written(write, batch, error.message)
        return await self._written(write, decision, batch, synced)

    async def _written(self, write: Write, decision: Decision, batch: Batch, synced: Synced) -> bool:
        """Keep what came of a write."""
        why = "; ".join(sentence for _, sentence in decision.reasons) or decision.error
        if decision.state in {"waiting", "allowed", "executing"}:
            batch.later[write.sku] = (OPEN_AGAIN, why)
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

    async def _not_written(self, write: Write, batch: Batch, why: str) -> bool:
        """It may not be: nobody is told, and the next look comes in an hour or with the next news."""
        batch.later[write.sku] = (_DENIED_AGAIN, why)
        async with self.database.transaction() as connection:
            state.end(connection, write, self.now())
        return False


def _action(sku: str, side: Side, ought: int, number: int, kept: Kept) -> tuple[StockSync, str]:
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


def _same(sku: str, batch: Batch, before: Kept, kept: Kept) -> bool:
    """Whether nothing was kept of the shelf since; a write that ended since may be in the reading, or not."""
    cells = [(sku, place.id) for place in (batch.shelf, batch.mirror)]
    return before.units.get(sku) == kept.units.get(sku) and all(
        before.counts.get(cell) == kept.counts.get(cell) for cell in cells
    )


async def _ends(connection: Connection, kept: Kept) -> Ends:
    pending = [row.pending for row in kept.counts.values() if row.pending]
    return {name: await ended(connection, name) for name in pending}
