"""An action as the store keeps it: written once with its verdict, then moved from state to state."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text

from knowledge.store.connection import Asked, Connection
from policies.actions.any_action import AnyAction, read_action
from policies.decision import Outcome, Reason, Verdict
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import ActionId, ApprovalId, LocationId
from tools.audit.entry import canonical
from tools.proposal import Decision

LEASE: Final = timedelta(seconds=60)  # longer than any platform call may take, so that two workers never overlap

_NAMES = UUID("3c1e2f5a-6d0b-5f0e-9a35-6f1b9c0d7e21")  # a namespace of ours, so that ids of ours collide with nobody's
# as one JSON value: thirty columns cost the driver and the query compiler more than everything in them
_SELECT = """
    SELECT to_jsonb(action) || jsonb_build_object(
        'approval_id', approval.id, 'approval_state', approval.state, 'needs', approval.needs,
        'expires_at', approval.expires_at, 'decided_by', approval.decided_by, 'bound_to', approval.fingerprint)
    FROM action LEFT JOIN approval ON approval.action_id = action.id
"""
_BY_ID = text(f"{_SELECT} WHERE action.id = :id")
_BY_ID_LOCKED = text(f"{_SELECT} WHERE action.id = :id FOR UPDATE OF action")
_BY_IDS = text(f"{_SELECT} WHERE action.id = ANY(CAST(:ids AS text[]))")
_UNDOING = text(f"{_SELECT} WHERE action.undoes = :id ORDER BY action.created_at, action.id")
_INSERT = text("INSERT INTO action SELECT * FROM jsonb_populate_recordset(NULL::action, CAST(:rows AS jsonb))")
_SETTLE = text(
    """
    UPDATE action SET state = :state, error = :error, claimed_until = NULL, settled_at = :at,
           receipt = coalesce(CAST(:receipt AS jsonb), receipt), verdict = coalesce(CAST(:verdict AS jsonb), verdict)
    WHERE id = :id
    """
)
_DONE = text(
    """
    UPDATE action SET state = 'executed', error = '', claimed_until = NULL, settled_at = :at,
           receipt = CAST(:receipt AS jsonb)
    WHERE id = :id AND state = 'executing' RETURNING attempts
    """
)


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action where it stands.

    Attributes:
        proposal: Key, rationale, evidence, origin, what was promised; JSON.
        situation: What the rules saw when it was proposed; JSON.
        undoes: The action this one takes back.
        supersedes: The waiting action a person carried through as their own by this one, or that gave way to it.
        bound_to: Hash of the action and situation its approval was asked for; "" without one.
    """

    id: ActionId
    actor: Actor
    action: AnyAction
    facts: dict[str, Any]
    fingerprint: str
    proposal: dict[str, Any]
    situation: dict[str, Any]
    verdict: Verdict
    correlation: str
    state: str
    created_at: datetime
    claimed_until: datetime | None
    attempts: int
    error: str
    receipt: dict[str, Any] | None
    undoes: ActionId | None
    supersedes: ActionId | None
    approval_id: ApprovalId | None
    approval_state: str
    needs: str
    expires_at: datetime | None
    decided_by: str
    bound_to: str

    @property
    def location(self) -> LocationId:
        """Whose rules and roles apply."""
        return self.action.location

    def decision(self, *, replayed: bool = False) -> Decision:
        """As every door answers it."""
        return Decision(
            action_id=self.id,
            state=self.state,
            outcome=self.verdict.outcome,
            reasons=pairs(self.verdict.reasons),
            approval_id=self.approval_id,
            expires_at=self.expires_at,
            receipt=self.receipt,
            replayed=replayed,
            error=self.error,
        )


def action_id(actor: Actor, key: str) -> ActionId:
    """The id of what this actor proposes under this key: a retry names the same action before it has found it."""
    return ActionId("act_" + uuid5(_NAMES, f"{actor.id}\x00{key}").hex)


def approval_id(action: ActionId) -> ApprovalId:
    """The id of the one approval an action may have."""
    return ApprovalId("apr_" + uuid5(_NAMES, action).hex)


def write_key(action: ActionId) -> str:
    """The key every try of an action carries to the platform: same key, same effect, once."""
    return str(uuid5(_NAMES, f"write\x00{action}"))


def pairs(reasons: Sequence[Reason]) -> tuple[tuple[str, str], ...]:
    """Rule and sentence of each reason."""
    return tuple((reason.rule, reason.sentence) for reason in reasons)


def actor_facts(actor: Actor) -> dict[str, Any]:
    """An actor as JSON."""
    return {
        "id": actor.id,
        "role": actor.role.value,
        "locations": None if actor.locations is None else sorted(actor.locations),
        "door": actor.door.value,
        "model": actor.model,
        "on_behalf_of": actor.on_behalf_of,
    }


def read_actor(facts: Mapping[str, Any]) -> Actor:
    """An actor from their JSON."""
    return Actor(
        facts["id"],
        Role(facts["role"]),
        None if facts["locations"] is None else frozenset(map(LocationId, facts["locations"])),
        Door(facts["door"]),
        facts["model"],
        facts["on_behalf_of"],
    )


def verdict_facts(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON."""
    reasons = [{"rule": reason.rule, "sentence": reason.sentence} for reason in verdict.reasons]
    return {"outcome": verdict.outcome.value, "reasons": reasons, "rules": verdict.rules}


def read_verdict(facts: dict[str, Any]) -> Verdict:
    """A verdict from its JSON."""
    reasons = tuple(Reason(each["rule"], each["sentence"]) for each in facts["reasons"])
    return Verdict(Outcome(facts["outcome"]), reasons, facts["rules"])


def insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add actions with what is sent next; every column named, times as ISO text, and all checked to be storable."""
    if rows:
        connection.post(_INSERT, {"rows": json.dumps(rows)})


async def find(connection: Connection, action: str, *, lock: bool = False) -> ActionRow | None:
    """One action, locked until the transaction ends when asked so."""
    told = (await connection.execute(_BY_ID_LOCKED if lock else _BY_ID, {"id": action})).scalar_one_or_none()
    return None if told is None else read_row(told)


def find_all(connection: Connection, actions: Sequence[str]) -> Asked[dict[str, ActionRow]]:
    """Ask for those that exist, by id."""
    asked = connection.ask(_BY_IDS, {"ids": list(actions)})
    return asked.into(lambda found: {told["id"]: read_row(told) for told in found.scalars()})


async def undoing(connection: Connection, action: str) -> list[ActionRow]:
    """The actions that were to undo this one, oldest first."""
    found = await connection.execute(_UNDOING, {"id": action})
    return [read_row(told) for told in found.scalars()]


def done(connection: Connection, action: ActionId, at: datetime, receipt: dict[str, Any]) -> Asked[int | None]:
    """Move an action that is being carried out to its end; how often it was tried, or `None` when it no longer is."""
    told = {"id": action, "at": at, "receipt": canonical(receipt)}
    return connection.ask(_DONE, told).into(lambda rows: rows.scalar_one_or_none())


def settle(  # noqa: PLR0913  # what a settled action is told, each by name
    connection: Connection,
    action: ActionId,
    state: str,
    at: datetime,
    *,
    error: str = "",
    receipt: dict[str, Any] | None = None,
    verdict: Verdict | None = None,
) -> None:
    """Move an action to a state it will not leave by itself, with what is sent next."""
    connection.post(
        _SETTLE,
        {
            "id": action,
            "state": state,
            "at": at,
            "error": error,
            "receipt": None if receipt is None else canonical(receipt),
            "verdict": None if verdict is None else canonical(verdict_facts(verdict)),
        },
    )


def read_row(told: Mapping[str, Any]) -> ActionRow:
    """An action from its columns as JSON, and those of its approval where it has one."""
    return ActionRow(
        id=ActionId(told["id"]),
        actor=read_actor(told["actor"]),
        action=read_action(told["facts"]),
        facts=told["facts"],
        fingerprint=told["fingerprint"],
        proposal=told["proposal"],
        situation=told["situation"],
        verdict=read_verdict(told["verdict"]),
        correlation=told["correlation_id"],
        state=told["state"],
        created_at=datetime.fromisoformat(told["created_at"]),
        claimed_until=_moment(told["claimed_until"]),
        attempts=told["attempts"],
        error=told["error"],
        receipt=told["receipt"],
        undoes=ActionId(told["undoes"]) if told["undoes"] else None,
        supersedes=ActionId(told["supersedes"]) if told["supersedes"] else None,
        approval_id=ApprovalId(told["approval_id"]) if told.get("approval_id") else None,
        approval_state=told.get("approval_state") or "",
        needs=told.get("needs") or "",
        expires_at=_moment(told.get("expires_at")),
        decided_by=told.get("decided_by") or "",
        bound_to=told.get("bound_to") or "",
    )


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
