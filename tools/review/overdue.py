"""Whether AI went on deciding while nobody looked: the oldest week that ended without all teams' signatures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from policies.rule_text import TEAMS
from tools.review.week import Week, chain_timezone

_BACK: Final = 8  # weeks. What nobody signed for two months is history, and holding AI back for it mends nothing
_SIGNED = text(
    """
    SELECT review.week, array_agg(signature.team) AS teams
    FROM review JOIN review_signature AS signature
      ON signature.week = review.week AND signature.digest = review.digest
    WHERE review.week = ANY(CAST(:weeks AS text[])) GROUP BY review.week
    """
)
_DECIDED = text("SELECT EXISTS (SELECT FROM action WHERE created_at >= :begins AND created_at < :ends)")


@dataclass(frozen=True, slots=True)
class Overdue:
    """A week that waits for its review.

    Attributes:
        days: Whole days since it ended.
        missing: Teams that have not signed.
    """

    week: str
    days: int
    missing: tuple[str, ...]


async def overdue(connection: Connection, now: datetime) -> Overdue | None:
    """The oldest of the last eight weeks in which something was decided and not all teams have signed.

    `None` when there is none. How many days are too many is for whoever asks to say.
    """
    this = Week.at(now, chain_timezone(await Places.load(connection)))
    weeks = [this.before(back) for back in range(_BACK, 0, -1)]
    rows = await connection.execute(_SIGNED, {"weeks": [week.name for week in weeks]})
    signed = {row.week: set(row.teams) for row in rows}
    for week in weeks:
        missing = tuple(team for team in TEAMS if team not in signed.get(week.name, set()))
        if not missing:
            continue
        span = {"begins": week.begins, "ends": week.ends}
        if (await connection.execute(_DECIDED, span)).scalar_one():
            return Overdue(week.name, (now - week.ends).days, missing)
    return None
