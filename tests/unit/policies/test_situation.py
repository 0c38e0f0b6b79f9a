"""What was recorded long ago can still be judged: by the rules of then as it was, by the rules of now without noise."""

import json
from dataclasses import fields
from typing import Any

import pytest

from policies.engine import Engine
from policies.situation import DiscountFacts, Situation, completed
from policies.vocabulary.actor import Actor, Door, Role
from tests.unit.policies.cases import ACTS
from tests.unit.policies.right_facts import AUTO, LIMITS, S1

ENGINE = Engine.read(LIMITS)
MANAGER: dict[str, Any] = {
    "uid": {"type": "Actor", "id": "manager:ada"},
    "attrs": {"everywhere": True, "locations": [], "person": True, "model": False},
    "parents": [{"type": "Role", "id": "manager"}],
}
SYNC: dict[str, Any] = {
    "uid": {"type": "Actor", "id": "system:sync"},
    "attrs": {"everywhere": True, "locations": [], "person": False, "model": False},
    "parents": [{"type": "Role", "id": "sync"}],
}
# As version 0.1.0 recorded them, before there were campaigns, rungs or jurisdictions.
OLD: dict[str, dict[str, Any]] = {
    "discount": {
        "percent_bp": 1000, "amount": 500, "transaction_total": 500, "customer_day_total": 0,
        "location_day_total": 500, "cost_known": True, "margin_after": 3000, "margin_floor": 450, "in_stock": True,
        "late": False, "price_age_s": 0,
        "limit": {
            "percent_bp": 3000, "transaction_free": 5000, "transaction_max": 20000, "customer_day": 20000,
            "location_day": 150000, "price_age_s": 86400,
        },
    },
    "transfer": {
        "value": 1000, "units": 5, "origin_covered": True, "same_platform": True, "origin_left": 10, "origin_keep": 2,
        "stock_age_s": 0, "limit": {"value_free": 100000, "units_max": 500, "stock_age_s": 900},
    },
    "stock_adjustment": {
        "value": 100, "units": 60, "undo": False, "limit": {"value_free": 20000, "units_max": 200},
    },
    "message": {
        "channel": "sms", "purpose": "service", "consent": False, "consent_age_s": 0, "opted_out": False,
        "local_minute": 720, "customer_minute": 720, "customer_day_total": 1, "customer_week_total": 1,
        "location_day_total": 1, "campaign_total": 0, "words_total": 1, "words_agree": True, "code_holds": True,
        "stop_said": False, "personalized": False, "jurisdictions": [], "disclosures": [],
        "limit": {
            "customer_day": 1, "customer_week": 3, "service_day": 5, "location_day_free": 200, "campaign_free": 1000,
            "campaign_total": 10000, "consent_age_s": 31536000, "quiet_from": 1260, "quiet_until": 480,
        },
    },
    "profile_link": {"apart": False, "certain": True, "taken_apart": False, "detour": False, "undo": False},
    "stock_sync": {"units": 1, "limit": {"units_free": 500}},
    "forecast_override": {
        "percent": 10, "days": 7, "everywhere": False, "overlaps": False, "record_bp": 10000,
        "limit": {"percent_free": 15, "percent_max": 30, "days_max": 28, "record_bp": 5000},
    },
    "cancel_reorder": {},
    "cancel_forecast_override": {},
    "end_discount": {},
    "cancel_transfer": {},
}  # fmt: skip


def old(kind: str, **changed: Any) -> Situation:
    context = {**OLD[kind], **changed}
    who = SYNC if kind == "stock_sync" else MANAGER
    told = {
        "kind": kind, "location": "S1", "region": "NY", "principal": who, "context": context, "approval": "none",
    }  # fmt: skip
    return Situation.read(json.loads(json.dumps(told)))


@pytest.mark.parametrize("kind", OLD)
def test_a_situation_recorded_before_a_fact_existed_is_judged_without_it(kind: str):
    assert ENGINE.decide(old(kind)).outcome == "allow"


def test_what_it_did_record_counts_as_before():
    assert ENGINE.decide(old("discount", percent_bp=3001)).outcome == "deny"
    assert ENGINE.decide(old("discount", transaction_total=5001)).outcome == "approve"


@pytest.mark.parametrize("kind", OLD)
def test_what_is_recorded_is_given_back_as_it_was(kind: str):
    situation = old(kind)
    assert Situation.read(situation.facts()).facts() == situation.facts()
    assert situation.context == OLD[kind]


@pytest.mark.parametrize("kind", ACTS)
def test_a_situation_of_today_misses_nothing_and_nothing_is_added_to_it(kind: str):
    actor = Actor("manager:ada", Role.MANAGER, None, Door.MCP)
    fresh = ENGINE.situation(actor, kind, S1, "NY", ACTS[kind][0], standing=AUTO)
    assert completed(fresh) == fresh.context
    assert set(completed(old(kind))) == set(fresh.context)
    assert set(completed(old(kind)).get("limit", {})) == set(fresh.context.get("limit", {}))


def test_every_fact_of_a_discount_reaches_the_rules():
    actor = Actor("manager:ada", Role.MANAGER, None, Door.MCP)
    context = ENGINE.situation(actor, "discount", S1, "NY", ACTS["discount"][0], standing=AUTO).context
    assert {field.name for field in fields(DiscountFacts)} <= set(context)
