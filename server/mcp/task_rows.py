"""Tasks as the store keeps them: whose, about which action, and until when. Where one stands is the action's to say."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.session import Database

# for the caller's own action only; asking once more for the same action finds the same task
_KEEP: Final = text(
    """
    INSERT INTO task (id, owner, tool, action_id, made_at, keep_until)
    SELECT :id, action.actor_id, :tool, action.id, :at, :keep_until FROM action
    WHERE action.id = :action AND action.actor_id = :owner
    ON CONFLICT (action_id) DO UPDATE
    SET keep_until = greatest(task.keep_until, excluded.keep_until), cancelled_at = NULL
    RETURNING id
    """
)
_FIND: Final = text(
    """
    -- in the order of `TaskRow`
    SELECT task.id, task.tool, task.action_id, task.made_at, task.keep_until,
           task.cancelled_at IS NOT NULL AS cancelled,
           greatest(task.made_at, action.settled_at, approval.decided_at) AS changed_at
    FROM task JOIN action ON action.id = task.action_id LEFT JOIN approval ON approval.action_id = task.action_id
    WHERE task.id = :id AND task.owner = :owner AND task.keep_until > :at
    """
)
_TELL: Final = text("UPDATE task SET told_at = :at WHERE id = :id AND told_at IS NULL RETURNING id")
_CANCEL: Final = text("UPDATE task SET cancelled_at = :at WHERE id = :id AND cancelled_at IS NULL")
_FORGET: Final = text("DELETE FROM task WHERE keep_until <= :at")


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task; `changed_at` is when its action last came to stand where it stands."""

    id: str
    tool: str
    action_id: str
    made_at: datetime
    keep_until: datetime
    cancelled: bool
    changed_at: datetime


async def keep_task(  # noqa: PLR0913  # whose task about what, and until when
    connection: Connection, owner: str, tool: str, action: str, *, at: datetime, keep_until: datetime
) -> str | None:
    """The id of the owner's task about their action, 128 random bits; `None` when the action is not theirs."""
    kept = {
        "id": f"task_{secrets.token_hex(16)}",
        "owner": owner,
        "tool": tool,
        "action": action,
        "at": at,
        "keep_until": keep_until,
    }
    return (await connection.execute(_KEEP, kept)).scalar_one_or_none()


async def find_task(connection: Connection, owner: str, task: str, at: datetime) -> TaskRow | None:
    """The owner's task of this id, unless its time is over."""
    row = (await connection.execute(_FIND, {"id": task, "owner": owner, "at": at})).one_or_none()
    return None if row is None else TaskRow(*row)


async def first_told(connection: Connection, task: str, at: datetime) -> bool:
    """Whether its owner is told now, for the first time, how it ended."""
    return (await connection.execute(_TELL, {"id": task, "at": at})).scalar_one_or_none() is not None


async def cancel_task(connection: Connection, task: str, at: datetime) -> None:
    """Keep that its owner gave it up."""
    await connection.execute(_CANCEL, {"id": task, "at": at})


async def forget_tasks(database: Database, at: datetime) -> int:
    """Forget tasks whose time is over; returns how many. Their actions and records stay."""
    async with database.transaction() as connection:
        return (await connection.execute(_FORGET, {"at": at})).rowcount
