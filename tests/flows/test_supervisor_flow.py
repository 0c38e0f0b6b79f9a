"""From a burst of events to the guard: every event counted, one crash contained, nothing proposed twice."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import pytest
from sqlalchemy import insert, select

from agents.arbitration import Bid, Scope
from agents.routing import INVENTORY, OFFERS, topics_of
from agents.specialist import Finding
from agents.specialists.inventory import InventorySpecialist
from agents.specialists.offers import OffersSpecialist
from agents.standing import Standing
from agents.state import Failure
from agents.supervisor import Supervisor
from knowledge.events.event import Event, Topic
from knowledge.store.session import Database
from knowledge.store.tables import action, ledger
from policies.engine import Engine
from policies.errors import Misconfigured, Unavailable
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CustomerRef
from tests.unit.agents.shop import (
    NOW,
    PLACES,
    SECRET,
    RecordingGuard,
    goes_with,
    happened,
    open_shop,
    order,
    sold,
    stock,
    view,
)
from tools.audit.verify import verify
from tools.executor import Executor
from tools.guard import Guard

pytestmark = pytest.mark.anyio

ADA, BEA = CustomerRef("c_ada"), CustomerRef("c_bea")


class Nothing:
    async def around(self, bids: Sequence[Bid]) -> tuple[frozenset[Scope], frozenset[str]]:
        assert bids
        return frozenset(), frozenset()


class Scripted:
    """A specialist that returns, raises or waits as it is told, and remembers what it saw."""

    def __init__(self, name: str, answer: Finding | Exception | None) -> None:
        self.name = name
        self.actor = Actor(f"specialist:{name}", Role.OFFERS_SPECIALIST, None, Door.EVENT)
        self.topics = topics_of(name)
        self.saw: list[str] = []
        self._answer = answer

    async def consider(self, events: Sequence[Event], customers: Mapping[str, CustomerRef]) -> Finding:
        assert customers is not None
        self.saw += [event.id for event in events]
        if self._answer is None:
            await asyncio.Event().wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        assert self._answer is not None
        return self._answer


async def specialists(database: Database) -> list[OffersSpecialist | InventorySpecialist]:
    """Both, over a shop where a tee and jeans go together and the first location runs out of tees."""
    await open_shop(database)
    async with database.transaction() as connection:
        await goes_with(connection, "TEE", "JEANS", together=40)
        await stock(connection, "JEANS", "WAREHOUSE", 5)
        await stock(connection, "TEE", "STORE_1", 1)
        await stock(connection, "TEE", "WAREHOUSE", 100)
        await sold(connection, "TEE", "STORE_1", 2)
    limits = Limits.read()
    return [
        OffersSpecialist(database, PLACES, limits, secret=SECRET, now=lambda: NOW),
        InventorySpecialist(database, PLACES, limits, now=lambda: NOW),
    ]


async def supervised(database: Database) -> tuple[Supervisor, RecordingGuard]:
    guard = RecordingGuard()
    return Supervisor(await specialists(database), guard, Standing(database)), guard


async def test_a_burst_reaches_each_specialist_it_concerns_and_then_the_guard(database: Database):
    supervisor, guard = await supervised(database)
    events = [view("v1", "TEE"), view("v2", "TEE"), view("v3", "TEE"), order("o1", "TEE", codes=["THAAAABBBBCC"])]
    outcome = await supervisor.handle(events, {"v1": ADA, "v2": BEA})
    assert outcome.seen == {"product.viewed": 3, "order.created": 1}
    assert sorted((actor.id, proposal.action.kind) for actor, proposal in guard.asked) == [
        ("specialist:inventory", "transfer"),
        ("specialist:offers", "discount"),
        ("specialist:offers", "discount"),
    ]
    assert (outcome.proposals, outcome.by_state, outcome.failures) == (3, {"allowed": 3}, ())
    assert outcome.passed["offers.stranger"] == 1
    assert guard.noted == []


async def test_the_same_burst_again_asks_for_exactly_the_same(database: Database):
    supervisor, guard = await supervised(database)
    events = [view("v1", "TEE"), order("o1", "TEE")]
    await supervisor.handle(events, {"v1": ADA})
    first, guard.asked = guard.asked, []
    await supervisor.handle(events, {"v1": ADA})
    assert guard.asked == first


async def test_through_the_real_guard_a_burst_is_decided_once_and_is_on_record(database: Database):
    engine = Engine.read(Limits.read())
    executor = Executor(database, {}, PLACES, engine, lambda: NOW)
    guard = Guard(database, engine, PLACES, executor, {}, lambda: NOW)
    supervisor = Supervisor(await specialists(database), guard, Standing(database))
    burst = [view("v1", "TEE"), order("o1", "TEE", codes=["THAAAABBBBCC"])]
    first = await supervisor.handle(burst, {"v1": ADA})
    again = await supervisor.handle(burst, {"v1": ADA})
    assert (first.by_state, again.proposals) == ({"allowed": 2}, 0)
    async with database.reading() as connection:
        assert (await verify(connection)).whole
        kinds = (await connection.execute(select(ledger.c.kind, ledger.c.correlation_id))).all()
    assert ("decision", "story-o1") in [tuple(row) for row in kinds]
    await guard.close()


async def test_a_customer_with_an_open_offer_from_elsewhere_gets_no_second(database: Database):
    supervisor, guard = await supervised(database)
    await supervisor.handle([view("v1", "TEE")], {"v1": ADA})
    _, proposal = guard.asked.pop()
    row = {
        "id": "a-1", "kind": "discount", "location_id": "ONLINE", "actor_id": "register:1", "actor": {},
        "idempotency_key": "another", "fingerprint": "0" * 64, "facts": proposal.action.facts(), "proposal": {},
        "correlation_id": "s", "causation_id": "", "situation": {}, "verdict": {}, "state": "waiting", "money": 1,
        "currency": "USD", "created_at": NOW,
    }  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute(insert(action).values(row))
    outcome = await supervisor.handle([view("v2", "TEE")], {"v2": ADA})
    assert (guard.asked, outcome.dropped) == ([], {"discount.already_open": 1})


async def test_a_crashing_specialist_does_not_stop_the_others(caplog: pytest.LogCaptureFixture):
    crashed = Scripted(OFFERS, ValueError("the customer's phone is 5551234567"))
    well = Scripted(INVENTORY, Finding(notes=(("o1", "All is well."),)))
    guard = RecordingGuard()
    with caplog.at_level(logging.ERROR):
        outcome = await Supervisor([crashed, well], guard, Nothing()).handle([order("o1", "TEE")])
    assert outcome.failures == (Failure(OFFERS, "ValueError", 1),)
    assert guard.noted == [("specialist:inventory", "o1", "All is well.")]
    assert "555" not in caplog.text, "what it stumbled over stays out of the log"


async def test_a_specialist_that_hangs_is_left_behind_at_its_deadline():
    hung, well = Scripted(OFFERS, None), Scripted(INVENTORY, Finding())
    supervisor = Supervisor([hung, well], RecordingGuard(), Nothing(), within=0.05)
    outcome = await supervisor.handle([order("o1", "TEE")])
    assert outcome.failures == (Failure(OFFERS, "TimeoutError", 1),)
    assert well.saw == ["o1"]


async def test_a_specialists_unavailable_source_is_named_by_its_code():
    away = Scripted(OFFERS, Unavailable("Away.", code="database.unavailable"))
    outcome = await Supervisor([away], RecordingGuard(), Nothing()).handle([order("o1", "TEE")])
    assert outcome.failures == (Failure(OFFERS, "database.unavailable", 1),)


async def test_events_that_concern_nobody_are_still_counted():
    idle = Scripted(OFFERS, Finding())
    events = [happened("u", Topic.UNKNOWN, {}), happened("c", Topic.REGISTER_CLOSED, {"location": "STORE_1"})]
    outcome = await Supervisor([idle], RecordingGuard(), Nothing()).handle(events)
    assert (outcome.seen, outcome.decisions, idle.saw) == ({"unknown": 1, "register.closed": 1}, (), [])


@pytest.mark.parametrize("size", [1, 500])
async def test_every_event_of_a_burst_reaches_its_specialist_once_and_in_order(size: int):
    watching = Scripted(INVENTORY, Finding())
    names = [f"o{number}" for number in range(size)]
    outcome = await Supervisor([watching], RecordingGuard(), Nothing()).handle([order(name, "TEE") for name in names])
    assert watching.saw == names
    assert outcome.seen == {"order.created": size}


async def test_an_empty_burst_is_nothing():
    outcome = await Supervisor([], RecordingGuard(), Nothing()).handle([])
    assert (outcome.seen, outcome.proposals) == ({}, 0)


def test_a_specialist_the_table_does_not_know_is_refused():
    with pytest.raises(Misconfigured):
        Supervisor([Scripted("nobody", Finding())], RecordingGuard(), Nothing())
