"""Forecasts as they are kept: read for some spots, with planners' overrides in them."""

from collections.abc import Collection, Sequence
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
    SELECT sku, location_id, percent, reason, first_day, last_day FROM forecast_override
    WHERE last_day >= :today AND cancelled_at IS NULL ORDER BY id
    """
)


@dataclass(frozen=True, slots=True)
class Override:
    """A change of a forecast by hand, on its days."""

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
        override: The one in force, or the next one that will be, if there is any.
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
    changes: dict[Spot, list[Override]] = {}
    for row in await connection.execute(_OVERRIDES, {"today": today.isoformat()}):
        days = date.fromisoformat(row.first_day), date.fromisoformat(row.last_day)
        changes.setdefault((row.sku, row.location_id), []).append(Override(row.percent, row.reason, *days))
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
        found[spot] = _kept(row, first, [*changes.get(spot, ()), *changes.get((row.sku, ""), ())], spread, run.made_at)
    return found


def _kept(row: Any, first: date, changes: Sequence[Override], spread: Spread, made_at: datetime) -> Kept:
    """The forecast with its changes; no two of them change the same day."""
    mean = list(row.mean)
    for change in changes:
        for at in range(len(mean)):
            if change.first <= first + timedelta(days=at) <= change.last:
                mean[at] *= 1 + change.percent / 100
    return Kept(
        row.sku, row.location_id, first, tuple(mean), row.level, row.share, tuple(row.weekdays), row.trend,
        tuple(row.events or ()), min(changes, key=lambda each: each.first, default=None), spread, made_at,
    )  # fmt: skip
