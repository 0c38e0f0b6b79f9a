"""read_plan: the forecast of a variant, why it is so, and what the night's plan makes of all of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypedDict, TypeVar

from pydantic import Field

from knowledge.demand.kept import kept_forecasts
from knowledge.inventory.position import positions
from knowledge.planning.chain import Chain, read_chain
from knowledge.planning.night_notes import Note, newest_notes
from knowledge.planning.orders import OrderLine, orders
from knowledge.planning.pictures import bars, fan
from knowledge.planning.running_out import RunningOut, running_out
from knowledge.planning.transfers import Move, transfers
from knowledge.planning.what_if import Supposed, suppose
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.actions.action import Effect
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import LocationId
from tools.exceptions import exceptions
from tools.read.fields import Cursor, OptionalIdentifier
from tools.read.page import next_page, page_start
from tools.read.place import known, seen_by
from tools.read.planned import (
    Planned,
    View,
    told_alert,
    told_difference,
    told_forecast,
    told_line,
    told_move,
    told_note,
    told_sum,
)
from tools.reconciling import Standing
from tools.tool import Arguments, Call, Tool

T = TypeVar("T")


class ReadPlan(Arguments):
    """`forecast` needs a sku; `orders` a budget in minor units. What if: `demand_percent` of forecasts; `late_days`."""

    view: View
    sku: Annotated[str, Field(max_length=64, pattern=r"^[ -~]*$")] = ""
    location_id: OptionalIdentifier = ""
    budget: Annotated[int, Field(ge=0, le=10**12)] = 0
    demand_percent: Annotated[int, Field(ge=0, le=1_000)] = 100
    late_days: Annotated[int, Field(ge=0, le=90)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Cursor = ""

    def location(self) -> LocationId | None:
        """The one location asked about."""
        return LocationId(self.location_id) if self.location_id else None


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
        if asked.view == "noticed":
            return await _noticed(database, asked, seen, now())
        async with database.reading() as connection:
            chain = await read_chain(connection, now().date())
        what = Supposed(asked.demand_percent, asked.late_days, asked.sku, asked.location_id)
        found = await _derived(chain, places, asked, seen)
        stands, supposed = told_sum(found), None
        if what.anything:
            found = await _derived(suppose(chain, what), places, asked, seen)
            supposed = told_sum(found)
        page, more = _page(asked, found)
        return Planned(
            view=asked.view,
            sku=asked.sku,
            transfers=tuple(told_move(each) for each in page if isinstance(each, Move)),
            orders=tuple(told_line(each) for each in page if isinstance(each, OrderLine)),
            running_out=tuple(told_alert(each) for each in page if isinstance(each, RunningOut)),
            stands=stands,
            supposed=supposed,
            as_of=next(iter(chain.forecasts.values())).made_at,
            **more,
        )

    return Tool(
        name="read_plan",
        toolset="stock",
        title="Read the plan",
        description=(
            "The forecast of one sku with drivers and picture, or what follows: transfers, orders within a budget, "
            "best sellers running out, counts that disagree, what the night noticed; as it stands, or what if."
        ),
        effect=Effect.READ,
        arguments=ReadPlan,
        answer=Planned,
        run=read,
    )


async def _derived(
    chain: Chain, places: Places, asked: ReadPlan, seen: Sequence[LocationId] | None
) -> Sequence[Move | OrderLine | RunningOut]:
    """What the view asked for makes of the chain, as far as the caller may see it."""
    match asked.view:
        case "transfers":
            return [each for each in await transfers(chain, places) if _in(each, seen, asked.sku)]
        case "orders":
            return [each for each in await orders(chain, places, asked.budget) if _at(each, seen, asked.sku)]
        case _:
            return [each for each in await running_out(chain) if _at(each, seen, asked.sku)]


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
        forecasts=tuple(told_forecast(each, counts.get(LocationId(each.location))) for each in shown),
        pictures=tuple(pictures),
        as_of=next(iter(kept.values())).made_at,
        **more,
    )


async def _discrepancies(
    database: Database, asked: ReadPlan, seen: Sequence[LocationId] | None, at: datetime
) -> Planned:
    async with database.reading() as connection:
        found = [each for each in await exceptions(connection) if _at(each, seen, asked.sku)]
    page, more = _page(asked, found)
    return Planned(
        view="discrepancies", sku=asked.sku, discrepancies=tuple(map(told_difference, page)), as_of=at, **more
    )


async def _noticed(database: Database, asked: ReadPlan, seen: Sequence[LocationId] | None, at: datetime) -> Planned:
    """What the newest night noticed; of the whole chain only for whoever answers for all of it."""
    async with database.reading() as connection:
        found = [each for each in await newest_notes(connection) if _at(each, seen, asked.sku)]
    page, more = _page(asked, found)
    return Planned(view="noticed", sku=asked.sku, noticed=tuple(map(told_note, page)), as_of=at, **more)


class _More(TypedDict):
    truncated: bool
    next_cursor: str


def _page(asked: ReadPlan, found: Sequence[T]) -> tuple[Sequence[T], _More]:
    """The entries of this page, and whether and where there are more."""
    start = page_start(asked.cursor)
    end = start + asked.limit
    more = len(found) > end
    return found[start:end], {"truncated": more, "next_cursor": next_page(end) if more else ""}


def _in(move: Move, seen: Sequence[LocationId] | None, sku: str) -> bool:
    return (seen is None or move.destination in seen) and sku in {"", move.sku}


def _at(line: OrderLine | RunningOut | Standing | Note, seen: Sequence[LocationId] | None, sku: str) -> bool:
    return (seen is None or line.location in seen) and sku in {"", line.sku}
