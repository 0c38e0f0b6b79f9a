"""The queue's tasks: what workers do, and when nobody asks.

No task is retried by the queue itself: a lane, an action and a schedule each find out from the database what is left to
do, so that a job lost at the worst moment costs a delay and nothing else.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import procrastinate
from psycopg.conninfo import conninfo_to_dict

from knowledge.store.session import Database
from knowledge.unify.due import TASK as SYNC_STOCK
from policies.errors import TillhandError, Unavailable
from server.queue.inbox import wake
from server.queue.lanes import Lanes, attempt_now
from server.telemetry import Metrics

logger = logging.getLogger(__name__)

FETCH_EVERY = 0.25  # seconds; a job that waits for its lane's lock is found by asking, not by being told
_FIRST = 1  # before everything else: there is little of it, and taking over must not wait behind a long line
GRACE = 25.0  # seconds a stopping worker lets its jobs finish: a little more than a lane may take


class Scheduled(Protocol):
    """What runs by the clock; `server.queue.schedule.Schedule` in the product."""

    def all(self) -> Mapping[str, tuple[str, Callable[[], Awaitable[object]]]]:
        """Cron line and work, by task name."""
        ...


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a worker works.

    Attributes:
        concurrency: Jobs at once.
        heartbeat_s: Seconds between signs of life.
        stalled_s: Seconds without one until it counts as dead.
    """

    concurrency: int
    heartbeat_s: float
    stalled_s: float


class Jobs:
    """The queue over one database, with every task it knows."""

    def __init__(
        self,
        database: Database,
        lanes: Lanes,
        carry_out: Callable[[str], Awaitable[object]],
        sync: Callable[[], Awaitable[object]],
        metrics: Metrics,
    ) -> None:
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector(**_connection(database.url)))
        self._database = database
        self._lanes = lanes
        self._carry_out = carry_out
        self._sync = sync
        self._metrics = metrics
        self.app.task(name="drain_lane")(self._drain_lane)
        self.app.task(name="attempt_again")(self._attempt_again)
        self.app.task(name="carry_out")(self._carry_out_action)
        self.app.task(name=SYNC_STOCK)(self._sync_stock)

    def schedule(self, scheduled: Scheduled) -> None:
        """Add what runs by the clock; call once, before a worker is started."""
        for name, (cron, work) in scheduled.all().items():
            task = self.app.task(name=name, queueing_lock=name, priority=_FIRST)(self._by_clock(name, work))
            self.app.periodic(cron=cron)(task)

    def opened(self) -> AbstractAsyncContextManager[Any]:
        """The queue's own connections, for as long as the block lasts."""
        return self.app.open_async()

    async def work(self, tempo: Tempo, *, wait: bool = True, signals: bool = True) -> None:
        """Work until told to stop; with `wait` false, until nothing is left to do.

        Args:
            tempo: How.
            wait: Whether to stay for further jobs.
            signals: Whether SIGINT and SIGTERM stop this worker, its running jobs finished.
        """
        await self.app.run_worker_async(
            concurrency=tempo.concurrency,
            wait=wait,
            install_signal_handlers=signals,
            fetch_job_polling_interval=FETCH_EVERY,
            shutdown_graceful_timeout=GRACE,
            delete_jobs="successful",
            update_heartbeat_interval=tempo.heartbeat_s,
            stalled_worker_timeout=tempo.stalled_s,
        )

    async def _drain_lane(self, lane: str, *, again: bool = False) -> None:
        with self._counted("drain_lane"):
            drained = await self._lanes.drain(lane, again=again)
            if drained.more:
                async with self._database.transaction() as connection:
                    wake(connection, lane)

    async def _attempt_again(self, lane: str) -> None:
        with self._counted("attempt_again"):
            async with self._database.transaction() as connection:
                attempt_now(connection, lane)

    async def _carry_out_action(self, action_id: str) -> None:
        with self._counted("carry_out"):
            await self._carry_out(action_id)

    async def _sync_stock(self) -> None:
        with self._counted(SYNC_STOCK):
            await self._sync()

    def _by_clock(self, name: str, work: Callable[[], Awaitable[object]]) -> Callable[[int], Awaitable[None]]:
        async def run(timestamp: int) -> None:  # noqa: ARG001  # when it was due; our work looks at the clock itself
            with self._counted(name):
                try:
                    await work()
                except Unavailable as error:  # the next time comes by itself
                    logger.warning("%s: %s", name, error.message)

        return run

    def _counted(self, task: str) -> "_Counted":
        return _Counted(self._metrics, task)


@dataclass(slots=True)
class _Counted:
    metrics: Metrics
    task: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        outcome = "done" if error is None else error.code if isinstance(error, TillhandError) else type(error).__name__
        self.metrics.count("jobs", task=self.task, outcome=outcome)


def _connection(url: str) -> dict[str, Any]:
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    return {
        "kwargs": dict(conninfo_to_dict(plain)),
        "min_size": 1,
        "max_size": 6,
        "timeout": 10.0,
    }
