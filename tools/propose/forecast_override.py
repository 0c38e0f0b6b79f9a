"""propose_forecast_override: change a forecast for a while, because of what sales of the past do not tell."""

from datetime import date
from typing import Annotated

from pydantic import Field

from knowledge.privacy.scrub import scrub
from knowledge.store.places import Places
from policies.actions.action import Effect
from policies.actions.forecast_override import MOST, Known
from policies.errors import Refused
from policies.vocabulary.ids import LocationId
from tools.propose.ask import Asking, Draft
from tools.propose.decided import Decided
from tools.propose.naming import reference_for
from tools.propose.override_draft import Wanted, draft_override
from tools.propose.write import WriteArguments
from tools.read.fields import OptionalIdentifier, SkuText
from tools.read.place import known
from tools.tool import Call, Tool


class ProposeForecastOverride(WriteArguments):
    """Percent added from `first_day` to `last_day`; without a location, everywhere."""

    location_id: OptionalIdentifier = ""
    sku: SkuText
    percent: Annotated[int, Field(ge=-MOST, le=MOST)]
    first_day: date
    last_day: date
    cause: Known

    def location(self) -> LocationId | None:
        """Whose forecast."""
        return LocationId(self.location_id) if self.location_id else None


def forecast_override_tool(asking: Asking, places: Places) -> Tool:
    """The tool."""

    async def run(call: Call, asked: ProposeForecastOverride) -> Decided:
        async def draft() -> Draft:
            today = asking.now().date()
            if asked.last_day < today:
                raise Refused("These days are over.", code="override.over", field="last_day")
            wanted = Wanted(
                store=known(places, asked.location_id) if asked.location_id else next(iter(places)).id,
                everywhere=not asked.location_id,
                sku=asked.sku,
                percent=asked.percent,
                first=asked.first_day,
                last=asked.last_day,
                cause=asked.cause,
                words=scrub(asked.reason).text,
                reference=reference_for(call.actor, asked.idempotency_key),
            )
            async with asking.database.reading() as connection:
                return await draft_override(connection, wanted, call.actor.id, today)

        return await asking.ask("propose_forecast_override", call, asked, draft)

    return Tool(
        name="propose_forecast_override",
        toolset="stock",
        title="Propose another forecast",
        description="Ask to plan with up to 30 percent more or less of a sku, for 28 days at most.",
        effect=Effect.WRITE,
        arguments=ProposeForecastOverride,
        answer=Decided,
        run=run,
    )
