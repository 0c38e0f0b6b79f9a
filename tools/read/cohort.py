"""search_cohorts: what groups of customers do, without knowing any of them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from knowledge.anonymity.finder import CohortFinder, Shown
from knowledge.store.places import Places
from policies.actions.action import Effect
from policies.vocabulary.ids import LocationId
from tools.outside import OutsideText
from tools.read.fields import Cursor, OptionalIdentifier, visible
from tools.read.page import next_page, page_start
from tools.read.place import known, seen_by
from tools.tool import Answer, Arguments, Call, Tool


class SearchCohorts(Arguments):
    """Words such as 'weekend denim at a discount'; empty for all groups."""

    text: Annotated[str, Field(max_length=120), AfterValidator(visible)] = ""
    location_id: OptionalIdentifier = ""
    limit: Annotated[int, Field(ge=1, le=25)] = 10
    cursor: Cursor = ""

    def location(self) -> LocationId | None:
        """The one location asked about."""
        return LocationId(self.location_id) if self.location_id else None


class Cohort(Answer):
    """One group; "" is said of a trait its customers do not share. Amounts are whole units of the chain's currency."""

    cohort_id: str
    sentence: OutsideText
    customers: str
    location: OutsideText
    category: OutsideText
    basket_band: str
    time: str
    discounts: str
    recency: str
    frequency: str
    basket: int
    units: int
    orders: int
    online_percent: int
    discounted_percent: int


class Cohorts(Answer):
    """The best match first. `as_of` is when they were released, `null` before the first time."""

    cohorts: tuple[Cohort, ...]
    as_of: datetime | None
    truncated: bool
    next_cursor: str


def cohort_tool(finder: CohortFinder, places: Places) -> Tool:
    """The tool over what was released."""

    async def find(call: Call, asked: SearchCohorts) -> Cohorts:
        location = known(places, asked.location_id) if asked.location_id else ""
        found, as_of = await finder.find(asked.text, seen_by(call.actor, location))
        start = page_start(asked.cursor)
        end = start + asked.limit
        more = len(found) > end
        return Cohorts(
            cohorts=tuple(_told(one) for one in found[start:end]),
            as_of=as_of,
            truncated=more,
            next_cursor=next_page(end) if more else "",
        )

    return Tool(
        name="search_cohorts",
        toolset="offers",
        title="Search groups of customers",
        description="What groups of at least 20 customers buy, when, where and at what discount, in round numbers; "
        "cite cohort_id. Nothing in it is about one customer.",
        effect=Effect.READ,
        arguments=SearchCohorts,
        answer=Cohorts,
        run=find,
        listed=False,  # read at its address: most roles have as many tools already as a model chooses well among
    )


def _told(one: Shown) -> Cohort:
    traits, told = one.traits, one.figures
    return Cohort(
        cohort_id=one.id,
        sentence=one.sentence,
        customers=told.size,
        location=traits.place,
        category=traits.category,
        basket_band=traits.basket,
        time=traits.when,
        discounts=traits.discounts,
        recency=traits.recency,
        frequency=traits.frequency,
        basket=told.basket,
        units=told.units,
        orders=told.orders,
        online_percent=told.online_percent,
        discounted_percent=told.discounted_percent,
    )
