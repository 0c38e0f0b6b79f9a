"""What the store knows around a burst of cases, asked for all at once.

Costs, counts and totals come from what we know, never from what the proposer says; what we do not know never helps it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.identity.links import WHO
from knowledge.offers.calendar import Calendar, Promotion
from knowledge.store.connection import Asked, Connection, Result
from knowledge.store.places import Places
from policies.actions.discount import Discount
from policies.actions.forecast_override import ForecastOverride
from policies.actions.message import Message
from policies.actions.profile_link import ProfileLink
from policies.actions.reorder import Reorder
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import Transfer
from policies.limits import Limits
from tools.case import Case
from tools.known_goods import Variant
from tools.settling import ask_standing, named
from tools.situate_link import LinkNews, ask_links
from tools.situate_message import AskedNews, MessageNews, ask_news
from tools.situate_override import AskedOverrides, OverrideNews, ask_overrides

_CLOCKS: Final = timedelta(days=1)  # places' clocks differ from ours by less
_DRAFTED: Final = timedelta(hours=24)  # a drafted transfer moves no stock yet: for a day it counts as if it had
_VARIANTS = text(
    "SELECT sku, title, vendor, category, price, currency, unit_cost FROM variant"
    " WHERE sku = ANY(CAST(:skus AS text[]))"
)
_SUPPLIERS = text("SELECT vendor, pack, minimum FROM supplier WHERE vendor = ANY(CAST(:vendors AS text[]))")
_PROMOTIONS = text(
    """
    SELECT sku, category, location_id, channel, first_day, last_day, percent, price, currency FROM promotion
    WHERE sku = ANY(CAST(:skus AS text[])) AND first_day <= :last AND last_day >= :first
    """
)
_SPENT = text(
    f"""
    WITH asked AS (SELECT unnest(CAST(:customers AS text[])) AS ref), {WHO}
    SELECT who.ref, sum(customer.spent) AS spent FROM who JOIN customer ON customer.ref = who.customer GROUP BY who.ref
    """  # noqa: S608  # our own texts
)
_LEVELS = text(
    """
    SELECT level.location_id, level.sku, level.available, level.as_of
    FROM known_level AS level
    JOIN unnest(CAST(:locations AS text[]), CAST(:skus AS text[])) AS wanted(location_id, sku) USING (location_id, sku)
    """
)
_LEAVING = text(
    """
    SELECT facts ->> 'origin' AS origin, line ->> 'sku' AS sku, sum(CAST(line ->> 'units' AS integer)) AS units
    FROM action, jsonb_array_elements(facts -> 'lines') AS line
    WHERE kind = 'transfer' AND facts ->> 'origin' = ANY(CAST(:origins AS text[])) AND id <> ALL(CAST(:but AS text[]))
      AND (state IN ('waiting', 'allowed', 'executing') OR (state = 'executed' AND created_at > :since))
    GROUP BY 1, 2
    """
)


@dataclass(slots=True)
class Surroundings:
    """What the store knows around a burst of cases.

    Attributes:
        levels: Units available and when that was heard, by (stock location, sku).
        leaving: Units of transfers already asked for, by (origin, sku).
        spent: What persons have spent in all, in minor units; only where limits make that matter.
        calendar: Promotions of the goods that may run at these moments.
        suppliers: Units in a pack and the least value of an order, by vendor.
        messages: What is known around messages.
        links: What holds of pairs of customers.
        overrides: What is known around overrides of forecasts.
        discrepancies: Those that stand, by name, where one is to be settled.
    """

    places: Places
    limits: Limits
    at: datetime
    variants: dict[str, Variant] = field(default_factory=dict[str, Variant])
    levels: dict[tuple[str, str], tuple[int, datetime]] = field(
        default_factory=dict[tuple[str, str], tuple[int, datetime]]
    )
    leaving: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    spent: dict[str, int] = field(default_factory=dict[str, int])
    calendar: Calendar = field(default_factory=Calendar)
    suppliers: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    messages: MessageNews = field(default_factory=lambda: MessageNews({}, {}))
    links: LinkNews = field(default_factory=LinkNews)
    overrides: OverrideNews = field(default_factory=OverrideNews)
    discrepancies: frozenset[str] = frozenset()

    def leave(self, transfer: Transfer) -> None:
        """Count a transfer that was just let through."""
        for line in transfer.lines:
            key = (transfer.origin, line.sku)
            self.leaving[key] = self.leaving.get(key, 0) + line.units


@dataclass(frozen=True, slots=True)
class Gathering:
    """The questions behind `Surroundings`, asked; `None` where there was nothing to ask."""

    places: Places
    limits: Limits
    at: datetime
    variants: Asked[Result] | None
    levels: Asked[Result] | None
    leaving: Asked[Result] | None
    spent: Asked[Result] | None
    promotions: Asked[Result] | None
    suppliers: Asked[Result] | None
    messages: AskedNews | None
    links: Asked[LinkNews] | None
    overrides: AskedOverrides | None
    discrepancies: Asked[Result] | None

    async def found(self) -> Surroundings:
        """Their answers; once."""
        found = Surroundings(self.places, self.limits, self.at)
        if self.variants:
            rows = await self.variants
            found.variants = {
                row.sku: Variant(row.title, row.price, row.currency, row.unit_cost, row.vendor, row.category)
                for row in rows
            }
        if self.levels:
            found.levels = {(row.location_id, row.sku): (row.available, row.as_of) for row in await self.levels}
        if self.leaving:
            found.leaving = {(row.origin, row.sku): int(row.units) for row in await self.leaving}
        if self.spent:
            found.spent = {row.ref: int(row.spent) for row in await self.spent}
        if self.promotions:
            found.calendar = Calendar(Promotion.read(row) for row in (await self.promotions).mappings())
        if self.suppliers:
            found.suppliers = {row.vendor: (row.pack, row.minimum) for row in await self.suppliers}
        await self._kept(found)
        return found

    async def _kept(self, found: Surroundings) -> None:
        """What is kept of earlier messages, links, overrides and looks at counts."""
        if self.messages:
            found.messages = await self.messages.found()
        if self.links:
            found.links = await self.links
        if self.overrides:
            found.overrides = await self.overrides.found()
        if self.discrepancies:
            found.discrepancies = named(await self.discrepancies)


def gather(  # noqa: PLR0913  # what is asked, of what, and when
    connection: Connection,
    cases: Sequence[Case],
    places: Places,
    limits: Limits,
    at: datetime,
    *,
    but: Sequence[str] = (),
) -> Gathering:
    """Ask for all that `situate` needs for these cases, in a question of each kind; `but` are actions not counted."""
    wanted: dict[tuple[str, str], None] = {}
    skus: dict[str, None] = {}
    for case in cases:
        for place, sku in _stock(case):
            skus[sku] = None
            if place:
                wanted[place, sku] = None
    pairs = {"locations": [place for place, _ in wanted], "skus": [sku for _, sku in wanted]}
    origins = sorted({case.action.origin for case in cases if isinstance(case.action, Transfer)})
    leaving = {"origins": origins, "but": list(but), "since": at - _DRAFTED}
    priced = any(isinstance(case.action, Discount) for case in cases)
    vendors = sorted({case.action.vendor for case in cases if isinstance(case.action, Reorder)})
    customers = sorted({name for case in cases if (name := _may_be_high_value(case, limits))})
    return Gathering(
        places,
        limits,
        at,
        variants=connection.ask(_VARIANTS, {"skus": list(skus)}) if skus else None,
        levels=connection.ask(_LEVELS, pairs) if wanted else None,
        leaving=connection.ask(_LEAVING, leaving) if origins else None,
        spent=connection.ask(_SPENT, {"customers": customers}) if customers else None,
        promotions=connection.ask(_PROMOTIONS, _around(skus, at)) if priced else None,
        suppliers=connection.ask(_SUPPLIERS, {"vendors": vendors}) if vendors else None,
        messages=ask_news(connection, [case.action for case in cases if isinstance(case.action, Message)]),
        links=ask_links(connection, [case.action for case in cases if isinstance(case.action, ProfileLink)]),
        overrides=ask_overrides(
            connection, [(case.actor.id, case.action) for case in cases if isinstance(case.action, ForecastOverride)]
        ),
        discrepancies=ask_standing(
            connection, [case.action for case in cases if isinstance(case.action, StockAdjustment)], but
        ),
    )


def _stock(case: Case) -> list[tuple[str, str]]:
    """Whose counts of which sku a case looks at; without a place, the variant alone."""
    action = case.action
    if isinstance(action, Discount):
        return [(case.place.stock_location, line.sku) for line in case.goods]
    if isinstance(action, Transfer):
        return [(action.origin, line.sku) for line in action.lines]
    if isinstance(action, StockAdjustment):
        return [("", action.sku)]
    if isinstance(action, Reorder):
        return [("", line.sku) for line in action.lines]
    return []


def _around(skus: Iterable[str], at: datetime) -> dict[str, object]:
    """Promotions of these goods, and of categories and of everything, on any place's day."""
    first, last = (at - _CLOCKS).date(), (at + _CLOCKS).date()
    return {"skus": [*skus, ""], "first": first.isoformat(), "last": last.isoformat()}


def _may_be_high_value(case: Case, limits: Limits) -> str:
    """The customer whose spending matters to this case; "" when nobody's does."""
    action = case.action
    if not isinstance(action, Discount) or action.customer is None:
        return ""
    return action.customer if limits.place(case.place.region, case.place.id).high_value.spent_from else ""
