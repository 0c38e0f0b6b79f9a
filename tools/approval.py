"""A question to a person: asked once, answered once, bound to exactly what was asked, and "no" when nobody answers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.engine import Engine
from policies.errors import NotFound, Refused, TillhandError
from policies.situation import Approved
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import ActionId, ApprovalId, LocationId
from tools import promises
from tools.access import authorize
from tools.action_row import ActionRow, actor_facts, find, find_all, settle
from tools.audit.entry import Entry, canonical, digest
from tools.audit.ledger import append

Needs = Literal["confirm", "approve", "approve_two"]
GIVES: Final[dict[str, Approved]] = {"confirm": "confirmed", "approve": "manager", "approve_two": "two_managers"}
OVERRIDES: Final = ("forecast_override",)
"""Kinds of actions that planners answer for as well."""
_NOTE_LENGTH: Final = 300
_BATCH: Final = 200  # approvals expired in one transaction

_ASK = text("INSERT INTO approval SELECT * FROM jsonb_populate_recordset(NULL::approval, CAST(:rows AS jsonb))")
_LOCK = text("SELECT * FROM approval WHERE id = :id FOR UPDATE")
_ABOUT = text("SELECT action_id FROM approval WHERE id = :id")
_ANSWER = text("UPDATE approval SET state = :state, decided_by = :by, decided_at = :at, note = :note WHERE id = :id")
_FIRST = text("UPDATE approval SET first_by = :by, first_at = :at WHERE id = :id")
_OVERDUE = text(
    "SELECT * FROM approval WHERE state = 'waiting' AND expires_at <= :at"
    " ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked.

    Attributes:
        needs: `confirm`: the proposer says yes once more. `approve`: a manager who is not the proposer does.
            `approve_two`: two such managers do.
        asked_of: The actor who must confirm; "" when any manager of the location may approve.
        facts: The action's, as JSON; the answer holds for these and these situation facts alone.
    """

    id: ApprovalId
    action: ActionId
    needs: Needs
    location: LocationId
    asked_of: str
    facts: dict[str, Any]
    situation: dict[str, Any]
    correlation: str
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Open:
    """A question that still waits, and its action; `first_by` is who said yes where two must."""

    id: ApprovalId
    needs: Needs
    first_by: str
    row: ActionRow


@dataclass(frozen=True, slots=True)
class Expired:
    """Nobody answered in time."""


def decides(kind: str) -> str:
    """What whoever answers a question about this kind of action must be allowed."""
    return "decide_override" if kind in OVERRIDES else "decide_approval"


def binding(facts: dict[str, Any], situation: dict[str, Any]) -> str:
    """Hash of an action's and a situation's facts together: what an approval is good for."""
    return digest({"action": facts, "situation": situation})


def ask(connection: Connection, questions: Sequence[Question]) -> list[Entry]:
    """Put questions into the queue with what is sent next; returns the records to add."""
    if questions:
        connection.post(_ASK, {"rows": canonical([_row(each) for each in questions])})
    return [
        Entry(
            "approval",
            each.asked_at,
            {
                "approval": each.id,
                "step": "asked",
                "needs": each.needs,
                "asked_of": each.asked_of,
                "expires_at": each.expires_at.isoformat(),
            },
            each.action,
            each.correlation,
        )
        for each in questions
    ]


async def open_question(
    connection: Connection, engine: Engine, actor: Actor, approval: str, at: datetime
) -> Open | Expired:
    """An approval this actor may answer now, with its action; both are locked until the transaction ends.

    Raises:
        NotFound: There is no such approval where the actor may act.
        Refused: The actor may not answer it, or it was answered before, or is about something else by now.
    """
    asked: Any = (await connection.execute(_LOCK, {"id": approval})).one_or_none()
    row = await find(connection, asked.action_id, lock=True) if asked else None
    if asked is None or row is None or not actor.covers(row.location):
        raise NotFound(
            "No approval of this id is known, or it belongs to a location you may not act at.",
            code="approval.unknown",
            hint="List the approvals to see what is waiting.",
            field="approval_id",
        )
    _may_answer(engine, actor, asked, row)
    if asked.state != "waiting" or row.state != "waiting":
        raise Refused(
            f"This approval is {asked.state} already; an answer counts once.",
            code="approval.answered",
            hint="Propose the action again if it is still wanted.",
            field="approval_id",
        )
    if asked.expires_at <= at:
        await _expire(connection, [asked], at)
        return Expired()
    if asked.fingerprint != binding(row.facts, row.situation):
        raise Refused(
            "The action is no longer the one this approval was asked for.",
            code="approval.other_action",
            hint="Reject it by letting it expire, tell the operator, and have it proposed again.",
        )
    return Open(ApprovalId(asked.id), asked.needs, asked.first_by, row)


async def asked_about(connection: Connection, approval: str) -> ActionRow | None:
    """The action an approval is about, as it stands; `None` when there is no such approval."""
    action = (await connection.execute(_ABOUT, {"id": approval})).scalar_one_or_none()
    return None if action is None else await find(connection, action)


async def answer(  # noqa: PLR0913  # who says what to what, and when
    connection: Connection, question: Open, actor: Actor, *, approve: bool, note: str, at: datetime
) -> ActionRow:
    """Take a person's answer; an approved action is then `allowed`, a rejected one `rejected`.

    Where two managers are needed, the first yes leaves it waiting, and any no ends it.

    Raises:
        Refused: The actor is the one who said yes before.
    """
    row = question.row
    if approve and question.needs == "approve_two":
        if question.first_by == actor.id:
            raise Refused(
                "Two managers must approve this, and you are the first of them.",
                code="approval.second",
                hint="Ask another manager.",
                field="approval_id",
            )
        if not question.first_by:
            await connection.execute(_FIRST, {"id": question.id, "by": actor.id, "at": at})
            await record_answer(connection, question, actor, "approved_first", note, at)
            return row
    state = "approved" if approve else "rejected"
    await close(connection, question, actor, state, note, at)
    settle(connection, row.id, "allowed" if approve else "rejected", at)
    if not approve:
        await promises.release(connection, [row.proposal])
    await record_answer(connection, question, actor, state, note, at)
    answered = await find(connection, row.id)
    assert answered is not None  # noqa: S101  # it is locked
    return answered


async def close(  # noqa: PLR0913, PLR0917  # what an answered approval is told
    connection: Connection, question: Open, actor: Actor, state: str, note: str, at: datetime
) -> None:
    """Take an approval out of the queue for good."""
    told = {"id": question.id, "state": state, "by": actor.id, "at": at, "note": note[:_NOTE_LENGTH]}
    await connection.execute(_ANSWER, told)


async def record_answer(  # noqa: PLR0913, PLR0917  # what the ledger is told of an answer
    connection: Connection, question: Open, actor: Actor, step: str, note: str, at: datetime
) -> None:
    """Put an answer on record."""
    body = {"approval": question.id, "step": step, "by": actor_facts(actor), "note": note[:_NOTE_LENGTH]}
    await append(connection, [Entry("approval", at, body, question.row.id, question.row.correlation)])


async def expire(connection: Connection, at: datetime) -> int:
    """Turn unanswered approvals whose time is up into "no", at most two hundred; returns how many."""
    overdue = (await connection.execute(_OVERDUE, {"at": at, "batch": _BATCH})).all()
    await _expire(connection, overdue, at)
    return len(overdue)


async def _expire(connection: Connection, overdue: Sequence[Any], at: datetime) -> None:
    rows = await find_all(connection, sorted(each.action_id for each in overdue))
    for each in overdue:
        told = {"id": each.id, "state": "expired", "by": "", "at": at, "note": ""}
        await connection.execute(_ANSWER, told)
        settle(connection, each.action_id, "expired", at)
    await promises.release(connection, [row.proposal for row in rows.values()])
    entries = [
        Entry("approval", at, {"approval": each.id, "step": "expired"}, row.id, row.correlation)
        for each in overdue
        if (row := rows.get(each.action_id))
    ]
    await append(connection, entries)


def _may_answer(engine: Engine, actor: Actor, asked: Any, row: ActionRow) -> None:
    """Whether this actor's yes or no counts. No path lets a model answer, nor a proposer approve."""
    if actor.model or not actor.role.person or actor.on_behalf_of:
        raise Refused(
            "Only a person may approve or reject: an AI may ask, never answer.", code="access.model_never_decides"
        )
    if asked.needs == "confirm" and actor.id == asked.asked_of:
        return
    authorize(engine, actor, decides(row.action.kind), row.location)
    if actor.id in {row.actor.id, row.actor.on_behalf_of}:
        raise _own()


def _own() -> TillhandError:
    return Refused(
        "Nobody approves what they proposed themselves.",
        code="approval.own",
        hint="Ask somebody else who may answer it.",
        field="approval_id",
    )


def _row(each: Question) -> dict[str, Any]:
    told = asdict(each)
    return {
        "id": each.id,
        "action_id": each.action,
        "needs": each.needs,
        "location_id": each.location,
        "asked_of": each.asked_of,
        "fingerprint": binding(told["facts"], told["situation"]),
        "state": "waiting",
        "asked_at": each.asked_at.isoformat(),
        "expires_at": each.expires_at.isoformat(),
        "decided_by": "",
        "decided_at": None,
        "note": "",
        "first_by": "",
        "first_at": None,
    }
