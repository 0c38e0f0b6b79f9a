"""Work that begins if, and only if, the caller's transaction commits."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Procrastinate's own defer opens a connection of its own; a decision and the job that follows from it must be one
# transaction, so the row is written here. The queueing lock is a partial unique index of Procrastinate's.
_INSERT = text(
    """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    VALUES (:queue, :task, :priority, :lock, :queueing_lock, CAST(:args AS jsonb), :at)
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
    """
)


async def enqueue(  # noqa: PLR0913
    connection: AsyncConnection,
    task: str,
    args: dict[str, Any],
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    queue: str = "default",
    at: datetime | None = None,
    priority: int = 0,
) -> None:
    """Add a job; nothing happens when one with the same queueing lock already waits.

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
    await connection.execute(
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
