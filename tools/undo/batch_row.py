"""A batch of undoes as the store keeps it: its scope and actions are fixed when it is asked for, then settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID, uuid5

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.vocabulary.actor import Actor
from tools.action_row import actor_facts, read_actor
from tools.audit.entry import canonical
from tools.undo.fate import Name
from tools.undo.scope import Scope

LEASE: Final = timedelta(seconds=60)  # of whoever works on a batch; renewed with each action
State = Literal["asked", "open", "done", "declined"]

_NAMES = UUID("5b7a4b0e-7c1d-5f53-8a52-9d0f6c2e4b11")  # a namespace of ours, drawn once
_INSERT = text(
    """
    INSERT INTO undo_batch (id, scope, asked_by, actor, reason, correlation_id, state, more, made_at, expires_at,
                            not_before)
    VALUES (:id, CAST(:scope AS jsonb), CAST(:asked_by AS jsonb), CAST(:actor AS jsonb), :reason, :correlation, :state,
            :more, :made_at, :expires_at, :made_at)
    ON CONFLICT (id) DO NOTHING RETURNING id
    """
)
_ADD = text(
    """
    INSERT INTO undo_item (batch_id, action_id, place)
    SELECT :id, action_id, place FROM unnest(CAST(:actions AS text[])) WITH ORDINALITY AS item(action_id, place)
    """
)
_BY_ID = text("SELECT * FROM undo_batch WHERE id = :id")
_ITEMS = text("SELECT * FROM undo_item WHERE batch_id = :id ORDER BY place")
_OPEN = text("SELECT id FROM undo_batch WHERE state = 'open' AND not_before <= :at ORDER BY made_at, id LIMIT 20")
_LATEST = text("SELECT id FROM undo_batch ORDER BY (state IN ('asked', 'open')) DESC, made_at DESC, id LIMIT :limit")
_OVERDUE = text(
    "UPDATE undo_batch SET state = 'declined', settled_at = :at"
    " WHERE state = 'asked' AND expires_at <= :at RETURNING id"
)
_ANSWER = text(
    """
    UPDATE undo_batch SET state = CAST(:state AS varchar), actor = CAST(:actor AS jsonb), not_before = :at,
           settled_at = CASE WHEN CAST(:state AS varchar) = 'declined' THEN CAST(:at AS timestamptz) END
    WHERE id = :id AND state = 'asked' AND expires_at > :at RETURNING id
    """
)
_CLAIM = text(
    """
    UPDATE undo_batch SET not_before = :until WHERE id = :id AND state = 'open' AND not_before <= :at RETURNING id
    """
)
_RENEW = text("UPDATE undo_batch SET not_before = :until WHERE id = :id AND state = 'open'")
_DONE = text("UPDATE undo_batch SET state = 'done', settled_at = :at WHERE id = :id AND state = 'open' RETURNING id")
_SETTLE = text(
    """
    UPDATE undo_item SET fate = :fate, undo_id = :undo_id, why = :why, left_minor = :left
    WHERE batch_id = :id AND action_id = :action AND fate IN ('', 'pending')
    """
)


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One action of a batch; `fate` is "" until somebody has come to it."""

    action: str
    fate: Name | Literal[""]
    undo: str
    why: str
    left: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Actions to be taken back together.

    Attributes:
        actor: The person it is done for; `None` until one has said yes.
        more: How many further actions of the scope did not fit.
        not_before: Until then somebody works on it, or it waits for a platform or a person.
    """

    id: str
    scope: Scope
    asked_by: Actor
    actor: Actor | None
    reason: str
    correlation: str
    state: State
    more: int
    made_at: datetime
    expires_at: datetime
    not_before: datetime
    items: tuple[BatchItem, ...]


def batch_id(actor: Actor, key: str) -> str:
    """The id of what this actor asks for under this key: a retry names the same batch."""
    return "bat_" + uuid5(_NAMES, f"{actor.id}\x00{key}").hex


async def insert(connection: Connection, batch: Batch) -> bool:
    """Add a batch and its actions, none of them settled; false when it is there already."""
    told = {
        "id": batch.id,
        "scope": canonical(batch.scope.facts()),
        "asked_by": canonical(actor_facts(batch.asked_by)),
        "actor": canonical(actor_facts(batch.actor)) if batch.actor else None,
        "reason": batch.reason,
        "correlation": batch.correlation,
        "state": batch.state,
        "more": batch.more,
        "made_at": batch.made_at,
        "expires_at": batch.expires_at,
    }
    if (await connection.execute(_INSERT, told)).one_or_none() is None:
        return False
    await connection.execute(_ADD, {"id": batch.id, "actions": [item.action for item in batch.items]})
    return True


async def find_batch(connection: Connection, name: str) -> Batch | None:
    """One batch with all its actions, newest action first."""
    row: Any = (await connection.execute(_BY_ID, {"id": name})).one_or_none()
    if row is None:
        return None
    items = (await connection.execute(_ITEMS, {"id": name})).all()
    return Batch(
        id=row.id,
        scope=Scope.read(row.scope),
        asked_by=read_actor(row.asked_by),
        actor=read_actor(row.actor) if row.actor else None,
        reason=row.reason,
        correlation=row.correlation_id,
        state=cast("State", row.state),
        more=row.more,
        made_at=row.made_at,
        expires_at=row.expires_at,
        not_before=row.not_before,
        items=tuple(
            BatchItem(each.action_id, cast("Name", each.fate), each.undo_id, each.why, each.left_minor)
            for each in items
        ),
    )


async def latest(connection: Connection, limit: int) -> list[str]:
    """Ids of batches: those that are not finished first, then the newest."""
    return list((await connection.execute(_LATEST, {"limit": limit})).scalars())


async def open_batches(connection: Connection, at: datetime) -> list[str]:
    """Ids of batches that somebody should go on with."""
    return list((await connection.execute(_OPEN, {"at": at})).scalars())


async def expire(connection: Connection, at: datetime) -> list[str]:
    """Decline what nobody started in time; returns the batches' ids."""
    return list((await connection.execute(_OVERDUE, {"at": at})).scalars())


async def answer(connection: Connection, name: str, actor: Actor, *, start: bool, at: datetime) -> bool:
    """Start or decline a batch that was asked for; false when it was answered before, or too late."""
    told = {"id": name, "actor": canonical(actor_facts(actor)), "state": "open" if start else "declined", "at": at}
    return (await connection.execute(_ANSWER, told)).one_or_none() is not None


async def claim(connection: Connection, name: str, at: datetime) -> bool:
    """Take a batch to work on, for as long as a lease; false when somebody else has it, or it is settled."""
    return (await connection.execute(_CLAIM, {"id": name, "at": at, "until": at + LEASE})).one_or_none() is not None


async def hold(connection: Connection, name: str, until: datetime) -> None:
    """Keep others away from a batch until then."""
    await connection.execute(_RENEW, {"id": name, "until": until})


async def finish(connection: Connection, name: str, at: datetime) -> bool:
    """Settle a batch; false when it was settled before."""
    return (await connection.execute(_DONE, {"id": name, "at": at})).one_or_none() is not None


async def settle_items(connection: Connection, name: str, items: Sequence[BatchItem]) -> None:
    """Keep what became of these actions; a settled one stays as it is."""
    told = [
        {"id": name, "action": item.action, "fate": item.fate, "undo_id": item.undo, "why": item.why, "left": item.left}
        for item in items
    ]
    if told:
        await connection.execute(_SETTLE, told)
