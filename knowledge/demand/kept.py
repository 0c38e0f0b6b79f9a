"""Forecasts as they are kept: read for some spots, with planners' overrides in them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import text

from knowledge.demand.counts import at_most, quantile
from knowledge.demand.history import WEEK
from knowledge.demand.spread import Spread, read_spread
from knowledge.demand.velocity import Spot
from knowledge.store.connection import Connection

GOOD_FOR: Final = timedelta(days=4)  # a forecast that was not renewed for longer is not used
_RUN = text("SELECT made_at, first_day, spread FROM forecast_run WHERE first_day >= :since")
_COLUMNS: Final = "sku, location_id, mean, level, share, weekdays, trend, events"
_OF = text(
    f"""
    SELECT {_COLUMNS} FROM forecast
    WHERE sku = ANY(CAST(:skus AS text[]))
      AND (CAST(:everywhere AS bool) OR location_id = ANY(CAST(:places AS text[])))
    ORDER BY sku, location_id
    """  # noqa: S608  # our own column names
)
_ALL = text(f"SELECT {_COLUMNS} FROM forecast ORDER BY sku, location_id")  # noqa: S608
_OVERRIDES = text(
    """
    SELECT DISTINCT ON (sku, location_id) sku, location_id, percent, reason, first_day, last_day FROM forecast_override
    WHERE last_day >= :today ORDER BY sku, location_id, id DESC
    """
)


@dataclass(frozen=True, slots=True)
class Override:
    """A planner's change of a forecast, on its days."""

    percent: int
    reason: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Kept:
    """The forecast of one variant at one location.

    Attributes:
        first: The day of `mean[0]`.
        mean: Units a day, overrides included.
        level: Units the variant sells a day, everywhere, on a plain day.
        share: Of this location.
        weekdays: Factors, Monday first.
        trend: The chain's, over what levels say.
        events: Factors of known events by day; empty when there are none.
        override: The planner's, if one is in force.
        spread: How far demand strays.
        made_at: When the forecast was made.
    """

    sku: str
    location: str
    first: date
    mean: tuple[float, ...]
    level: float
    share: float
    weekdays: tuple[float, ...]
    trend: float
    events: tuple[float, ...]
    override: Override | None
    spread: Spread
    made_at: datetime

    def day(self, at: int) -> date:
        """The day of `mean[at]`."""
        return self.first + timedelta(days=at)

    def expected(self, first: date, days: int) -> float:
        """Mean units over some days; those beyond the forecast repeat its last week."""
        start, horizon = (first - self.first).days, len(self.mean)
        places = (start + step for step in range(days))
        return sum(
            self.mean[at if at < horizon else horizon - WEEK + (at - horizon) % WEEK] for at in places if at >= 0
        )

    def dispersion(self, days: float) -> float:
        """Of demand over as many days."""
        return float(self.spread.of(np.array([sum(self.mean[:WEEK])]), days)[0])

    def quantile(self, share: float, first: date, days: int) -> int:
        """Units that demand of these days stays at or below with at least this chance."""
        level = self.spread.level(share, np.array([sum(self.mean[:WEEK])]))
        return int(quantile(level, np.array([self.expected(first, days)]), np.array([self.dispersion(days)]))[0])

    def lasts(self, units: int, first: date, days: int) -> float:
        """The chance that as many units are enough for these days."""
        told = at_most(
            np.array([float(units)]), np.array([self.expected(first, days)]), np.array([self.dispersion(days)])
        )
        return float(told[0])


async def kept_forecasts(
    connection: Connection, today: date, skus: Collection[str] | None = None, places: Collection[str] | None = None
) -> dict[Spot, Kept]:
    """Forecasts in force today, by spot; spots with too little history are absent, and all are when none is recent.

    Args:
        connection: To the store.
        today: The first day anybody asks about.
        skus: Which variants; `None` for all.
        places: At which locations; `None` for all.
    """
    run = (await connection.execute(_RUN, {"since": (today - GOOD_FOR).isoformat()})).one_or_none()
    if run is None:
        return {}
    spread, first = read_spread(run.spread), date.fromisoformat(run.first_day)
    changes = {
        (row.sku, row.location_id): Override(
            row.percent, row.reason, date.fromisoformat(row.first_day), date.fromisoformat(row.last_day)
        )
        for row in await connection.execute(_OVERRIDES, {"today": today.isoformat()})
    }
    if skus is None:
        rows = await connection.execute(_ALL)
    else:
        asked = {"skus": sorted(skus), "everywhere": places is None, "places": sorted(places or ())}
        rows = await connection.execute(_OF, asked)
    found: dict[Spot, Kept] = {}
    for row in rows:
        spot = (row.sku, row.location_id)
        if places is not None and row.location_id not in places:
            continue
        change = changes.get(spot) or changes.get((row.sku, ""))
        found[spot] = _kept(row, first, change, spread, run.made_at)
    return found


def _kept(row: Any, first: date, change: Override | None, spread: Spread, made_at: datetime) -> Kept:
    mean = tuple(
        value * (1 + change.percent / 100)
        if change and change.first <= first + timedelta(days=at) <= change.last
        else value
        for at, value in enumerate(row.mean)
    )
    return Kept(
        row.sku, row.location_id, first, mean, row.level, row.share, tuple(row.weekdays), row.trend,
        tuple(row.events or ()), change, spread, made_at,
    )  # fmt: skip
