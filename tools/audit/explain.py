"""From an order, an action, an approval or an event back to what led to it, and on to what became of it.

What is told comes from the ledger; the tables only say which records to read, what the event was and where a code
was used.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from policies.errors import NotFound
from tools.audit.story import Approval, Carried, Event, Explanation, Reason, Story, Undone, Why

_STORIES: Final = 10  # on one screen nobody reads more
_FIND: Final = (
    ("action", "SELECT id FROM action WHERE id = :id"),
    ("approval", "SELECT action_id AS id FROM approval WHERE id = :id"),
    (
        "order",
        """
        SELECT action.id FROM purchase JOIN action ON action.kind = 'discount'
          AND (action.facts ->> 'code' = ANY(purchase.codes)
               OR (purchase.transaction <> '' AND action.facts ->> 'transaction' = purchase.transaction))
        WHERE purchase.id = :id ORDER BY action.created_at, action.id
        """,
    ),
    (
        "order",
        """
        SELECT action.id FROM event JOIN action ON action.correlation_id = event.correlation_id
        WHERE event.resource = :id ORDER BY action.created_at, action.id
        """,
    ),
    (
        "event",
        """
        SELECT action.id FROM event JOIN action ON action.correlation_id = event.correlation_id
        WHERE event.id = :id ORDER BY action.created_at, action.id
        """,
    ),
    ("correlation", "SELECT id FROM action WHERE correlation_id = :id ORDER BY created_at, id"),
)
_RECORDS = text("SELECT seq, entry FROM ledger WHERE action_id = ANY(CAST(:ids AS text[])) ORDER BY seq")
_LOOSE = text("SELECT entry FROM ledger WHERE correlation_id = :id AND action_id = '' ORDER BY seq LIMIT 20")
_ACTIONS = text(
    """
    SELECT id, kind, facts, location_id, state, money, currency, error, correlation_id, causation_id
    FROM action WHERE id = ANY(CAST(:ids AS text[])) ORDER BY created_at, id
    """
)
_EVENTS = text("SELECT id, topic, source, occurred_at, received_at FROM event WHERE id = ANY(CAST(:ids AS text[]))")
_REDEEMED = text(
    """
    SELECT id FROM purchase WHERE occurred_at >= :since AND CAST(:code AS text) = ANY(codes) AND NOT cancelled
    ORDER BY occurred_at LIMIT 1
    """
)


async def explain(connection: AsyncConnection, name: str) -> Explanation:
    """The stories behind an id, oldest first, at most ten.

    Args:
        connection: To read from.
        name: An action's, order's, approval's, event's or correlation's id.

    Raises:
        NotFound: Nothing of this id led to a decision.
    """
    about, actions = "", list[str]()
    for kind, question in _FIND:
        rows = await connection.execute(text(question), {"id": name})
        actions = list(dict.fromkeys(row.id for row in rows))
        if actions:
            about = kind
            break
    loose = [_loose(row.entry) for row in await connection.execute(_LOOSE, {"id": name})] if not actions else []
    if not actions and not loose:
        raise NotFound(
            "No decision is known that this id led to.",
            code="explain.unknown",
            hint="Give the id of an action, an order, an approval, an event or a call.",
            field="id",
        )
    stories = await _stories(connection, actions[:_STORIES])
    return Explanation(
        asked=name,
        about=about or "correlation",
        stories=tuple(stories),
        notes=tuple(loose),
        truncated=len(actions) > _STORIES,
    )


async def _stories(connection: AsyncConnection, ids: Sequence[str]) -> list[Story]:
    records: dict[str, list[dict[str, Any]]] = {each: [] for each in ids}
    for row in await connection.execute(_RECORDS, {"ids": list(ids)}):
        told = json.loads(row.entry)
        records[told["action"]].append(told)
    rows = (await connection.execute(_ACTIONS, {"ids": list(ids)})).all()
    events = await connection.execute(_EVENTS, {"ids": [row.causation_id for row in rows]})
    known = {row["id"]: Event.model_validate(dict(row)) for row in events.mappings()}
    return [
        _story(row, records[row.id], known.get(row.causation_id), await _redeemed(connection, row, records[row.id]))
        for row in rows
    ]


def _story(row: Any, told: list[dict[str, Any]], event: Event | None, redeemed: str) -> Story:
    decisions = [each["body"] for each in told if each["kind"] == "decision"]
    first: dict[str, Any] = decisions[0] if decisions else {}
    proposal: dict[str, Any] = first.get("proposal", {})
    return Story(
        action_id=row.id,
        kind=row.kind,
        facts=first.get("action", row.facts),
        location=row.location_id,
        money=row.money,
        currency=row.currency,
        correlation=row.correlation_id,
        causation=row.causation_id,
        event=event,
        actor=first.get("actor", {}),
        evidence=proposal.get("evidence", {}),
        rationale=proposal.get("rationale", ""),
        model=proposal.get("model", ""),
        verdicts=tuple(_why(each) for each in told if each["kind"] == "decision"),
        approval=_approval(told),
        carried=_carried(told),
        state=row.state,
        error=row.error,
        redeemed_on=redeemed,
        undone=_undone(told),
        undoes=first.get("undoes", ""),
        records=tuple(each["seq"] for each in told),
    )


def _why(told: dict[str, Any]) -> Why:
    body = told["body"]
    return Why(
        at=_moment(told["at"]),
        outcome=body["verdict"]["outcome"],
        reasons=tuple(Reason(**each) for each in body["verdict"]["reasons"]),
        rules=body["verdict"]["rules"],
        situation=body["situation"],
        again=body.get("again", False),
    )


def _approval(told: list[dict[str, Any]]) -> Approval | None:
    steps = {each["body"]["step"]: each for each in told if each["kind"] == "approval"}
    asked = steps.pop("asked", None)
    if asked is None:
        return None
    step, answer = next(iter(steps.items()), ("waiting", None))
    return Approval(
        approval_id=asked["body"]["approval"],
        needs=asked["body"]["needs"],
        asked_at=_moment(asked["at"]),
        expires_at=_moment(asked["body"]["expires_at"]),
        state=step,
        by=answer["body"].get("by", {}).get("id", "") if answer else "",
        at=_moment(answer["at"]) if answer else None,
        note=answer["body"].get("note", "") if answer else "",
    )


def _carried(told: list[dict[str, Any]]) -> Carried | None:
    for each in told:
        if each["kind"] == "executed":
            names = ("platform", "call", "key", "reference", "replayed", "tries", "digest")
            return Carried(at=_moment(each["body"]["at"]), **{name: each["body"][name] for name in names})
    return None


def _undone(told: list[dict[str, Any]]) -> Undone | None:
    for each in told:
        if each["kind"] == "undone":
            return Undone(
                by=each["body"]["by"],
                actor=each["body"]["actor"],
                at=_moment(each["at"]),
                left=each["body"]["left_minor"],
            )
    return None


async def _redeemed(connection: AsyncConnection, row: Any, told: list[dict[str, Any]]) -> str:
    if row.kind != "discount" or not told:
        return ""
    question = {"since": _moment(told[0]["at"]), "code": row.facts["code"]}
    return (await connection.execute(_REDEEMED, question)).scalar_one_or_none() or ""


def _loose(entry: str) -> str:
    told = json.loads(entry)
    body = told["body"]
    if told["kind"] == "call":
        return f"{told['at']} {body['actor']['id']} called {body['tool']}: {body['result']}"
    if told["kind"] == "refused":
        return f"{told['at']} {body['actor']['id']} asked for {body['asked']}: {body['code']}. {body['sentence']}"
    return f"{told['at']} {body['actor']}: {body['sentence']}"


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)
