"""How the approval queue does: how much waits, for how long, how fast people answer, and how often nobody does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.vocabulary.ids import LocationId

OVER: Final = timedelta(hours=24)
_FIGURES: Final = text(
    """
    SELECT location_id,
           count(*) FILTER (WHERE state = 'waiting' AND expires_at > :at) AS waiting,
           min(asked_at) FILTER (WHERE state = 'waiting' AND expires_at > :at) AS oldest,
           count(*) FILTER (WHERE state IN ('approved', 'rejected')) AS answered,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - asked_at))
               FILTER (WHERE state IN ('approved', 'rejected')) AS median_s,
           count(*) FILTER (WHERE state = 'expired' OR (state = 'waiting' AND expires_at <= :at)) AS expired
    FROM approval
    WHERE (asked_at > :since OR state = 'waiting')
      AND (CAST(:everywhere AS bool) OR location_id = ANY(CAST(:locations AS text[])))
    GROUP BY location_id ORDER BY location_id
    """
)


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One location's queue over the last day.

    Attributes:
        waiting: Open now.
        oldest_s: Seconds the longest of them has waited; 0 when none waits.
        answered: By a person, either way.
        median_s: Seconds from question to answer, for half of those; `None` when there were none.
        expired: Nobody answered in time.
    """

    location: LocationId
    waiting: int
    oldest_s: float
    answered: int
    median_s: float | None
    expired: int


async def approval_figures(
    connection: Connection, locations: Sequence[LocationId] | None, at: datetime
) -> list[QueueFigures]:
    """By location, where anything was asked lately; `locations` of `None` means everywhere."""
    rows = await connection.execute(
        _FIGURES,
        {"at": at, "since": at - OVER, "everywhere": locations is None, "locations": list(locations or ())},
    )
    return [
        QueueFigures(
            LocationId(row.location_id),
            row.waiting,
            (at - row.oldest).total_seconds() if row.oldest else 0.0,
            row.answered,
            None if row.median_s is None else float(row.median_s),
            row.expired,
        )
        for row in rows
    ]
