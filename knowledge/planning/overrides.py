"""Overrides of a forecast as they are kept: written once, ended early or by themselves, measured, and learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.demand.kept import Kept, kept_forecasts
from knowledge.demand.velocity import Spot
from knowledge.planning.track_record import Ended, came_true
from knowledge.store.connection import Connection, Result
from policies.actions.forecast_override import ForecastOverride
from policies.errors import NotFound, Refused

SETTLES: Final = timedelta(days=2)  # after the last day: tills that were offline have told by then
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('forecast_override ' || :sku, 7203411))")
_BY_ACTION: Final = text("SELECT id FROM forecast_override WHERE action_id = :action")
_OVERLAPPING: Final = text(
    """
    SELECT count(*) FROM forecast_override
    WHERE sku = :sku AND cancelled_at IS NULL AND first_day <= :last AND last_day >= :first
      AND (location_id = :place OR location_id = '' OR :place = '')
    """
)
_ADD: Final = text(
    """
    INSERT INTO forecast_override
        (sku, location_id, percent, cause, reason, first_day, last_day, said, made_by, made_at, action_id)
    VALUES (:sku, :place, :percent, :cause, :reason, :first, :last, :said, :by, :at, :action) RETURNING id
    """
)
_CANCEL: Final = text("UPDATE forecast_override SET cancelled_at = :at WHERE id = :id AND cancelled_at IS NULL")
_SOLD: Final = """
    coalesce((SELECT sum(units) FROM daily_sale AS s
              WHERE s.sku = o.sku AND s.day BETWEEN o.first_day AND o.last_day
                AND (o.location_id = '' OR s.location_id = o.location_id)), 0)
"""
_ENDED: Final = text(
    f"""
    SELECT o.id, o.sku, o.location_id, o.percent, o.cause, o.first_day, o.last_day, o.said, o.made_by, o.action_id,
           coalesce(o.sold, {_SOLD}) AS sold
    FROM forecast_override AS o WHERE o.last_day < :today AND o.cancelled_at IS NULL ORDER BY o.id DESC LIMIT 200
    """  # noqa: S608  # our own text
)
_SETTLE: Final = text(
    f"""
    UPDATE forecast_override AS o SET sold = {_SOLD}, measured_at = :at
    WHERE o.last_day < :before AND o.cancelled_at IS NULL AND o.measured_at IS NULL
    RETURNING o.id, o.sku, o.location_id, o.percent, o.cause, o.said, o.made_by, o.action_id, o.sold
    """  # noqa: S608
)
RECORD: Final = text(
    """
    SELECT made_by, cause, percent, said, sold FROM forecast_override
    WHERE made_by = ANY(CAST(:makers AS text[])) AND measured_at IS NOT NULL AND cancelled_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of an override that has ended: units said without it, with it, and sold.

    Attributes:
        location: "" for all.
        action: The action that made it; "" for one older than such actions.
    """

    id: int
    sku: str
    location: str
    percent: int
    cause: str
    made_by: str
    said: float
    sold: int
    action: str

    @property
    def overridden(self) -> float:
        """Units said with it."""
        return self.said * (1 + self.percent / 100)

    @property
    def helped(self) -> bool:
        """Whether it was nearer to what was sold than the forecast alone."""
        return abs(self.overridden - self.sold) < abs(self.said - self.sold)


async def keep_override(
    connection: Connection, override: ForecastOverride, *, action: str, by: str, at: datetime
) -> bool:
    """Write an override down, in force at once; false when this action's is there already.

    Raises:
        Refused: Another one was written for some of its days meanwhile.
        NotFound: There is no forecast to change.
    """
    await connection.execute(_ALONE, {"sku": override.sku})
    if (await connection.execute(_BY_ACTION, {"action": action})).one_or_none() is not None:
        return False
    days = {"first": override.first.isoformat(), "last": override.last.isoformat()}
    where = {"sku": override.sku, "place": override.place}
    if (await connection.execute(_OVERLAPPING, {**where, **days})).scalar_one():
        raise Refused("Some of these days are changed already.", code="override.overlaps")
    found = await forecasts_of(connection, override.sku, override.place, at.date())
    said = sum(each.expected(override.first, override.days) for each in found.values())
    told = {"percent": override.percent, "cause": override.cause, "reason": override.words, "said": said}
    await connection.execute(_ADD, {**where, **days, **told, "by": by, "at": at, "action": action})
    return True


async def end_override(connection: Connection, action: str, at: datetime) -> bool:
    """End what an action wrote down; false when it was ended before.

    Raises:
        NotFound: It wrote nothing down.
    """
    row = (await connection.execute(_BY_ACTION, {"action": action})).one_or_none()
    if row is None:
        raise NotFound("There is no such override.", code="override.unknown")
    return bool((await connection.execute(_CANCEL, {"id": row.id, "at": at})).rowcount)


async def forecasts_of(connection: Connection, sku: str, place: str, today: date) -> dict[Spot, Kept]:
    """The forecasts an override at a place would change; of every location for "".

    Raises:
        NotFound: There is none.
    """
    found = await kept_forecasts(connection, today, [sku], [place] if place else None)
    if not found:
        raise NotFound(
            "There is no forecast of this sku there.",
            code="forecast.none",
            hint="It has too little history, or no forecast was made yet: tillhand plan make.",
            field="sku",
        )
    return found


async def measured(connection: Connection, today: date) -> Sequence[Measured]:
    """Overrides that have ended, newest first; those not settled yet with what was sold so far."""
    return _measured(await connection.execute(_ENDED, {"today": today.isoformat()}))


async def settle(connection: Connection, at: datetime) -> Sequence[Measured]:
    """Keep what was sold in the days of overrides that ended two days ago or earlier; each is settled once."""
    before = (at.date() - SETTLES).isoformat()
    return _measured(await connection.execute(_SETTLE, {"before": before, "at": at}))


async def records(connection: Connection, makers: Sequence[str]) -> dict[tuple[str, str], float]:
    """`came_true` by maker and cause, of overrides that were settled; who has none settled is absent."""
    return records_of(await connection.execute(RECORD, {"makers": list(makers)}))


def records_of(rows: Result) -> dict[tuple[str, str], float]:
    """The same, from what `RECORD` answered."""
    ended: dict[tuple[str, str], list[Ended]] = {}
    for row in rows:
        one = Ended(row.said, row.said * (1 + row.percent / 100), row.sold)
        ended.setdefault((row.made_by, row.cause), []).append(one)
    return {key: came_true(each) for key, each in ended.items()}


def _measured(rows: Result) -> list[Measured]:
    return [
        Measured(
            row.id, row.sku, row.location_id, row.percent, row.cause, row.made_by, row.said, int(row.sold),
            row.action_id or "",
        )
        for row in rows
    ]  # fmt: skip
