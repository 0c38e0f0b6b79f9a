"""Every rule objects on one side of its boundary and is silent on the other; no rule can be talked out of objecting."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.actions.any_action import KINDS
from policies.decision import Outcome
from policies.engine import Engine
from policies.errors import Misconfigured
from policies.limits import Limits
from policies.situation import AdjustmentFacts, CompensationFacts, DiscountFacts, Facts, Situation, TransferFacts
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from tests.unit.policies.rules_in_parts import RULES, SCHEMA

ENGINE = Engine.read(Limits.read())
S1 = LocationId("S1")
DISCOUNT = DiscountFacts(
    percent_bp=1_000,
    amount=500,
    transaction_total=500,
    customer_day_total=500,
    location_day_total=500,
    cost_known=True,
    margin_after=450,
    margin_floor=450,
    in_stock=True,
    late=False,
    price_age_s=0,
)
TRANSFER = TransferFacts(
    value=1_000, units=5, origin_covered=True, same_platform=True, origin_left=2, origin_keep=2, stock_age_s=0
)
ADJUSTMENT = AdjustmentFacts(value=100, units=1, undo=False)
_MAX = 2**62

_FACTS: dict[str, st.SearchStrategy[Facts]] = {
    "discount": st.builds(
        DiscountFacts,
        percent_bp=st.sampled_from([0, 3_000, 3_001]),
        amount=st.integers(0, 30_000),
        transaction_total=st.sampled_from([0, 5_000, 5_001, 20_000, 20_001, _MAX]),
        customer_day_total=st.sampled_from([0, 20_000, 20_001]),
        location_day_total=st.sampled_from([0, 150_000, 150_001]),
        cost_known=st.booleans(),
        margin_after=st.sampled_from([-_MAX, -1, 0, 100]),
        margin_floor=st.sampled_from([0, 100, 101]),
        in_stock=st.booleans(),
        late=st.booleans(),
        price_age_s=st.sampled_from([0, 86_400, 86_401]),
    ),
    "transfer": st.builds(
        TransferFacts,
        value=st.sampled_from([0, 100_000, 100_001]),
        units=st.sampled_from([1, 500, 501]),
        origin_covered=st.booleans(),
        same_platform=st.booleans(),
        origin_left=st.sampled_from([-1, 1, 2]),
        origin_keep=st.just(2),
        stock_age_s=st.sampled_from([0, 900, 901]),
    ),
    "stock_adjustment": st.builds(
        AdjustmentFacts,
        value=st.sampled_from([0, 20_000, 20_001]),
        units=st.sampled_from([1, 200, 201]),
        undo=st.booleans(),
    ),
    "end_discount": st.builds(CompensationFacts),
    "cancel_transfer": st.builds(CompensationFacts),
}
ACTORS = st.builds(
    Actor,
    id=st.just("actor"),
    role=st.sampled_from(Role),
    locations=st.sampled_from([None, frozenset({S1}), frozenset({LocationId("S2")}), frozenset[LocationId]()]),
    door=st.sampled_from(Door),
    model=st.booleans(),
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    kind = draw(st.sampled_from(sorted(_FACTS)))
    return ENGINE.situation(draw(ACTORS), kind, S1, "NY", draw(_FACTS[kind]))


def who(role: Role, **more: Any) -> Actor:
    return Actor("actor", role, more.pop("locations", None), Door.MCP, **more)


def judge(facts: Facts, role: Role = Role.MANAGER, kind: str = "") -> tuple[str, list[str]]:
    kinds = {DiscountFacts: "discount", TransferFacts: "transfer", AdjustmentFacts: "stock_adjustment"}
    kind = kind or next(name for shape, name in kinds.items() if isinstance(facts, shape))
    situation = ENGINE.situation(who(role), kind, S1, "NY", facts)
    verdict = ENGINE.decide(situation)
    return verdict.outcome.value, [reason.rule for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("within", "beyond", "outcome", "rule"),
    [
        ({"percent_bp": 3_000}, {"percent_bp": 3_001}, "deny", "offers.percent_cap"),
        ({"transaction_total": 5_000}, {"transaction_total": 5_001}, "approve", "offers.over_free_limit"),
        ({"customer_day_total": 20_000}, {"customer_day_total": 20_001}, "deny", "offers.customer_day_cap"),
        ({"location_day_total": 150_000}, {"location_day_total": 150_001}, "deny", "offers.location_day_cap"),
        ({"cost_known": True}, {"cost_known": False}, "approve", "offers.cost_unknown"),
        ({"margin_after": 450}, {"margin_after": 449}, "deny", "offers.margin_floor"),
        ({"in_stock": True}, {"in_stock": False}, "deny", "offers.out_of_stock"),
        ({"late": False}, {"late": True}, "deny", "offers.late"),
        ({"price_age_s": 86_400}, {"price_age_s": 86_401}, "deny", "offers.stale_price"),
    ],
)
def test_each_rule_on_discounts_objects_from_its_boundary_on(
    within: dict[str, Any], beyond: dict[str, Any], outcome: str, rule: str
):
    assert judge(replace(DISCOUNT, **within)) == ("allow", ["offers.who"])
    assert judge(replace(DISCOUNT, **beyond)) == (outcome, [rule])


def test_from_the_most_anyone_may_approve_on_nobody_may():
    assert judge(replace(DISCOUNT, transaction_total=20_000))[0] == "approve"
    assert judge(replace(DISCOUNT, transaction_total=20_001)) == (
        "deny",
        ["offers.over_free_limit", "offers.transaction_cap"],
    )


def test_an_unknown_cost_is_no_objection_to_the_margin_but_one_to_deciding_alone():
    assert judge(replace(DISCOUNT, cost_known=False, margin_after=-10))[1] == ["offers.cost_unknown"]


@pytest.mark.parametrize(
    ("within", "beyond", "outcome", "rule"),
    [
        ({"value": 100_000}, {"value": 100_001}, "approve", "inventory.transfer_value"),
        ({"units": 500}, {"units": 501}, "deny", "inventory.transfer_size"),
        ({"origin_covered": True}, {"origin_covered": False}, "deny", "inventory.origin_outside_locations"),
        ({"same_platform": True}, {"same_platform": False}, "deny", "inventory.two_platforms"),
        ({"origin_left": 2}, {"origin_left": 1}, "deny", "inventory.strips_origin"),
        ({"stock_age_s": 900}, {"stock_age_s": 901}, "deny", "inventory.stale_stock"),
    ],
)
def test_each_rule_on_transfers_objects_from_its_boundary_on(
    within: dict[str, Any], beyond: dict[str, Any], outcome: str, rule: str
):
    assert judge(replace(TRANSFER, **within)) == ("allow", ["inventory.who_transfers"])
    assert judge(replace(TRANSFER, **beyond)) == (outcome, [rule])


@pytest.mark.parametrize(
    ("within", "beyond", "outcome", "rule"),
    [
        ({"value": 20_000}, {"value": 20_001}, "approve", "inventory.adjustment_value"),
        ({"units": 200}, {"units": 201}, "deny", "inventory.adjustment_size"),
        ({"value": 20_001, "undo": True}, {"value": 20_001, "undo": False}, "approve", "inventory.adjustment_value"),
    ],
)
def test_each_rule_on_adjustments_objects_from_its_boundary_on(
    within: dict[str, Any], beyond: dict[str, Any], outcome: str, rule: str
):
    assert judge(replace(ADJUSTMENT, **within)) == ("allow", ["inventory.who_adjusts"])
    assert judge(replace(ADJUSTMENT, **beyond)) == (outcome, [rule])


_ACTS = {
    "discount": (DISCOUNT, {Role.ASSOCIATE, Role.MANAGER, Role.OFFERS_SPECIALIST, Role.REGISTER}),
    "transfer": (TRANSFER, {Role.MANAGER, Role.PLANNER, Role.INVENTORY_SPECIALIST}),
    "stock_adjustment": (ADJUSTMENT, {Role.MANAGER, Role.PLANNER}),
    "end_discount": (CompensationFacts(), {Role.MANAGER, Role.OPERATOR}),
    "cancel_transfer": (CompensationFacts(), {Role.MANAGER, Role.OPERATOR}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", Role)
def test_every_role_does_what_it_may_and_nothing_else(kind: str, role: Role):
    facts, may = _ACTS[kind]
    outcome, rules = judge(facts, role, kind)
    assert outcome == ("allow" if role in may else "deny")
    if role not in may:
        assert rules == ["access.nothing_permits"]


_SEES = {Role.ASSOCIATE, Role.MANAGER, Role.PLANNER, Role.AUDITOR, Role.OPERATOR}
_TOOLS = {
    "search_products": _SEES,
    "check_inventory": _SEES,
    "find_customer": {Role.ASSOCIATE, Role.MANAGER},
    "get_order": {Role.ASSOCIATE, Role.MANAGER},
    "explain_decision": {Role.MANAGER, Role.AUDITOR, Role.OPERATOR},
    "list_approvals": {Role.MANAGER, Role.AUDITOR, Role.OPERATOR},
    "decide_approval": {Role.MANAGER},
    "undo_action": {Role.MANAGER},
    "propose_discount": {Role.ASSOCIATE, Role.MANAGER},
    "propose_transfer": {Role.MANAGER, Role.PLANNER},
    "propose_stock_adjustment": {Role.MANAGER, Role.PLANNER},
    "a_tool_nobody_wrote_a_rule_for": set[Role](),
}


@pytest.mark.parametrize("tool", _TOOLS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("location", [None, S1, LocationId("S2")])
def test_every_role_uses_its_tools_at_its_locations_and_no_others(tool: str, role: Role, location: LocationId | None):
    local = who(role, locations=frozenset({S1}))
    expected = role in _TOOLS[tool] and location != "S2"
    assert (ENGINE.may(local, tool, location).outcome is Outcome.ALLOW) == expected
    assert (ENGINE.may(who(role), tool, location).outcome is Outcome.ALLOW) == (role in _TOOLS[tool])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("location", [None, S1])
def test_no_model_ever_decides_an_approval(role: Role, location: LocationId | None):
    assert ENGINE.may(who(role, model=True), "decide_approval", location).outcome is Outcome.DENY


@given(situations())
@settings(deadline=None)
def test_the_same_facts_give_the_same_verdict_whenever_they_are_asked_about(situation: Situation):
    again = Engine(RULES, SCHEMA, Limits.read())
    verdict = ENGINE.decide(situation)
    assert again.decide(Situation.read(situation.facts())) == verdict
    assert verdict.reasons


@given(ACTORS, st.sampled_from(Door), _FACTS["discount"])
@settings(deadline=None)
def test_the_rules_see_the_same_whatever_door_one_came_through(actor: Actor, door: Door, facts: Facts):
    seen = [ENGINE.situation(each, "discount", S1, "NY", facts) for each in (actor, replace(actor, door=door))]
    assert seen[0] == seen[1]


_CONDITIONS = st.sampled_from(
    [
        "",
        "when { context.amount > 100 }",
        'when { context.amount > 100 } unless { context.approval == "manager" }',
        'when { context.amount > 100 } unless { context.approval != "none" }',
        'unless { context.approval == "confirmed" }',
        "when { principal.model }",
        'unless { principal in Role::"manager" }',
        "when { context.limit.percent_bp < context.percent_bp * 2 }",
    ]
)


@given(st.lists(_CONDITIONS, min_size=1, max_size=3), st.data())
@settings(deadline=None, max_examples=60)
def test_adding_a_forbid_rule_never_loosens_a_verdict(conditions: list[str], data: st.DataObject):
    added = "\n".join(
        f'@id("test.{number}")\nforbid (principal, action == Action::"discount", resource) {condition};'
        for number, condition in enumerate(conditions)
    )
    stricter = Engine({**RULES, "zz.cedar": added}, SCHEMA, Limits.read())
    situation = ENGINE.situation(data.draw(ACTORS), "discount", S1, "NY", data.draw(_FACTS["discount"]))
    before, after = ENGINE.decide(situation), stricter.decide(situation)
    assert after.outcome.strictness >= before.outcome.strictness
    assert after.rules != before.rules


@given(situations())
@settings(deadline=None)
def test_an_approval_never_makes_a_verdict_stricter_and_a_denial_is_final(situation: Situation):
    plain = ENGINE.decide(situation)
    approved = ENGINE.decide(situation.approved("manager"))
    assert approved.outcome in {Outcome.ALLOW, Outcome.DENY}
    assert (approved.outcome is Outcome.DENY) == (plain.outcome is Outcome.DENY)


def test_stopping_early_gives_the_verdict_that_asking_on_would(monkeypatch: pytest.MonkeyPatch):
    patient = Engine(RULES, SCHEMA, Limits.read())
    monkeypatch.setattr(patient, "_movable", frozenset(f"policy{number}" for number in range(1_000)))
    monkeypatch.setattr(patient, "_permits_move", True)  # as if every rule looked at approvals

    @given(situations())
    @settings(deadline=None)
    def same(situation: Situation) -> None:
        assert patient.decide(situation) == ENGINE.decide(situation)

    same()


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ('unless { context.approval == "confirmed" || context.approval == "manager" }', "confirm"),
        ('unless { context.approval != "none" }', "confirm"),
        ('unless { context.approval == "manager" }', "approve"),
        ("", "deny"),
    ],
)
def test_the_weakest_approval_that_helps_is_asked_for(condition: str, outcome: str):
    rule = f'@id("test.one") forbid (principal, action == Action::"discount", resource) {condition};'
    engine = Engine({**RULES, "zz.cedar": rule}, SCHEMA, Limits.read())
    verdict = engine.decide(engine.situation(who(Role.MANAGER), "discount", S1, "NY", DISCOUNT))
    assert (verdict.outcome.value, [reason.rule for reason in verdict.reasons]) == (outcome, ["test.one"])


def test_a_permit_that_waits_for_an_approval_asks_for_it():
    rule = 'permit (principal, action == Action::"discount", resource) when { context.approval == "manager" };'
    engine = Engine({"a.cedar": rule}, SCHEMA, Limits.read())
    verdict = engine.decide(engine.situation(who(Role.MANAGER), "discount", S1, "NY", DISCOUNT))
    assert verdict.outcome is Outcome.APPROVE


def test_a_rule_that_cannot_be_evaluated_allows_nothing():
    facts = replace(DISCOUNT, transaction_total=2**63 - 1)
    rule = 'forbid (principal, action == Action::"discount", resource) when { context.transaction_total * 2 < 0 };'
    engine = Engine({**RULES, "zz.cedar": rule}, SCHEMA, Limits.read())
    verdict = engine.decide(engine.situation(who(Role.MANAGER), "discount", S1, "NY", facts))
    assert (verdict.outcome, verdict.reasons[0].rule) == (Outcome.DENY, "rules.error")


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("permit (principal, action, resource", "rules.syntax"),
        ('permit (principal, action == Action::"nothing", resource);', "rules.schema"),
        ('forbid (principal, action == Action::"discount", resource) when { context.price > 1 };', "rules.schema"),
    ],
)
def test_rules_that_do_not_fit_are_refused_at_start(rule: str, code: str):
    with pytest.raises(Misconfigured) as refusal:
        Engine({**RULES, "zz.cedar": rule}, SCHEMA, Limits.read())
    assert refusal.value.code == code


def test_every_rule_that_objects_says_why():
    for text in RULES.values():
        for rule in text.split("@id(")[1:]:
            assert "forbid" not in rule or "@sentence(" in rule
