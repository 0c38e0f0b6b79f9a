"""The event log's way in: durable before the answer, once per delivery, committed in groups.

Callers that arrive while a commit is under way share the next one, so that a burst of deliveries costs a few commits
and not one each. The lanes are woken right after the commit, in a transaction of their own: a lane woken before it
would find nothing, and one woken together with it could be missed, for a job that already waits may run and end
between the two. A process that dies in between leaves its lanes to `server.queue.lanes.wake_forgotten`.
"""

import asyncio
import json
import logging
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.store.connection import Connection
from knowledge.store.enqueue import enqueue, enqueue_each
from knowledge.store.session import Database
from policies.errors import TillhandError, Unavailable
from server.telemetry import Metrics

logger = logging.getLogger(__name__)

_GROUP = 500  # events in one commit
_BETWEEN_WAKES = 0.02  # seconds, while deliveries keep coming: waking a lane costs as much as storing a group
_TRIES = 3
PRIORITY = -1  # of lanes: a decided action goes first, because a customer may be waiting for its code

# Any unique name counts: the same delivery twice, or the same change told by a webhook and by a poll. What was there
# before is counted in the same statement, so that a group costs one round trip and one commit.
_STORE: Final = text(
    """
    WITH told AS MATERIALIZED (
        SELECT * FROM ROWS FROM (
            jsonb_to_recordset(CAST(:told AS jsonb)) AS (
                id text, source text, delivery text, topic text, lane text, occurred_at timestamptz,
                received_at timestamptz, correlation_id text, resource text, version text, facts jsonb, state text,
                sealed text, person text
            )
        ) WITH ORDINALITY AS told (id, source, delivery, topic, lane, occurred_at, received_at, correlation_id,
                                   resource, version, facts, state, sealed, person, place)
    ), stored AS (
        INSERT INTO event (id, source, delivery, topic, lane, occurred_at, received_at, correlation_id, resource,
                           version, facts, state, sealed, handled_at)
        SELECT id, source, delivery, topic, lane, occurred_at, received_at, correlation_id, resource, version, facts,
               state, decode(sealed, 'base64'), CASE state WHEN 'handled' THEN received_at END
        FROM told ORDER BY place
        ON CONFLICT DO NOTHING
        RETURNING id, source
    ), kept AS (
        INSERT INTO vault_arrival (event_id, sealed, at)
        SELECT DISTINCT ON (id) id, decode(person, 'base64'), received_at
        FROM told JOIN stored USING (id) WHERE person IS NOT NULL ORDER BY id, place
        ON CONFLICT DO NOTHING
    ), repeated AS (
        SELECT source, count(*) - (SELECT count(*) FROM stored WHERE stored.source = told.source) AS times
        FROM told GROUP BY source
    ), counted AS (
        INSERT INTO absorbed (source, reason, count)
        SELECT source, 'duplicate', times FROM repeated WHERE times > 0 ORDER BY source
        ON CONFLICT (source, reason) DO UPDATE SET count = absorbed.count + excluded.count
    )
    SELECT id FROM stored
"""
)

State = Literal["pending", "handled", "parked"]


@dataclass(slots=True)
class _Arrival:
    event: Event
    state: State = "pending"
    sealed: bytes | None = None
    answer: asyncio.Future[bool] | None = None  # None: the caller waits for the whole group


class Inbox:
    """One per process; used from one event loop."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._waiting: list[_Arrival] = []
        self._flusher: asyncio.Task[None] | None = None
        self._asleep: set[str] = set()  # lanes with something new to do, not woken yet
        self._waker: asyncio.Task[None] | None = None

    async def append(self, event: Event) -> bool:
        """Store an event for its lane; returns once it is committed. False: it was there before.

        Raises:
            Unavailable: It could not be stored; whoever sent it has to send it again.
        """
        return await self._append(event, "pending", None)

    async def park(self, event: Event, sealed: bytes) -> bool:
        """Keep, for a person to look at, what nobody here understands; `sealed` is its body, encrypted; b"": gone."""
        return await self._append(event, "parked", sealed)

    async def record(self, event: Event) -> bool:
        """Store an event that was already answered inline, so that the ledger can point at it."""
        return await self._append(event, "handled", None)

    async def append_all(self, events: Sequence[Event]) -> int:
        """Store many events, in order; returns how many were new."""
        new = 0
        for start in range(0, len(events), _GROUP):
            group = [_Arrival(event) for event in events[start : start + _GROUP]]
            answers = await self._store_or_retry(group)
            await self._wake(_lanes(group, answers))
            new += sum(answers)
        return new

    async def close(self) -> None:
        """Wait until everything accepted is stored, and whoever handles it woken."""
        if self._flusher is not None:
            await self._flusher
        if self._waker is not None:
            await self._waker

    async def _append(self, event: Event, state: State, sealed: bytes | None) -> bool:
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Arrival(event, state, sealed, answer))
        # a task of its own, for the caller may go away while others share its commit
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush(), name="inbox flush")
        with self._metrics.timed("append_seconds"):
            return await answer

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
            try:
                answers = await self._store_or_retry(group)
            except BaseException as error:
                for arrival in group:
                    if arrival.answer and not arrival.answer.done():
                        arrival.answer.set_exception(_own(error))
                if not isinstance(error, Exception):
                    raise
                continue
            for arrival, answer in zip(group, answers, strict=True):
                if arrival.answer and not arrival.answer.done():
                    arrival.answer.set_result(answer)
            self._wake_soon(_lanes(group, answers))

    def _wake_soon(self, lanes: Sequence[str]) -> None:
        """Wake lanes beside the next group's commit, which must not wait for it; those of several groups together."""
        self._asleep.update(lanes)
        if self._asleep and (self._waker is None or self._waker.done()):
            self._waker = asyncio.create_task(self._wake_all(), name="inbox wake")

    async def _wake_all(self) -> None:
        while self._asleep:
            lanes = sorted(self._asleep)
            self._asleep.clear()
            await self._wake(lanes)
            if self._asleep:
                await asyncio.sleep(_BETWEEN_WAKES)

    async def _store_or_retry(self, group: Sequence[_Arrival]) -> list[bool]:
        for _ in range(_TRIES - 1):
            # two processes storing the same deliveries in another order may stop each other: nothing was stored then
            with suppress(Unavailable):
                return await self._store(group)
        return await self._store(group)

    async def _wake(self, lanes: Sequence[str]) -> None:
        if not lanes:
            return
        try:
            jobs = {f"lane:{lane}": {"lane": lane} for lane in lanes}
            await enqueue_each(self._database, "drain_lane", jobs, priority=PRIORITY)
        except Unavailable:
            logger.warning("%d lanes were not woken; the sweep will", len(lanes))

    async def _store(self, group: Sequence[_Arrival]) -> list[bool]:
        stored = await self._database.at_once(_STORE, {"told": _told(group)})
        return list(_first_of_each(group, set(stored.scalars())))


def wake(connection: Connection, lane: str, *, at: datetime | None = None) -> None:
    """Have the lane drained once this transaction commits, or not before `at`."""
    enqueue(
        connection,
        "drain_lane",
        {"lane": lane},
        lock=f"lane:{lane}",
        queueing_lock=f"lane:{lane}",
        at=at,
        priority=PRIORITY,
    )


def _told(group: Sequence[_Arrival]) -> str:
    """The group as one JSON parameter: an array of JSON texts would be escaped letter by letter on its way."""
    return json.dumps([_row(arrival.event, arrival) for arrival in group], separators=(",", ":"))


def _row(event: Event, arrival: _Arrival) -> dict[str, Any]:
    return {
        **event.row(),
        "state": arrival.state,
        "sealed": b64encode(arrival.sealed).decode() if arrival.sealed else None,
        # what was answered inline is not handled again, so nothing would take it out of the waiting room
        "person": b64encode(event.sealed_person).decode()
        if event.sealed_person and arrival.state == "pending"
        else None,
    }


def _lanes(group: Sequence[_Arrival], answers: Sequence[bool]) -> list[str]:
    """The lanes with something new to do, in the one order that everybody locks them in."""
    fresh = (arrival for arrival, new in zip(group, answers, strict=True) if new)
    return sorted({arrival.event.lane for arrival in fresh if arrival.state == "pending"})


def _first_of_each(group: Sequence[_Arrival], fresh: set[str]) -> Iterator[bool]:
    for arrival in group:
        yield arrival.event.id in fresh
        fresh.discard(arrival.event.id)


def _own(error: BaseException) -> Exception:
    """An exception for one caller: the same object must not be raised in several."""
    if isinstance(error, TillhandError):
        return type(error)(error.message, code=error.code, hint=error.hint)
    if isinstance(error, Exception):
        return error
    return Unavailable("The server is stopping; nothing was stored.", code="inbox.stopping", hint="Send it again.")
