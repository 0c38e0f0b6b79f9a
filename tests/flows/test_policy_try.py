"""Rules tried on the past, against decisions the real guard made."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from knowledge.store.governance_tables import outcome
from knowledge.store.session import Database
from knowledge.store.tables import purchase
from policies.engine import Engine
from policies.errors import Refused
from policies.limits import DEFAULT_FILE, Limits
from policies.rollout import DEFAULT_FILE as ROLLOUT
from policies.rollout import Rollout
from policies.vocabulary.actor import Role
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    ORIGIN,
    PLACES,
    S1,
    S2,
    SAMPLE,
    SCARF,
    SPECIALIST,
    START,
    WAREHOUSE,
    Shop,
    actor,
    adjustment,
    customer,
    discount,
    open_shop,
    transfer,
)
from tools.past.past import Past
from tools.past.tried import Tried
from tools.past.words import tell

pytestmark = pytest.mark.anyio

_TEXT = DEFAULT_FILE.read_text(encoding="utf-8")
OPERATOR = actor(Role.OPERATOR, "operator:local")


def limits(**changed: int) -> Limits:
    """The product's limits with some of the chain's discount numbers changed."""
    text_ = _TEXT
    for name, value in changed.items():
        text_, found = re.subn(rf"(?m)^{name} = \d+", f"{name} = {value}", text_, count=1)
        assert found, name
    return Limits(text_)


async def _try(shop: Shop, **changed: Any) -> Tried:
    past = Past(shop.database, shop.engine, PLACES, shop.now)
    return await past.try_rules(
        changed.pop("actor", OPERATOR),
        START - timedelta(days=1),
        until=changed.pop("until", shop.clock + timedelta(seconds=1)),
        **changed,
    )


@pytest.fixture
async def shop(database: Database) -> Shop:
    """A day with something of everything: allowed, asked and answered each way, refused, undone, used."""
    shop = await open_shop(database)
    guard = shop.guard
    used = discount(4_000, transaction="A", customer=customer("eva"))
    await guard.propose(SPECIALIST, used)
    undone = await guard.propose(SPECIALIST, discount(3_000, transaction="B"))
    yes = await guard.propose(SPECIALIST, discount(6_000, transaction="C"))
    no = await guard.propose(SPECIALIST, discount(7_000, transaction="D", store=S2))
    shop.after(minutes=2)
    await guard.answer(ADA, yes.approval_id or "", approve=True)
    await guard.answer(ADA, no.approval_id or "", approve=False)
    await guard.undo(ADA, undone.action_id, key="undo-1", reason="By mistake.", origin=ORIGIN)
    await guard.propose(SPECIALIST, discount(8_000, transaction="E"))
    await guard.propose(SPECIALIST, discount(25_000, transaction="F"))
    shop.after(hours=1)
    await guard.expire()
    await shop.count(SCARF, 40, WAREHOUSE)
    await guard.propose(actor(Role.PLANNER), adjustment(-2))
    await guard.propose(actor(Role.PLANNER), transfer(3))
    async with database.transaction() as connection:
        await connection.execute(
            insert(purchase),
            {
                "id": "shopify:order:1",
                "channel": "pos",
                "location_id": S1,
                "occurred_at": START + timedelta(minutes=5),
                "received_at": START,
                "total": 36_000,
                "currency": "USD",
                "codes": [used.action.facts()["code"]],
            },
        )
    return shop


async def test_unchanged_rules_change_nothing(shop: Shop):
    for tried in (await _try(shop), await _try(shop, limits=limits(), rollout=Rollout.read())):
        assert (tried.judged.decided, tried.changed, tried.judged.top) == (9, 0, [])
        for figure in (tried.chain.given, tried.chain.promised, tried.chain.asked, tried.chain.refused):
            assert figure.then == figure.least == figure.likely == figure.most
        assert (tried.chain.given.then, tried.chain.asked.then, tried.chain.refused.then) == (4_000, 3, 1)
        assert tried.chain.seconds.then == 240


async def test_all_zero_limits_refuse_everything_that_costs_money(shop: Shop):
    zero = re.sub(r"(?m)^(\w+) = \d+", r"\1 = 0", _TEXT)
    tried = await _try(shop, limits=Limits(zero))
    assert {change.after.value for change in tried.judged.top} == {"deny"}
    assert (tried.chain.given.most, tried.chain.promised.most) == (0, 0)
    assert tried.judged.moot == 1  # what was undone would not have been there


async def test_a_lower_free_limit_asks_a_person_from_its_first_cent_on(shop: Shop):
    at, under = (
        await _try(shop, limits=limits(transaction_free=4_000)),
        await _try(shop, limits=limits(transaction_free=3_999)),
    )
    assert (at.changed, under.changed) == (0, 1)
    (change,) = under.judged.top
    assert (change.before.value, change.after.value, change.happened, change.money) == (
        "allow",
        "approve",
        "used",
        4_000,
    )
    assert change.moved == {"limit.transaction_free": (5_000, 3_999)}
    given = under.chain.given  # nobody knows how a manager would have answered, and three answers are too few to say
    assert (given.then, given.least, given.likely, given.most) == (4_000, 0, None, 4_000)
    assert (under.chain.asked.then, under.chain.asked.likely) == (3, 4)


async def test_a_higher_free_limit_gives_what_a_person_refused_at_most(shop: Shop):
    tried = await _try(shop, limits=limits(transaction_free=8_000))
    assert {change.happened for change in tried.judged.top} == {"executed", "rejected", "expired"}
    given = tried.chain.given
    assert (given.least, given.most) == (4_000, 4_000 + 7_000 + 8_000)
    assert (tried.chain.asked.likely, tried.chain.seconds.likely) == (0, 0)
    assert tried.locations[S2].given.most == 7_000


async def test_what_a_refused_decision_no_longer_takes_is_there_for_later_ones(database: Database):
    shop = await open_shop(database)
    first = discount(12_000, transaction="T", percent=2_500)
    second = discount(9_000, transaction="T")  # 210.00 with the first one: more than anybody may
    assert (await shop.guard.propose(SPECIALIST, first)).state == "waiting"
    assert (await shop.guard.propose(SPECIALIST, second)).state == "denied"
    tried = await _try(shop, limits=limits(percent_bp=2_000))
    changes = {change.money: change for change in tried.judged.top}
    assert changes[12_000].after.value == "deny"
    assert changes[9_000].after.value == "approve"
    assert changes[9_000].moved["transaction_total"] == (21_000, 9_000)


async def test_where_caps_bind_answers_never_given_leave_a_range(database: Database):
    shop = await open_shop(database)
    await shop.guard.propose(SPECIALIST, discount(21_000, transaction="T"))  # refused: over what anybody may approve
    shop.after(minutes=16)
    await shop.count(SAMPLE, 5)
    await shop.guard.propose(SPECIALIST, discount(4_000, transaction="T"))
    tried = await _try(shop, limits=limits(transaction_max=24_999))
    later = next(change for change in tried.judged.top if change.money == 4_000)
    assert (later.after.value, later.sure) == ("deny", False)  # had the first been approved; expired, it is as it was
    assert (tried.judged.approved.changed, tried.judged.expired.changed) == (2, 1)


async def test_another_rollout_shows_what_agents_would_have_asked(shop: Shop):
    careful = ROLLOUT.read_text(encoding="utf-8").replace('discount = "auto"', 'discount = "approve"', 1)
    tried = await _try(shop, rollout=Rollout(careful))
    assert {change.after.value for change in tried.judged.top} == {"approve"}
    assert tried.changed == 2  # the two that were allowed at once; people's own actions stay theirs


async def test_other_rules_can_be_tried(shop: Shop):
    texts = dict(shop.engine.texts)
    texts["rules/offers.cedar"] += (
        '\n@id("offers.never")\n@sentence("No offers.")\nforbid (principal, action == Action::"discount", resource);\n'
    )
    tried = await _try(shop, engine=Engine(texts, shop.engine.schema, shop.engine.limits))
    assert tried.rules["offers.never"].refused == 6
    assert tried.chain.refused.likely == 6


async def test_outcomes_that_were_told_count_before_what_was_promised(shop: Shop):
    async with shop.database.transaction() as connection:
        action = (await connection.execute(text("SELECT id FROM action WHERE money = 4000"))).scalar_one()
        rows = [("accepted", 3_900), ("given_back", 900)]
        for kind, minor in rows:
            await connection.execute(
                insert(outcome),
                {
                    "action_id": action,
                    "kind": kind,
                    "source": "shopify:order:1",
                    "at": shop.clock,
                    "minor": minor,
                    "currency": "USD",
                    "recorded_at": shop.clock,
                },
            )
    assert (await _try(shop)).chain.given.then == 3_000


async def test_only_locations_the_actor_may_look_at_are_judged(shop: Shop):
    tried = await _try(shop, actor=actor(Role.MANAGER, locations=frozenset({S2})))
    assert set(tried.locations) == {S2}
    with pytest.raises(Refused) as refusal:
        await _try(shop, actor=actor(Role.MANAGER, locations=frozenset({S2})), locations=frozenset({S1}))
    assert refusal.value.code == "access.outside_locations"
    with pytest.raises(Refused):
        await _try(shop, actor=ASSOCIATE)


async def test_it_is_told_in_one_screen_and_says_what_it_cannot_know(shop: Shop):
    told = tell(await _try(shop, limits=limits(transaction_free=3_999)))
    assert "1 of them would have been decided otherwise." in told
    assert "Only 1 days: read it as an example." in told
    assert "What this cannot know:" in told
    assert len(told.splitlines()) <= 40


async def test_an_empty_span_is_refused_and_an_empty_past_is_told(database: Database):
    shop = await open_shop(database)
    assert tell(await _try(shop)).startswith("0 decisions")
    with pytest.raises(Refused):
        await _try(shop, until=START - timedelta(days=1))


_PROPOSED = st.lists(
    st.tuples(st.integers(1, 26_000), st.sampled_from("ABC"), st.sampled_from(["", "x", "y"]), st.integers(0, 9)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(proposed=_PROPOSED)
async def test_whatever_was_decided_the_same_rules_decide_the_same_again(database: Database, proposed: Any):
    shop = await open_shop_again(database)
    for cents, transaction, who, then in proposed:
        decision = await shop.guard.propose(
            SPECIALIST, discount(cents, transaction=transaction, customer=customer(who) if who else None)
        )
        shop.after(minutes=then)
        if decision.approval_id and then % 3:
            await shop.guard.answer(ADA, decision.approval_id, approve=then % 3 == 1)
        elif decision.state == "executed" and then == 9:
            await shop.guard.undo(ADA, decision.action_id, key=decision.action_id, reason="Tried.", origin=ORIGIN)
        await shop.guard.expire()
    tried = await _try(shop, limits=limits(), rollout=Rollout.read())
    assert (tried.changed, tried.judged.unknown, tried.judged.moot) == (0, 0, 0)
    stricter = await _try(shop, limits=limits(transaction_free=0))
    assert stricter.chain.asked.least >= tried.chain.asked.least


async def open_shop_again(database: Database) -> Shop:
    """The shop, emptied of what an example before left."""
    async with database.transaction() as connection:
        tables = "action, approval, promise, ledger, variant, inventory_level, location"
        await connection.execute(text(f"TRUNCATE {tables} CASCADE"))
        await connection.execute(text("UPDATE ledger_head SET seq = 0, hash = repeat('0', 64)"))
    return await open_shop(database)
