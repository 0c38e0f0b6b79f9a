"""What planners know of the calendar: promotions, closed days, and how much they change sales."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.demand.nightly import DAYS
from knowledge.store.connection import Connection
from policies.errors import NotFound, Refused

_REMEMBERED: Final = timedelta(days=DAYS)  # what was before changes no forecast
_KNOWN = text("SELECT 1 FROM variant WHERE sku = :sku")
_ADD_EVENT = text(
    """
    INSERT INTO known_event (sku, location_id, first_day, last_day, percent, reason, made_by, made_at)
    VALUES (:sku, :place, :first, :last, :percent, :reason, :by, :at) RETURNING id
    """
)


@dataclass(frozen=True, slots=True)
class Days:
    """Days from the first to the last, both included."""

    first: date
    last: date


async def add_event(  # noqa: PLR0913  # each is a different fact of it
    connection: Connection,
    *,
    sku: str,
    place: str,
    days: Days,
    percent: int,
    reason: str,
    by: str,
    at: datetime,
    past: bool = False,
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
        past: Days that are over are meant: the forecast learns that their sales were no ordinary ones.

    Raises:
        Refused: It ends before it begins, is over and not said to be, or the percentage makes no sense.
        NotFound: The sku is not in the catalog.
    """
    _in_order(days)
    await _makes_a_difference(connection, sku, days, at.date(), past=past)
    if not 0 <= percent <= 1_000:  # noqa: PLR2004  # ten times as much is more than any shelf holds
        raise Refused(
            "Sales of an event are 0 to 1000 percent of ordinary ones.", code="event.percent", field="percent"
        )
    row = {"sku": sku, "place": place, "percent": percent, "reason": _reason(reason), "by": by, "at": at}
    told = await connection.execute(_ADD_EVENT, {**row, "first": days.first.isoformat(), "last": days.last.isoformat()})
    return int(told.scalar_one())


async def _makes_a_difference(connection: Connection, sku: str, days: Days, today: date, *, past: bool) -> None:
    if days.last < today - _REMEMBERED:
        raise Refused(
            f"No forecast looks back as far as {days.last}.",
            code="event.over",
            hint=f"Tell of days since {today - _REMEMBERED}.",
            field="last",
        )
    if days.last < today and not past:
        raise Refused(
            f"These days are over: {days.last} was before today, {today}.",
            code="event.over",
            hint="Mend the dates, or say --past when the forecast is to take their sales for no ordinary ones.",
            field="last",
        )
    if sku and (await connection.execute(_KNOWN, {"sku": sku})).first() is None:
        raise NotFound(
            f"{sku} is not in the catalog.",
            code="sku.unknown",
            hint="Look the sku up, or leave it out: then the event is of everything.",
            field="sku",
        )


def _in_order(days: Days) -> None:
    if days.last < days.first:
        raise Refused("It ends before it begins.", code="planning.days", field="last")


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused("Say why: whoever measures it later will ask.", code="planning.reason", field="reason")
    return reason.strip()[:300]
