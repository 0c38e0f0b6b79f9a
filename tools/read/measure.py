"""measure_offers: what offers changed, with intervals, for whoever plans them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from policies.actions.action import Effect
from tools.measure.office import MeasureOffice
from tools.read.fields import OptionalIdentifier
from tools.tool import Answer, Arguments, Call, Tool

_Measure = Literal["margin_lift", "average_order_value_lift", "policy", "fairness", "sell_through", "plan"]


class MeasureOffers(Arguments):
    """`other` is for `policy` alone: what would saying nothing, or always making the best offer, have earned?"""

    measure: _Measure
    campaign: OptionalIdentifier = ""
    other: Literal["silence", "always", "beside", "another"] = "always"
    days: Annotated[int, Field(ge=1, le=366)] = 90
    weeks: Annotated[int, Field(ge=1, le=104)] = 8


class Measurement(Answer):
    """Money in minor units: per customer for lifts, per occasion for `policy`; `low` to `high` hold at every look."""

    measure: _Measure
    campaign: str
    figures: dict[str, Any]
    as_of: datetime


def measure_tool(office: MeasureOffice) -> Tool:
    """The tool over the office; it plans nothing and ends nothing."""

    async def read(call: Call, asked: MeasureOffers) -> Measurement:
        return Measurement(
            measure=asked.measure,
            campaign=asked.campaign,
            figures=await _figures(office, call, asked),
            as_of=office.now(),
        )

    return Tool(
        name="measure_offers",
        toolset="offers",
        title="Measure offers",
        description="What offers changed beside held-out customers, what another way of offering would have earned,"
        " fairness, sell-through, or what a measurement could see; with intervals, or refused.",
        effect=Effect.READ,
        arguments=MeasureOffers,
        answer=Measurement,
        run=read,
    )


async def _figures(office: MeasureOffice, call: Call, asked: MeasureOffers) -> dict[str, Any]:
    actor, campaign = call.actor, asked.campaign
    if asked.measure == "plan":
        return (await office.plan(actor, campaign, asked.weeks)).facts()
    if asked.measure == "policy":
        return await office.policy(actor, asked.other, campaign, asked.days)
    if asked.measure == "fairness":
        return await office.fairness(actor, campaign, asked.days)
    if asked.measure == "sell_through":
        sold = await office.sell_through(actor, campaign, asked.days)
        return {"variants": [{name: getattr(one, name) for name in one.__slots__} for one in sold]}
    metric = "margin" if asked.measure == "margin_lift" else "average_order_value"
    plan, figures = await office.lift(actor, campaign, metric)
    return {**figures, "plan": plan.facts()}
