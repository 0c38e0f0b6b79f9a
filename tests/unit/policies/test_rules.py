"""Every rule objects on one side of its boundary and is silent on the other; no rule can be talked out of objecting."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.actions.any_action import KINDS
from policies.decision import Outcome
from policies.engine import Engine
from policies.ladder import Rung, Standing
from policies.situation import (
    AdjustmentFacts,
    CompensationFacts,
    DiscountFacts,
    Facts,
    LinkFacts,
    MessageFacts,
    OverrideFacts,
    ReorderFacts,
    Situation,
    SyncFacts,
    TransferFacts,
)
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from tests.unit.policies.access_cases import ACCESSES, POWERS, STOPS
from tests.unit.policies.cases import ACTS, CASES, Case
from tests.unit.policies.right_facts import AUTO, DISCOUNT, LIMITS, S1
from tests.unit.policies.rules_in_parts import RULES, SCHEMA

ENGINE = Engine.read(LIMITS)
_MAX = 2**62

_FACTS: dict[str, st.SearchStrategy[Facts]] = {
    "discount": st.builds(
        DiscountFacts,
        percent_bp=st.sampled_from([0, 3_000, 3_001]),
        amount=st.integers(0, 30_000),
        transaction_total=st.sampled_from([0, 5_000, 5_001, 20_000, 20_001, _MAX]),
        customer_day_total=st.sampled_from([0, 25_000, 25_001, 40_001]),
        location_day_total=st.sampled_from([0, 150_000, 150_001]),
        cost_known=st.booleans(),
        margin_after=st.sampled_from([-_MAX, -1, 0, 100]),
        margin_floor=st.sampled_from([0, 100, 101]),
        in_stock=st.booleans(),
        late=st.booleans(),
        price_age_s=st.sampled_from([0, 5, 6]),
        stock_age_s=st.sampled_from([0, 900, 901]),
        campaign_total=st.sampled_from([0, 2_500_000, 2_500_001]),
        price_holds=st.booleans(),
        high_value=st.booleans(),
        words_agree=st.booleans(),
        personalized=st.booleans(),
        jurisdictions=st.sampled_from([(), ("us_ny",)]),
        disclosures=st.sampled_from([(), ("us_ny",)]),
        in_promotion=st.booleans(),
        tells_promotion=st.booleans(),
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
        units=st.sampled_from([1, 51, 200, 201]),
        undo=st.booleans(),
        settles=st.booleans(),
        gone=st.booleans(),
    ),
    "stock_sync": st.builds(SyncFacts, units=st.sampled_from([1, 500, 501])),
    "message": st.builds(
        MessageFacts,
        channel=st.sampled_from(["sms", "email"]),
        purpose=st.sampled_from(["marketing", "service"]),
        consent=st.booleans(),
        consent_age_s=st.sampled_from([0, 31_536_000, 31_536_001, 10**12]),
        opted_out=st.booleans(),
        local_minute=st.sampled_from([0, 479, 480, 720, 1_259, 1_260, 1_439]),
        customer_minute=st.sampled_from([0, 479, 480, 720, 1_259, 1_260, 1_439]),
        customer_day_total=st.sampled_from([1, 2, 3, 5, 6]),
        customer_week_total=st.sampled_from([1, 3, 4]),
        location_day_total=st.sampled_from([1, 200, 201]),
        campaign_total=st.sampled_from([0, 1_000, 1_001, 10_000, 10_001]),
        words_total=st.sampled_from([1, 2]),
        words_agree=st.booleans(),
        code_holds=st.booleans(),
        stop_said=st.booleans(),
        personalized=st.booleans(),
        jurisdictions=st.sampled_from([(), ("us_ny",)]),
        disclosures=st.sampled_from([(), ("us_ny",)]),
    ),
    "profile_link": st.builds(
        LinkFacts,
        apart=st.booleans(),
        certain=st.booleans(),
        taken_apart=st.booleans(),
        detour=st.booleans(),
        undo=st.booleans(),
    ),
    "reorder": st.builds(
        ReorderFacts,
        value=st.sampled_from([0, 499_999, 500_000, 2_000_000, 2_000_001]),
        order_day_total=st.sampled_from([0, 5_000_000, 5_000_001]),
        supplier_known=st.booleans(),
        goods_of_supplier=st.booleans(),
        packs_whole=st.booleans(),
        minimum=st.sampled_from([0, 500_000, 500_001]),
    ),
    "cancel_reorder": st.builds(CompensationFacts),
    "forecast_override": st.builds(
        OverrideFacts,
        percent=st.sampled_from([1, 15, 16, 30, 31]),
        days=st.sampled_from([1, 28, 29]),
        everywhere=st.booleans(),
        overlaps=st.booleans(),
        record_bp=st.sampled_from([0, 4_999, 5_000, 10_000]),
    ),
    "cancel_forecast_override": st.builds(CompensationFacts),
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
    standing = Standing(draw(st.sampled_from(Rung)), draw(st.sampled_from(["", "agent", "location", "all"])))
    return ENGINE.situation(draw(ACTORS), kind, S1, "NY", draw(_FACTS[kind]), standing=standing)


def who(role: Role, **more: Any) -> Actor:
    return Actor("actor", role, more.pop("locations", None), Door.MCP, **more)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rules[0]}: {case.outcome}")
def test_every_case_comes_out_as_promised(case: Case):
    assert case.answer(ENGINE) == case.expected


@pytest.mark.parametrize("tool", [*POWERS, *STOPS])
def test_everything_is_open_to_its_roles_at_their_places_and_to_nobody_else(tool: str):
    assert [asked for asked in ACCESSES if asked.tool == tool and asked.answer(ENGINE) != asked.expected] == []


def test_the_table_speaks_of_every_action_of_the_schema_and_every_kind():
    named = {word for part in SCHEMA.split("\naction ")[1:] for word in _named(part)}
    assert named - set(KINDS) <= {*POWERS, *STOPS}
    assert {*ACTS, "reorder"} == set(KINDS)  # an order has a table of its own: nothing lets it pass unasked


def _named(part: str) -> list[str]:
    return [word.strip() for word in part.split("appliesTo", maxsplit=1)[0].split(",")]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("location", [None, S1])
def test_no_model_ever_decides_an_approval(role: Role, location: LocationId | None):
    assert ENGINE.may(who(role, model=True), "decide_approval", location).outcome is Outcome.DENY


@given(situations())
@settings(deadline=None)
def test_the_same_facts_give_the_same_verdict_whenever_they_are_asked_about(situation: Situation):
    again = Engine(RULES, SCHEMA, LIMITS)
    verdict = ENGINE.decide(situation)
    assert again.decide(Situation.read(situation.facts())) == verdict
    assert verdict.reasons


@given(ACTORS, st.sampled_from(Door), _FACTS["discount"])
@settings(deadline=None)
def test_the_rules_see_the_same_whatever_door_one_came_through(actor: Actor, door: Door, facts: Facts):
    seen = [
        ENGINE.situation(each, "discount", S1, "NY", facts, standing=AUTO)
        for each in (actor, replace(actor, door=door))
    ]
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
    stricter = Engine({**RULES, "zz.cedar": added}, SCHEMA, LIMITS)
    situation = ENGINE.situation(data.draw(ACTORS), "discount", S1, "NY", data.draw(_FACTS["discount"]), standing=AUTO)
    before, after = ENGINE.decide(situation), stricter.decide(situation)
    assert after.outcome.strictness >= before.outcome.strictness
    assert after.rules != before.rules


@given(situations())
@settings(deadline=None)
def test_an_approval_never_makes_a_verdict_stricter_and_a_denial_is_final(situation: Situation):
    plain = ENGINE.decide(situation)
    approved = ENGINE.decide(situation.approved("two_managers"))
    assert approved.outcome in {Outcome.ALLOW, Outcome.DENY}
    assert (approved.outcome is Outcome.DENY) == (plain.outcome is Outcome.DENY)


def test_stopping_early_gives_the_verdict_that_asking_on_would(monkeypatch: pytest.MonkeyPatch):
    patient = Engine(RULES, SCHEMA, LIMITS)
    monkeypatch.setattr(patient, "_movable", frozenset(f"policy{number}" for number in range(1_000)))
    monkeypatch.setattr(patient, "_permits_move", True)  # as if every rule looked at approvals,
    monkeypatch.setattr(patient, "_named", {})  # and nobody knew how

    @given(situations())
    @settings(deadline=None)
    def same(situation: Situation) -> None:
        assert patient.decide(situation) == ENGINE.decide(situation)

    same()


@given(situations())
@settings(deadline=None)
def test_the_rules_that_do_not_speak_of_an_action_would_have_had_nothing_to_say(situation: Situation):
    grouped = Engine(RULES, SCHEMA + "\naction of_a_group in [a_group];\naction a_group;", LIMITS)
    assert grouped.decide(situation).reasons == ENGINE.decide(situation).reasons
    assert grouped.decide(situation).outcome == ENGINE.decide(situation).outcome


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
    engine = Engine({**RULES, "zz.cedar": rule}, SCHEMA, LIMITS)
    verdict = engine.decide(engine.situation(who(Role.MANAGER), "discount", S1, "NY", DISCOUNT, standing=AUTO))
    assert (verdict.outcome.value, [reason.rule for reason in verdict.reasons]) == (outcome, ["test.one"])


def test_a_permit_that_waits_for_an_approval_asks_for_it():
    rule = 'permit (principal, action == Action::"discount", resource) when { context.approval == "manager" };'
    engine = Engine({"a.cedar": rule}, SCHEMA, LIMITS)
    verdict = engine.decide(engine.situation(who(Role.MANAGER), "discount", S1, "NY", DISCOUNT, standing=AUTO))
    assert verdict.outcome is Outcome.APPROVE


def test_a_rule_that_cannot_be_evaluated_allows_nothing():
    facts = replace(DISCOUNT, transaction_total=2**63 - 1)
    rule = 'forbid (principal, action == Action::"discount", resource) when { context.transaction_total * 2 < 0 };'
    engine = Engine({**RULES, "zz.cedar": rule}, SCHEMA, LIMITS)
    verdict = engine.decide(engine.situation(who(Role.MANAGER), "discount", S1, "NY", facts, standing=AUTO))
    assert (verdict.outcome, verdict.reasons[0].rule) == (Outcome.DENY, "rules.error")
