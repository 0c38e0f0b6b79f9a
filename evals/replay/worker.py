"""The replay's worker: the product's lanes, supervisor, guard and executor, living in the log's time.

A process of its own, so that its memory and time can be read from outside: `… worker URL HOME NUMBER`.
It works until its standard input closes; then its figures go to standard output as one line of JSON.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from agents.standing import Standing
from agents.state import BurstOutcome
from agents.supervisor import Supervisor
from evals.replay.platform import LogPlatform
from knowledge.events.event import Event
from knowledge.offers.companions import count_companions
from knowledge.store.session import Database
from knowledge.unify.levels import LOG
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CustomerRef
from server.composition import compose
from server.queue.jobs import Jobs, Tempo
from server.queue.lanes import Lanes
from server.settings import Settings
from tools.guard import Guard
from tools.platform import Platform
from tools.proposal import Decision, Origin, Proposal

_WEEK = timedelta(days=7)
_TICK = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_WINDOW = timedelta(minutes=10)  # a count heard of at its start is still fresh at its end, and an offer still open


class LogTime:
    """The virtual present: the moment of the newest event the worker was handed."""

    def __init__(self) -> None:
        self._now = datetime(1970, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """As the guard and the specialists see it."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Move to an event's moment. Lanes may be some hours apart, so it may also be a little earlier."""
        self._now = moment


class TimedGuard:
    """The guard as bursts meet it, judging every proposal within a minute of its event."""

    def __init__(self, guard: Guard, clock: LogTime) -> None:
        self._guard = guard
        self._clock = clock

    async def propose_all(self, actor_and_proposals: Sequence[tuple[Actor, Proposal]]) -> list[Decision]:
        """Decide minute after minute, as if each had been proposed at once; answers in the order of the question."""
        minutes: dict[datetime, list[int]] = {}
        for place, (_, proposal) in enumerate(actor_and_proposals):
            moment = proposal.origin.occurred_at or self._clock.now()
            minutes.setdefault(moment.replace(second=0, microsecond=0) + _MINUTE, []).append(place)
        decisions: dict[int, Decision] = {}
        for minute, asked in sorted(minutes.items()):
            self._clock.set(minute)
            told = await self._guard.propose_all([_priced(*actor_and_proposals[place], minute) for place in asked])
            decisions.update(zip(asked, told, strict=True))
        return [decisions[place] for place in range(len(actor_and_proposals))]

    async def note(self, actor: Actor, notes: Sequence[tuple[Origin, str]]) -> None:
        """Record sentences worth keeping."""
        await self._guard.note(actor, notes)


class TimedSupervisor:
    """The supervisor, preceded by what the clock would have done: approvals expire, companions are counted weekly."""

    def __init__(
        self, supervisor: Supervisor, guard: Guard, database: Database, clock: LogTime, *, keeps_time: bool
    ) -> None:
        self._supervisor = supervisor
        self._guard = guard
        self._database = database
        self._clock = clock
        self._keeps_time = keeps_time
        self._ticked = self._counted = clock.now()
        self.seen: Counter[str] = Counter()
        self.decisions: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.proposals = 0
        self.failures = 0

    async def handle(self, events: Sequence[Event], customers: Mapping[str, CustomerRef] | None = None) -> BurstOutcome:
        """A burst, window by window, each in its own present."""
        outcomes: list[BurstOutcome] = []
        for window in windows(events):
            self._clock.set(window[-1].received_at)
            if self._keeps_time:
                await self._by_the_clock()
            outcomes.append(await self._supervisor.handle(window, customers))
        for outcome in outcomes:
            self.seen.update(outcome.seen)
            self.decisions.update(f"{decision.outcome}: {decision.state}" for decision in outcome.decisions)
            self.passed.update(outcome.passed)
            self.dropped.update(outcome.dropped)
            self.proposals += outcome.proposals
            self.failures += len(outcome.failures)
        return BurstOutcome(
            seen=sum((Counter(outcome.seen) for outcome in outcomes), Counter[str]()),
            proposals=sum(outcome.proposals for outcome in outcomes),
            decisions=tuple(decision for outcome in outcomes for decision in outcome.decisions),
        )

    async def _by_the_clock(self) -> None:
        now = self._clock.now()
        if now - self._ticked >= _TICK:
            self._ticked = now
            await self._guard.expire(now)
        if now - self._counted >= _WEEK:
            self._counted = now
            await count_companions(self._database, until=now)


def _priced(actor: Actor, proposal: Proposal, at: datetime) -> tuple[Actor, Proposal]:
    """A log is its own platform: asked at this moment what goods cost, it would say what it has said last."""
    return actor, proposal if proposal.priced_at is None else replace(proposal, priced_at=at)


def windows(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Cut a burst where more than ten minutes pass: what is decided at the end must still be good for the beginning."""
    start = 0
    for place, event in enumerate(events):
        if event.received_at - events[start].received_at > _WINDOW:
            yield events[start:place]
            start = place
    yield events[start:]


async def work(url: str, home: Path, *, keeps_time: bool) -> None:
    """Work until standard input closes; then print what was done.

    Args:
        url: The replay's database.
        home: The replay's folder, with its secret.
        keeps_time: Whether this worker also does what the product does by the clock; one worker does.
    """
    clock = LogTime()
    settings = Settings(home=home, database_url=url)
    async with compose(
        settings, now=clock.now, present=lambda event: event.received_at, others=lambda database: _log(database, clock)
    ) as house:
        supervisor = Supervisor(house.specialists, TimedGuard(house.guard, clock), Standing(house.database))
        timed = TimedSupervisor(supervisor, house.guard, house.database, clock, keeps_time=keeps_time)
        lanes = Lanes(house.database, timed, house.places, metrics=house.metrics, now=clock.now)
        jobs = Jobs(house.database, lanes, house.carry_out, house.mirroring.run, house.metrics)
        async with jobs.opened():
            worker = asyncio.create_task(jobs.work(Tempo(concurrency=1, heartbeat_s=5, stalled_s=30), signals=False))
            print(json.dumps({"ready": os.getpid()}), flush=True)
            await asyncio.to_thread(sys.stdin.read)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "seen": timed.seen,
        "proposals": timed.proposals,
        "decisions": timed.decisions,
        "passed": timed.passed,
        "dropped": timed.dropped,
        "failures": timed.failures,
        "cpu_s": time.process_time(),
        "peak_mib": usage.ru_maxrss / 1024,
    }
    print(json.dumps(figures), flush=True)


def _log(database: Database, clock: LogTime) -> dict[str, Platform]:
    return {LOG: cast("Platform", LogPlatform(database, clock.now))}  # what nobody asks of a log, it does not have


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), keeps_time=sys.argv[3] == "0"))
