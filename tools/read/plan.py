"""read_plan: the forecast of a variant, why it is so, and what the night's plan makes of all of them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Literal, TypedDict, TypeVar

from pydantic import Field

from knowledge.demand.kept import Kept, kept_forecasts
from knowledge.inventory.position import positions
from knowledge.planning.night_plan import Move, OrderLine, RunningOut, orders, read_chain, running_out, transfers
from knowledge.planning.pictures import bars, fan
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.actions.action import Effect
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import LocationId
from tools.read.fields import Cursor, OptionalIdentifier
from tools.read.page import next_page, page_start
from tools.read.place import known, seen_by
from tools.reconciling import Standing, standing
from tools.tool import Answer, Arguments, Call, Tool

_WEEK = 7
_SHARES = (0.5, 0.8, 0.95)
T = TypeVar("T")
View = Literal["forecast", "transfers", "orders", "running_out", "discrepancies"]


class ReadPlan(Arguments):
    """`forecast` needs a sku; `orders` a budget in minor units. The rest is of the whole chain or one location."""

    view: View
    sku: Annotated[str, Field(max_length=64, pattern=r"^[ -~]*$")] = ""
    location_id: OptionalIdentifier = ""
    budget: Annotated[int, Field(ge=0, le=10**12)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Cursor = ""

    def location(self) -> LocationId | None:
        """The one location asked about."""
        return LocationId(self.location_id) if self.location_id else None


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


class PlannedMove(Answer):
    """A transfer worth proposing, what it earns beyond its cost, and the chance to run out without it."""

    sku: str
    origin_id: str
    destination_id: str
    units: int
    earns: int
    currency: str
    chance_to_run_out: float


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
    """A count of ours that differed from the platform's at two hourly looks; `money` is what differs, at cost."""

    sku: str
    location_id: str
    ours: int
    theirs: int
    cause: str
    money: int
    currency: str
    since: datetime
    fix: str


class Planned(Answer):
    """What was asked for; the other lists are empty. `pictures` are SVG: a forecast, and stock by location."""

    view: View
    sku: str
    forecasts: tuple[Foretold, ...] = ()
    transfers: tuple[PlannedMove, ...] = ()
    orders: tuple[PlannedLine, ...] = ()
    running_out: tuple[Alert, ...] = ()
    discrepancies: tuple[Differing, ...] = ()
    pictures: tuple[str, ...] = ()
    truncated: bool = False
    next_cursor: str = ""
    as_of: datetime


def plan_tool(database: Database, places: Places, now: Callable[[], datetime] = utc_now) -> Tool:
    """The tool over the kept forecast."""

    async def read(call: Call, asked: ReadPlan) -> Planned:
        if asked.location_id:
            known(places, asked.location_id)
        seen = seen_by(call.actor, asked.location_id)
        if asked.view == "forecast":
            return await _forecast(database, asked, seen, now())
        if asked.view == "discrepancies":
            return await _discrepancies(database, asked, seen, now())
        async with database.reading() as connection:
            chain = await read_chain(connection, now().date())
        base = Planned(view=asked.view, sku=asked.sku, as_of=next(iter(chain.forecasts.values())).made_at)
        if asked.view == "transfers":
            moves = [each for each in await transfers(chain, places) if _in(each, seen, asked.sku)]
            page, more = _page(asked, moves)
            return base.model_copy(update={"transfers": tuple(map(_move, page)), **more})
        if asked.view == "orders":
            lines = [each for each in await orders(chain, places, asked.budget) if _at(each, seen, asked.sku)]
            page, more = _page(asked, lines)
            return base.model_copy(update={"orders": tuple(map(_line, page)), **more})
        alerts = [each for each in running_out(chain) if _at(each, seen, asked.sku)]
        page, more = _page(asked, alerts)
        return base.model_copy(update={"running_out": tuple(map(_alert, page)), **more})

    return Tool(
        name="read_plan",
        toolset="stock",
        title="Read the plan",
        description=(
            "The forecast of one sku with its drivers and a picture, or what follows for the chain: transfers worth "
            "proposing, purchase orders within a budget, best sellers running out, counts a platform disagrees with."
        ),
        effect=Effect.READ,
        arguments=ReadPlan,
        answer=Planned,
        run=read,
    )


async def _forecast(database: Database, asked: ReadPlan, seen: Sequence[LocationId] | None, at: datetime) -> Planned:
    if not asked.sku:
        raise Refused("Name the sku whose forecast you want.", code="plan.sku", field="sku")
    async with database.reading() as connection:
        kept = await kept_forecasts(connection, at.date(), [asked.sku], seen)
        levels = await positions(connection, [asked.sku], seen)
    if not kept:
        raise NotFound(
            "There is no forecast of this sku here: it has too little history, or none was made lately.",
            code="forecast.none",
            hint="Ask for another sku, or have the operator run tillhand plan make.",
            field="sku",
        )
    counts = {level.location: level.available for level in levels}
    shown, more = _page(asked, [kept[spot] for spot in sorted(kept)])
    pictures = [fan(each) for each in shown[:1]]
    if counts:
        pictures.append(bars(sorted(counts.items())))
    return Planned(
        view="forecast",
        sku=asked.sku,
        forecasts=tuple(_foretold(each, counts.get(LocationId(each.location))) for each in shown),
        pictures=tuple(pictures),
        as_of=next(iter(kept.values())).made_at,
        **more,
    )


async def _discrepancies(
    database: Database, asked: ReadPlan, seen: Sequence[LocationId] | None, at: datetime
) -> Planned:
    async with database.reading() as connection:
        found = [each for each in await standing(connection) if _at(each, seen, asked.sku)]
    page, more = _page(asked, found)
    shown = tuple(
        Differing(
            sku=each.sku,
            location_id=each.location,
            ours=each.ours,
            theirs=each.theirs,
            cause=each.cause,
            money=each.money,
            currency=each.currency,
            since=each.since,
            fix=each.fix,
        )
        for each in page
    )
    return Planned(view="discrepancies", sku=asked.sku, discrepancies=shown, as_of=at, **more)


class _More(TypedDict):
    truncated: bool
    next_cursor: str


def _page(asked: ReadPlan, found: Sequence[T]) -> tuple[Sequence[T], _More]:
    """The entries of this page, and whether and where there are more."""
    start = page_start(asked.cursor)
    end = start + asked.limit
    more = len(found) > end
    return found[start:end], {"truncated": more, "next_cursor": next_page(end) if more else ""}


def _foretold(kept: Kept, available: int | None) -> Foretold:
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


def _in(move: Move, seen: Sequence[LocationId] | None, sku: str) -> bool:
    return (seen is None or move.destination in seen) and sku in {"", move.sku}


def _at(line: OrderLine | RunningOut | Standing, seen: Sequence[LocationId] | None, sku: str) -> bool:
    return (seen is None or line.location in seen) and sku in {"", line.sku}


def _move(move: Move) -> PlannedMove:
    return PlannedMove(
        sku=move.sku,
        origin_id=move.origin,
        destination_id=move.destination,
        units=move.units,
        earns=move.earns,
        currency=move.currency,
        chance_to_run_out=move.otherwise,
    )


def _line(line: OrderLine) -> PlannedLine:
    return PlannedLine(
        vendor=line.vendor,
        sku=line.sku,
        location_id=line.location,
        units=line.units,
        cost=line.cost,
        currency=line.currency,
    )


def _alert(alert: RunningOut) -> Alert:
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
