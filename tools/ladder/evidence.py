"""What AI did since it came to its present rung, counted from actions, answers and signed reviews, never asserted."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.decision import Outcome
from policies.engine import Engine
from policies.ladder import TEAMS, Rung, TrackRecord
from policies.situation import Situation
from policies.vocabulary.actor import Role

PEOPLE: Final = sorted(role.value for role in Role if role.person)
BOUND: Final = "(action.actor ->> 'model' = 'true' OR NOT action.actor ->> 'role' = ANY(CAST(:people AS text[])))"
_JUDGED_AGAIN: Final = 2_000  # situations, the newest: enough to tell 90 % from 88 %

_THESE: Final = f"""
    action.kind = :capability AND (:location = '' OR action.location_id = :location)
    AND action.created_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
    AND action.situation -> 'context' ->> 'rung' = :rung AND {BOUND}
"""
_COUNT: Final = text(
    f"""
    SELECT count(*) AS decisions, min(action.created_at) AS first, max(action.created_at) AS last,
           count(*) FILTER (WHERE action.state IN ('executed', 'undone')) AS executed,
           count(*) FILTER (WHERE action.state = 'undone') AS undone,
           count(*) FILTER (
               WHERE approval.state IN ('approved', 'rejected', 'expired') AND approval.decided_by <> action.actor_id
           ) AS judged,
           count(*) FILTER (WHERE approval.state = 'approved' OR own.fingerprint = action.fingerprint) AS agreed
    FROM action
    LEFT JOIN approval ON approval.action_id = action.id LEFT JOIN action AS own ON own.supersedes = action.id
    WHERE {_THESE}
    """  # noqa: S608  # only our own constants are put in
)
_SITUATIONS: Final = text(
    f"SELECT action.situation FROM action WHERE {_THESE} ORDER BY action.created_at DESC, action.id LIMIT :limit"  # noqa: S608  # the same
)
_REVIEW: Final = text(
    """
    SELECT review_signature.signed_at FROM review JOIN review_signature USING (week)
    WHERE review.week = (SELECT max(week) FROM review) AND review_signature.team = :team
      AND review_signature.digest = review.digest
    """
)


async def track_record(  # noqa: PLR0913  # of what, where, since when
    connection: Connection,
    engine: Engine,
    capability: str,
    location: str,
    rung: Rung,
    *,
    since: datetime | None,
    breaches: tuple[str, ...] = (),
) -> TrackRecord:
    """AI's record with one kind of action at a location, "" for the whole chain, at its present rung."""
    asked = {"capability": capability, "location": location, "since": since, "rung": rung.value, "people": PEOPLE}
    row: Any = (await connection.execute(_COUNT, asked)).one()
    judged, agreed = int(row.judged), int(row.agreed)
    if rung is Rung.OBSERVE:
        judged, agreed = await _judged_again(connection, engine, asked)
    signed = (await connection.execute(_REVIEW, {"team": TEAMS[capability]})).scalar_one_or_none()
    return TrackRecord(
        rung=rung,
        since=since,
        decisions=int(row.decisions),
        days=(row.last - row.first).days if row.decisions else 0,
        judged=judged,
        agreed=agreed,
        executed=int(row.executed),
        undone=int(row.undone),
        breaches=breaches,
        review=signed,
    )


async def _judged_again(connection: Connection, engine: Engine, asked: dict[str, Any]) -> tuple[int, int]:
    """While observing nobody answers; the rules say what they would have said to AI that may act."""
    found = (await connection.execute(_SITUATIONS, {**asked, "limit": _JUDGED_AGAIN})).scalars().all()
    return len(found), sum(_would_pass(engine, Situation.read(each)) for each in found)


def _would_pass(engine: Engine, situation: Situation) -> bool:
    free = Situation.read({**situation.facts(), "context": {**situation.context, "rung": Rung.AUTO.value}})
    return engine.decide(free).outcome is not Outcome.DENY
