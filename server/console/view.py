"""What the console shows besides approvals: what happened lately, and what is about to run out."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.vocabulary.actor import Actor

ACTIVITY: Final = 30  # rows
STOCK: Final = 20
_WEEKS: Final = timedelta(days=14)

_LATEST = text(
    """
    SELECT ledger.seq, ledger.at, ledger.kind, ledger.action_id, ledger.entry, action.kind AS asked, action.state,
           action.location_id, action.money, action.currency
    FROM ledger LEFT JOIN action ON action.id = ledger.action_id
    WHERE ledger.kind <> 'call'
      AND (CAST(:every_kind AS bool) OR action.kind IN ('discount', 'end_discount'))
      AND (CAST(:everywhere AS bool) OR action.location_id = ANY(CAST(:locations AS text[])))
    ORDER BY ledger.seq DESC LIMIT :limit
    """
)
_RUNNING_OUT = text(
    """
    SELECT level.sku, variant.title, level.location_id, level.available, level.incoming, level.as_of AS observed_at,
           sold.units
    FROM known_level AS level
    JOIN (
        SELECT sku, location_id, sum(units - returned) AS units FROM daily_sale WHERE day >= :since
        GROUP BY sku, location_id HAVING sum(units - returned) > 0
    ) AS sold ON sold.sku = level.sku AND sold.location_id = level.location_id
    JOIN variant ON variant.sku = level.sku
    WHERE level.available < sold.units
      AND (CAST(:everywhere AS bool) OR level.location_id = ANY(CAST(:locations AS text[])))
    ORDER BY level.available::numeric / sold.units, sold.units DESC, level.sku LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One record of the ledger in a few words."""

    seq: int
    at: datetime
    kind: str
    action_id: str
    asked: str
    state: str
    location: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RunningOut:
    """A variant whose shelf holds less than two weeks of what it sells; `days` is for how long, at that pace."""

    sku: str
    title: str
    location: str
    available: int
    incoming: int | None
    sold: int
    days: float
    as_of: datetime


async def latest(connection: Connection, actor: Actor, *, every_kind: bool) -> list[Happening]:
    """The ledger's newest records, as far as they concern the actor's locations; of offers only when told so."""
    rows = await connection.execute(_LATEST, {**_where(actor), "every_kind": every_kind, "limit": ACTIVITY})
    return [
        Happening(
            row.seq,
            row.at,
            row.kind,
            row.action_id,
            row.asked or "",
            row.state or "",
            row.location_id or "",
            _sentence(json.loads(row.entry).get("body", {})),
        )
        for row in rows
    ]


async def running_out(connection: Connection, actor: Actor, today: date) -> list[RunningOut]:
    """Soonest first."""
    since = (today - _WEEKS).isoformat()
    rows = await connection.execute(_RUNNING_OUT, {**_where(actor), "since": since, "limit": STOCK})
    return [
        RunningOut(
            row.sku,
            row.title,
            row.location_id,
            row.available,
            row.incoming,
            int(row.units),
            round(max(0, row.available) * _WEEKS.days / int(row.units), 1),
            row.observed_at,
        )
        for row in rows
    ]


def _where(actor: Actor) -> dict[str, Any]:
    return {"everywhere": actor.locations is None, "locations": sorted(actor.locations or ())}


def _sentence(body: dict[str, Any]) -> str:
    """The most telling words a record has."""
    for name in ("sentence", "rationale", "note", "call"):
        if isinstance(body.get(name), str) and body[name]:
            return str(body[name])
    reasons = body.get("verdict", {}).get("reasons") if isinstance(body.get("verdict"), dict) else None
    if reasons and isinstance(reasons[0], dict):
        return str(reasons[0].get("sentence") or reasons[0].get("rule", ""))
    return ""
