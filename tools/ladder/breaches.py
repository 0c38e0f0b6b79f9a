"""What AI must not do and go on as before: undone or rejected too often, failing in bursts, past a cap, off the record.

A breach is counted from what AI did since it came to its present rung, so one breach sends it down one rung.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Place
from policies.actions.any_action import KINDS
from policies.rollout import CHAIN, BreachLimits, Rollout
from tools.audit.entry import link
from tools.ladder.evidence import BOUND, PEOPLE
from tools.review.overdue import overdue

Name = Literal["undone", "rejected", "failed", "cap_passed", "ledger", "review"]

_OF_AI: Final = tuple(kind for kind in KINDS if kind != "stock_sync")  # no AI has a part in that one
_TAIL: Final = 500  # records: what was added between two looks, many times over
_SINCE: Final = """
    LEFT JOIN rung AS here ON here.capability = action.kind AND here.location_id = action.location_id
    LEFT JOIN rung AS chain ON chain.capability = action.kind AND chain.location_id = ''
"""
_AT_THIS_RUNG: Final = "action.created_at > coalesce(here.set_at, chain.set_at, '-infinity')"
_WHERE: Final = f"""
    action.created_at > :from AND action.location_id = ANY(CAST(:places AS text[]))
    AND (:kind = '' OR action.kind = :kind) AND action.kind <> 'stock_sync' AND {_AT_THIS_RUNG} AND {BOUND}
"""
# what its own proposer took back, because the basket had changed, say, nobody judged
_ANSWERED: Final = "own.id IS NULL AND approval.decided_by <> action.actor_id"
_SHARES: Final = text(
    f"""
    SELECT action.kind, action.location_id,
           count(*) FILTER (WHERE action.state IN ('executed', 'undone')) AS executed,
           count(*) FILTER (WHERE action.state = 'undone') AS undone,
           count(*) FILTER (WHERE action.state = 'failed' AND action.settled_at > :burst) AS failed,
           count(*) FILTER (WHERE {_ANSWERED} AND approval.state IN ('approved', 'rejected')) AS answered,
           count(*) FILTER (WHERE {_ANSWERED} AND approval.state = 'rejected') AS rejected
    FROM action {_SINCE}
    LEFT JOIN approval ON approval.action_id = action.id LEFT JOIN action AS own ON own.supersedes = action.id
    WHERE {_WHERE} GROUP BY action.kind, action.location_id
    """  # noqa: S608  # only our own constants are put in
)
_CAPS: Final = text(
    f"""
    WITH counted AS (
        SELECT action.location_id, location.platform, action.facts ->> 'transaction' AS transaction, action.money,
               date_trunc('day', action.created_at AT TIME ZONE location.timezone) AS day,
               CAST(action.situation -> 'context' -> 'limit' ->> 'location_day' AS bigint) AS day_cap,
               CAST(action.situation -> 'context' -> 'limit' ->> 'transaction_max' AS bigint) AS cap,
               {_AT_THIS_RUNG} AND {BOUND} AS ours
        FROM action {_SINCE} JOIN location ON location.id = action.location_id
        WHERE action.kind = 'discount' AND action.created_at > :from
          AND action.state IN ('waiting', 'allowed', 'executing', 'executed')
          AND action.location_id = ANY(CAST(:places AS text[]))
    )
    SELECT location_id, sum(money) AS total, max(day_cap) AS cap FROM counted
    GROUP BY location_id, day HAVING sum(money) > max(day_cap) AND bool_or(ours)
    UNION ALL
    SELECT max(location_id), sum(money), max(cap) FROM counted
    GROUP BY platform, transaction HAVING sum(money) > max(cap) AND bool_or(ours)
    """  # noqa: S608  # the same
)
_LEDGER: Final = text(
    """
    SELECT head.seq AS head_seq, head.hash AS head_hash, record.seq, record.entry, record.previous, record.hash
    FROM ledger_head AS head LEFT JOIN LATERAL (
        SELECT seq, entry, previous, hash FROM ledger ORDER BY seq DESC LIMIT :tail) AS record ON true
    WHERE head.id = 1 ORDER BY record.seq
    """
)


@dataclass(frozen=True, slots=True)
class Breach:
    """One reason to send AI down a rung.

    Attributes:
        location: Where; "" for the chain.
        bad: How many, or how much in minor units.
        of: Out of how many; the cap for money; the record's number in the ledger; year and number of the week.
    """

    name: Name
    capability: str
    location: str
    bad: int
    of: int

    def sentence(self) -> str:
        """For people."""
        return _SENTENCES[self.name].format(bad=self.bad, of=self.of)

    def facts(self) -> dict[str, Any]:
        """As evidence: JSON."""
        return {"breach": self.name, "bad": self.bad, "of": self.of, "sentence": self.sentence()}


_SENTENCES: Final[dict[Name, str]] = {
    "undone": "{bad} of {of} executed actions were taken back",
    "rejected": "{bad} of {of} answered approvals were rejected",
    "failed": "{bad} actions failed within a short time",
    "cap_passed": "{bad} minor units stand promised against a cap of {of}",
    "ledger": "record {of} of the ledger is not as it was written",
    "review": "the review of week {of} lacks signatures {bad} days after the week ended",
}


async def breaches(
    connection: Connection, rollout: Rollout, places: Iterable[Place], at: datetime, *, kind: str = ""
) -> list[Breach]:
    """Every breach at these places now, the ledger's aside; of one kind of action, or of all."""
    by_limits: dict[BreachLimits, list[str]] = {}
    for place in places:
        by_limits.setdefault(rollout.breach(place.region, place.id), []).append(place.id)
    found: list[Breach] = []
    for limits, names in by_limits.items():
        asked = {"from": at - timedelta(hours=limits.hours), "places": names, "people": PEOPLE}
        burst = at - timedelta(seconds=limits.failed_s)
        for row in await connection.execute(_SHARES, {**asked, "burst": burst, "kind": kind}):
            found += _judge(row, limits)
        if kind in {"", "discount"}:
            rows = await connection.execute(_CAPS, asked)
            found += [Breach("cap_passed", "discount", row.location_id, int(row.total), int(row.cap)) for row in rows]
    return list(dict.fromkeys(found))


async def ledger_fault(connection: Connection) -> list[Breach]:
    """Whether the ledger's newest records are as they were written; if not, a breach of every kind of action."""
    rows = (await connection.execute(_LEDGER, {"tail": _TAIL})).all()
    before: tuple[int, str] | None = None
    bad = 0
    for row in rows:
        if row.seq is None:
            break
        follows = before is None or (row.seq, row.previous) == (before[0] + 1, before[1])
        if not follows or link(row.previous, row.entry) != row.hash:
            bad = row.seq
            break
        before = (row.seq, row.hash)
    ends = rows[-1]
    if not bad and ends.head_seq and (before is None or before != (ends.head_seq, ends.head_hash)):
        bad = ends.head_seq
    return [Breach("ledger", kind, CHAIN, 1, bad) for kind in _OF_AI] if bad else []


async def review_overdue(connection: Connection, rollout: Rollout, at: datetime) -> list[Breach]:
    """Whether a weekly review waits for signatures longer than the plan allows; if so, of every kind of action."""
    allowed = rollout.breach("", CHAIN).review_overdue_days
    late = await overdue(connection, at) if allowed else None
    if late is None or late.days < allowed:
        return []
    return [Breach("review", kind, CHAIN, late.days, int(late.week.replace("-W", ""))) for kind in _OF_AI]


def _judge(row: Any, limits: BreachLimits) -> list[Breach]:
    found: list[Breach] = []
    if row.undone >= limits.least and row.undone * 10_000 > limits.undone_bp * row.executed:
        found.append(Breach("undone", row.kind, row.location_id, row.undone, row.executed))
    if row.rejected >= limits.least and row.rejected * 10_000 > limits.rejected_bp * row.answered:
        found.append(Breach("rejected", row.kind, row.location_id, row.rejected, row.answered))
    if limits.failed and row.failed >= limits.failed:
        found.append(Breach("failed", row.kind, row.location_id, row.failed, row.failed))
    return found
