"""undo_action: take an executed action back by carrying out its inverse."""

from policies.actions.action import Effect
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from tools.action_row import ActionRow, find
from tools.proposal import Decision
from tools.propose.ask import Asking
from tools.propose.decided import Decided, decided, planned
from tools.propose.once import earlier, key_reused
from tools.propose.plan import Facts
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier
from tools.tool import Call, Tool
from tools.undo.fate import foresee, redeemed


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
        facts: Facts = {
            "request": [asked.digest("undo_action"), asked.idempotency_key],
            "state": [row.fingerprint, row.state],
        }
        if asked.dry_run:
            shown = await _preview(asking, row)
            return planned(shown, (), asking.plans.issue(call.actor, facts, asking.now()))
        if asked.plan_id:
            asking.plans.check(asked.plan_id, call.actor, facts, asking.now())
        decision = await asking.guard.undo(
            call.actor, row.id, key=asked.idempotency_key, reason=asked.reason, origin=call.origin
        )
        made = await earlier(asking.database, call.actor, asked.idempotency_key)
        answer = decided(decision, row.action if made is None else made.action, asking.now())
        return await _with_what_stays(asking, row, answer) if decision.state == "executed" else answer

    return Tool(
        name="undo_action",
        toolset="decisions",
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


async def _preview(asking: Asking, row: ActionRow) -> Decided:
    async with asking.database.reading() as connection:
        fate = (await foresee(connection, [row]))[row.id]
    inverse = row.action.inverse(str((row.receipt or {}).get("reference", "")))
    if fate.code:
        raise fate.refusal()
    if inverse is None or row.state != "executed":
        raise Refused(
            "This action cannot be undone: it was not carried out, was undone before, or has no inverse.",
            code="action.not_undoable",
            hint=fate.why,
            field="action_id",
        )
    would = Decision(action_id="", state="allowed", outcome="allow", reasons=())
    answer = decided(would, inverse, asking.now(), dry_run=True)
    return answer.model_copy(update={"next": f"{fate.why} {answer.next}"}) if fate.order else answer


async def _with_what_stays(asking: Asking, row: ActionRow, answer: Decided) -> Decided:
    """A done undo, honest about the money a code had taken off before it was ended."""
    async with asking.database.reading() as connection:
        order, left = await redeemed(connection, row)
    if not order:
        return answer
    return answer.model_copy(update={"next": f"Done, but the code was used on order {order}: {left} stays taken off."})
