"""The facts a rule may see of an action: its case, beside what the store knows around it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from policies.actions.discount import Discount
from policies.actions.forecast_override import ForecastOverride
from policies.actions.message import Message
from policies.actions.profile_link import ProfileLink
from policies.actions.reorder import Reorder
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.stock_sync import StockSync
from policies.actions.transfer import Transfer
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
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tools.case import Case, PricedLine
from tools.known_goods import variant_of, worth_of
from tools.promises import Counted, counted
from tools.sending import sending_cost
from tools.situate_link import link_facts
from tools.situate_message import message_facts
from tools.situate_override import override_facts
from tools.surroundings import Surroundings
from tools.words_agree import agree


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
            facts = AdjustmentFacts(
                value=max(worth, action.value.minor),
                units=abs(action.delta),
                undo=case.undo,
                settles=bool(action.settles),
                gone=bool(action.settles) and not case.undo and action.settles not in around.discrepancies,
            )
        case StockSync() as action:
            facts = SyncFacts(units=abs(action.delta), lowers=action.delta < 0)
        case Reorder() as action:
            facts = _reorder(case, action, around, totals)
        case ForecastOverride() as action:
            facts = override_facts(action, case.actor.id, around.overrides)
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
    reduced, running = _promoted(case, action, around)
    left = Money(left.minor - reduced, left.currency)
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
        in_promotion=running,
        tells_promotion=action.form == "promotion",
    )


def _promoted(case: Case, action: Discount, around: Surroundings) -> tuple[int, bool]:
    """Minor units the retailer's own promotion takes off what an offer tells of; whether any of the goods is in one."""
    calendar = around.calendar.at(case.place, around.at)
    found = [(line, calendar.running(line.sku, around.variants[line.sku])) for line in case.goods]
    taken = sum((line.price - one.charged) * line.units for line, one in found if one and one.charged < line.price)
    return taken if action.form == "promotion" else 0, any(one for _, one in found)


def _same(line: PricedLine, told: Mapping[str, Money], currency: str) -> bool:
    """Whether the goods cost what the line says, as far as anybody asked again."""
    return not told or told.get(line.sku) == Money(line.price, currency)


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
