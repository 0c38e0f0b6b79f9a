"""decide_approval: a person's yes or no to a waiting action. Rules refuse it to every model."""

from sqlalchemy import text

from policies.actions.action import Effect
from policies.errors import NotFound
from policies.vocabulary.actor import Actor
from tools.action_row import ActionRow, find
from tools.propose.ask import Asking
from tools.propose.decided import Decided, decided, planned
from tools.propose.plan import Facts
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier
from tools.tool import Call, Tool

_STATE = {True: "approved", False: "rejected"}
_ASKED_FOR = text("SELECT action_id FROM approval WHERE id = :id")


class DecideApproval(WriteArguments):
    """Yes or no; the reason goes to the proposer and into the ledger."""

    approval_id: Identifier
    approve: bool


def decide_tool(asking: Asking) -> Tool:
    """The tool."""

    async def run(call: Call, asked: DecideApproval) -> Decided:
        row = await _find(asking, call.actor, asked.approval_id)
        if row.approval_state == _STATE[asked.approve] and row.decided_by == call.actor.id:
            return decided(row.decision(replayed=True), row.action, asking.now())
        facts: Facts = {
            "request": [asked.digest("decide_approval"), asked.idempotency_key],
            "state": [row.fingerprint, row.state, row.approval_state],
        }
        if asked.dry_run:
            plan = asking.plans.issue(call.actor, facts, asking.now())
            return planned(decided(row.decision(), row.action, asking.now(), dry_run=True), (), plan)
        if asked.plan_id:
            asking.plans.check(asked.plan_id, call.actor, facts, asking.now())
        decision = await asking.guard.answer(call.actor, asked.approval_id, asked.approve, asked.reason)
        return decided(decision, row.action, asking.now())

    return Tool(
        name="decide_approval",
        toolset="approvals",
        title="Decide an approval",
        description="Approve or reject a waiting action. Only a person may, and never the one who proposed it.",
        effect=Effect.WRITE,
        arguments=DecideApproval,
        answer=Decided,
        run=run,
    )


async def _find(asking: Asking, actor: Actor, approval_id: str) -> ActionRow:
    async with asking.database.reading() as connection:
        action = (await connection.execute(_ASKED_FOR, {"id": approval_id})).scalar_one_or_none()
        row = None if action is None else await find(connection, action)
    if row is None or not actor.covers(row.location):
        raise NotFound(
            "No approval of this id is known, or it belongs to a location you may not act at.",
            code="approval.unknown",
            hint="list_approvals shows what is waiting.",
            field="approval_id",
        )
    return row
