"""What is told of the plan: forecasts with their drivers, transfers, orders, what runs out, what differs."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from knowledge.demand.kept import Kept
from knowledge.planning.night_notes import Note
from knowledge.planning.orders import OrderLine
from knowledge.planning.running_out import RunningOut
from knowledge.planning.transfers import Move
from tools.reconciling import Standing
from tools.tool import Answer

_WEEK = 7
_SHARES = (0.5, 0.8, 0.95)
View = Literal["forecast", "transfers", "orders", "running_out", "discrepancies", "noticed"]


class Drivers(Answer):
    """Why a forecast is so: units on a plain day, and the factors on them. `override_percent` is a planner's."""

    level: float
    share: float
    weekdays: tuple[float, ...]
    trend: float
    events: tuple[float, ...]
    override_percent: int
    override_reason: str


class Foretold(Answer):
    """Two weeks of one variant at one location: units a day, and a week's quantiles at 50, 80 and 95 %."""

    location_id: str
    first_day: date
    mean: tuple[float, ...]
    week: float
    week_quantiles: tuple[int, ...]
    drivers: Drivers
    available: int | None


class OtherOrigin(Answer):
    """Where the same units could come from instead, what moving them costs, and what it earns beyond; maybe a loss."""

    origin_id: str
    earns: int
    cost: int


class PlannedMove(Answer):
    """A transfer worth proposing: its cost, what it earns beyond, the chance to run out without it, other origins."""

    sku: str
    origin_id: str
    destination_id: str
    units: int
    cost: int
    earns: int
    currency: str
    chance_to_run_out: float
    instead: tuple[OtherOrigin, ...]


class PlannedLine(Answer):
    """A line of a purchase order, for a person to place."""

    vendor: str
    sku: str
    location_id: str
    units: int
    cost: int
    currency: str


class Alert(Answer):
    """A best seller that will not last; `at_stake` is the margin lost until goods ordered today arrive."""

    sku: str
    location_id: str
    available: int
    gone_on: date
    chance: float
    at_stake: int
    currency: str
    known_event: bool


class Differing(Answer):
    """Our books and a platform's count, different at two hourly looks; `money` at cost, `documents` that say so.

    propose_stock_adjustment settles it under `name`; `fix_units` is what the fix adds to the platform's count, null
    where the shelf has to be counted first.

    With the cause `oversold`, `ours` is what is left once all orders are served, and `money` what the fix costs.
    """

    sku: str
    location_id: str
    ours: int
    theirs: int
    cause: str
    money: int
    currency: str
    since: datetime
    fix: str
    documents: tuple[str, ...]
    fix_units: int | None
    name: str


class Noted(Answer):
    """What the specialist noticed last night; with a `percent` it proposed that change, under `action_id`."""

    night: date
    reason: str
    sku: str
    location_id: str
    percent: int
    last_day: date
    words: str
    action_id: str


class Summed(Answer):
    """A whole list in figures: `money` is what transfers earn, what orders cost, or what running out puts at stake."""

    entries: int
    units: int
    money: int


class Planned(Answer):
    """What was asked for; the other lists are empty. `pictures` are SVG: a forecast, and stock by location.

    `stands` sums up the list as things stand, all pages of it; `supposed` the same under what was supposed, and then
    the list is the supposed one. Sums of several currencies are left out.
    """

    view: View
    sku: str
    forecasts: tuple[Foretold, ...] = ()
    transfers: tuple[PlannedMove, ...] = ()
    orders: tuple[PlannedLine, ...] = ()
    running_out: tuple[Alert, ...] = ()
    discrepancies: tuple[Differing, ...] = ()
    noticed: tuple[Noted, ...] = ()
    pictures: tuple[str, ...] = ()
    stands: Summed | None = None
    supposed: Summed | None = None
    truncated: bool = False
    next_cursor: str = ""
    as_of: datetime


def told_forecast(kept: Kept, available: int | None) -> Foretold:
    """A kept forecast as it is told."""
    return Foretold(
        location_id=kept.location,
        first_day=kept.first,
        mean=tuple(round(value, 3) for value in kept.mean),
        week=round(kept.expected(kept.first, _WEEK), 2),
        week_quantiles=tuple(kept.quantile(share, kept.first, _WEEK) for share in _SHARES),
        drivers=Drivers(
            level=round(kept.level, 3),
            share=round(kept.share, 4),
            weekdays=tuple(round(value, 3) for value in kept.weekdays),
            trend=round(kept.trend, 3),
            events=tuple(round(value, 3) for value in kept.events),
            override_percent=kept.override.percent if kept.override else 0,
            override_reason=kept.override.reason if kept.override else "",
        ),
        available=available,
    )


def told_move(move: Move) -> PlannedMove:
    """A transfer as it is told."""
    return PlannedMove(
        sku=move.sku,
        origin_id=move.origin,
        destination_id=move.destination,
        units=move.units,
        cost=move.cost,
        earns=move.earns,
        currency=move.currency,
        chance_to_run_out=move.otherwise,
        instead=tuple(OtherOrigin(origin_id=origin, earns=earns, cost=cost) for origin, earns, cost in move.instead),
    )


def told_line(line: OrderLine) -> PlannedLine:
    """A line of an order as it is told."""
    return PlannedLine(
        vendor=line.vendor,
        sku=line.sku,
        location_id=line.location,
        units=line.units,
        cost=line.cost,
        currency=line.currency,
    )


def told_alert(alert: RunningOut) -> Alert:
    """A best seller that will not last, as it is told."""
    return Alert(
        sku=alert.sku,
        location_id=alert.location,
        available=alert.available,
        gone_on=alert.day,
        chance=alert.chance,
        at_stake=alert.at_stake,
        currency=alert.currency,
        known_event=alert.event,
    )


def told_difference(standing: Standing) -> Differing:
    """A discrepancy as it is told."""
    return Differing(
        sku=standing.sku,
        location_id=standing.location,
        ours=standing.ours,
        theirs=standing.theirs,
        cause=standing.cause,
        money=standing.money,
        currency=standing.currency,
        since=standing.since,
        fix=standing.fix,
        documents=standing.documents,
        fix_units=standing.fix_units,
        name=standing.name,
    )


def told_note(note: Note) -> Noted:
    """What was noticed, as it is told."""
    return Noted(
        night=date.fromisoformat(note.night),
        reason=note.reason,
        sku=note.sku,
        location_id=note.location,
        percent=note.percent,
        last_day=note.last,
        words=note.words,
        action_id=note.action,
    )


def told_sum(found: Sequence[Move | OrderLine | RunningOut]) -> Summed | None:
    """A whole list in figures; `None` where currencies differ."""
    if len({each.currency for each in found}) > 1:
        return None
    units = money = 0
    for each in found:
        match each:
            case Move():
                units, money = units + each.units, money + each.earns
            case OrderLine():
                units, money = units + each.units, money + each.cost
            case RunningOut():
                units, money = units + each.available, money + each.at_stake
    return Summed(entries=len(found), units=units, money=money)
