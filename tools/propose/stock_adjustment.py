"""propose_stock_adjustment: correct the count of one variant at one location."""

from typing import Annotated

from pydantic import Field

from knowledge.store.places import Places
from policies.actions.action import Effect
from policies.actions.stock_adjustment import StockAdjustment
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from tools.propose.ask import Asking, Draft
from tools.propose.decided import Change, Decided
from tools.propose.naming import reference_for
from tools.propose.prices import prices
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier, SkuText
from tools.read.place import known
from tools.tool import Call, Tool


class ProposeStockAdjustment(WriteArguments):
    """A signed change; `expected` is the available count it was decided on."""

    location_id: Identifier
    sku: SkuText
    delta: Annotated[int, Field(ge=-10_000, le=10_000)]
    expected: Annotated[int, Field(ge=-1_000_000, le=1_000_000)]

    def location(self) -> LocationId:
        """Where the count changes."""
        return LocationId(self.location_id)


def stock_adjustment_tool(asking: Asking, places: Places) -> Tool:
    """The tool."""

    async def run(call: Call, asked: ProposeStockAdjustment) -> Decided:
        async def draft() -> Draft:
            location = known(places, asked.location_id)
            if asked.delta == 0:
                raise Refused(
                    "An adjustment changes the count by at least one unit.", code="stock_adjustment.zero", field="delta"
                )
            async with asking.database.reading() as connection:
                priced = (await prices(connection, [asked.sku], "sku"))[asked.sku]
            return Draft(
                StockAdjustment(
                    store=location,
                    sku=Sku(asked.sku),
                    delta=asked.delta,
                    expected=asked.expected,
                    value=priced.value * abs(asked.delta),
                    reference=reference_for(call.actor, asked.idempotency_key),
                ),
                {"value": priced.value.minor},
                priced.seen_at,
                (
                    Change(
                        what=f"{asked.sku} at {location}",
                        before=asked.expected,
                        after=asked.expected + asked.delta,
                        unit="units",
                    ),
                ),
            )

        return await asking.ask("propose_stock_adjustment", call, asked, draft)

    return Tool(
        name="propose_stock_adjustment",
        toolset="stock",
        title="Propose a stock correction",
        description="Ask to change the count of one sku at one location by some units, given the count you saw.",
        effect=Effect.WRITE,
        arguments=ProposeStockAdjustment,
        answer=Decided,
        run=run,
    )
