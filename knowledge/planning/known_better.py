"""What planners know: events of the calendar, and overrides that are bounded, reasoned, and measured afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.demand.kept import kept_forecasts
from knowledge.store.connection import Connection
from policies.errors import NotFound, Refused

MOST: Final = 30  # percent, either way: what is further off is a wrong forecast, to be mended and not overridden
LONGEST: Final = timedelta(days=28)
_ADD_EVENT = text(
    """
    INSERT INTO known_event (sku, location_id, first_day, last_day, percent, reason, made_by, made_at)
    VALUES (:sku, :place, :first, :last, :percent, :reason, :by, :at) RETURNING id
    """
)
_ADD_OVERRIDE = text(
    """
    INSERT INTO forecast_override
        (sku, location_id, percent, reason, first_day, last_day, said, made_by, made_at)
    VALUES (:sku, :place, :percent, :reason, :first, :last, :said, :by, :at) RETURNING id
    """
)
_ENDED = text(
    """
    SELECT o.id, o.sku, o.location_id, o.percent, o.reason, o.first_day, o.last_day, o.said, o.made_by,
           coalesce((SELECT sum(units) FROM daily_sale AS s
                     WHERE s.sku = o.sku AND s.day BETWEEN o.first_day AND o.last_day
                       AND (o.location_id = '' OR s.location_id = o.location_id)), 0) AS sold
    FROM forecast_override AS o WHERE o.last_day < :today ORDER BY o.id DESC LIMIT 200
    """
)


@dataclass(frozen=True, slots=True)
class Days:
    """Days from the first to the last, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of an override that has ended: units said without it, with it, and sold."""

    id: int
    sku: str
    location: str
    percent: int
    reason: str
    made_by: str
    said: float
    overridden: float
    sold: int

    @property
    def helped(self) -> bool:
        """Whether it was nearer to what was sold than the forecast alone."""
        return abs(self.overridden - self.sold) < abs(self.said - self.sold)


async def add_event(  # noqa: PLR0913  # each is a different fact of it
    connection: Connection, *, sku: str, place: str, days: Days, percent: int, reason: str, by: str, at: datetime
) -> int:
    """Remember something that will change sales; the next night's forecast has it in.

    Args:
        connection: To the store.
        sku: Of which variant; "" of all.
        place: Where; "" everywhere.
        days: When.
        percent: Sales of these days in percent of ordinary ones; 0 when closed.
        reason: Why, in words.
        by: Who knows it.
        at: The present.

    Raises:
        Refused: It ends before it begins, or the percentage makes no sense.
    """
    _in_order(days)
    if not 0 <= percent <= 1_000:  # noqa: PLR2004  # ten times as much is more than any shelf holds
        raise Refused(
            "Sales of an event are 0 to 1000 percent of ordinary ones.", code="event.percent", field="percent"
        )
    row = {"sku": sku, "place": place, "percent": percent, "reason": _reason(reason), "by": by, "at": at}
    told = await connection.execute(_ADD_EVENT, {**row, "first": days.first.isoformat(), "last": days.last.isoformat()})
    return int(told.scalar_one())


async def add_override(  # noqa: PLR0913
    connection: Connection, *, sku: str, place: str, days: Days, percent: int, reason: str, by: str, at: datetime
) -> int:
    """Change a forecast by some percent on some days; it ends by itself.

    Raises:
        Refused: It is too large, too long, without a reason, or ends before it begins.
        NotFound: There is no forecast to change.
    """
    _in_order(days)
    if percent == 0 or abs(percent) > MOST:
        raise Refused(
            f"An override changes a forecast by 1 to {MOST} percent, up or down.",
            code="override.too_large",
            hint="Tell the event that is coming instead: its effect is not bounded so.",
            field="percent",
        )
    if days.last - days.first >= LONGEST:
        raise Refused(f"An override lasts {LONGEST.days} days at most.", code="override.too_long", field="until")
    kept = await kept_forecasts(connection, at.date(), [sku], [place] if place else None)
    if not kept:
        raise NotFound(
            "There is no forecast of this sku there.",
            code="forecast.none",
            hint="It has too little history, or no forecast was made yet: tillhand plan make.",
            field="sku",
        )
    length = (days.last - days.first).days + 1
    said = sum(each.expected(days.first, length) for each in kept.values())
    row = {"sku": sku, "place": place, "percent": percent, "reason": _reason(reason), "by": by, "at": at, "said": said}
    told = await connection.execute(
        _ADD_OVERRIDE, {**row, "first": days.first.isoformat(), "last": days.last.isoformat()}
    )
    return int(told.scalar_one())


async def measured(connection: Connection, today: date) -> Sequence[Measured]:
    """Overrides that have ended, newest first."""
    return [
        Measured(
            row.id, row.sku, row.location_id, row.percent, row.reason, row.made_by,
            row.said, row.said * (1 + row.percent / 100), int(row.sold),
        )
        for row in await connection.execute(_ENDED, {"today": today.isoformat()})
    ]  # fmt: skip


def _in_order(days: Days) -> None:
    if days.last < days.first:
        raise Refused("It ends before it begins.", code="planning.days", field="last")


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused("Say why: whoever measures it later will ask.", code="planning.reason", field="reason")
    return reason.strip()[:300]
