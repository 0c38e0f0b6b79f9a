"""propose_stock_adjustment: correct the count of one variant at one location."""

from typing import Annotated, Any

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
from tools.reconciling import Standing
from tools.settling import standing_as
from tools.tool import Call, Tool


class ProposeStockAdjustment(WriteArguments):
    """A signed change of `expected`, the count it was decided on; 0 leaves it, and is for `settles` alone."""

    location_id: Identifier
    sku: SkuText
    delta: Annotated[int, Field(ge=-10_000, le=10_000)]
    expected: Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
    settles: Annotated[str, Field(pattern=r"^(d-[0-9a-f]{12})?$")] = ""

    def location(self) -> LocationId:
        """Where the count changes."""
        return LocationId(self.location_id)


def stock_adjustment_tool(asking: Asking, places: Places) -> Tool:
    """The tool."""

    async def run(call: Call, asked: ProposeStockAdjustment) -> Decided:
        async def draft() -> Draft:
            location = known(places, asked.location_id)
            if asked.delta == 0 and not asked.settles:
                raise Refused(
                    "An adjustment changes the count by at least one unit.", code="stock_adjustment.zero", field="delta"
                )
            async with asking.database.reading() as connection:
                priced = (await prices(connection, [asked.sku], "sku"))[asked.sku]
                found = await standing_as(connection, asked.settles) if asked.settles else None
            if found is not None and (found.sku, found.location) != (asked.sku, location):
                raise Refused(
                    f"That discrepancy is of {found.sku} at {found.location}.",
                    code="discrepancy.other",
                    field="settles",
                )
            units = max(abs(asked.delta), abs(found.ours - found.theirs) if found else 0)
            return Draft(
                StockAdjustment(
                    store=location,
                    sku=Sku(asked.sku),
                    delta=asked.delta,
                    expected=asked.expected,
                    value=priced.value * units,
                    reference=reference_for(call.actor, asked.idempotency_key),
                    settles=asked.settles,
                ),
                {"value": priced.value.minor, **(_settling(found, asked) if found else {})},
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
        description="Ask to change a sku's count at a location, given the count you saw, or to settle a discrepancy.",
        effect=Effect.WRITE,
        arguments=ProposeStockAdjustment,
        answer=Decided,
        run=run,
    )


def _settling(found: Standing, asked: ProposeStockAdjustment) -> dict[str, Any]:
    """What was seen of the discrepancy, and whether it is settled as was proposed; for the record and the approval."""
    counted = asked.expected + asked.delta
    leave = f"Leave the count at {asked.expected}."
    fix = "" if found.fix_units is None else f"As proposed, change it by {found.fix_units:+d}. "
    how = "as proposed" if asked.delta == found.fix_units else "otherwise" if asked.delta else "left as it is"
    return {
        "discrepancy": {
            "name": found.name,
            "ours": found.ours,
            "theirs": found.theirs,
            "cause": found.cause,
            "since": found.since.isoformat(),
            "fix": found.fix,
            "documents": list(found.documents),
            "settled": how,
        },
        "alternatives": [
            f"Ours is {found.ours}, theirs was {found.theirs}: {found.cause}. {found.fix} Asked for is {counted}.",
            f"{fix}{leave}",
        ],
    }
