"""AI goes up one rung at a time and only with evidence, down at any time, and nowhere while it is stopped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.actions.any_action import KINDS
from policies.decision import Outcome
from policies.engine import Engine
from policies.errors import Refused
from policies.ladder import TEAMS, ClimbNeeds, Rung, Standing, Stopped, TrackRecord, climb, missing
from policies.limits import Limits
from policies.situation import Approved, CompensationFacts, Facts
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from tests.unit.policies.right_facts import ADJUSTMENT, DISCOUNT, LINK, MESSAGE, OVERRIDE, REORDER, SYNC, TRANSFER

ENGINE = Engine.read(Limits.read())
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
S1 = LocationId("S1")
NEEDS = ClimbNeeds(decisions=100, days=14, agreed_bp=9_000, undone_bp=200, review_days=14)
EARNED = TrackRecord(
    rung=Rung.APPROVE,
    since=AT - timedelta(days=30),
    decisions=100,
    days=14,
    judged=100,
    agreed=90,
    executed=100,
    undone=2,
    breaches=(),
    review=AT - timedelta(days=13),
)
FACTS: dict[str, list[Facts]] = {
    "discount": [DISCOUNT, replace(DISCOUNT, transaction_total=5_001), replace(DISCOUNT, percent_bp=3_001)],
    "transfer": [TRANSFER, replace(TRANSFER, value=100_001), replace(TRANSFER, units=501)],
    "stock_adjustment": [ADJUSTMENT, replace(ADJUSTMENT, value=20_001), replace(ADJUSTMENT, units=201)],
    "stock_sync": [SYNC, replace(SYNC, units=501)],
    "message": [MESSAGE, replace(MESSAGE, location_day_total=201), replace(MESSAGE, opted_out=True)],
    "profile_link": [LINK, replace(LINK, certain=False), replace(LINK, detour=True)],
    "reorder": [REORDER, replace(REORDER, value=500_000), replace(REORDER, packs_whole=False)],
    "cancel_reorder": [CompensationFacts()],
    "forecast_override": [OVERRIDE, replace(OVERRIDE, percent=16), replace(OVERRIDE, overlaps=True)],
    "cancel_forecast_override": [CompensationFacts()],
    "end_discount": [CompensationFacts()],
    "cancel_transfer": [CompensationFacts()],
}
ACTORS = st.builds(
    Actor,
    id=st.just("actor"),
    role=st.sampled_from(Role),
    locations=st.sampled_from([None, frozenset({S1})]),
    door=st.sampled_from(Door),
    model=st.booleans(),
)
APPROVALS: list[Approved] = ["none", "confirmed", "manager", "two_managers"]
STOPS: list[Stopped] = ["", "agent", "location", "all"]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Actor, str, Facts]:
    kind = draw(st.sampled_from(KINDS))
    return draw(ACTORS), kind, draw(st.sampled_from(FACTS[kind]))


def decide(question: tuple[Actor, str, Facts], standing: Standing, approval: Approved = "none") -> Outcome:
    actor, kind, facts = question
    situation = ENGINE.situation(actor, kind, S1, "NJ", facts, standing=standing)
    return ENGINE.decide(situation.approved(approval)).outcome


def bound(actor: Actor) -> bool:
    return actor.model or not actor.role.person


@pytest.mark.parametrize(
    ("lacking", "says"),
    [
        ({"decisions": 99}, "99 decisions"),
        ({"days": 13}, "13 days"),
        ({"agreed": 89}, "89 of 100 judgments"),
        ({"judged": 0, "agreed": 0}, "0 of 0 judgments"),
        ({"undone": 3}, "3 of 100 executed"),
        ({"breaches": ("failed at S1",)}, "failed at S1"),
        ({"review": None}, "not signed"),
        ({"review": AT - timedelta(days=14)}, "14 days old"),
    ],
)
def test_a_record_just_short_of_one_need_is_refused_and_told_which(lacking: dict[str, Any], says: str):
    assert missing(EARNED, NEEDS, AT) == ()
    lacks = missing(replace(EARNED, **lacking), NEEDS, AT)
    assert len(lacks) == 1
    assert says in lacks[0]
    with pytest.raises(Refused) as refusal:
        climb(replace(EARNED, **lacking), NEEDS, AT)
    assert (refusal.value.code, says in refusal.value.hint) == ("ladder.evidence", True)


@given(
    st.lists(
        st.builds(
            TrackRecord,
            rung=st.just(Rung.OBSERVE),
            since=st.none(),
            decisions=st.integers(0, 200),
            days=st.integers(0, 30),
            judged=st.integers(0, 100),
            agreed=st.integers(0, 100),
            executed=st.integers(0, 100),
            undone=st.integers(0, 5),
            breaches=st.sampled_from([(), ("failed at S1",)]),
            review=st.sampled_from([None, AT, AT - timedelta(days=20)]),
        ),
        max_size=12,
    )
)
def test_no_sequence_of_climbs_skips_a_rung_or_lacks_evidence(records: list[TrackRecord]):
    stands = Rung.OBSERVE
    for record in records:
        shown = replace(record, rung=stands)
        try:
            after = climb(shown, NEEDS, AT)
        except Refused:
            continue
        assert after.height == stands.height + 1
        assert missing(shown, NEEDS, AT) == ()
        stands = after


def test_nothing_is_above_auto_and_nothing_below_observe():
    assert [(rung.below(), rung.above()) for rung in Rung] == [
        (None, Rung.SUGGEST),
        (Rung.OBSERVE, Rung.APPROVE),
        (Rung.SUGGEST, Rung.AUTO),
        (Rung.APPROVE, None),
    ]
    with pytest.raises(Refused, match="already"):
        climb(replace(EARNED, rung=Rung.AUTO), NEEDS, AT)


def test_every_kind_of_action_has_an_owner():
    assert set(TEAMS) == set(KINDS)


@given(questions(), st.sampled_from(Rung), st.sampled_from(STOPS[1:]), st.sampled_from(APPROVALS))
def test_a_stop_always_wins_over_whatever_ai_was_allowed(
    question: tuple[Actor, str, Facts], rung: Rung, stopped: Stopped, approval: Approved
):
    if bound(question[0]):
        assert decide(question, Standing(rung, stopped), approval) is Outcome.DENY


@given(questions(), st.sampled_from(APPROVALS))
def test_ai_that_observes_does_nothing_whoever_approves(question: tuple[Actor, str, Facts], approval: Approved):
    if bound(question[0]):
        assert decide(question, Standing(Rung.OBSERVE), approval) is Outcome.DENY


@given(questions(), st.sampled_from([Rung.SUGGEST, Rung.APPROVE]), st.sampled_from(["none", "confirmed"]))
def test_below_auto_nothing_of_ai_happens_without_a_manager(
    question: tuple[Actor, str, Facts], rung: Rung, approval: Approved
):
    if bound(question[0]):
        assert decide(question, Standing(rung), approval) not in {Outcome.ALLOW, Outcome.CONFIRM}


@given(questions(), st.sampled_from(Rung), st.sampled_from(STOPS), st.sampled_from(APPROVALS))
def test_the_ladder_and_the_stops_bind_no_person_who_acts_for_themselves(
    question: tuple[Actor, str, Facts], rung: Rung, stopped: Stopped, approval: Approved
):
    if not bound(question[0]):
        free = decide(question, Standing(Rung.AUTO), approval)
        assert decide(question, Standing(rung, stopped), approval) is free


@given(questions(), st.sampled_from(STOPS), st.sampled_from(APPROVALS))
def test_a_lower_rung_never_loosens_a_verdict(question: tuple[Actor, str, Facts], stopped: Stopped, approval: Approved):
    verdicts = [decide(question, Standing(rung, stopped), approval).strictness for rung in Rung]
    assert verdicts == sorted(verdicts, reverse=True)


@given(questions(), st.sampled_from(Rung))
def test_a_stronger_approval_never_tightens_a_verdict(question: tuple[Actor, str, Facts], rung: Rung):
    allowed = [decide(question, Standing(rung), approval) is Outcome.ALLOW for approval in APPROVALS]
    assert allowed == sorted(allowed)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_rung_means_that_nothing_is_done(kind: str):
    role = Role.SYNC if kind == "stock_sync" else Role.MANAGER
    specialist = Actor("a", role, None, Door.MCP, model=True)
    situation = ENGINE.situation(specialist, kind, S1, "NJ", FACTS[kind][0], standing=Standing(Rung.AUTO))
    situation = situation.approved("manager" if kind == "reorder" else "none")  # an order always asks one
    assert ENGINE.decide(situation).outcome is Outcome.ALLOW
    unknown = replace(situation, context={**situation.context, "rung": "automatic"})
    assert ENGINE.decide(unknown).outcome is Outcome.DENY


def test_a_share_is_never_rounded_up():
    almost = replace(EARNED, decisions=100_000, judged=100_000, agreed=89_995, executed=100_000, undone=0)
    assert missing(almost, NEEDS, AT)
    assert not missing(replace(almost, agreed=90_000), NEEDS, AT)
