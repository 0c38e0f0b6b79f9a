"""Weeks that are unlike the ones before: counts a location never had, told with what it had."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from tools.review.proportions import binomial, holm, written
from tools.review.week import Week

_BEFORE: Final = 8  # weeks looked back
_LEAST: Final = 4  # weeks before it with anything in them; with fewer nothing is usual yet
_ALARM: Final = 0.05
_NAMES: Final = ("proposed", "refused", "asked", "failed", "undone")

_COUNTS = text(
    """
    SELECT action.location_id, width_bucket(action.created_at, CAST(:edges AS timestamptz[])) AS week,
           count(*) AS proposed,
           count(*) FILTER (WHERE action.state = 'denied') AS refused,
           count(approval.id) AS asked,
           count(*) FILTER (WHERE action.state = 'failed') AS failed,
           count(*) FILTER (WHERE action.state = 'undone') AS undone
    FROM action LEFT JOIN approval ON approval.action_id = action.id
    WHERE action.created_at >= :begins AND action.created_at < :ends
    GROUP BY 1, 2
    """
)


async def unusual(connection: Connection, week: Week) -> list[dict[str, Any]]:
    """Counts outside everything of up to eight weeks before, and not by chance; as JSON, the least likely first.

    A count is told when it is above the highest or below the lowest of those weeks and an even spread over all of them
    would hardly ever give it, after correcting for how many counts were looked at.
    """
    weeks = [week.before(back) for back in range(_BEFORE, 0, -1)] + [week]
    edges = [each.begins for each in weeks]
    rows = await connection.execute(_COUNTS, {"edges": edges, "begins": edges[0], "ends": week.ends})
    counted: dict[str, dict[int, Mapping[str, int]]] = {}
    for row in rows:
        counted.setdefault(row.location_id, {})[row.week - 1] = {name: getattr(row, name) for name in _NAMES}
    looked = [
        (place, name, now, before)
        for place, by_week in sorted(counted.items())
        for name in _NAMES
        for now, before in [_counts(by_week, name)]
        if len(before) >= _LEAST and now + sum(before)
    ]
    chances = [binomial(now, now + sum(before), 1 / (len(before) + 1)) for _, _, now, before in looked]
    found = [
        {"location": place, "what": name, "count": now, "before": list(before), "chance": written(chance)}
        for (place, name, now, before), chance in zip(looked, holm(chances), strict=True)
        if chance < _ALARM and not min(before) <= now <= max(before)
    ]
    return sorted(found, key=lambda each: (each["chance"], each["location"], each["what"]))


def _counts(by_week: Mapping[int, Mapping[str, int]], name: str) -> tuple[int, Sequence[int]]:
    """This week's count, and those of the weeks before it from the first with anything in it on."""
    first = min(by_week)
    return by_week.get(_BEFORE, {}).get(name, 0), [
        by_week.get(number, {}).get(name, 0) for number in range(first, _BEFORE)
    ]
