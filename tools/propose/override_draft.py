"""An override as it is proposed, beside what it would change: units, money, and what the plan would keep there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.demand.kept import Kept
from knowledge.demand.velocity import Spot
from knowledge.planning.chain import REVIEW
from knowledge.planning.lanes import LEAD
from knowledge.planning.overrides import forecasts_of, records
from knowledge.store.connection import Connection
from policies.actions.forecast_override import Cause, ForecastOverride
from policies.vocabulary.ids import LocationId, Sku
from tools.propose.ask import Draft
from tools.propose.decided import Change
from tools.propose.prices import prices

_KEEPS: Final = 0.9  # the chance to last for which the sentence below says what a shelf needs
_COUNTS = text(
    "SELECT coalesce(sum(available + coalesce(incoming, 0)), 0) FROM known_level"
    " WHERE sku = :sku AND location_id = ANY(CAST(:places AS text[]))"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants changed; as `ForecastOverride` has it, but for what follows from the store."""

    store: LocationId
    sku: str
    percent: int
    first: date
    last: date
    cause: Cause
    words: str
    reference: str
    everywhere: bool = False


async def draft_override(connection: Connection, wanted: Wanted, maker: str, today: date) -> Draft:
    """The action, and what it would change.

    Raises:
        NotFound: There is no forecast of the sku there, or the sku is not in the catalog.
        Refused: It changes nothing, ends before it begins, or lasts too long.
    """
    priced = (await prices(connection, [wanted.sku], "sku"))[wanted.sku]
    place = "" if wanted.everywhere else wanted.store
    found = await forecasts_of(connection, wanted.sku, place, today)
    days = (wanted.last - wanted.first).days + 1
    before = sum(each.expected(wanted.first, days) for each in found.values())
    moved = round(before * abs(wanted.percent) / 100)
    override = ForecastOverride(
        store=wanted.store,
        everywhere=wanted.everywhere,
        sku=Sku(wanted.sku),
        percent=wanted.percent,
        first=wanted.first,
        last=wanted.last,
        cause=wanted.cause,
        words=wanted.words,
        value=priced.value * moved,
        reference=wanted.reference,
    )
    after = before * (1 + wanted.percent / 100)
    units, worth = (
        (round(before), round(after)),
        (round(before * priced.price.minor), round(after * priced.price.minor)),
    )
    there = (await connection.execute(_COUNTS, {"sku": wanted.sku, "places": [spot[1] for spot in found]})).scalar_one()
    needs = _needs(found, today), _needs({spot: _changed(each, wanted) for spot, each in found.items()}, today)
    leave = f"Leave the forecast: {units[0]} units in {days} days, {priced.price * units[0]} at price; else {units[1]}."
    keeps = f"To last {LEAD + REVIEW} days the plan keeps {needs[1]}, not {needs[0]}; {there} are there or coming."
    others = [leave, keeps]
    share = (await records(connection, [maker])).get((maker, wanted.cause))
    if share is not None:
        others.append(f"Of what {maker} changed for this cause before, about {share:.0%} came true.")
    return Draft(
        override,
        {"alternatives": others},
        changes=(
            Change(what=f"{wanted.sku} expected", before=units[0], after=units[1], unit="units"),
            Change(what=f"{wanted.sku} expected at price", before=worth[0], after=worth[1], unit=priced.price.currency),
        ),
    )


def _needs(found: Mapping[Spot, Kept], today: date) -> int:
    return sum(each.quantile(_KEEPS, today, LEAD + REVIEW) for each in found.values())


def _changed(kept: Kept, wanted: Wanted) -> Kept:
    factor = 1 + wanted.percent / 100
    days = (kept.first + timedelta(days=at) for at in range(len(kept.mean)))
    mean = (
        value * factor if wanted.first <= day <= wanted.last else value
        for value, day in zip(kept.mean, days, strict=True)
    )
    return replace(kept, mean=tuple(mean))
