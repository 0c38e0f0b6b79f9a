"""The night's forecast: sales of both channels from the store, demand of the next two weeks back into it."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import numpy as np
from sqlalchemy import text

from knowledge.demand.history import WEEK, History, KnownEvent, history_of
from knowledge.demand.likeness import Likeness
from knowledge.demand.model import Forecast, learn
from knowledge.demand.promotions import planned_promotions
from knowledge.events.event import Topic
from knowledge.store.connection import Connection
from knowledge.store.session import Database

DAYS: Final = 26 * WEEK  # of sales that are looked at
_CHUNK: Final = 10_000
_SALES = text("SELECT sku, location_id, day, units FROM daily_sale WHERE day BETWEEN :first AND :last AND units > 0")
_FIRST_SOLD = text("SELECT sku, min(day) AS day FROM daily_sale WHERE units > 0 GROUP BY sku")
_EVENTS = text("SELECT sku, location_id, first_day, last_day, percent FROM known_event WHERE last_day >= :first")
_TITLES = text("SELECT sku, title, category FROM variant")
_EMPTY = text(  # from a count of nothing until the next count, where that is a day or more
    """
    SELECT sku, location, empty_from, coalesce(empty_until, :now) AS empty_until FROM (
        SELECT coalesce(nullif(event.facts ->> 'sku', ''), variant.sku) AS sku, event.facts ->> 'location' AS location,
               CAST(event.facts ->> 'available' AS int) AS available, event.occurred_at AS empty_from,
               lead(event.occurred_at) OVER (
                   PARTITION BY coalesce(nullif(event.facts ->> 'sku', ''), variant.sku), event.facts ->> 'location'
                   ORDER BY event.occurred_at, event.seq) AS empty_until
        FROM event LEFT JOIN variant ON event.facts ->> 'item' <> ''
         AND event.facts ->> 'item' IN (variant.shopify_item, variant.lightspeed_product)
        WHERE event.topic = :topic AND event.facts ->> 'available' IS NOT NULL AND event.occurred_at >= :since
    ) AS told
    WHERE sku IS NOT NULL AND available <= 0 AND coalesce(empty_until, :now) - empty_from >= INTERVAL '1 day'
    """
)
_FORGET = text("DELETE FROM forecast")
_KEEP = text(
    """
    INSERT INTO forecast (sku, location_id, mean, level, share, weekdays, trend, events)
    SELECT sku, place, CAST(mean AS float[]), level, share, CAST(weekdays AS float[]), :trend, CAST(events AS float[])
    FROM unnest(CAST(:skus AS text[]), CAST(:places AS text[]), CAST(:means AS text[]), CAST(:levels AS float[]),
                CAST(:shares AS float[]), CAST(:weekdays AS text[]), CAST(:events AS text[]))
      AS row(sku, place, mean, level, share, weekdays, events)
    """
)
_RUN = text(
    """
    INSERT INTO forecast_run (id, made_at, first_day, spread) VALUES (1, :at, :first, CAST(:spread AS jsonb))
    ON CONFLICT (id) DO UPDATE SET made_at = excluded.made_at, first_day = excluded.first_day, spread = excluded.spread
    """
)


async def make_forecasts(database: Database, *, now: datetime) -> int:
    """Forecast every spot that has history enough, and replace what was kept; returns how many there are.

    Args:
        database: The unified store.
        now: The present. Today's sales are not over, and are left out.

    Raises:
        Refused: `forecast.thin_history`: the chain has too few days of sales. What was kept stays.
    """
    today = now.date()
    async with database.transaction() as connection:  # one picture of sales and events
        history, likeness = await _read(connection, now)
    forecast = await asyncio.to_thread(_forecast, history, likeness)
    rows = np.flatnonzero(forecast.known)
    async with database.transaction() as connection:
        await connection.execute(_FORGET)
        for begin in range(0, len(rows), _CHUNK):
            await connection.execute(_KEEP, _columns(forecast, rows[begin : begin + _CHUNK]))
        spread = json.dumps(forecast.spread.told())
        await connection.execute(_RUN, {"at": now, "first": today.isoformat(), "spread": spread})
    return len(rows)


async def stockouts(connection: Connection, first: date, now: datetime) -> list[tuple[str, str, date]]:
    """Days on which a shelf was empty from morning to night, as platforms told of its count."""
    window = {"topic": Topic.INVENTORY_UPDATED.value, "since": datetime.combine(first, time(), UTC), "now": now}
    found: list[tuple[str, str, date]] = []
    for row in await connection.execute(_EMPTY, window):
        day = row.empty_from.date() + timedelta(days=1)
        while day < row.empty_until.date():
            found.append((row.sku, row.location, day))
            day += timedelta(days=1)
    return found


async def _read(connection: Connection, now: datetime) -> tuple[History, Likeness]:
    today = now.date()
    window = {"first": (today - timedelta(days=DAYS)).isoformat(), "last": (today - timedelta(days=1)).isoformat()}
    sales = [
        (sku, place, date.fromisoformat(day), units)
        for sku, place, day, units in await connection.execute(_SALES, window)
    ]
    first = min((day for _, _, day, _ in sales), default=today)
    events = [
        KnownEvent(
            row.sku,
            row.location_id,
            date.fromisoformat(row.first_day),
            date.fromisoformat(row.last_day),
            row.percent / 100,
        )
        for row in await connection.execute(_EVENTS, {"first": first.isoformat()})
    ]
    events += await planned_promotions(connection, first)
    history = history_of(sales, first, (today - first).days, events=events, had=await stockouts(connection, first, now))
    old = {row.sku for row in await connection.execute(_FIRST_SOLD) if row.day < first.isoformat()}
    for at, sku in enumerate(history.skus):
        if sku in old:  # it was there before the window, however long it has not sold
            history.known_from[at] = 0
    named = {row.sku: (row.title, row.category) for row in await connection.execute(_TITLES)}
    titles = [named.get(sku, ("", "")) for sku in history.skus]
    return history, Likeness([title for title, _ in titles], [category for _, category in titles])


def _forecast(history: History, likeness: Likeness) -> Forecast:
    model = learn(history)
    alone = model.forecast(history)
    return model.forecast(history, like=likeness.like(history, alone.outline.profile))


def _columns(forecast: Forecast, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> dict[str, object]:
    history, drawn = forecast.history, forecast.outline
    sku, place = history.sku[rows], history.place[rows]
    weekdays = drawn.profile[sku] * drawn.place_profile[place]
    events = (
        [None] * len(rows) if forecast.events is None else [_array(each) for each in forecast.events[rows].tolist()]
    )
    return {
        "skus": [history.skus[at] for at in sku.tolist()],
        "places": [history.places[at] for at in place.tolist()],
        "means": [_array(each) for each in forecast.mean[rows].tolist()],
        "levels": drawn.level[sku].tolist(),
        "shares": drawn.share[rows].tolist(),
        "weekdays": [_array(each) for each in weekdays.tolist()],
        "trend": drawn.trend,
        "events": events,
    }


def _array(values: Sequence[float]) -> str:
    return "{" + ",".join(f"{value:.6g}" for value in values) + "}"
