"""From an order, a code, an action, an approval or an event back to what led to it, and on to what became of it.

What is told comes from the ledger; the tables only say which records to read, what the event was and where a code
was used.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import NotFound
from tools.audit.story import Approval, Carried, Event, Explanation, Happened, Reason, Story, Undone, Why

STORIES: Final = 10  # on one screen nobody reads more
# Each asks an index; the first that finds something says what the id is.
_FIND: Final = (
    ("action", "SELECT id FROM action WHERE id = :id"),
    ("approval", "SELECT action_id AS id FROM approval WHERE id = :id"),
    ("code", "SELECT id FROM action WHERE kind = 'discount' AND facts ->> 'code' = :id ORDER BY created_at, id"),
    (
        "order",
        """
        SELECT id FROM (
            SELECT action.id, action.created_at FROM purchase JOIN action ON action.kind = 'discount'
              AND action.facts ->> 'code' = ANY(purchase.codes)
            WHERE purchase.id = :id
            UNION
            SELECT action.id, action.created_at FROM purchase JOIN action ON action.kind = 'discount'
              AND action.facts ->> 'transaction' = purchase.transaction
            WHERE purchase.id = :id AND purchase.transaction <> ''
            UNION
            SELECT action.id, action.created_at FROM outcome JOIN action ON action.id = outcome.action_id
            WHERE outcome.order_id = :id AND outcome.order_id <> ''
            UNION
            SELECT action.id, action.created_at FROM purchase
              JOIN event ON event.resource = purchase.id AND event.resource <> ''
              JOIN action ON action.correlation_id = event.correlation_id
            WHERE purchase.id = :id
        ) AS led ORDER BY created_at, id
        """,
    ),
    (
        "resource",
        """
        SELECT DISTINCT action.id, action.created_at FROM event
          JOIN action ON action.correlation_id = event.correlation_id
        WHERE event.resource = :id AND event.resource <> '' ORDER BY action.created_at, action.id
        """,
    ),
    (
        "event",
        """
        SELECT action.id FROM event JOIN action ON action.correlation_id = event.correlation_id
        WHERE event.id = :id ORDER BY action.created_at, action.id
        """,
    ),
    ("undo", "SELECT action_id AS id FROM undo_item WHERE batch_id = :id ORDER BY place"),
    ("correlation", "SELECT id FROM action WHERE correlation_id = :id ORDER BY created_at, id"),
)
_HAPPENED: Final = frozenset(
    {"shown", "applied", "dismissed", "redeemed", "accepted", "given_back", "withdrawn", "measured"}
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
    SELECT id FROM purchase WHERE codes @> ARRAY[CAST(:code AS varchar)] AND codes <> '{}'
      AND occurred_at >= :since AND NOT cancelled
    ORDER BY occurred_at LIMIT 1
    """
)


async def explain(connection: Connection, name: str, start: int = 0) -> Explanation:
    """The stories behind an id, oldest first, at most ten.

    Args:
        connection: To read from.
        name: The id of an action, approval, order, event, undo of many or correlation, a code, or an event's resource.
        start: How many stories to leave out, because they were told before.

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
            hint="Give the id of an action, an order, an approval, an event or a call, or an offer's code.",
            field="id",
        )
    stories = await _stories(connection, actions[start : start + STORIES])
    return Explanation(
        asked=name,
        about=about or "correlation",
        stories=tuple(stories),
        notes=tuple(loose),
        truncated=len(actions) > start + STORIES,
    )


async def _stories(connection: Connection, ids: Sequence[str]) -> list[Story]:
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
        happened=tuple(_happened(each) for each in told if each["kind"] in _HAPPENED),
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
    first = steps.pop("approved_first", None)  # where two must say yes
    step, answer = next(iter(steps.items()), ("waiting", None))
    by = [each["body"].get("by", {}).get("id", "") for each in (first, answer) if each]
    return Approval(
        approval_id=asked["body"]["approval"],
        needs=asked["body"]["needs"],
        asked_at=_moment(asked["at"]),
        expires_at=_moment(asked["body"]["expires_at"]),
        state=step,
        by=" and ".join(filter(None, by)),
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


def _happened(told: dict[str, Any]) -> Happened:
    body = told["body"]
    minor = body.get("minor", body.get("taken_minor"))
    by = body.get("by", {})
    return Happened(
        kind=told["kind"],
        at=_moment(body.get("occurred_at", told["at"])),
        order=body.get("order", ""),
        minor=minor,
        flags=tuple(body.get("flags", ())),
        because=body.get("because", body.get("reason", "")),
        by=by.get("id", "") or body.get("told_by", ""),
    )


async def _redeemed(connection: Connection, row: Any, told: list[dict[str, Any]]) -> str:
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
