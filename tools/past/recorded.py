"""Decisions as they were made, in the order they were made, with what really became of each."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.actions.any_action import AnyAction, read_action
from policies.decision import Outcome
from policies.situation import Situation

_AT_ONCE: Final = 2_000  # rows held in memory beside what is counted
_NEEDS: Final = {"confirm": Outcome.CONFIRM, "approve": Outcome.APPROVE, "approve_two": Outcome.APPROVE_TWO}
_OVER: Final = frozenset({"denied", "rejected", "expired"})  # asked about, and in the end not done
_DECISIONS = text(
    """
    WITH used AS (
        SELECT DISTINCT code FROM purchase, unnest(codes) AS code
        WHERE codes <> '{}' AND occurred_at >= :since AND NOT cancelled
    ), told AS (
        SELECT action_id, bool_or(kind = 'accepted') AS accepted, sum(minor) FILTER (WHERE kind = 'accepted') AS given,
               coalesce(sum(minor) FILTER (WHERE kind = 'given_back'), 0) AS back
        FROM outcome WHERE at >= :since GROUP BY action_id
    )
    SELECT ledger.seq, action.id, action.actor_id, action.facts, action.situation, action.verdict, action.state,
           action.money, action.currency, action.created_at, action.settled_at, action.undoes, action.location_id,
           action.proposal -> 'evidence' ->> 'message' AS message, action.proposal ->> 'occurred_at' AS occurred_at,
           approval.needs, approval.state AS answer, approval.asked_at, approval.decided_at, approval.expires_at,
           customer.spent,
           coalesce(told.accepted, false) OR used.code IS NOT NULL AS accepted, told.given,
           coalesce(told.back, 0) AS back,
           CASE WHEN approval.id IS NOT NULL AND action.state = 'denied' THEN ledger.entry END AS entry,
           action.state = 'failed' AND EXISTS (
               SELECT FROM ledger AS ended WHERE ended.action_id = action.id AND ended.kind = 'failed'
                  AND ended.entry LIKE '%"effect":"none"%') AS without_effect
    FROM ledger
    JOIN action ON action.id = ledger.action_id
    LEFT JOIN approval ON approval.action_id = action.id
    LEFT JOIN customer ON customer.ref = action.facts ->> 'customer'
    LEFT JOIN told ON told.action_id = action.id
    LEFT JOIN used ON action.kind = 'discount' AND used.code = action.facts ->> 'code'
    WHERE ledger.kind = 'decision' AND ledger.at >= :since AND ledger.at < :until
      AND action.created_at >= :since AND action.created_at < :until
      AND (CAST(:everywhere AS boolean) OR action.location_id = ANY(CAST(:locations AS text[])))
    ORDER BY ledger.seq
    """
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decision, and what became of it.

    Attributes:
        outcome: The verdict's, before anybody was asked.
        rules: Ids of the rules that decided.
        message: What the customer would have read; "" when nothing.
        spent: What the customer has spent by now, in minor units; `None` when nobody is known.
        answer: waiting, approved, rejected or expired; "" when nobody was asked.
        answered_s: Seconds until a person answered; 0 when nobody did.
        made: It was carried out, or is on its way to be.
        counted_until: When what it promised was given back; `None` when never.
        given: Money taken off at the till, less what came back; 0 when its code was not used.
    """

    seq: int
    id: str
    actor: str
    action: AnyAction
    situation: Situation
    outcome: Outcome
    rules: tuple[str, ...]
    at: datetime
    occurred_at: datetime | None
    message: str
    spent: int | None
    money: int
    currency: str
    state: str
    undoes: str
    answer: str
    answered_s: int
    made: bool
    counted_until: datetime | None
    accepted: bool
    given: int

    @property
    def discount(self) -> bool:
        """Whether money is given away by it."""
        return self.action.kind == "discount"

    @property
    def failed(self) -> bool:
        """The rules let it through, and the platform did not do it."""
        return self.state == "failed"


async def recorded(
    connection: Connection, since: datetime, until: datetime, locations: frozenset[str] | None
) -> AsyncGenerator[Recorded]:
    """The decisions of a span, oldest first; the connection is in a transaction until the last one was read."""
    wanted = {"everywhere": locations is None, "locations": sorted(locations or ())}
    seen: set[str] = set()
    async for batch in connection.partitions(_DECISIONS, {"since": since, "until": until, **wanted}, _AT_ONCE):
        for row in batch:
            if row.id not in seen:  # those judged again after an approval come a second time
                seen.add(row.id)
                yield _read(row)


def _read(row: Any) -> Recorded:
    verdict = row.verdict if row.entry is None else json.loads(row.entry)["body"]["verdict"]
    outcome = _NEEDS[row.needs] if row.needs else Outcome(verdict["outcome"])
    answered = row.answer in {"approved", "rejected"} and row.decided_at is not None
    money_off = row.accepted and row.facts["kind"] == "discount"
    return Recorded(
        seq=row.seq,
        id=row.id,
        actor=row.actor_id,
        action=read_action(row.facts),
        situation=Situation.read(row.situation),
        outcome=outcome,
        rules=tuple(each["rule"] for each in verdict["reasons"]),
        at=row.created_at,
        occurred_at=datetime.fromisoformat(row.occurred_at) if row.occurred_at else None,
        message=row.message or "",
        spent=row.spent,
        money=row.money,
        currency=row.currency,
        state=row.state,
        undoes=row.undoes or "",
        answer=row.answer or "",
        answered_s=round((row.decided_at - row.asked_at).total_seconds()) if answered else 0,
        made=row.state in {"allowed", "executing", "executed", "undone"},
        counted_until=_counted_until(row),
        accepted=money_off,
        given=((row.money if row.given is None else int(row.given)) - int(row.back)) if money_off else 0,
    )


def _counted_until(row: Any) -> datetime | None:
    given_back = row.state in _OVER or row.without_effect or (row.state == "undone" and not row.accepted)
    return row.settled_at if given_back else None
