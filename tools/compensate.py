"""Undo an executed action by a new one, or withdraw one that has not happened, and say honestly what stays done."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.actions.any_action import AnyAction
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import ActionId
from tools import promises
from tools.access import authorize
from tools.action_row import ActionRow, actor_facts, find, settle, undoing
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.undo.fate import WITHDRAWN, foresee, redeemed

_WAITING = {
    "denied": "It was never carried out, so there is nothing to undo.",
    "rejected": "It was never carried out, so there is nothing to undo.",
    "expired": "It was never carried out, so there is nothing to undo.",
    "failed": "The platform did not accept it; look there whether anything of it remains.",
    "waiting": "It still waits for an approval: reject that instead.",
    "allowed": "It is being carried out; undo it once it is done.",
    "executing": "It is being carried out; undo it once it is done.",
}
_NOT_MADE = frozenset({"denied", "rejected", "expired", "failed"})
# whoever answers an approval locks it before its action, so this does too
_LOCK = text("SELECT id FROM approval WHERE action_id = :action FOR UPDATE")
_REJECT = text(
    "UPDATE approval SET state = 'rejected', decided_by = :by, decided_at = :at, note = :note"
    " WHERE action_id = :action AND state = 'waiting' RETURNING id"
)


async def undoable(
    connection: Connection, engine: Engine, actor: Actor, action: str
) -> tuple[ActionRow, AnyAction | None, ActionRow | None]:
    """An action somebody wants undone, locked: with its inverse, or with the undo that was made before.

    Raises:
        NotFound: There is no such action where the actor may act.
        Refused: The actor may not undo, or the action cannot be undone; the hint says what to do instead.
    """
    row = await _named(connection, engine, actor, action)
    earlier = [each for each in await undoing(connection, row.id) if each.state not in _NOT_MADE]
    if earlier:
        return row, None, earlier[0]
    if row.state != "executed":
        raise Refused(
            f"This action is {row.state}.", code="undo.not_executed", hint=_WAITING[row.state], field="action_id"
        )
    fate = (await foresee(connection, [row]))[row.id]
    if fate.code:
        raise fate.refusal()
    return row, row.action.inverse(str((row.receipt or {}).get("reference", ""))), None


async def withdraw(  # noqa: PLR0913  # who withdraws what, by which rules, why and when
    connection: Connection, engine: Engine, actor: Actor, action: str, *, reason: str, at: datetime
) -> ActionRow:
    """Keep an action that waits, or is allowed and was never tried, from happening: it is then `rejected`.

    Whoever proposed it may take it back while it waits; that gives nothing up but their own wish.

    Raises:
        NotFound: There is no such action where the actor may act.
        Refused: The actor may not undo, or it is too late (`withdraw.too_late`).
    """
    await connection.execute(_LOCK, {"action": action})
    row = await _named(connection, engine, actor, action, own=True)
    if row.state == "rejected" and row.error == WITHDRAWN:
        return row
    if row.state != "waiting" and not (row.state == "allowed" and row.attempts == 0):
        raise Refused(
            f"This action is {row.state}: it can no longer be withdrawn.",
            code="withdraw.too_late",
            hint="Undo it once it is done.",
            field="action_id",
        )
    answered = await connection.execute(_REJECT, {"by": actor.id, "at": at, "note": reason, "action": row.id})
    approval = answered.scalar_one_or_none()
    settle(connection, row.id, "rejected", at, error=WITHDRAWN)
    await promises.release(connection, [row.proposal])
    by = actor_facts(actor)
    entries = [Entry("withdrawn", at, {"by": by, "reason": reason, "was": row.state}, row.id, row.correlation)]
    if approval is not None:
        answer = {"approval": approval, "step": "rejected", "by": by, "note": reason}
        entries.insert(0, Entry("approval", at, answer, row.id, row.correlation))
    await append(connection, entries)
    withdrawn = await find(connection, row.id)
    assert withdrawn is not None  # noqa: S101  # it is locked
    return withdrawn


async def give_way(connection: Connection, engine: Engine, actor: Actor, action: str, *, at: datetime) -> bool:
    """Withdraw a proposal that waits because its own proposer makes another in its place; whether it still waited."""
    await connection.execute(_LOCK, {"action": action})
    row = await find(connection, action, lock=True)
    if row is None or row.actor.id != actor.id or row.state != "waiting" or not actor.covers(row.location):
        return False
    await withdraw(connection, engine, actor, action, reason="Another was proposed in its place.", at=at)
    return True


async def undone(connection: Connection, action: ActionId, by: ActionRow, at: datetime) -> list[Entry]:
    """Mark an action undone by another one that was just carried out; returns the records to add.

    What a discount had promised is given back, unless its code was used meanwhile: that money stays counted.
    """
    row = await find(connection, action, lock=True)
    if row is None or row.state != "executed":
        return []
    order, left = await redeemed(connection, row)
    settle(connection, row.id, "undone", at)
    if not order:
        await promises.release(connection, [row.proposal])
    body: dict[str, Any] = {"by": by.id, "actor": by.actor.id, "redeemed_on": order, "left_minor": left.minor}
    return [Entry("undone", at, body, row.id, row.correlation)]


async def _named(connection: Connection, engine: Engine, actor: Actor, action: str, *, own: bool = False) -> ActionRow:
    """An action by its id, locked, where this actor may undo; `own`: or one of theirs that waits.

    Raises:
        NotFound: There is none where the actor may act.
        Refused: The actor may not undo.
    """
    row = await find(connection, action, lock=True)
    if row is None or not actor.covers(row.location):
        raise NotFound(
            "No action of this id is known, or it belongs to a location you may not act at.",
            code="action.unknown",
            field="action_id",
        )
    if not (own and row.actor.id == actor.id and row.state == "waiting"):
        authorize(engine, actor, "undo_action", row.location)
    return row
