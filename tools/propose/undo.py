"""undo_action: take an executed action back by carrying out its inverse."""

from policies.actions.action import Effect
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from tools.action_row import ActionRow, find
from tools.proposal import Decision
from tools.propose.ask import Asking
from tools.propose.decided import Decided, decided
from tools.propose.once import earlier, key_reused
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier
from tools.tool import Call, Tool


class UndoAction(WriteArguments):
    """The action as a decision named it."""

    action_id: Identifier


def undo_tool(asking: Asking) -> Tool:
    """The tool."""

    async def run(call: Call, asked: UndoAction) -> Decided:
        row = await _find(asking, call.actor, asked.action_id)
        before = await earlier(asking.database, call.actor, asked.idempotency_key)
        if before is not None:
            if before.undoes != row.id:
                raise key_reused()
            return decided(before.decision(replayed=True), before.action, asking.now())
        if asked.dry_run:
            return _preview(asking, row)
        decision = await asking.guard.undo(
            call.actor, row.id, key=asked.idempotency_key, reason=asked.reason, origin=call.origin
        )
        made = await earlier(asking.database, call.actor, asked.idempotency_key)
        return decided(decision, row.action if made is None else made.action, asking.now())

    return Tool(
        name="undo_action",
        title="Undo an action",
        description="Take back an executed action: end its discount code, cancel its transfer, or reverse its count.",
        effect=Effect.WRITE,
        arguments=UndoAction,
        answer=Decided,
        run=run,
    )


async def _find(asking: Asking, actor: Actor, action: str) -> ActionRow:
    async with asking.database.reading() as connection:
        row = await find(connection, action)
    if row is None or not actor.covers(row.location):
        raise NotFound(
            "No action of this id is known, or it belongs to a location you may not act at.",
            code="action.unknown",
            field="action_id",
        )
    return row


def _preview(asking: Asking, row: ActionRow) -> Decided:
    reference = str((row.receipt or {}).get("reference", ""))
    inverse = row.action.inverse(reference) if row.state == "executed" else None
    if inverse is None:
        raise Refused(
            "This action cannot be undone: it was not carried out, was undone before, or has no inverse.",
            code="action.not_undoable",
            field="action_id",
        )
    would = Decision(action_id="", state="allowed", outcome="allow", reasons=())
    return decided(would, inverse, asking.now(), dry_run=True)
