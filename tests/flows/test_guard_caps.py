"""No cap is ever passed: not by any sequence of proposals, answers and undoings, nor by many of them at once."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from knowledge.store.session import Database
from knowledge.store.tables import customer as customer_table
from policies.engine import Engine
from policies.errors import Refused
from policies.limits import Limits
from tests.flows.guarded_shop import (
    ADA,
    ASSOCIATE,
    EVE,
    ORIGIN,
    S1,
    S2,
    SAMPLE,
    SPECIALIST,
    START,
    Shop,
    customer,
    discount,
    open_shop,
)
from tools.audit.explain import explain
from tools.proposal import Decision

pytestmark = pytest.mark.anyio

PRODUCT = Limits.read().text
SMALL = {
    "percent_bp = 3000": "percent_bp = 1000",
    "transaction_free = 5000": "transaction_free = 100",
    "transaction_max = 20000": "transaction_max = 250",
    "customer_day = 20000": "customer_day = 400",
    "location_day = 150000": "location_day = 900",
    "campaign_total = 2500000": "campaign_total = 600",
}
CAPS = {"transaction": 250, "customer_day": 400, "location_day": 900, "campaign": 600}


def engine(*more: str, **changed: str) -> Engine:
    limits = PRODUCT
    for old, new in {**SMALL, **changed}.items():
        limits = limits.replace(old, new, 1)
    return Engine.read(Limits("\n".join([limits, *more])))


TIGHT = engine()
LIVE = ("waiting", "allowed", "executing", "executed")


async def counted(shop: Shop) -> dict[tuple[str, str], int]:
    """The same totals, added up from the actions themselves."""
    async with shop.database.reading() as connection:
        rows = await connection.execute(
            text(
                "SELECT state, promised ->> 0 AS scope, promised ->> 1 AS key, CAST(promised ->> 2 AS bigint) AS cents"
                " FROM action, jsonb_array_elements(proposal -> 'promised') AS promised WHERE kind = 'discount'"
            )
        )
        totals: dict[tuple[str, str], int] = {}
        for row in rows:
            if row.state in LIVE:
                totals[row.scope, row.key] = totals.get((row.scope, row.key), 0) + row.cents
        return totals


async def holds(shop: Shop) -> None:
    totals = await counted(shop)
    for scope, cap in CAPS.items():
        mine = {key: cents for (name, key), cents in totals.items() if name == scope}
        assert {key: cents for key, cents in (await shop.promised(scope)).items() if cents} == mine
        assert all(0 < cents <= cap for cents in mine.values()), (scope, mine)


@pytest.fixture
async def tight(database: Database) -> Database:
    await open_shop(database, engine=TIGHT)
    return database


ONE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "cents": st.sampled_from([1, 49, 50, 99, 100, 101, 149, 150, 250, 251]),
        "transaction": st.sampled_from(["T1", "T2", "T3"]),
        "customer": st.sampled_from([None, customer("ada"), customer("bob")]),
        "store": st.sampled_from([S1, S2]),
        "campaign": st.sampled_from(["", "SPRING"]),
    }
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("one"), ONE),
        st.tuples(st.just("at_once"), st.lists(ONE, min_size=2, max_size=6)),
        st.tuples(st.just("burst"), st.lists(ONE, min_size=2, max_size=6)),
        st.tuples(st.sampled_from(["approve", "reject", "expire", "undo", "fail"]), st.integers(0, 20)),
    ),
    min_size=4,
    max_size=14,
)


@dataclass
class Play:
    """People and a specialist at work in one shop; what waits and what was done is theirs to answer and undo."""

    shop: Shop
    waiting: list[str] = field(default_factory=list[str])
    done: list[str] = field(default_factory=list[str])
    turn: int = 0

    async def step(self, step: str, told: Any) -> None:
        self.turn += 1
        with suppress(Refused):
            await getattr(self, step)(told)

    async def one(self, told: dict[str, Any]) -> None:
        who = (SPECIALIST, ASSOCIATE, ADA)[self.turn % 3]
        self._keep(await self.shop.guard.propose(who, discount(**told)))

    async def at_once(self, told: list[dict[str, Any]]) -> None:
        await asyncio.gather(*(self.one(each) for each in told))

    async def burst(self, told: list[dict[str, Any]]) -> None:
        for decision in await self.shop.guard.propose_all([(SPECIALIST, discount(**each)) for each in told]):
            self._keep(decision)

    async def approve(self, which: int) -> None:
        await self._answer(which, yes=True)

    async def reject(self, which: int) -> None:
        await self._answer(which, yes=False)

    async def expire(self, which: int) -> None:
        self.shop.after(minutes=which)
        await self.shop.guard.expire()

    async def fail(self, _: int) -> None:
        self.shop.platform.faults.append(Refused("No.", code="platform.no"))

    async def undo(self, which: int) -> None:
        if self.done:
            taken = self.done[which % len(self.done)]
            await self.shop.guard.undo(EVE, taken, key=f"undo-{uuid4()}", reason="Taken back.", origin=ORIGIN)

    async def _answer(self, which: int, *, yes: bool) -> None:
        if self.waiting:
            await self.shop.guard.answer(EVE, self.waiting[which % len(self.waiting)], yes)

    def _keep(self, decision: Decision) -> None:
        if decision.approval_id:
            self.waiting.append(decision.approval_id)
        elif decision.action_id:
            self.done.append(decision.action_id)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_no_sequence_of_proposals_answers_and_undoings_passes_any_cap(
    tight: Database, steps: list[tuple[str, Any]]
):
    play = Play(Shop(tight, TIGHT))
    async with tight.transaction() as connection:
        await connection.execute(text("TRUNCATE action, approval, promise CASCADE"))
    for step, told in steps:
        await play.step(step, told)
        await holds(play.shop)


@pytest.mark.parametrize(
    ("scope", "rule", "common"),
    [
        ("transaction", "offers.transaction_cap", {"transaction": "T"}),
        ("customer_day", "offers.customer_day_cap", {"customer": customer("ada")}),
        ("location_day", "offers.location_day_cap", {}),
        ("campaign", "offers.campaign_cap", {"campaign": "SPRING"}),
    ],
)
@pytest.mark.parametrize("beyond", [-1, 0, 1])
async def test_each_cap_holds_to_the_cent(tight: Database, scope: str, rule: str, common: dict[str, Any], beyond: int):
    shop, cap = Shop(tight, TIGHT), CAPS[scope]
    separate: dict[str, Any] = {"transaction": "first"}
    first = await shop.guard.propose(ADA, discount(cap // 2 if cap < 500 else 100, **separate | common), wait=False)
    while (left := cap - (await counted(shop)).get((scope, _key(scope)), 0) + beyond) > 100:
        separate = {"transaction": f"T{left}"}
        await shop.guard.propose(ADA, discount(100, **separate | common), wait=False)
    separate = {"transaction": "last"}
    last = await shop.guard.preview(ADA, discount(left, **separate | common))
    assert first.state in LIVE
    assert (last.outcome == "deny") is (beyond > 0)
    assert [name for name, _ in last.reasons if name == rule] == ([rule] if beyond > 0 else [])


def _key(scope: str) -> str:
    keys = {"transaction": "shopify:T", "customer_day": f"{customer('ada')}:2026-11-20", "campaign": "SPRING"}
    return keys.get(scope, "S1:2026-11-20")


async def test_thirty_at_once_from_everywhere_fill_a_campaign_exactly(tight: Database):
    shop = Shop(tight, TIGHT)
    proposals = [
        discount(50, campaign="SPRING", transaction=f"T{number}", store=(S1, S2)[number % 2]) for number in range(30)
    ]
    decisions = await asyncio.gather(*(shop.guard.propose(SPECIALIST, each, wait=False) for each in proposals))
    states = [each.state for each in decisions]
    assert (states.count("allowed"), states.count("denied")) == (12, 18)
    assert await shop.promised("campaign") == {"SPRING": 600}


async def test_what_is_rejected_expired_failed_or_undone_is_a_campaigns_again(tight: Database):
    shop = Shop(tight, TIGHT)
    named: dict[str, Any] = {"campaign": "SPRING"}
    rejected = await shop.guard.propose(SPECIALIST, discount(101, transaction="T1", **named))
    await shop.guard.answer(EVE, rejected.approval_id or "", approve=False)
    await shop.guard.propose(SPECIALIST, discount(102, transaction="T2", **named))
    shop.after(minutes=15)
    await shop.guard.expire()
    shop.platform.faults.append(Refused("No.", code="platform.no"))
    await shop.guard.propose(SPECIALIST, discount(50, transaction="T3", **named))
    undone = await shop.guard.propose(SPECIALIST, discount(51, transaction="T4", **named))
    await shop.guard.undo(EVE, undone.action_id, key="undo-it-now", reason="Taken back.", origin=ORIGIN)
    assert await shop.promised("campaign") == {"SPRING": 0}


@pytest.mark.parametrize(("spent", "rules"), [(49_999, "deny"), (50_000, "approve"), (50_001, "approve")])
async def test_a_high_value_customer_may_be_given_more_with_a_managers_approval(
    database: Database, spent: int, rules: str
):
    rich = engine(**{"spent_from = 0": "spent_from = 50000"})
    shop = await open_shop(database, engine=rich)
    who = customer("ada")
    async with database.transaction() as connection:
        row = {"ref": who, "orders": 1, "spent": spent, "observed_at": START}
        await connection.execute(insert(customer_table).values(row))
    more = await shop.guard.propose(SPECIALIST, discount(15, percent=1_500, customer=who))
    assert (more.outcome, more.reasons[0][0]) == (rules, "offers.percent_cap")
    if rules == "approve":
        assert (await shop.guard.answer(EVE, more.approval_id or "", approve=True)).state == "executed"
        async with database.reading() as connection:
            told = (await explain(connection, more.action_id)).text()
        assert "high-value customer (who spent 50000 cents or more)" in " ".join(told.split())
    most = await shop.guard.preview(SPECIALIST, discount(41, percent=4_001, customer=who))
    assert most.outcome == "deny"


async def test_nobody_is_high_value_while_the_segment_is_off(tight: Database):
    shop = Shop(tight, TIGHT)
    who = customer("ada")
    async with tight.transaction() as connection:
        row = {"ref": who, "orders": 99, "spent": 10**9, "observed_at": START}
        await connection.execute(insert(customer_table).values(row))
    assert (await shop.guard.preview(SPECIALIST, discount(15, percent=1_500, customer=who))).outcome == "deny"


@pytest.mark.parametrize(
    ("message", "state"),
    [("A tenth off: 10% off.", "allowed"), ("Enjoy 15% off!", "denied"), ("Take code OTHER99.", "denied")],
)
async def test_whoever_proposes_it_a_message_that_promises_something_else_is_refused(
    database: Database, message: str, state: str
):
    shop = await open_shop(database)
    for who in (SPECIALIST, ASSOCIATE, ADA):
        decision = await shop.guard.preview(who, discount(100, message=message))
        assert decision.state == state
        assert state == "allowed" or [name for name, _ in decision.reasons] == ["offers.words_disagree"]


async def test_a_personalized_offer_in_new_york_says_that_it_is_one(database: Database):
    shop = await open_shop(database)
    silent = discount(100, customer=customer("ada"), message="10% off for you.")
    decision = await shop.guard.propose(SPECIALIST, silent)
    assert (decision.state, [name for name, _ in decision.reasons]) == ("denied", ["us_ny.price_disclosure"])
    said, person = discount(100, customer=customer("ada")), discount(100, customer=customer("ada"), message=None)
    assert (await shop.guard.propose(SPECIALIST, said)).state == "executed"
    assert (await shop.guard.propose(ASSOCIATE, person)).state == "executed", "a person is no algorithm"


@pytest.mark.parametrize(("minutes", "outcome"), [(15, "allow"), (15.1, "deny")])
async def test_goods_counted_too_long_ago_are_not_offered(database: Database, minutes: float, outcome: str):
    shop = await open_shop(database)
    shop.after(minutes=minutes)
    assert (await shop.guard.preview(SPECIALIST, discount(100))).outcome == outcome


@pytest.mark.parametrize(
    ("cents", "state", "rule"),
    [(1_000, "executed", ""), (1_001, "denied", "offers.price_moved"), (None, "denied", "offers.stale_price")],
)
async def test_a_price_that_grew_old_while_a_manager_thought_is_asked_for_again(
    database: Database, cents: int | None, state: str, rule: str
):
    await open_shop(database)
    shop = Shop(database, TIGHT, cents={} if cents is None else {SAMPLE: cents})
    await shop.guard.propose(SPECIALIST, discount(50))
    waits = await shop.guard.propose(SPECIALIST, replace(discount(100, base=1_000), priced_at=START))
    shop.after(seconds=6)
    decision = await shop.guard.answer(EVE, waits.approval_id or "", approve=True)
    assert (waits.state, decision.state) == ("waiting", state)
    assert not rule or rule in [name for name, _ in decision.reasons]


async def test_a_price_of_the_register_does_not_grow_old_while_its_basket_stands(database: Database):
    shop = await open_shop(database)
    waits = await shop.guard.propose(SPECIALIST, discount(5_001, percent=1))
    shop.clock += timedelta(minutes=10)
    assert (await shop.guard.answer(EVE, waits.approval_id or "", approve=True)).state == "executed"
