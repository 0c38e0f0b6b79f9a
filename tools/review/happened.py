"""What was decided in a week and what became of it, one small row for each action."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from tools.review.week import Week

_AT_ONCE: Final = 5_000  # rows held in memory beside what is counted
# An order that used a code is known from its outcome; where nobody wrote one down, from the order's own codes.
_ACTIONS = text(
    """
    WITH used AS (
        SELECT DISTINCT ON (code) code, occurred_at FROM purchase, unnest(codes) AS code
        WHERE codes <> '{}' AND occurred_at >= :begins AND NOT cancelled ORDER BY code, occurred_at
    ), told AS (
        SELECT action_id, bool_or(kind = 'shown') AS shown, bool_or(kind = 'accepted') AS accepted,
               sum(minor) FILTER (WHERE kind = 'accepted') AS given,
               coalesce(sum(minor) FILTER (WHERE kind = 'given_back'), 0) AS back
        FROM outcome WHERE at >= :begins GROUP BY action_id
    )
    SELECT action.id, action.kind, action.location_id, action.state, action.money, action.currency, action.created_at,
           action.receipt IS NOT NULL AS made, action.undoes IS NOT NULL AS undoing,
           action.facts ->> 'customer' AS customer, action.facts ->> 'transaction' AS transaction,
           action.verdict -> 'reasons' AS reasons,
           CAST(action.situation -> 'context' ->> 'margin_after' AS bigint) AS margin,
           coalesce(CAST(action.situation -> 'context' ->> 'cost_known' AS boolean), false) AS cost_known,
           coalesce(told.shown, false) AS shown,
           coalesce(told.accepted, false) OR used.code IS NOT NULL AS accepted,
           told.given, coalesce(told.back, 0) AS back,
           approval.state AS answer, approval.asked_at, approval.decided_at
    FROM action
    LEFT JOIN approval ON approval.action_id = action.id
    LEFT JOIN told ON told.action_id = action.id
    LEFT JOIN used ON action.kind = 'discount' AND used.code = action.facts ->> 'code'
    WHERE action.created_at >= :begins AND action.created_at < :ends
    ORDER BY action.created_at, action.id
    """
)
_UNJUDGED = text(
    """
    SELECT coalesce(body ->> 'location', '') AS location, coalesce(body ->> 'code', '?') AS code, count(*) AS times
    FROM (SELECT CAST(entry AS jsonb) -> 'body' AS body FROM ledger
          WHERE kind = 'refused' AND at >= :begins AND at < :ends) AS refused
    GROUP BY 1, 2 ORDER BY 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One action of the week.

    Attributes:
        kind: Of the action.
        made: The platform did it, whatever came after.
        undoing: It reverses another action.
        rules: Ids of the rules that decided.
        margin: What was left over unit cost after the discount, as it was judged; `None` where cost was unknown.
        given: Money taken off at the till, less what came back; `None` when the code was not used.
        answer: waiting, approved, rejected or expired; "" when nobody was asked.
        answered_s: Seconds until a person answered; `None` when nobody did.
    """

    id: str
    kind: str
    location: str
    state: str
    money: int
    currency: str
    at: datetime
    made: bool
    undoing: bool
    customer: str
    transaction: str
    rules: tuple[str, ...]
    margin: int | None
    shown: bool
    given: int | None
    answer: str
    answered_s: int | None

    @property
    def refused(self) -> bool:
        """The rules said no at once, or when they were asked again after a person's yes."""
        return self.state == "denied"


async def happened(connection: Connection, week: Week) -> AsyncGenerator[Happened]:
    """The week's actions, oldest first; the connection is in a transaction until the last one was read."""
    async for batch in connection.partitions(_ACTIONS, {"begins": week.begins, "ends": week.ends}, _AT_ONCE):
        for row in batch:
            yield _read(row)


async def unjudged(connection: Connection, week: Week) -> list[tuple[str, str, int]]:
    """What was refused before the rules were asked: location ("" where none was named), code and count."""
    rows = await connection.execute(_UNJUDGED, {"begins": week.begins, "ends": week.ends})
    return [(row.location, row.code, row.times) for row in rows]


def _read(row: Any) -> Happened:
    answered = row.decided_at is not None and row.answer in {"approved", "rejected"}
    given = None
    if row.accepted and row.kind == "discount":
        given = (row.money if row.given is None else int(row.given)) - int(row.back)
    return Happened(
        id=row.id,
        kind=row.kind,
        location=row.location_id,
        state=row.state,
        money=row.money,
        currency=row.currency,
        at=row.created_at,
        made=row.made,
        undoing=row.undoing,
        customer=row.customer or "",
        transaction=row.transaction or "",
        rules=tuple(each["rule"] for each in row.reasons),
        margin=row.margin if row.cost_known else None,
        shown=row.shown,
        given=given,
        answer=row.answer or "",
        answered_s=round((row.decided_at - row.asked_at).total_seconds()) if answered else None,
    )
