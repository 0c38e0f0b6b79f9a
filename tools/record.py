"""What was judged is kept: the action, the question to a person, the work that follows, and the record of it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from knowledge.store.connection import Connection
from knowledge.store.enqueue import enqueue
from knowledge.store.places import Place
from policies.decision import Outcome, Verdict
from policies.engine import Engine
from policies.errors import TillhandError
from policies.situation import Approved, Situation
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import ActionId
from tools.action_row import LEASE, ActionRow, actor_facts, approval_id, insert, pairs, read_row, verdict_facts
from tools.approval import Needs, Question, ask
from tools.audit.entry import Entry, storable
from tools.audit.ledger import append
from tools.proposal import Decision, Proposal

_NEEDS: Final[dict[Outcome, Needs]] = {
    Outcome.CONFIRM: "confirm",
    Outcome.APPROVE: "approve",
    Outcome.APPROVE_TWO: "approve_two",
}


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody's proposal.

    Attributes:
        undoes: The executed action it would take back.
        supersedes: The waiting action that a person carries through as their own by it, or whose place its own proposer
            gives to this one.
        given: The approval that person gave with it.
    """

    actor: Actor
    proposal: Proposal
    undoes: ActionId | None = None
    supersedes: ActionId | None = None
    given: Approved = "none"


@dataclass(frozen=True, slots=True)
class Judged:
    """A request with its verdict; `promised` is scope, key and weight of each total it now counts in."""

    request: Request
    id: ActionId
    fingerprint: str
    place: Place
    situation: Situation
    verdict: Verdict
    state: str
    promised: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written: the decisions, and those actions that were claimed at once."""

    decisions: Mapping[ActionId, Decision]
    claimed: Mapping[ActionId, ActionRow]


async def keep(  # noqa: PLR0913  # everything that is kept at once
    connection: Connection,
    judged: Sequence[Judged],
    engine: Engine,
    at: datetime,
    *,
    claim: bool,
    also: Sequence[Entry] = (),
) -> Kept:
    """Write a burst of verdicts, ask whom they ask, queue what they allow, and record it with `also`."""
    rows: list[dict[str, Any]] = []
    questions: list[Question] = []
    entries: list[Entry] = []
    decisions: dict[ActionId, Decision] = {}
    claimed: dict[ActionId, ActionRow] = {}
    for each in judged:
        situation = each.situation.facts()
        row = _row(each, situation, at, claim=claim)
        rows.append(row)
        entries.append(_decision_entry(each, row, at))
        question = _question(each, row, engine, at) if each.state == "waiting" else None
        if question is not None:
            questions.append(question)
        if row["state"] == "executing":
            claimed[each.id] = read_row(row)
        decisions[each.id] = Decision(
            action_id=each.id,
            state=row["state"],
            outcome=each.verdict.outcome,
            reasons=pairs(each.verdict.reasons),
            approval_id=question.id if question else None,
            expires_at=question.expires_at if question else None,
        )
    insert(connection, rows)
    entries += ask(connection, questions)
    for each in judged:
        if each.state == "allowed":
            queue(connection, each.id, at + LEASE if claim else None)
    if entries or also:
        await append(connection, [*entries, *also])
    return Kept(decisions, claimed)


def queue(connection: Connection, action: ActionId, at: datetime | None = None, *, only: str | None = None) -> None:
    """Have an action carried out, not before `at`; at most one job under the name `only` waits at a time."""
    enqueue(connection, "carry_out", {"action_id": action}, lock=action, queueing_lock=only, at=at)


def refused(request: Request, error: TillhandError, at: datetime) -> Entry:
    """The record of a proposal that could not be judged; it keeps no evidence, which may be why."""
    proposal = request.proposal
    body: dict[str, Any] = {
        "actor": actor_facts(request.actor),
        "asked": proposal.action.kind,
        "location": storable(proposal.action.location),
        "causation": storable(proposal.origin.causation),
        "code": error.code,
        "sentence": error.message,
    }
    return Entry("refused", at, body, correlation=storable(proposal.origin.correlation))


def proposal_facts(judged: Judged) -> dict[str, Any]:
    """Why, on what evidence, and what it promises: JSON."""
    proposal = judged.request.proposal
    origin = proposal.origin
    return {
        "key": proposal.key,
        "rationale": proposal.rationale,
        "evidence": proposal.evidence,
        "model": proposal.model,
        "priced_at": proposal.priced_at.isoformat() if proposal.priced_at else None,
        "occurred_at": origin.occurred_at.isoformat() if origin.occurred_at else None,
        "promised": [list(each) for each in judged.promised],
    }


def _row(judged: Judged, situation: dict[str, Any], at: datetime, *, claim: bool) -> dict[str, Any]:
    proposal = judged.request.proposal
    claimed = claim and judged.state == "allowed"
    settled = judged.state == "denied"
    return {
        "id": judged.id,
        "kind": proposal.action.kind,
        "location_id": judged.place.id,
        "actor_id": judged.request.actor.id,
        "actor": actor_facts(judged.request.actor),
        "idempotency_key": proposal.key,
        "fingerprint": judged.fingerprint,
        "facts": proposal.action.facts(),
        "proposal": proposal_facts(judged),
        "correlation_id": proposal.origin.correlation,
        "causation_id": proposal.origin.causation,
        "situation": situation,
        "verdict": verdict_facts(judged.verdict),
        "state": "executing" if claimed else judged.state,
        "money": proposal.action.money_at_stake.minor,
        "currency": proposal.action.money_at_stake.currency,
        "created_at": at.isoformat(),
        "claimed_until": (at + LEASE).isoformat() if claimed else None,
        "attempts": 1 if claimed else 0,
        "error": "",
        "receipt": None,
        "settled_at": at.isoformat() if settled else None,
        "undoes": judged.request.undoes,
        "supersedes": judged.request.supersedes,
    }


def _decision_entry(judged: Judged, row: dict[str, Any], at: datetime) -> Entry:
    body: dict[str, Any] = {
        "actor": row["actor"],
        "action": row["facts"],
        "proposal": row["proposal"],
        "causation": row["causation_id"],
        "situation": row["situation"],
        "verdict": row["verdict"],
        "state": judged.state,
        "undoes": row["undoes"] or "",
        "supersedes": row["supersedes"] or "",
    }
    return Entry("decision", at, body, judged.id, row["correlation_id"])


def _question(judged: Judged, row: dict[str, Any], engine: Engine, at: datetime) -> Question:
    actor, limits = judged.request.actor, engine.limits.place(judged.place.region, judged.place.id)
    needs = _NEEDS[judged.verdict.outcome]
    planned = row["kind"] == "forecast_override"  # proposed at night, answered by day
    wait = limits.approval.plan_expires_s if planned else limits.approval.expires_s
    return Question(
        id=approval_id(judged.id),
        action=judged.id,
        needs=needs,
        location=judged.place.id,
        asked_of=(actor.on_behalf_of or actor.id) if needs == "confirm" else "",
        facts=row["facts"],
        situation=row["situation"],
        correlation=row["correlation_id"],
        asked_at=at,
        expires_at=at + timedelta(seconds=wait),
    )
