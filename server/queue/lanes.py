"""A lane: one location's events, handled one burst after another, in the order they arrived.

A burst first reaches the store, then the supervisor, then counts as handled. A worker may die at any point between:
the next one applies nothing twice (`event.applied_at`) and asks for nothing twice (a proposal's key follows from its
event). An event that cannot be handled waits for further attempts while the lane goes on without it, and becomes a
dead letter after the last.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol

from sqlalchemy import text

from agents.state import BurstOutcome
from knowledge.events.event import Event, Topic
from knowledge.store.connection import Connection
from knowledge.store.enqueue import enqueue
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from knowledge.unify.apply import apply
from knowledge.vault.vault import Vault
from policies.errors import TillhandError, Unavailable
from policies.vocabulary.ids import CorrelationId, CustomerRef, EventId, LocationId
from server.queue.inbox import PRIORITY, wake
from server.telemetry import Metrics
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.outcomes import outcomes

logger = logging.getLogger(__name__)

ATTEMPTS = 5
BURST = 200  # events
DRAIN_WITHIN = 20.0  # seconds; then the lane lines up again, so that one busy lane does not keep a worker forever
_POLL = "poll:"  # what a poll tells again is no news to anybody
_WAITS = (2, 10, 60, 300)  # seconds before the second to fifth attempt

_PENDING = text(
    """
    SELECT seq, id, source, delivery, topic, lane, occurred_at, received_at, correlation_id, resource, version, facts,
           attempts
    FROM event
    WHERE lane = :lane AND state = 'pending' AND (attempts > 0) = CAST(:again AS bool)
    ORDER BY seq LIMIT :limit
    """
)
_HANDLED = text(
    """
    UPDATE event SET state = 'handled', handled_at = :at, error = ''
    WHERE seq = ANY(CAST(:seqs AS bigint[])) AND state = 'pending'
    """
)
_FAILED = text(
    """
    UPDATE event SET attempts = attempts + 1, error = :error,
                     state = CASE WHEN attempts + 1 >= :most THEN 'dead' ELSE state END
    WHERE seq = ANY(CAST(:seqs AS bigint[])) AND state = 'pending'
    RETURNING attempts, state
    """
)
_WAITING_LANES = text("SELECT lane, bool_or(attempts = 0) AS fresh FROM event WHERE state = 'pending' GROUP BY lane")


class Supervisor(Protocol):
    """What a lane asks to look at its events; `agents.supervisor.Supervisor` in the product."""

    async def handle(self, events: Sequence[Event], customers: Mapping[str, CustomerRef] | None = None) -> BurstOutcome:
        """Decide on a burst, oldest first, already applied to the store."""
        ...


@dataclass(slots=True)
class Drained:
    """What one drain of a lane came to; `decisions` counts them by state, `topics` events by topic.

    Attributes:
        failed: Events that will be tried again.
        dead: Events given up.
        stale: Events that told what the store already knew better.
        more: True when time ran out before the lane was empty.
    """

    handled: int = 0
    failed: int = 0
    dead: int = 0
    stale: int = 0
    bursts: int = 0
    proposals: int = 0
    decisions: dict[str, int] = field(default_factory=dict[str, int])
    topics: dict[str, int] = field(default_factory=dict[str, int])
    more: bool = False

    def took(self, events: Sequence[Event], stale: int, outcome: BurstOutcome | None) -> None:
        """Count a burst that went well."""
        self.bursts += 1
        self.handled += len(events)
        self.stale += stale
        for event in events:
            self.topics[event.topic.value] = self.topics.get(event.topic.value, 0) + 1
        if outcome is not None:
            self.proposals += outcome.proposals
            for state, count in outcome.by_state.items():
                self.decisions[state] = self.decisions.get(state, 0) + count


class Lanes:
    """Drains lanes. Two drains of one lane at once do no harm but may break its order: the queue's lock prevents it.

    Args:
        agents: Whether specialists may look at events now; the store is brought up to date either way.
        vault: Where what was told of customers goes; without one it stays sealed beside its event.
    """

    def __init__(  # noqa: PLR0913
        self,
        database: Database,
        supervisor: Supervisor,
        places: Places,
        *,
        metrics: Metrics,
        agents: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = utc_now,
        vault: Vault | None = None,
    ) -> None:
        self._database = database
        self._supervisor = supervisor
        self._places = places
        self._metrics = metrics
        self._agents = agents
        self._now = now
        self._vault = vault

    async def drain(
        self, lane: str, *, burst: int = BURST, within: float = DRAIN_WITHIN, again: bool = False
    ) -> Drained:
        """Handle the lane's events until none is left or the time is up.

        Args:
            lane: The location.
            burst: Events handled together.
            within: Seconds after which no further burst is begun.
            again: Attempt those that failed before, each alone, instead of the new ones.

        Raises:
            Unavailable: The database does not answer; nothing is lost.
        """
        drained = Drained()
        until = monotonic() + within
        while events := await self._pending(lane, burst, again=again):
            if again:
                for event in events:
                    await self._handle([event], drained)
                return drained
            await self._handle(events, drained)
            if monotonic() >= until:
                drained.more = True
                return drained
        return drained

    async def _pending(self, lane: str, limit: int, *, again: bool) -> list[Event]:
        async with self._database.reading() as connection:
            rows = await connection.execute(_PENDING, {"lane": lane, "limit": limit, "again": again})
            return [_event(row) for row in rows]

    async def _handle(self, events: Sequence[Event], drained: Drained) -> None:
        try:
            await self._take(events, drained)
        except Unavailable as error:
            if error.code == "database.unavailable":
                raise
            await self._fail(events, error, drained)
        except Exception as error:  # noqa: BLE001  # any event may carry what nobody foresaw; the others go on
            if len(events) == 1:
                await self._fail(events, error, drained)
                return
            for event in events:
                await self._handle([event], drained)

    async def _take(self, events: Sequence[Event], drained: Drained) -> None:
        with self._metrics.timed("burst_seconds"):
            async with self._database.transaction() as connection:
                applied = await apply(connection, events, self._places, at=self._now(), vault=self._vault)
                if told := await outcomes(connection, events, self._now()):
                    await append(connection, told)
            news = [event for event in events if event.id not in applied.stale or not event.source.startswith(_POLL)]
            outcome = await self._supervisor.handle(news, applied.customers) if news and self._agents() else None
            at = self._now()
            async with self._database.transaction() as connection:
                await connection.execute(_HANDLED, {"at": at, "seqs": [event.seq for event in events]})
                if outcome is not None and outcome.notes:
                    await append(connection, _notes(outcome, events, at))
        drained.took(events, len(applied.stale), outcome)
        self._metrics.count("events", len(events), outcome="handled")
        for event in events:
            waited: float = (at - event.received_at).total_seconds()
            self._metrics.observe("handled_seconds", max(0.0, waited))

    async def _fail(self, events: Sequence[Event], error: Exception, drained: Drained) -> None:
        name = error.code if isinstance(error, TillhandError) else type(error).__name__
        async with self._database.transaction() as connection:
            changed = (
                await connection.execute(
                    _FAILED, {"error": name, "most": ATTEMPTS, "seqs": [event.seq for event in events]}
                )
            ).all()
            waiting: list[int] = [row.attempts for row in changed if row.state == "pending"]
            if waiting:
                attempt_later(connection, events[0].lane, self._now() + timedelta(seconds=_WAITS[min(waiting) - 1]))
        drained.failed += len(waiting)
        drained.dead += len(changed) - len(waiting)
        self._metrics.count("events", len(waiting), outcome="failed")
        self._metrics.count("events", len(changed) - len(waiting), outcome="dead")
        # the type alone: an error's text may quote the data it stumbled over
        logger.error("%d events of lane %s failed: %s", len(events), events[0].lane, name, exc_info=_frames(error))


def attempt_later(connection: Connection, lane: str, at: datetime) -> None:
    """Have the lane's failed events attempted again at a time.

    A job of its own without the lane's lock: one that waits for its time with the lock would hold up the whole lane.
    """
    enqueue(connection, "attempt_again", {"lane": lane}, queueing_lock=f"attempt:{lane}", at=at)


def attempt_now(connection: Connection, lane: str) -> None:
    """Have the lane's failed events attempted again, in their turn."""
    enqueue(
        connection,
        "drain_lane",
        {"lane": lane, "again": True},
        lock=f"lane:{lane}",
        queueing_lock=f"again:{lane}",
        priority=PRIORITY,
    )


async def wake_forgotten(connection: Connection) -> int:
    """Wake every lane with events and no job for them: their process died before it could. Returns how many waited."""
    rows = (await connection.execute(_WAITING_LANES)).all()
    for row in rows:
        if row.fresh:
            wake(connection, row.lane)
    return len(rows)


def _event(row: Any) -> Event:
    return Event(
        id=EventId(row.id),
        source=row.source,
        delivery=row.delivery,
        topic=Topic(row.topic),
        lane=LocationId(row.lane),
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        correlation=CorrelationId(row.correlation_id),
        facts=row.facts,
        resource=row.resource,
        version=row.version,
        seq=row.seq,
        attempts=row.attempts,
    )


def _notes(outcome: BurstOutcome, events: Sequence[Event], at: datetime) -> list[Entry]:
    """What specialists had to say without asking for anything, for the ledger."""
    stories = {event.id: event.correlation for event in events}
    return [
        Entry(
            "note",
            at,
            {"actor": f"specialist:{specialist}", "causation": event_id, "sentence": sentence},
            correlation=stories.get(EventId(event_id), ""),
        )
        for specialist, event_id, sentence in outcome.notes
    ]


def _frames(error: Exception) -> Any:
    return (RuntimeError, RuntimeError("its text is left out"), error.__traceback__)
