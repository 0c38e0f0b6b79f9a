"""undo_many: take a run, an agent's hours or a campaign back, each action by its own inverse; a person starts it."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from policies.actions.action import Effect
from tools.propose.ask import Asking
from tools.propose.write import WriteArguments
from tools.read.fields import Cursor, Identifier
from tools.read.page import next_page, page_start
from tools.tool import Call, Tool
from tools.undo.account import page
from tools.undo.report import UndoReport
from tools.undo.scope import Scope
from tools.undo.undoing import Undoing

_SHOWN: Final = 20  # actions in one answer
_WITHIN: Final = 10.0  # seconds a caller waits; a worker goes on after that


class UndoMany(WriteArguments):
    """`name`: of a run, its event's, order's or call's id. `minutes`: an agent's last."""

    scope: Literal["run", "agent", "campaign"]
    name: Identifier
    minutes: Annotated[int, Field(ge=1, le=10_080)] = 60
    cursor: Cursor = ""


class UndoAnswer(UndoReport):
    """The batch; a dry run's names the plan under which exactly that can be done."""

    plan_id: str = ""
    plan_expires_at: datetime | None = None


def undo_many_tool(asking: Asking, undoing: Undoing) -> Tool:
    """The tool."""

    async def run(call: Call, asked: UndoMany) -> UndoAnswer:
        now = asking.now()
        since = now - timedelta(minutes=asked.minutes) if asked.scope == "agent" else None
        scope = Scope(asked.scope, asked.name, now, since)
        start = page_start(asked.cursor)
        if asked.dry_run:
            shown = await undoing.preview(call.actor, scope)
            plan = asking.plans.issue(call.actor, _rests_on(asked, shown), now)
            return _answer(shown, start, plan_id=plan.id, plan_expires_at=plan.expires_at)
        if asked.plan_id and not await undoing.begun(call.actor, asked.idempotency_key):
            shown = await undoing.preview(call.actor, scope)
            asking.plans.check(asked.plan_id, call.actor, _rests_on(asked, shown), now)
        report = await undoing.begin(
            call.actor, scope, key=asked.idempotency_key, reason=asked.reason, origin=call.origin, within=_WITHIN
        )
        return _answer(report, start)

    return Tool(
        name="undo_many",
        toolset="decisions",
        title="Undo many actions",
        description="Take back what a run, an agent's last minutes or a campaign did. A dry run says what stays done,"
        " and its cost. A person starts it.",
        effect=Effect.WRITE,
        arguments=UndoMany,
        answer=UndoAnswer,
        run=run,
    )


def _answer(report: UndoReport, start: int, **plan: object) -> UndoAnswer:
    shown = page(report, start, _SHOWN)
    cursor = next_page(start + _SHOWN) if shown.truncated else ""
    return UndoAnswer.model_validate({**shown.model_dump(), "next_cursor": cursor, **plan})


def _rests_on(asked: UndoMany, shown: UndoReport) -> dict[str, object]:
    request = asked.model_copy(update={"cursor": ""}).digest("undo_many")
    return {"request": request, "state": [[item.action_id, item.fate, item.left.minor] for item in shown.items]}
