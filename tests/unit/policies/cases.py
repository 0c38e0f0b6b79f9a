"""Everything the rules promise, as a table: whoever changes a rule changes a line here, or has broken a promise.

`test_rules.py` holds the product to it; `test_rule_mutants.py` shows that no rule can be weakened without its notice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from policies.engine import Engine
from policies.ladder import Rung, Standing, Stopped
from policies.situation import (
    AdjustmentFacts,
    Approved,
    CompensationFacts,
    DiscountFacts,
    Facts,
    LinkFacts,
    MessageFacts,
    OverrideFacts,
    ReorderFacts,
    SyncFacts,
    TransferFacts,
)
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from tests.unit.policies.right_facts import (
    ADJUSTMENT,
    DISCOUNT,
    LINK,
    MESSAGE,
    OVERRIDE,
    REORDER,
    S1,
    S2,
    SERVICE,
    SYNC,
    TRANSFER,
)

KIND_OF: dict[type[Facts], str] = {
    DiscountFacts: "discount",
    TransferFacts: "transfer",
    AdjustmentFacts: "stock_adjustment",
    SyncFacts: "stock_sync",
    MessageFacts: "message",
    LinkFacts: "profile_link",
    ReorderFacts: "reorder",
    OverrideFacts: "forecast_override",
}
RICH = {"high_value": True}  # a high-value customer
NEW_YORK: dict[str, Any] = {"personalized": True, "jurisdictions": ("us_ny",)}


@dataclass(frozen=True, slots=True)
class Case:
    """One question, and what must be answered: an outcome, and the rules that object or permit."""

    facts: Facts
    outcome: str
    rules: tuple[str, ...]
    kind: str = ""
    role: Role = Role.MANAGER
    model: bool = False
    rung: Rung = Rung.AUTO
    stopped: Stopped = ""
    given: Approved = "none"
    places: frozenset[LocationId] | None = None

    def answer(self, engine: Engine) -> tuple[str, tuple[str, ...]]:
        """What these rules answer."""
        actor = Actor("actor", self.role, self.places, Door.MCP, self.model)
        kind = self.kind or KIND_OF[type(self.facts)]
        standing = Standing(self.rung, self.stopped)
        situation = engine.situation(actor, kind, S1, "NY", self.facts, standing=standing).approved(self.given)
        verdict = engine.decide(situation)
        return verdict.outcome.value, tuple(reason.rule for reason in verdict.reasons)

    @property
    def expected(self) -> tuple[str, tuple[str, ...]]:
        return self.outcome, self.rules


# what differs -> what still passes, what does not any more, how it ends then, and the rule that says so
DISCOUNTS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"percent_bp": 3_000}, {"percent_bp": 3_001}, "deny", "offers.percent_cap"),
    ({"transaction_total": 5_000}, {"transaction_total": 5_001}, "approve", "offers.over_free_limit"),
    ({"customer_day_total": 25_000}, {"customer_day_total": 25_001}, "deny", "offers.customer_day_cap"),
    ({"location_day_total": 150_000}, {"location_day_total": 150_001}, "deny", "offers.location_day_cap"),
    ({"campaign_total": 2_500_000}, {"campaign_total": 2_500_001}, "deny", "offers.campaign_cap"),
    ({"cost_known": True}, {"cost_known": False}, "approve", "offers.cost_unknown"),
    ({"margin_after": 450}, {"margin_after": 449}, "deny", "offers.margin_floor"),
    ({"in_stock": True}, {"in_stock": False}, "deny", "offers.out_of_stock"),
    ({"late": False}, {"late": True}, "deny", "offers.late"),
    ({"price_age_s": 5}, {"price_age_s": 6}, "deny", "offers.stale_price"),
    ({"price_holds": True}, {"price_holds": False}, "deny", "offers.price_moved"),
    ({"stock_age_s": 900}, {"stock_age_s": 901}, "deny", "offers.stale_stock"),
    ({"words_agree": True}, {"words_agree": False}, "deny", "offers.words_disagree"),
    ({"in_promotion": True, "amount": 0}, {"in_promotion": True, "amount": 1}, "deny", "offers.promotion_stacked"),
    (
        {"tells_promotion": True, "in_promotion": True, "amount": 0},
        {"tells_promotion": True, "amount": 0},
        "deny",
        "offers.promotion_over",
    ),
]
TRANSFERS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"value": 100_000}, {"value": 100_001}, "approve", "inventory.transfer_value"),
    ({"units": 500}, {"units": 501}, "deny", "inventory.transfer_size"),
    ({"origin_covered": True}, {"origin_covered": False}, "deny", "inventory.origin_outside_locations"),
    ({"same_platform": True}, {"same_platform": False}, "deny", "inventory.two_platforms"),
    ({"origin_left": 2}, {"origin_left": 1}, "deny", "inventory.strips_origin"),
    ({"stock_age_s": 900}, {"stock_age_s": 901}, "deny", "inventory.stale_stock"),
]
ADJUSTMENTS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"value": 20_000}, {"value": 20_001}, "approve", "inventory.adjustment_value"),
    ({"units": 50}, {"units": 51}, "confirm", "inventory.adjustment_look_again"),
    ({"units": 200, "undo": True}, {"units": 201, "undo": True}, "deny", "inventory.adjustment_size"),
    ({"value": 20_001, "undo": True}, {"value": 20_001}, "approve", "inventory.adjustment_value"),
    ({"units": 51, "undo": True}, {"units": 51}, "confirm", "inventory.adjustment_look_again"),
    ({"settles": True}, {"settles": True, "gone": True}, "deny", "inventory.settled_already"),
]
SYNCS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"units": 500}, {"units": 501}, "approve", "inventory.sync_size"),
    ({"units": 10_000, "lowers": True}, {"units": 501}, "approve", "inventory.sync_size"),
]
MESSAGES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"opted_out": False}, {"opted_out": True}, "deny", "messages.opted_out"),
    ({"consent": True}, {"consent": False}, "deny", "messages.no_consent"),
    ({"consent_age_s": 31_536_000}, {"consent_age_s": 31_536_001}, "deny", "messages.stale_consent"),
    ({"local_minute": 1_259}, {"local_minute": 1_260}, "deny", "messages.quiet_hours"),
    ({"local_minute": 480}, {"local_minute": 479}, "deny", "messages.quiet_hours"),
    ({"customer_minute": 1_259}, {"customer_minute": 1_260}, "deny", "messages.quiet_hours"),
    ({"customer_minute": 480}, {"customer_minute": 479}, "deny", "messages.quiet_hours"),
    ({"customer_day_total": 2}, {"customer_day_total": 3}, "deny", "messages.customer_day_cap"),
    ({"customer_week_total": 3}, {"customer_week_total": 4}, "deny", "messages.customer_week_cap"),
    ({"words_total": 1}, {"words_total": 2}, "deny", "messages.same_words"),
    ({"location_day_total": 200}, {"location_day_total": 201}, "approve", "messages.location_day_free"),
    ({"campaign_total": 1_000}, {"campaign_total": 1_001}, "approve", "messages.campaign_free"),
    ({"words_agree": True}, {"words_agree": False}, "deny", "messages.words_disagree"),
    ({"code_holds": True}, {"code_holds": False}, "deny", "messages.code_does_not_hold"),
    ({"stop_said": True}, {"stop_said": False}, "deny", "messages.no_way_to_stop"),
]
SERVICES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"opted_out": False}, {"opted_out": True}, "deny", "messages.opted_out"),
    ({"local_minute": 1_259}, {"local_minute": 1_260}, "approve", "messages.quiet_hours"),
    ({"local_minute": 480}, {"local_minute": 479}, "approve", "messages.quiet_hours"),
    ({"customer_minute": 1_259}, {"customer_minute": 1_260}, "approve", "messages.quiet_hours"),
    ({"customer_minute": 480}, {"customer_minute": 479}, "approve", "messages.quiet_hours"),
    ({"customer_day_total": 5}, {"customer_day_total": 6}, "deny", "messages.service_day_cap"),
    ({"customer_week_total": 4}, {"customer_day_total": 6}, "deny", "messages.service_day_cap"),
    ({"words_total": 1}, {"words_total": 2}, "deny", "messages.same_words"),
    ({"words_agree": True}, {"words_agree": False}, "deny", "messages.words_disagree"),
]
LINKS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"taken_apart": False}, {"taken_apart": True}, "approve", "identity.taken_apart"),
    ({"taken_apart": True, "undo": True}, {"taken_apart": True}, "approve", "identity.taken_apart"),
    ({"taken_apart": True, "apart": True}, {"taken_apart": True}, "approve", "identity.taken_apart"),
    ({"detour": False}, {"detour": True}, "deny", "identity.apart"),
    ({"detour": True, "apart": True}, {"detour": True, "undo": True}, "deny", "identity.apart"),
]
OVERRIDES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"percent": 30}, {"percent": 31}, "deny", "inventory.override_size"),
    ({"days": 28}, {"days": 29}, "deny", "inventory.override_days"),
    ({"overlaps": False}, {"overlaps": True}, "deny", "inventory.override_overlaps"),
]
# the same, but of AI alone: a person is bound by none of it
AI_OVERRIDES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"percent": 15}, {"percent": 16}, "approve", "inventory.override_asks"),
    ({"record_bp": 5_000}, {"record_bp": 4_999}, "deny", "inventory.override_record"),
    ({"everywhere": False}, {"everywhere": True}, "deny", "inventory.override_everywhere"),
]
# as the others, but that a manager is always asked
REORDERS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"value": 2_000_000}, {"value": 2_000_001}, "inventory.order_value"),
    ({"order_day_total": 5_000_000}, {"order_day_total": 5_000_001}, "inventory.order_day_cap"),
    ({"supplier_known": True}, {"supplier_known": False}, "inventory.order_supplier"),
    ({"goods_of_supplier": True}, {"goods_of_supplier": False}, "inventory.order_goods"),
    ({"packs_whole": True}, {"packs_whole": False}, "inventory.order_packs"),
    ({"minimum": 20_000}, {"minimum": 20_001}, "inventory.order_minimum"),
]
_TOO_LITTLE: tuple[Approved, ...] = ("none", "confirmed")
_ENOUGH: tuple[Approved, ...] = ("manager", "two_managers")
_OVERRIDERS = frozenset({Role.MANAGER, Role.PLANNER, Role.OPERATOR, Role.INVENTORY_SPECIALIST})
ACTS: dict[str, tuple[Facts, frozenset[Role]]] = {
    "discount": (DISCOUNT, frozenset({Role.ASSOCIATE, Role.MANAGER, Role.OFFERS_SPECIALIST, Role.REGISTER})),
    "transfer": (TRANSFER, frozenset({Role.MANAGER, Role.PLANNER, Role.INVENTORY_SPECIALIST})),
    "stock_adjustment": (ADJUSTMENT, frozenset({Role.MANAGER, Role.PLANNER})),
    "stock_sync": (SYNC, frozenset({Role.SYNC})),
    "message": (MESSAGE, frozenset({Role.MARKETING, Role.MANAGER, Role.OFFERS_SPECIALIST})),
    "profile_link": (LINK, frozenset({Role.MANAGER, Role.OPERATOR, Role.LINKER})),
    "end_discount": (CompensationFacts(), frozenset({Role.MANAGER, Role.OPERATOR, Role.OFFERS_SPECIALIST})),
    "cancel_transfer": (CompensationFacts(), frozenset({Role.MANAGER, Role.OPERATOR})),
    "cancel_reorder": (CompensationFacts(), frozenset({Role.MANAGER, Role.OPERATOR})),
    "forecast_override": (OVERRIDE, _OVERRIDERS),
    "cancel_forecast_override": (CompensationFacts(), frozenset({Role.MANAGER, Role.OPERATOR})),
}
PERMITS = {
    "discount": "offers.who",
    "transfer": "inventory.who_transfers",
    "stock_adjustment": "inventory.who_adjusts",
    "stock_sync": "inventory.who_syncs",
    "message": "messages.who",
    "profile_link": "identity.who",
    "end_discount": "offers.end",
    "cancel_transfer": "inventory.cancel_transfer",
    "cancel_reorder": "inventory.cancel_order",
    "reorder": "inventory.who_orders",
    "forecast_override": "inventory.who_overrides",
    "cancel_forecast_override": "inventory.cancel_override",
}


def _boundaries() -> Iterator[Case]:
    for normal, table in (
        (DISCOUNT, DISCOUNTS),
        (TRANSFER, TRANSFERS),
        (ADJUSTMENT, ADJUSTMENTS),
        (SYNC, SYNCS),
        (MESSAGE, MESSAGES),
        (SERVICE, SERVICES),
        (LINK, LINKS),
        (OVERRIDE, OVERRIDES),
    ):
        permit = PERMITS[KIND_OF[type(normal)]]
        for within, beyond, outcome, rule in table:
            over: Facts = replace(normal, **beyond)
            role = Role.SYNC if isinstance(normal, SyncFacts) else Role.MANAGER
            yield Case(replace(normal, **within), "allow", (permit,), role=role)
            yield Case(over, outcome, (rule,), role=role)
            if outcome == "approve":  # a manager lifts it; looking twice does not, and two managers do as well
                yield Case(over, "approve", (rule,), role=role, given="confirmed")
                yield Case(over, "allow", (permit,), role=role, given="manager")
                yield Case(over, "allow", (permit,), role=role, given="two_managers")
            elif outcome == "confirm":
                for given in ("confirmed", "manager", "two_managers"):
                    yield Case(over, "allow", (permit,), given=given)
            else:
                yield Case(over, "deny", (rule,), given="two_managers")


def _combinations() -> Iterator[Case]:
    free, cap = "offers.over_free_limit", "offers.transaction_cap"
    yield Case(replace(DISCOUNT, transaction_total=20_000), "approve", (free,))
    yield Case(replace(DISCOUNT, transaction_total=20_001), "deny", (free, cap))
    yield Case(replace(DISCOUNT, cost_known=False, margin_after=-10), "approve", ("offers.cost_unknown",))
    yield Case(replace(DISCOUNT, margin_after=0, margin_floor=0), "allow", ("offers.who",))
    for fact, rule, top in (
        ("percent_bp", "offers.percent_cap", 4_000),
        ("customer_day_total", "offers.customer_day_cap", 40_000),
    ):
        at, over = {fact: top}, {fact: top + 1}
        yield Case(replace(DISCOUNT, **at), "deny", (rule,))
        yield Case(replace(DISCOUNT, **RICH, **at), "approve", (rule,))
        yield Case(replace(DISCOUNT, **RICH, **at), "approve", (rule,), given="confirmed")
        yield Case(replace(DISCOUNT, **RICH, **at), "allow", ("offers.who",), given="manager")
        yield Case(replace(DISCOUNT, **RICH, **at), "allow", ("offers.who",), given="two_managers")
        yield Case(replace(DISCOUNT, **RICH, **over), "deny", (rule,))
    rule = "us_ny.price_disclosure"
    yield Case(replace(DISCOUNT, **NEW_YORK), "allow", ("offers.who",))  # a person is no algorithm
    yield Case(replace(DISCOUNT, **NEW_YORK), "deny", (rule,), model=True)
    yield Case(replace(DISCOUNT, **NEW_YORK), "deny", (rule,), role=Role.OFFERS_SPECIALIST, given="two_managers")
    yield Case(replace(DISCOUNT, **NEW_YORK, disclosures=("us_ny",)), "allow", ("offers.who",), model=True)
    yield Case(replace(DISCOUNT, personalized=True), "allow", ("offers.who",), model=True)
    yield Case(replace(DISCOUNT, jurisdictions=("us_ny",)), "allow", ("offers.who",), model=True)

    yield from _message_combinations()
    unsure, rule = replace(LINK, certain=False), "identity.unsure"
    yield Case(unsure, "allow", ("identity.who",))  # a person who looked says so
    yield Case(replace(unsure, apart=True), "approve", (rule,), model=True)
    yield Case(LINK, "allow", ("identity.who",), model=True)
    yield Case(LINK, "allow", ("identity.who",), role=Role.LINKER)
    yield Case(unsure, "approve", (rule,), role=Role.LINKER)
    yield Case(unsure, "allow", ("identity.who",), role=Role.LINKER, given="manager")
    yield Case(replace(LINK, apart=True), "approve", (rule,), role=Role.LINKER)
    for given in ("none", "confirmed"):
        yield Case(unsure, "approve", (rule,), model=True, given=given)
        yield Case(replace(unsure, undo=True), "approve", (rule,), model=True, given=given)
    for given in ("manager", "two_managers"):
        yield Case(unsure, "allow", ("identity.who",), model=True, given=given)
    yield Case(replace(unsure, detour=True), "deny", ("identity.apart", rule), model=True, given="none")
    yield Case(replace(unsure, detour=True), "deny", ("identity.apart",), model=True, given="two_managers")


def _message_combinations() -> Iterator[Case]:
    free, cap, rule = "messages.campaign_free", "messages.campaign_cap", "us_ny.message_disclosure"
    priced: dict[str, Any] = {"personalized": True, "jurisdictions": ("us_ny",)}
    yield Case(replace(MESSAGE, campaign_total=10_000), "approve", (free,))
    yield Case(replace(MESSAGE, campaign_total=10_001), "deny", (cap, free))
    for facts in (MESSAGE, SERVICE):  # who proposes it changes nothing: the price was made before
        yield Case(replace(facts, **priced), "deny", (rule,))
        yield Case(replace(facts, **priced), "deny", (rule,), given="two_managers")
        yield Case(replace(facts, **priced, disclosures=("us_ny",)), "allow", ("messages.who",))
        yield Case(replace(facts, personalized=True), "allow", ("messages.who",))
        yield Case(replace(facts, jurisdictions=("us_ny",)), "allow", ("messages.who",))


def _overrides() -> Iterator[Case]:
    who = PERMITS["forecast_override"]
    bounds: list[dict[str, Any]] = [{"role": Role.INVENTORY_SPECIALIST}, {"role": Role.PLANNER, "model": True}]
    for within, beyond, outcome, rule in AI_OVERRIDES:
        over = replace(OVERRIDE, **beyond)
        for bound in bounds:
            yield Case(replace(OVERRIDE, **within), "allow", (who,), **bound)
            lifted = ("allow", (who,)) if outcome == "approve" else ("deny", (rule,))
            yield from (Case(over, outcome, (rule,), **bound, given=given) for given in ("none", "confirmed"))
            yield from (Case(over, *lifted, **bound, given=given) for given in ("manager", "two_managers"))
        yield Case(over, "allow", (who,), role=Role.PLANNER)
    some = frozenset({S1})
    everywhere = replace(OVERRIDE, everywhere=True)
    yield Case(everywhere, "deny", ("inventory.override_everywhere",), role=Role.PLANNER, places=some, given="manager")


def _settling() -> Iterator[Case]:
    """Counts that disagree are a person's to settle; an AI's way to take one back is as any other's."""
    settles, rule = replace(ADJUSTMENT, settles=True), "inventory.settling_asks"
    who = PERMITS["stock_adjustment"]
    for role in (Role.MANAGER, Role.PLANNER):
        yield Case(settles, "allow", (who,), role=role)
        yield Case(ADJUSTMENT, "allow", (who,), role=role, model=True)
        yield Case(replace(settles, undo=True), "allow", (who,), role=role, model=True)
        yield from (Case(settles, "approve", (rule,), role=role, model=True, given=each) for each in _TOO_LITTLE)
        yield from (Case(settles, "allow", (who,), role=role, model=True, given=each) for each in _ENOUGH)


def _orders() -> Iterator[Case]:
    asks, four, who = "inventory.order_asks", "inventory.order_four_eyes", PERMITS["reorder"]
    for role in Role:  # to whom nothing permits it, nothing is said of it
        told = ("allow", (who,)) if role in {Role.MANAGER, Role.PLANNER} else ("deny", ("access.nothing_permits",))
        yield Case(REORDER, *told, role=role, given="manager")
    for given in ("none", "confirmed"):
        yield Case(REORDER, "approve", (asks,), given=given)
        yield Case(replace(REORDER, value=499_999), "approve", (asks,), given=given)
        yield Case(replace(REORDER, value=500_000), "approve_two", (asks, four), given=given)
    yield Case(replace(REORDER, value=499_999), "allow", (who,), given="manager")
    yield Case(replace(REORDER, value=500_000), "approve_two", (four,), given="manager")
    yield Case(replace(REORDER, value=500_000), "allow", (who,), given="two_managers")
    for within, beyond, rule in REORDERS:
        yield Case(replace(REORDER, **within), "allow", (who,), given="two_managers")
        yield Case(replace(REORDER, **beyond), "deny", (rule,), given="two_managers")
    bound: dict[str, Any] = {"role": Role.PLANNER, "model": True}
    for stop in ("agent", "location", "all"):
        yield Case(REORDER, "deny", ("ladder.stopped",), **bound, stopped=stop, given="manager")
        yield Case(REORDER, "allow", (who,), stopped=stop, given="manager")
    for rung in Rung:
        yield Case(REORDER, "allow", (who,), rung=rung, given="manager")
        if rung is Rung.OBSERVE:
            yield Case(REORDER, "deny", ("ladder.observe",), **bound, rung=rung, given="manager")
            continue
        yield Case(REORDER, "allow", (who,), **bound, rung=rung, given="manager")
        says = (asks,) if rung is Rung.AUTO else (asks, f"ladder.{rung.value}")
        yield Case(REORDER, "approve", says, **bound, rung=rung)


def _roles() -> Iterator[Case]:
    for kind, role in product(ACTS, Role):
        facts, may = ACTS[kind]
        told = ("allow", (PERMITS[kind],)) if role in may else ("deny", ("access.nothing_permits",))
        yield Case(facts, *told, kind=kind, role=role)
    outside = "access.outside_locations"
    yield Case(DISCOUNT, "deny", (outside,), places=frozenset({S2}))
    yield Case(DISCOUNT, "deny", (outside,), places=frozenset())
    yield Case(DISCOUNT, "allow", ("offers.who",), places=frozenset({S1}))


def _ladder() -> Iterator[Case]:
    """Every rung and stop, for a person, a model and a specialist, for every kind of action they may take."""
    for kind, (facts, may) in ACTS.items():
        specialist = next((role for role in may if not role.person), None)
        people = [(Role.MANAGER, True), (Role.MANAGER, False)] if Role.MANAGER in may else []
        actors = people + ([(specialist, False)] if specialist else [])
        for role, model in actors:
            bound = model or not role.person
            for stop in ("agent", "location", "all"):
                told = ("deny", ("ladder.stopped",)) if bound else ("allow", (PERMITS[kind],))
                yield Case(facts, *told, kind=kind, role=role, model=model, stopped=stop)
            for rung in Rung:
                name = f"ladder.{rung.value}"
                outcome = {Rung.OBSERVE: "deny", Rung.AUTO: "allow"}.get(rung, "approve") if bound else "allow"
                told = (outcome, (name,) if outcome != "allow" else (PERMITS[kind],))
                yield Case(facts, *told, kind=kind, role=role, model=model, rung=rung)
                if outcome == "approve":
                    yield Case(facts, *told, kind=kind, role=role, model=model, rung=rung, given="confirmed")
                    for given in ("manager", "two_managers"):
                        case = Case(facts, "allow", (PERMITS[kind],), kind=kind, role=role, model=model, rung=rung)
                        yield replace(case, given=given)


CASES: list[Case] = [*_boundaries(), *_combinations(), *_overrides(), *_settling(), *_orders(), *_roles(), *_ladder()]
