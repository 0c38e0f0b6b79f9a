"""The engine asks Cedar as seldom as it can and never too seldom, and says by which rules it answered."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import cedarpy
import pytest

from policies.decision import Outcome
from policies.engine import Engine
from policies.ladder import Rung
from policies.limits import Limits
from policies.rollout import DEFAULT_FILE, Rollout
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from tests.unit.policies.access_cases import ACCESSES
from tests.unit.policies.cases import CASES
from tests.unit.policies.right_facts import ADJUSTMENT, AUTO, DISCOUNT, LIMITS, S1
from tests.unit.policies.rules_in_parts import HOME, RULES, SCHEMA

MANAGER = Actor("manager:ada", Role.MANAGER, frozenset({S1}), Door.MCP)
PERMIT = 'permit (principal, action == Action::"discount", resource) when'


@pytest.fixture
def engine() -> Engine:
    """A new one, which remembers no answer."""
    return Engine(RULES, SCHEMA, LIMITS)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The approval in each question Cedar is asked, as they come."""
    questions: list[str] = []
    ask = cast("Callable[..., Any]", cedarpy.is_authorized)  # its types are partly unknown

    def counted(request: dict[str, Any], *rest: Any) -> Any:
        questions.append(request["context"].get("approval", ""))
        return ask(request, *rest)

    monkeypatch.setattr(cedarpy, "is_authorized", counted)
    return questions


def test_a_new_engine_answers_every_case_and_every_access(engine: Engine):
    assert [case for case in CASES if case.answer(engine) != case.expected] == []
    assert [access for access in ACCESSES if access.answer(engine) != access.expected] == []


@pytest.mark.parametrize(
    ("facts", "kind", "outcome", "questions"),
    [
        (DISCOUNT, "discount", "allow", ["none"]),
        (replace(DISCOUNT, in_stock=False), "discount", "deny", ["none"]),
        (replace(DISCOUNT, in_stock=False, cost_known=False), "discount", "deny", ["none"]),
        (replace(DISCOUNT, transaction_total=5_001), "discount", "approve", ["none", "manager"]),
        (replace(DISCOUNT, percent_bp=3_001), "discount", "deny", ["none", "manager", "two_managers"]),
        (replace(ADJUSTMENT, units=51), "stock_adjustment", "confirm", ["none", "confirmed"]),
        (replace(ADJUSTMENT, units=51, value=20_001), "stock_adjustment", "approve", ["none", "manager"]),
    ],
)
def test_no_question_is_asked_whose_answer_is_known(  # noqa: PLR0913, PLR0917  # one case of a table
    engine: Engine, asked: list[str], facts: Any, kind: str, outcome: str, questions: list[str]
):
    situation = engine.situation(MANAGER, kind, S1, "NY", facts, standing=AUTO)
    assert (engine.decide(situation).outcome.value, asked) == (outcome, questions)


def test_where_no_rule_permits_and_none_looks_at_approvals_one_question_is_enough(engine: Engine, asked: list[str]):
    auditor = replace(MANAGER, role=Role.AUDITOR)
    situation = engine.situation(auditor, "discount", S1, "NY", DISCOUNT, standing=AUTO)
    assert (engine.decide(situation).outcome, asked) == (Outcome.DENY, ["none"])


@pytest.mark.parametrize("turned", [False, True])
def test_a_permit_that_waits_for_an_approval_is_asked_every_step(asked: list[str], turned: bool):
    texts = [f'{PERMIT} {{ context.approval == "two_managers" }};', f"{PERMIT} {{ context.amount > 9000 }};"]
    engine = Engine(dict(zip("ba" if turned else "ab", texts, strict=True)), SCHEMA, LIMITS)
    situation = engine.situation(MANAGER, "discount", S1, "NY", DISCOUNT, standing=AUTO)
    assert engine.decide(situation).outcome is Outcome.APPROVE_TWO
    assert asked == ["none", "confirmed", "manager", "two_managers"]


def test_a_forbid_that_looks_at_approvals_does_not_hide_a_permit_that_does(asked: list[str]):
    forbid = 'forbid (principal, action == Action::"discount", resource) when'
    texts = {
        "a": f'{PERMIT} {{ context.approval == "manager" }};',
        "b": f'{forbid} {{ context.approval == "confirmed" && context.amount > 99999 }};',
    }
    engine = Engine(texts, SCHEMA, LIMITS)
    situation = engine.situation(MANAGER, "discount", S1, "NY", DISCOUNT, standing=AUTO)
    assert engine.decide(situation).outcome is Outcome.APPROVE
    assert asked == ["none", "confirmed", "manager"]


def test_a_permit_says_nothing_beyond_its_name(engine: Engine):
    situation = engine.situation(MANAGER, "discount", S1, "NY", DISCOUNT, standing=AUTO)
    reasons = engine.decide(situation).reasons
    assert reasons
    assert {reason.sentence for reason in reasons} == {""}


def test_a_rule_that_cannot_be_evaluated_is_asked_again_with_every_approval(asked: list[str]):
    rule = (
        'forbid (principal, action == Action::"discount", resource)'
        ' when { context.amount * 9223372036854775807 > 0 } unless { context.approval == "two_managers" };'
    )
    engine = Engine({**RULES, "zz.cedar": rule}, SCHEMA, LIMITS)
    situation = engine.situation(MANAGER, "discount", S1, "NY", DISCOUNT, standing=AUTO)
    verdict = engine.decide(situation)
    assert (verdict.outcome, [reason.rule for reason in verdict.reasons]) == (Outcome.DENY, ["rules.error"])
    assert asked == ["none", "confirmed", "manager", "two_managers"]


def test_an_answer_on_access_is_asked_for_once(engine: Engine, asked: list[str]):
    assert {engine.may(MANAGER, "propose_discount", S1).outcome for _ in range(3)} == {Outcome.ALLOW}
    assert len(asked) == 1


@pytest.mark.parametrize("grouped", [False, True])
def test_where_actions_have_groups_every_rule_is_asked(grouped: bool):
    schema = SCHEMA + ("\naction promise;\naction lend,\n  give in [promise];" if grouped else "")
    engine = Engine(RULES, schema, LIMITS)
    (about,) = {len(engine._about(kind).to_pst().static_policies) for kind in ("discount",)}  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # how many are asked shows nowhere else
    whole = sum(text.count("@id(") for text in RULES.values())
    assert (about == whole) is grouped


def test_a_verdict_names_the_rules_that_gave_it(engine: Engine):
    situation = engine.situation(MANAGER, "discount", S1, "NY", DISCOUNT, standing=AUTO)
    assert engine.decide(situation).rules == engine.may(MANAGER, "propose_discount", S1).rules == engine.digest
    others = (
        Engine({**RULES, "zz.cedar": "// nothing"}, SCHEMA, LIMITS),
        Engine(RULES, SCHEMA + "\n", LIMITS),
        Engine(RULES, SCHEMA, Limits(LIMITS.text + "\n")),
    )
    assert len({engine.digest, *(other.digest for other in others)}) == 4
    assert Engine(dict(reversed(RULES.items())), SCHEMA, LIMITS).digest == engine.digest


def test_why_somebody_may_not_is_told(engine: Engine):
    outside = engine.may(MANAGER, "propose_discount", LocationId("S2"))
    nothing = engine.may(MANAGER, "make_coffee", None)
    assert [reason.rule for reason in outside.reasons] == ["access.outside_locations"]
    assert [reason.rule for reason in nothing.reasons] == ["access.nothing_permits"]
    assert all(reason.sentence for reason in (*outside.reasons, *nothing.reasons))


def test_a_situation_is_of_its_place_and_its_region():
    more = "[region.NJ.discount]\npercent_bp = 2000\n[location.S1.discount]\npercent_bp = 900\n"
    engine = Engine(RULES, SCHEMA, Limits(LIMITS.text + more))
    told = {
        (region, place): engine.situation(MANAGER, "discount", LocationId(place), region, DISCOUNT, standing=AUTO)
        for region in ("NY", "NJ")
        for place in ("S1", "S2")
    }
    limits = {where: situation.context["limit"]["percent_bp"] for where, situation in told.items()}
    assert limits == {("NY", "S1"): 900, ("NJ", "S1"): 900, ("NY", "S2"): 3_000, ("NJ", "S2"): 2_000}
    assert all((situation.region, situation.location) == where for where, situation in told.items())


def test_an_actor_is_told_to_the_rules_as_cedar_wants_it(engine: Engine):
    situation = engine.situation(MANAGER, "discount", S1, "NY", DISCOUNT, standing=AUTO)
    assert situation.principal == {
        "uid": {"type": "Actor", "id": "manager:ada"},
        "attrs": {
            "everywhere": False,
            "locations": [{"__entity": {"type": "Location", "id": "S1"}}],
            "person": True,
            "model": False,
        },
        "parents": [{"type": "Role", "id": "manager"}],
    }


def test_a_rollout_is_the_products_own_unless_another_is_given():
    plan = Rollout(DEFAULT_FILE.read_text(encoding="utf-8").replace('discount = "auto"', 'discount = "observe"', 1))
    rungs = [
        engine.rollout.rung("discount", "NY", "S1", {})
        for engine in (Engine.read(LIMITS), Engine.read(LIMITS, rollout=plan), Engine.read(LIMITS, HOME, plan))
    ]
    assert rungs == [Rung.AUTO, Rung.OBSERVE, Rung.OBSERVE]
