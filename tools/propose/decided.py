"""What became of a proposal, as every door answers it: done, waiting for whom, or refused and why."""

from datetime import datetime
from typing import Literal

from policies.actions.any_action import AnyAction
from tools.proposal import Decision
from tools.propose.plan import Plan
from tools.read.amount import Amount
from tools.tool import Answer

_NEXT = {
    "previewed": "Nothing was changed. To do exactly this, call again with dry_run false, this plan_id and the same"
    " idempotency_key.",
    "denied": "Do not repeat it: the rules refuse it. Ask for less, or ask a manager.",
    "rejected": "A person said no. Do not repeat it.",
    "expired": "Nobody answered in time, which counts as no. Ask again with a new key if it is still wanted.",
    "allowed": "It is being carried out. Call again with the same key to see how it ended.",
    "executing": "It is being carried out. Call again with the same key to see how it ended.",
    "executed": "Done. undo_action can take it back while the platform allows it.",
    "failed": "The platform did not accept it; a person has been told. Do not repeat it under a new key.",
    "undone": "It was done and taken back.",
}
_WAITING = {
    "confirm": "The person you act for must confirm it once more before it happens.",
    "approve": "A manager must approve it; you cannot. Call again with the same key to see the answer.",
    "approve_two": "Two managers must approve it; you cannot. Call again with the same key to see the answer.",
}


_FINAL = "Sent. A message cannot be called back; another may put it right."


class Why(Answer):
    """One rule that decided, and its sentence."""

    rule: str
    sentence: str


class Change(Answer):
    """What is different afterwards: `before` and `after` in `unit`, which is `units` or a currency's minor units."""

    what: str
    before: int
    after: int
    unit: str


class Decided(Answer):
    """A decision on one action.

    `state` says where it stands, `outcome` what the rules said, and `next` what to do now. `at_stake` is what it costs
    or moves, in money. A dry run also says what would change, and names the plan under which exactly that can be done.
    """

    action_id: str
    state: Literal[
        "previewed", "denied", "waiting", "rejected", "expired", "allowed", "executing", "executed", "failed", "undone"
    ]
    outcome: Literal["allow", "confirm", "approve", "approve_two", "deny"]
    action: str
    at_stake: Amount
    reasons: tuple[Why, ...]
    next: str
    approval_id: str = ""
    expires_at: datetime | None = None
    code: str = ""
    reference: str = ""
    replayed: bool = False
    dry_run: bool = False
    error: str = ""
    changes: tuple[Change, ...] = ()
    plan_id: str = ""
    plan_expires_at: datetime | None = None
    as_of: datetime


def decided(decision: Decision, action: AnyAction, at: datetime, *, dry_run: bool = False) -> Decided:
    """The answer for a decision on this action, as of `at`."""
    state = "previewed" if dry_run and decision.state != "denied" else decision.state
    receipt = decision.receipt or {}
    return Decided.model_validate(
        {
            "action_id": decision.action_id,
            "state": state,
            "outcome": decision.outcome,
            "action": action.sentence(),
            "at_stake": Amount.of(action.money_at_stake),
            "reasons": tuple(Why(rule=rule, sentence=sentence) for rule, sentence in decision.reasons),
            "next": _FINAL if state == "executed" and action.kind == "message" else _next(state, decision.outcome),
            "approval_id": decision.approval_id or "",
            "expires_at": decision.expires_at,
            "code": action.code if action.kind == "discount" and state == "executed" else "",
            "reference": str(receipt.get("reference", "")),
            "replayed": decision.replayed,
            "dry_run": dry_run,
            "error": decision.error,
            "as_of": at,
        }
    )


def planned(answer: Decided, changes: tuple[Change, ...], plan: Plan | None) -> Decided:
    """A dry run's answer, with what would change and the plan to do it under; a refused one has none."""
    if answer.state != "previewed":
        plan = None
    told = {"changes": changes, "plan_id": plan.id, "plan_expires_at": plan.expires_at} if plan else {}
    return answer.model_copy(update=told or {"changes": changes})


def _next(state: str, outcome: str) -> str:
    if state == "waiting":
        return _WAITING.get(outcome, _WAITING["approve"])
    return _NEXT[state]


def restated(answer: Decided, decision: Decision) -> Decided:
    """The same action's answer after a later decision on it."""
    return answer.model_copy(
        update={
            "state": decision.state,
            "outcome": decision.outcome,
            "next": _next(decision.state, decision.outcome),
            "reference": str((decision.receipt or {}).get("reference", "")),
            "error": decision.error,
        }
    )
