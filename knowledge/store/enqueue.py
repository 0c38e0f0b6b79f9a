"""Work that begins if, and only if, the caller's transaction commits."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.session import Database

# Procrastinate's own defer opens a connection of its own; a decision and the job that follows from it must be one
# transaction, so the row is written here. The queueing lock is a partial unique index of Procrastinate's.
_INSERT = text(
    """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    VALUES (:queue, :task, :priority, :lock, :queueing_lock, CAST(:args AS jsonb), :at)
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
    """
)

_INSERT_EACH: Final = text(
    """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
    SELECT 'default', :task, :priority, job.lock, job.lock, job.args
    FROM unnest(CAST(:locks AS text[]), CAST(:args AS jsonb[])) AS job(lock, args)
    WHERE set_config('synchronous_commit', 'off', true) = 'off'
    ORDER BY job.lock
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
"""
)


def enqueue(  # noqa: PLR0913
    connection: Connection,
    task: str,
    args: dict[str, Any],
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    queue: str = "default",
    at: datetime | None = None,
    priority: int = 0,
) -> None:
    """Add a job with what is sent next; nothing happens when one with the same queueing lock already waits.

    Args:
        connection: The transaction that makes the work necessary.
        task: The task's name, such as `drain_lane`.
        args: JSON; ids only.
        lock: Jobs with the same lock run one after another.
        queueing_lock: At most one waiting job has it.
        queue: Which workers take it.
        at: Not before this moment.
        priority: Higher runs first.
    """
    connection.post(
        _INSERT,
        {
            "queue": queue,
            "task": task,
            "priority": priority,
            "lock": lock,
            "queueing_lock": queueing_lock,
            "args": json.dumps(args),
            "at": at,
        },
    )


async def enqueue_each(
    database: Database, task: str, args_by_lock: Mapping[str, Mapping[str, Any]], *, priority: int = 0
) -> None:
    """Add a job under each of these locks in a transaction of its own, without waiting for the disk.

    Only for work that is found again when the machine dies in the next moment. A lock is a queueing lock too: nothing
    is added under one that a job already waits with.

    Raises:
        Unavailable: The database does not answer.
    """
    locks = sorted(args_by_lock)
    args = [json.dumps(args_by_lock[lock]) for lock in locks]
    await database.at_once(_INSERT_EACH, {"task": task, "priority": priority, "locks": locks, "args": args})
