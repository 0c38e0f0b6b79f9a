"""An approval was given for the facts of then: before it is used, the facts of now are judged with it."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.store.places import Places
from policies.decision import Outcome, Reason, Verdict
from policies.engine import Engine
from policies.errors import TillhandError
from tools import promises
from tools.action_row import ActionRow, actor_facts, settle, verdict_facts
from tools.approval import GIVES
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.situate import case, gather, situate


async def recheck(connection: AsyncConnection, engine: Engine, places: Places, row: ActionRow, at: datetime) -> bool:
    """Whether an approved action is still allowed; if not it is `denied`, and what it promised is given back."""
    situation: dict[str, Any] = {}
    try:
        known = case(
            row.actor,
            row.action,
            row.proposal["evidence"],
            places,
            occurred_at=_moment(row.proposal["occurred_at"]),
            priced_at=_moment(row.proposal["priced_at"]),
            proposed_at=row.created_at,
            undo=row.undoes is not None,
        )
        around = await gather(connection, [known], places, engine.limits, at, but=[row.id])
        totals = await promises.read(connection, promises.counted(row.action, known.place, row.created_at))
        facts = situate(known, around, totals)
        fresh = engine.situation(row.actor, row.action.kind, known.place.id, known.place.region, facts)
        given = fresh.approved(GIVES[row.needs])
        situation, verdict = given.facts(), engine.decide(given)
    except TillhandError as error:
        verdict = Verdict(Outcome.DENY, (Reason(error.code, error.message),), engine.digest)
    allowed = verdict.outcome is Outcome.ALLOW and row.approval_state == "approved"
    body = {
        "actor": actor_facts(row.actor),
        "action": row.facts,
        "situation": situation,
        "verdict": verdict_facts(verdict),
        "approved_by": row.decided_by,
        "state": "allowed" if allowed else "denied",
        "again": True,
    }
    if not allowed:
        await settle(connection, row.id, "denied", at, verdict=verdict, error="It is no longer allowed.")
        await promises.release(connection, [row.proposal])
    await append(connection, [Entry("decision", at, body, row.id, row.correlation)])
    return allowed


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
