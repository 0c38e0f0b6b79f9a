"""propose_order: order goods from a supplier."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import text

from knowledge.demand.kept import kept_forecasts
from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places
from policies.actions.action import Effect
from policies.actions.reorder import OrderLine, Reorder
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money
from tools.propose.ask import Asking, Draft
from tools.propose.decided import Change, Decided
from tools.propose.naming import reference_for
from tools.propose.prices import Priced, prices
from tools.propose.transfer import Goods
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier
from tools.read.place import known
from tools.tool import Call, Tool

_TERMS = text("SELECT lead_days, review_days, pack FROM supplier WHERE vendor = :vendor")
_COUNTS = text(
    "SELECT sku, available, coalesce(incoming, 0) AS incoming FROM inventory_level"
    " WHERE location_id = :place AND sku = ANY(CAST(:skus AS text[]))"
)


class ProposeOrder(WriteArguments):
    """Each sku once, in the supplier's packs; `vendor` as the catalog names it."""

    location_id: Identifier
    vendor: Annotated[str, Field(min_length=1, max_length=128)]
    lines: Annotated[list[Goods], Field(min_length=1, max_length=100)]

    def location(self) -> LocationId:
        """Where the goods are to arrive."""
        return LocationId(self.location_id)


def purchase_order_tool(asking: Asking, places: Places) -> Tool:
    """The tool."""

    async def run(call: Call, asked: ProposeOrder) -> Decided:
        async def draft() -> Draft:
            place = places.get(known(places, asked.location_id))
            units = {line.sku: line.units for line in asked.lines}
            if len(units) != len(asked.lines):
                raise Refused("Name each sku once in an order.", code="reorder.duplicate_sku", field="lines")
            async with asking.database.reading() as connection:
                priced = await prices(connection, sorted(units), "lines")
                counts = await _counts(connection, place, sorted(units))
                others = await _alternatives(connection, asked.vendor, place, units, priced, counts, asking.now())
            lines = tuple(
                OrderLine(sku=Sku(sku), units=units[sku], unit_cost=priced[sku].value.minor) for sku in sorted(units)
            )
            value = Money(
                sum(line.units * line.unit_cost for line in lines), next(iter(priced.values())).value.currency
            )
            return Draft(
                Reorder(
                    vendor=asked.vendor,
                    store=place.id,
                    lines=lines,
                    value=value,
                    reference=reference_for(call.actor, asked.idempotency_key),
                ),
                {"values": [[line.sku, line.unit_cost] for line in lines], "alternatives": list(others)},
                min(each.seen_at for each in priced.values()),
                tuple(
                    Change(
                        what=f"{line.sku} on its way to {place.id}",
                        before=counts.get(line.sku, (0, 0))[1],
                        after=counts.get(line.sku, (0, 0))[1] + line.units,
                        unit="units",
                    )
                    for line in lines
                ),
            )

        return await asking.ask("propose_order", call, asked, draft)

    return Tool(
        name="propose_order",
        toolset="stock",
        title="Propose a purchase order",
        description="Ask to order goods from a supplier for one location; a manager always decides.",
        effect=Effect.WRITE,
        arguments=ProposeOrder,
        answer=Decided,
        run=run,
    )


async def _counts(connection: Connection, place: Place, skus: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Units available and on their way, by sku."""
    rows = await connection.execute(_COUNTS, {"place": place.stock_location, "skus": list(skus)})
    return {row.sku: (int(row.available), int(row.incoming)) for row in rows}


async def _alternatives(  # noqa: PLR0913, PLR0917  # what an order is compared by
    connection: Connection,
    vendor: str,
    place: Place,
    units: Mapping[str, int],
    priced: Mapping[str, Priced],
    counts: Mapping[str, tuple[int, int]],
    now: datetime,
) -> tuple[str, ...]:
    """What else could be done and what that costs, a sentence each: nothing, and a pack less of everything."""
    terms = (await connection.execute(_TERMS, {"vendor": vendor})).one_or_none()
    if terms is None:
        return ()
    days = terms.lead_days + terms.review_days
    today = now.astimezone(ZoneInfo(place.timezone)).date()
    found = await kept_forecasts(connection, today, list(units), [place.stock_location])
    currency = next(iter(priced.values())).value.currency
    short: dict[str, int] = {}
    for sku in units:
        forecast = found.get((sku, place.stock_location))
        if forecast is not None:
            short[sku] = max(0, ceil(forecast.expected(today, days)) - sum(counts.get(sku, (0, 0))))
    missed = sum(count * max(0, priced[sku].price.minor - priced[sku].value.minor) for sku, count in short.items())
    none = (
        f"Order nothing: about {sum(short.values())} units short in {days} days, {Money(missed, currency)} of margin."
    )
    if len(short) < len(units):
        none += f" Of {len(units) - len(short)} skus nobody knows: they have no forecast."
    saved = Money(sum(terms.pack * priced[sku].value.minor for sku in units), currency)
    return none, f"A pack of {terms.pack} less of each: {saved} less."
