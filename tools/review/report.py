"""The week's report: everything the owning teams look at, as exact JSON that can be hashed and signed."""

from typing import Any

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from tools.review.automation import automation
from tools.review.cohorts import Cohorts
from tools.review.figures import Figures
from tools.review.happened import happened, unjudged
from tools.review.oversells import oversells
from tools.review.unusual import unusual
from tools.review.week import Week
from tools.review.withheld import withheld


async def make_report(connection: Connection, places: Places, week: Week) -> dict[str, Any]:
    """The report of a week, from what is on record now: the same records give the same report, to the letter.

    Args:
        connection: In a transaction.
        places: The locations.
        week: Of the chain's clock.
    """
    chain, locations = Figures(), dict[str, Figures]()
    cohorts = Cohorts(places)
    async for one in happened(connection, week):
        chain.count(one)
        locations.setdefault(one.location, Figures()).count(one)
        cohorts.count(one)
    refused = await unjudged(connection, week)
    return {
        "week": week.name,
        "timezone": week.timezone,
        "begins": week.begins.isoformat(),
        "ends": week.ends.isoformat(),
        "chain": chain.facts(),
        "locations": {place: figures.facts() for place, figures in locations.items()},
        "unjudged": [{"location": place, "code": code, "count": count} for place, code, count in refused],
        "fairness": await cohorts.facts(connection, week),
        "automation": await automation(connection, week),
        "unusual": await unusual(connection, week),
        "oversold": await oversells(connection, week),
        "holdout": await withheld(connection, week),
    }
