"""The facts a rule may see of an action, gathered from the store for a whole burst at once.

Costs, counts and totals come from what we know, never from what the proposer says; what we do not know never helps it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import text

from knowledge.store.connection import Asked, Connection, Result
from knowledge.store.places import Place, Places
from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount
from policies.actions.message import Message
from policies.actions.profile_link import ProfileLink
from policies.actions.reorder import Reorder
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.stock_sync import StockSync
from policies.actions.transfer import CancelTransfer, Transfer
from policies.errors import Refused
from policies.limits import Limits
from policies.packs.pack import carried
from policies.situation import (
    AdjustmentFacts,
    CompensationFacts,
    DiscountFacts,
    Facts,
    ReorderFacts,
    SyncFacts,
    TransferFacts,
)
from policies.vocabulary.actor import Actor
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tools.known_goods import Variant, variant_of, worth_of
from tools.promises import Counted, counted
from tools.sending import sending_cost
from tools.situate_link import LinkNews, ask_links, link_facts
from tools.situate_message import AskedNews, MessageNews, ask_news, message_facts
from tools.words_agree import agree

_DRAFTED: Final = timedelta(hours=24)  # a drafted transfer moves no stock yet: for a day it counts as if it had
_LARGEST: Final = 10**12  # minor units; the rules count in 64 bits, and sums of these stay far below
_VARIANTS = text(
    "SELECT sku, title, vendor, price, currency, unit_cost FROM variant WHERE sku = ANY(CAST(:skus AS text[]))"
)
_SUPPLIERS = text("SELECT vendor, pack, minimum FROM supplier WHERE vendor = ANY(CAST(:vendors AS text[]))")
_SPENT = text("SELECT ref, spent FROM customer WHERE ref = ANY(CAST(:customers AS text[]))")
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


class PricedLine(BaseModel):
    """One line of the evidence behind a discount: units of a variant, and the price of one in minor units."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    sku: str = Field(min_length=1)
    units: int = Field(ge=1, le=1_000_000)
    price: int = Field(ge=0, le=10**9)


_LINES: TypeAdapter[list[PricedLine]] = TypeAdapter(list[PricedLine])


@dataclass(frozen=True, slots=True)
class Case:
    """An action about to be judged; made by `case`.

    Attributes:
        goods: The lines a discount takes money off; empty for anything else.
        occurred_at: When what it reacts to happened; `None` when a person acts now.
        message: What the customer would read beside a discount, as the evidence has it; `None` when nothing.
        priced_at: When its prices were seen; `None` when the register told them, whose basket stands as it told it.
        priced_now: What its goods cost when somebody asked again just now, by sku; empty when nobody did.
        proposed_at: When it was proposed; the totals of that day count it.
        undo: Whether it reverses an executed action.
    """

    actor: Actor
    action: AnyAction
    place: Place
    goods: tuple[PricedLine, ...]
    message: object
    occurred_at: datetime | None
    priced_at: datetime | None
    proposed_at: datetime
    undo: bool
    priced_now: Mapping[str, Money] = field(default_factory=dict[str, Money])


def case(  # noqa: PLR0913  # what makes a case, each by name
    actor: Actor,
    action: AnyAction,
    evidence: Mapping[str, Any],
    places: Places,
    *,
    occurred_at: datetime | None,
    priced_at: datetime | None,
    proposed_at: datetime,
    undo: bool = False,
    priced_now: Mapping[str, Money] | None = None,
) -> Case:
    """An action with what it rests on, checked as far as it can be without the store.

    Raises:
        NotFound: A location is not known here.
        Refused: The evidence does not carry the action, or its sums are beyond any shop's.
    """
    place = places.get(action.location)
    if isinstance(action, Transfer | CancelTransfer):
        places.get(action.origin)
    goods = _goods(action, evidence) if isinstance(action, Discount) else ()
    if abs(action.money_at_stake.minor) > _LARGEST:
        raise Refused("No single action moves this much money.", code="money.too_large")
    message = evidence.get("message")
    return Case(actor, action, place, goods, message, occurred_at, priced_at, proposed_at, undo, priced_now or {})


@dataclass(slots=True)
class Surroundings:
    """What the store knows around a burst of cases.

    Attributes:
        levels: Units available and when that was heard, by (stock location, sku).
        leaving: Units of transfers already asked for, by (origin, sku).
        spent: What customers have spent in all, in minor units; only where limits make that matter.
        suppliers: Units in a pack and the least value of an order, by vendor.
        messages: What is known around messages.
        links: What holds of pairs of customers.
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
    suppliers: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    messages: MessageNews = field(default_factory=lambda: MessageNews({}, {}))
    links: LinkNews = field(default_factory=LinkNews)

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
    suppliers: Asked[Result] | None
    messages: AskedNews | None
    links: Asked[LinkNews] | None

    async def found(self) -> Surroundings:
        """Their answers; once."""
        found = Surroundings(self.places, self.limits, self.at)
        if self.variants:
            rows = await self.variants
            found.variants = {
                row.sku: Variant(row.title, row.price, row.currency, row.unit_cost, row.vendor) for row in rows
            }
        if self.levels:
            found.levels = {(row.location_id, row.sku): (row.available, row.as_of) for row in await self.levels}
        if self.leaving:
            found.leaving = {(row.origin, row.sku): int(row.units) for row in await self.leaving}
        if self.spent:
            found.spent = {row.ref: row.spent for row in await self.spent}
        if self.suppliers:
            found.suppliers = {row.vendor: (row.pack, row.minimum) for row in await self.suppliers}
        if self.messages:
            found.messages = await self.messages.found()
        if self.links:
            found.links = await self.links
        return found


def gather(  # noqa: PLR0913  # what is asked, of what, and when
    connection: Connection,
    cases: Sequence[Case],
    places: Places,
    limits: Limits,
    at: datetime,
    *,
    but: Sequence[str] = (),
) -> Gathering:
    """Ask for all that `situate` needs for these cases, in at most seven questions; `but` are actions not counted."""
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
        suppliers=connection.ask(_SUPPLIERS, {"vendors": vendors}) if vendors else None,
        messages=ask_news(connection, [case.action for case in cases if isinstance(case.action, Message)]),
        links=ask_links(connection, [case.action for case in cases if isinstance(case.action, ProfileLink)]),
    )


def situate(case: Case, around: Surroundings, totals: Mapping[Counted, int]) -> Facts:
    """The facts of one case.

    Args:
        case: What is about to be judged.
        around: What the store knows around it.
        totals: Of everything the action counts in, this action included.

    Raises:
        NotFound: A sku is not in the catalog.
        Refused: The goods are priced in another currency.
    """
    match case.action:
        case Discount() as action:
            facts = _discount(case, action, around, totals)
        case Transfer() as action:
            facts = _transfer(case, action, around)
        case StockAdjustment() as action:
            worth = worth_of(action.sku, action.value.currency, around.variants) * abs(action.delta)
            facts = AdjustmentFacts(value=max(worth, action.value.minor), units=abs(action.delta), undo=case.undo)
        case StockSync() as action:
            facts = SyncFacts(units=abs(action.delta))
        case Reorder() as action:
            facts = _reorder(case, action, around, totals)
        case Message() as action:
            facts = message_facts(
                action,
                around.messages,
                place=case.place,
                places=around.places,
                limits=around.limits.place(case.place.region, case.place.id),
                totals=[(each, totals[each]) for each in counted(action, case.place, case.proposed_at)],
                at=around.at,
            )
        case ProfileLink() as action:
            facts = link_facts(action, around.links, undo=case.undo)
        case _:
            facts = CompensationFacts()
    return facts


def _goods(action: Discount, evidence: Mapping[str, Any]) -> tuple[PricedLine, ...]:
    try:
        lines = _LINES.validate_python(evidence.get("lines", []))
    except ValidationError as error:
        raise Refused(
            "The lines behind a discount each name a sku, units and a price.", code="discount.lines", field="lines"
        ) from error
    goods = tuple(line for line in lines if not action.skus or line.sku in action.skus)
    priced = sum(line.units * line.price for line in goods)
    if not goods or priced != action.base.minor or {line.sku for line in goods} < set(action.skus):
        raise Refused(
            f"The discount is taken off {action.base}, and its goods cost {Money(priced, action.base.currency)}.",
            code="discount.base",
            hint="Take the percentage off the lines the discount is for, at the prices they have now.",
            field="base",
        )
    return goods


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


def _discount(case: Case, action: Discount, around: Surroundings, totals: Mapping[Counted, int]) -> DiscountFacts:
    place, goods = case.place, case.goods
    costs = [variant_of(line.sku, action.base.currency, around.variants).unit_cost for line in goods]
    known = [cost * line.units for cost, line in zip(costs, goods, strict=True) if cost is not None]
    limits = around.limits.place(place.region, place.id)
    left = action.base - action.amount
    scopes = {each.scope: totals[each] for each in counted(action, place, case.proposed_at)}
    late = case.occurred_at is not None and case.proposed_at - case.occurred_at > timedelta(
        seconds=limits.discount.late_s
    )
    levels = [around.levels.get((place.stock_location, line.sku), (0, around.at)) for line in goods]
    here = [_age(heard, around.at) for available, heard in levels if available > 0]
    if action.form == "bundle" and len(here) < len(goods):  # one of them alone is not what was promised
        here = []
    titles = [around.variants[line.sku].title for line in goods]
    spent_from = limits.high_value.spent_from
    return DiscountFacts(
        percent_bp=action.percent.basis_points,
        amount=action.amount.minor,
        transaction_total=scopes["transaction"],
        customer_day_total=scopes.get("customer_day", 0),
        location_day_total=scopes["location_day"],
        campaign_total=scopes.get("campaign", 0),
        cost_known=len(known) == len(goods),
        margin_after=left.minor - sum(known) - sending_cost(action, limits.home),
        margin_floor=left.share(Percent(limits.discount.margin_floor_bp)).minor,
        in_stock=bool(here),
        stock_age_s=min(here, default=0),
        late=late or action.valid_until <= around.at,
        price_age_s=0 if case.priced_at is None or case.priced_now else _age(case.priced_at, around.at),
        price_holds=all(_same(line, case.priced_now, action.base.currency) for line in goods),
        high_value=spent_from > 0 and around.spent.get(action.customer or "", 0) >= spent_from,
        words_agree=agree(case.message, action, titles),
        personalized=action.customer is not None,
        jurisdictions=limits.packs,
        disclosures=carried(case.message, limits.packs) if isinstance(case.message, str) else (),
    )


def _same(line: PricedLine, told: Mapping[str, Money], currency: str) -> bool:
    """Whether the goods cost what the line says, as far as anybody asked again."""
    return not told or told.get(line.sku) == Money(line.price, currency)


def _may_be_high_value(case: Case, limits: Limits) -> str:
    """The customer whose spending matters to this case; "" when nobody's does."""
    action = case.action
    if not isinstance(action, Discount) or action.customer is None:
        return ""
    return action.customer if limits.place(case.place.region, case.place.id).high_value.spent_from else ""


def _transfer(case: Case, action: Transfer, around: Surroundings) -> TransferFacts:
    origin = around.places.get(action.origin)
    worth = sum(worth_of(line.sku, action.value.currency, around.variants) * line.units for line in action.lines)
    left: list[int] = []
    ages: list[int] = []
    for line in action.lines:
        available, heard = around.levels.get((origin.id, line.sku), (0, around.at))  # never counted: nothing to give
        left.append(available - around.leaving.get((origin.id, line.sku), 0) - line.units)
        ages.append(_age(heard, around.at))
    return TransferFacts(
        value=max(worth, action.value.minor),
        units=sum(line.units for line in action.lines),
        origin_covered=case.actor.covers(origin.id),
        same_platform=origin.platform == case.place.platform,
        origin_left=min(left),
        origin_keep=around.limits.place(origin.region, origin.id).transfer.origin_keep,
        stock_age_s=max(ages),
    )


def _reorder(case: Case, action: Reorder, around: Surroundings, totals: Mapping[Counted, int]) -> ReorderFacts:
    goods = [variant_of(line.sku, action.value.currency, around.variants) for line in action.lines]
    worth = sum(worth_of(line.sku, action.value.currency, around.variants) * line.units for line in action.lines)
    pack, minimum = around.suppliers.get(action.vendor, (1, 0))
    (day,) = counted(action, case.place, case.proposed_at)
    return ReorderFacts(
        value=max(worth, action.value.minor),
        order_day_total=totals[day],
        supplier_known=action.vendor in around.suppliers,
        goods_of_supplier=all(each.vendor == action.vendor for each in goods),
        packs_whole=all(line.units % pack == 0 for line in action.lines),
        minimum=minimum,
    )


def _age(seen: datetime, at: datetime) -> int:
    """Seconds, rounded up: what is a moment too old is too old."""
    return max(0, -((seen - at) // timedelta(seconds=1)))
