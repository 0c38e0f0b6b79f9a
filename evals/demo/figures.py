"""What a day came to, counted where it happened: in the store, at the doors, and in the retailer's own world."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from sqlalchemy import text

from evals.retailer.world import World
from knowledge.store.session import Database
from tools.audit.verify import verify

WEBHOOK: Final = "webhook answered"
CHECKOUT: Final = "checkout answered"
DECISION: Final = "event to decision"
EFFECT: Final = "decision to effect"
_OURS: Final = ("TH", "tillhand-")  # what our codes and references begin with

_TOPICS = text(
    """
    SELECT topic, count(*) AS n FROM event WHERE source NOT LIKE 'poll:%' AND state <> 'parked'
    GROUP BY topic ORDER BY n DESC, topic
    """
)
_READ = text("SELECT count(*) FROM event WHERE source LIKE 'poll:%'")
_STATES = text("SELECT state, count(*) AS n FROM event GROUP BY state")
_ABSORBED = text("SELECT source, reason, sum(count) AS n FROM absorbed GROUP BY source, reason ORDER BY 1, 2")
_OUTCOMES = text("SELECT verdict ->> 'outcome' AS outcome, count(*) AS n FROM action GROUP BY 1 ORDER BY n DESC")
_REASONS = text(
    """
    SELECT reason ->> 'sentence' AS sentence, count(*) AS n
    FROM action, jsonb_array_elements(verdict -> 'reasons') AS reason
    WHERE verdict ->> 'outcome' <> 'allow' GROUP BY 1 ORDER BY n DESC, 1 LIMIT 4
    """
)
_ACTIONS = text(
    """
    SELECT CASE WHEN kind = 'discount' AND money = 0 THEN 'parcel at full price' ELSE kind END || ' ' || state AS what,
           count(*) AS n
    FROM action GROUP BY 1 ORDER BY 1
    """
)
_APPROVALS = text("SELECT state, count(*) AS n FROM approval GROUP BY state ORDER BY state")
_EXECUTED = text(
    """
    SELECT kind, facts ->> 'code' AS code, facts ->> 'reference' AS reference FROM action
    WHERE state IN ('executed', 'undone') AND (kind = 'transfer' OR (kind = 'discount' AND money > 0))
    """
)
"""What a platform must have made: an offer at full price takes nothing off, and has no code there."""

_FIRST = text("SELECT id, created_at FROM action ORDER BY created_at, id LIMIT 1")
_EXAMPLE = text(
    """
    SELECT id FROM action WHERE state = 'executed' AND kind = 'discount'
    ORDER BY (causation_id IN (SELECT id FROM event)) DESC, created_at DESC LIMIT 1
    """
)
# a checkout's event is recorded after its answer: its latency is the door's
_TO_DECISION = text(
    """
    SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM took) * 1000) AS ms,
           count(*) AS n
    FROM (
        SELECT action.created_at - event.received_at AS took FROM action JOIN event ON event.id = action.causation_id
        WHERE event.source NOT LIKE 'poll:%' AND event.topic <> 'checkout.started'
    ) AS decided
    """
)
_TO_EFFECT = text(
    """
    SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (
               ORDER BY extract(epoch FROM action.settled_at - coalesce(approval.decided_at, action.created_at)) * 1000
           ) AS ms, count(*) AS n
    FROM action LEFT JOIN approval ON approval.action_id = action.id WHERE action.state IN ('executed', 'undone')
    """
)


@dataclass(slots=True)
class Figures:
    """The closing table, and what decides the exit code. Latencies in milliseconds: p50, p95, p99 and how many."""

    events: dict[str, int] = field(default_factory=dict[str, int])
    read: int = 0
    states: dict[str, int] = field(default_factory=dict[str, int])
    absorbed: dict[str, int] = field(default_factory=dict[str, int])
    outcomes: dict[str, int] = field(default_factory=dict[str, int])
    reasons: dict[str, int] = field(default_factory=dict[str, int])
    actions: dict[str, int] = field(default_factory=dict[str, int])
    approvals: dict[str, int] = field(default_factory=dict[str, int])
    codes_made: int = 0
    codes_redeemed: int = 0
    transfers_made: int = 0
    doubled: int = 0
    lost: list[str] = field(default_factory=list[str])
    latencies: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    first_decision: str = ""
    first_decision_at: float = 0.0
    example: str = ""
    records: int = 0
    faults: list[str] = field(default_factory=list[str])


async def count(database: Database, world: World, client: httpx.AsyncClient, url: str) -> Figures:
    """Everything, as it stands.

    Raises:
        Unavailable: The database does not answer.
        httpx.HTTPError: The doors do not answer.
    """
    found = Figures()
    async with database.reading() as connection:

        async def counted(question: Any) -> dict[str, int]:
            return {str(row[0]): int(row.n) for row in await connection.execute(question)}

        found.events = await counted(_TOPICS)
        found.read = int((await connection.execute(_READ)).scalar_one())
        found.states = await counted(_STATES)
        found.absorbed = {f"{row.source} {row.reason}": int(row.n) for row in await connection.execute(_ABSORBED)}
        found.outcomes, found.reasons = await counted(_OUTCOMES), await counted(_REASONS)
        found.actions, found.approvals = await counted(_ACTIONS), await counted(_APPROVALS)
        _compare(found, world, (await connection.execute(_EXECUTED)).all())
        first = (await connection.execute(_FIRST)).one_or_none()
        if first is not None:
            found.first_decision, found.first_decision_at = first.id, first.created_at.timestamp()
        found.example = str((await connection.execute(_EXAMPLE)).scalar_one_or_none() or found.first_decision)
        for name, question in ((DECISION, _TO_DECISION), (EFFECT, _TO_EFFECT)):
            row = (await connection.execute(question)).one()
            if row.n:
                found.latencies[name] = [round(float(share), 1) for share in row.ms] + [int(row.n)]
        ledger = await verify(connection)
    found.records, found.faults = ledger.records, [fault.sentence for fault in ledger.faults]
    found.latencies |= _at_the_doors((await client.get(f"{url}/metrics?format=json")).json())
    return found


def _compare(found: Figures, world: World, executed: Any) -> None:
    """What we believe we did, beside what the platforms hold."""
    codes = Counter(discount.code for discount in world.discounts.values() if discount.code.startswith(_OURS))
    transfers = Counter(one.reference for one in world.transfers.values() if one.reference.startswith(_OURS))
    found.codes_made, found.transfers_made = codes.total(), transfers.total()
    found.doubled = sum(count - 1 for count in (*codes.values(), *transfers.values()))
    for row in executed:
        there = codes[row.code] if row.kind == "discount" else transfers[row.reference]
        if not there:
            found.lost.append(f"{row.kind} {row.code or row.reference}")
    used = (set(order.discount_codes) for order in world.orders.values())
    found.codes_redeemed = sum(any(code.startswith(_OURS) for code in some) for some in used)


def _at_the_doors(metrics: dict[str, Any]) -> dict[str, list[float]]:
    """The server's own measurements."""
    timings: dict[str, dict[str, Any]] = metrics["timings"].get("request_seconds", {})
    asked = {WEBHOOK: "route=/webhooks/{platform}", CHECKOUT: "route=/v1/checkout"}
    return {
        name: [timings[route][part] for part in ("p50_ms", "p95_ms", "p99_ms", "count")]
        for name, route in asked.items()
        if route in timings
    }
