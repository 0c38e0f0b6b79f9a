"""Live, ready, and why not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.session import Database
from policies.errors import Unavailable
from server.queue.dead_letters import count_set_aside

READY_WITHIN = 2.0  # seconds; a load balancer gives up on us soon after
WORKER_SILENCE = 60  # seconds without a sign of life from any worker

_QUEUE = text(
    """
    SELECT lane, count(*) AS events, min(received_at) AS oldest FROM event WHERE state = 'pending'
    GROUP BY lane ORDER BY lane
    """
)
_WORKERS = text(
    "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
)
_ACTIONS = text(
    """
    SELECT state, count(*) AS number FROM action WHERE state IN ('waiting', 'allowed', 'executing') GROUP BY state
    """
)
_ABSORBED = text("SELECT source, reason, count AS number FROM absorbed ORDER BY source, reason")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits.

    Attributes:
        lanes: Events not yet handled, by lane.
        age_s: Seconds the oldest of them has waited.
        actions: Actions not yet settled, by state.
        set_aside: Dead letters and parked events.
        absorbed: Deliveries that changed nothing, by source and reason.
        workers: Those heard of lately.
    """

    lanes: dict[str, int]
    age_s: float
    actions: dict[str, int]
    set_aside: dict[str, int]
    absorbed: dict[tuple[str, str], int]
    workers: int


async def backlog(connection: Connection, now: datetime) -> Backlog:
    """Measure it."""
    lanes = (await connection.execute(_QUEUE)).all()
    oldest = min((row.oldest for row in lanes), default=now)
    return Backlog(
        lanes={row.lane: row.events for row in lanes},
        age_s=max(0.0, (now - oldest).total_seconds()),
        actions={row.state: row.number for row in await connection.execute(_ACTIONS)},
        set_aside=await count_set_aside(connection),
        absorbed={(row.source, row.reason): row.number for row in await connection.execute(_ABSORBED)},
        workers=int((await connection.execute(_WORKERS, {"seconds": WORKER_SILENCE})).scalar_one()),
    )


async def ready(database: Database, now: Callable[[], datetime]) -> tuple[bool, dict[str, Any]]:
    """Whether to send us traffic, and what to look at; platforms that are down do not make us unready."""
    try:
        async with asyncio.timeout(READY_WITHIN), database.reading() as connection:
            waits = await backlog(connection, now())
    except (Unavailable, TimeoutError):
        return False, {"database": "does not answer"}
    return True, {
        "database": "answers",
        "workers": waits.workers or "none: events are stored and wait",
        "waiting_events": sum(waits.lanes.values()),
        "oldest_s": round(waits.age_s, 1),
        "open_actions": waits.actions,
        "set_aside": waits.set_aside,
    }
