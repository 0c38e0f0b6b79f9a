"""Undo an executed action by a new one, and say honestly what stays done."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount
from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import ActionId
from tools import promises
from tools.access import authorize
from tools.action_row import ActionRow, find, settle, undoing
from tools.audit.entry import Entry

_REDEEMED = text(
    "SELECT id FROM purchase WHERE occurred_at >= :since AND CAST(:code AS text) = ANY(codes) AND NOT cancelled"
    " ORDER BY occurred_at LIMIT 1"
)
_INSTEAD = {
    "end_discount": "Propose a new discount: an ended code stays ended.",
    "cancel_transfer": "Propose the transfer again: a cancelled one stays cancelled.",
}
_WAITING = {
    "denied": "It was never carried out, so there is nothing to undo.",
    "rejected": "It was never carried out, so there is nothing to undo.",
    "expired": "It was never carried out, so there is nothing to undo.",
    "failed": "The platform did not accept it; look there whether anything of it remains.",
    "waiting": "It still waits for an approval: reject that instead.",
    "allowed": "It is being carried out; undo it once it is done.",
    "executing": "It is being carried out; undo it once it is done.",
}


async def undoable(
    connection: AsyncConnection, engine: Engine, actor: Actor, action: str
) -> tuple[ActionRow, AnyAction | None, ActionRow | None]:
    """An action somebody wants undone, locked: with its inverse, or with the undo that was made before.

    Raises:
        NotFound: There is no such action where the actor may act.
        Refused: The actor may not undo, or the action cannot be undone; the hint says what to do instead.
    """
    row = await find(connection, action, lock=True)
    if row is None or not actor.covers(row.location):
        raise NotFound(
            "No action of this id is known, or it belongs to a location you may not act at.",
            code="action.unknown",
            field="action_id",
        )
    authorize(engine, actor, "undo_action", row.location)
    earlier = [each for each in await undoing(connection, row.id) if each.state not in _NOT_MADE]
    if earlier:
        return row, None, earlier[0]
    if row.state != "executed":
        raise Refused(
            f"This action is {row.state}.", code="undo.not_executed", hint=_WAITING[row.state], field="action_id"
        )
    reference = str((row.receipt or {}).get("reference", ""))
    inverse = row.action.inverse(reference)
    if inverse is None:
        raise Refused(
            "This action cannot be undone.",
            code="undo.irreversible",
            hint=_INSTEAD[row.action.kind],
            field="action_id",
        )
    return row, inverse, None


_NOT_MADE = frozenset({"denied", "rejected", "expired", "failed"})


async def undone(connection: AsyncConnection, action: ActionId, by: ActionRow, at: datetime) -> list[Entry]:
    """Mark an action undone by another one that was just carried out; returns the records to add.

    What a discount had promised is given back, unless its code was used meanwhile: that money stays counted.
    """
    row = await find(connection, action, lock=True)
    if row is None or row.state != "executed":
        return []
    left = await redeemed(connection, row) if isinstance(row.action, Discount) else ""
    await settle(connection, row.id, "undone", at)
    if not left:
        await promises.release(connection, [row.proposal])
    body: dict[str, Any] = {"by": by.id, "actor": by.actor.id, "redeemed_on": left, "left_minor": 0}
    if left:
        body["left_minor"] = row.action.money_at_stake.minor
    return [Entry("undone", at, body, row.id, row.correlation)]


async def redeemed(connection: AsyncConnection, row: ActionRow) -> str:
    """The order a discount's code was used on; "" when it was not."""
    if not isinstance(row.action, Discount):
        return ""
    found = await connection.execute(_REDEEMED, {"since": row.created_at, "code": row.action.code})
    return found.scalar_one_or_none() or ""
