"""What became of an offer at the till is recorded once, however its order is told, and with agents stopped."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from agents.state import BurstOutcome
from knowledge.events.event import Event, Topic
from knowledge.events.families import LineFacts, OrderFacts, ReturnFacts, ShownFacts
from knowledge.store.session import Database
from policies.vocabulary.ids import CorrelationId, CustomerRef, EventId, LocationId
from server.queue.inbox import Inbox
from server.queue.lanes import Lanes
from server.telemetry import Metrics
from tests.flows.guarded_shop import ADA, ORIGIN, PLACES, S1, S2, SPECIALIST, START, Shop, discount, open_shop
from tools.audit.verify import verify
from tools.proposal import Decision

pytestmark = pytest.mark.anyio

ORDER = "shopify:order:7"


class Stopped:
    """No agent may look at anything."""

    async def handle(self, events: Sequence[Event], customers: Mapping[str, CustomerRef] | None = None) -> BurstOutcome:
        raise AssertionError("agents are stopped")


class Till:
    """Tells a shop of orders, returns and offers shown, each telling an event of its own."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._count = 0

    async def tell(self, topic: Topic, facts: Any, *, story: str = ORDER, resource: str = "", at: float = 5) -> None:
        self._count += 1
        moment = START + timedelta(minutes=at)
        name = f"e{self._count}"
        event = Event(
            EventId(name),
            "shopify",
            name,
            topic,
            S1,
            moment,
            moment,
            CorrelationId(story),
            facts.model_dump(mode="json"),
            resource,
            f"{self._count:04}" if resource else "",
        )
        database = self.shop.database
        await Inbox(database, Metrics()).append_all([event])
        lanes = Lanes(database, Stopped(), PLACES, metrics=Metrics(), agents=lambda: False, now=self.shop.now)
        assert (await lanes.drain(S1)).failed == 0

    async def order(self, *codes: str, topic: Topic = Topic.ORDER_CREATED, name: str = ORDER, **more: Any) -> None:
        at = more.pop("at", 5)
        lines = (LineFacts(sku="SAMPLE", quantity=2, unit_price=5_000, discount=more.pop("off", 1_000)),)
        facts: dict[str, Any] = {"channel": "pos", "location": S1, "total": 9_000, "currency": "USD", **more}
        await self.tell(
            topic, OrderFacts(order=name, lines=lines, codes=codes, **facts), story=name, resource=name, at=at
        )

    async def back(self, units: int, *, order: str = ORDER, sku: str = "SAMPLE", name: str = "") -> None:
        facts = ReturnFacts(
            order=order,
            location=S1,
            lines=(LineFacts(sku=sku, quantity=units, unit_price=5_000),),
            refund=4_500 * units,
            currency="USD",
        )
        await self.tell(Topic.RETURN_CREATED, facts, story=order, resource=name, at=50)

    async def records(self, kind: str) -> list[dict[str, Any]]:
        async with self.shop.database.reading() as connection:
            asked = text("SELECT CAST(entry AS jsonb) AS entry FROM ledger WHERE kind = :kind ORDER BY seq")
            return [row.entry for row in await connection.execute(asked, {"kind": kind})]

    async def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [record["body"] for record in await self.records(kind)]


@pytest.fixture
async def given(database: Database) -> tuple[Till, Decision, str]:
    """A till, an executed discount of 10.00 and its code."""
    shop = await open_shop(database)
    decision = await shop.guard.propose(SPECIALIST, discount(1_000))
    return Till(shop), decision, shop.platform.asked[0][0].facts()["code"]


Given = tuple[Till, Decision, str]


async def test_an_order_that_used_a_code_is_recorded_once_linked_to_its_action(given: Given):
    till, decision, code = given
    await till.order(code, "SUMMER", taken={code: 1_000, "SUMMER": 5})
    await till.order(code, "SUMMER", taken={code: 1_000, "SUMMER": 5}, topic=Topic.ORDER_UPDATED)
    await till.order(code, "SUMMER", topic=Topic.ORDER_FULFILLED)
    (record,) = await till.records("accepted")
    assert (record["action"], record["correlation"]) == (decision.action_id, ORIGIN.correlation)
    body = record["body"]
    assert (body["order"], body["taken_minor"], body["decided_minor"], body["known_by"]) == (
        ORDER,
        1_000,
        1_000,
        "code",
    )
    assert body["flags"] == []


@pytest.mark.parametrize(("told", "flags"), [(1_000, []), (999, ["amount"]), (1_001, ["amount"])])
async def test_another_amount_than_decided_is_flagged_to_the_cent(given: Given, told: int, flags: list[str]):
    till, _, code = given
    await till.order(code, taken={code: told})
    (body,) = await till.bodies("accepted")
    assert (body["taken_minor"], body["flags"]) == (told, flags)


async def test_money_that_only_the_lines_tell_is_known_when_one_code_was_used_and_unknown_with_two(given: Given):
    till, _, code = given
    await till.order(code, off=1_000)
    assert (await till.bodies("accepted"))[0]["known_by"] == "lines"
    shop = till.shop
    other = await shop.guard.propose(SPECIALIST, discount(500, transaction="T2"))
    code2 = shop.platform.asked[-1][0].facts()["code"]
    await till.order(code2, "SUMMER", name="shopify:order:8")
    second = (await till.records("accepted"))[1]
    assert (second["action"], second["body"]["taken_minor"], second["body"]["flags"]) == (other.action_id, None, [])


async def test_money_that_is_told_later_is_added_once(given: Given):
    till, _, code = given
    await till.order(code, "SUMMER", off=0)
    await till.order(code, "SUMMER", taken={code: 900}, topic=Topic.ORDER_UPDATED)
    await till.order(code, "SUMMER", taken={code: 900}, topic=Topic.ORDER_UPDATED, at=9)
    told = [(body["taken_minor"], body["amended"], body["flags"]) for body in await till.bodies("accepted")]
    assert told == [(None, False, []), (900, True, ["amount"])]


@pytest.mark.parametrize(
    ("more", "flag"),
    [({"at": 31}, "late"), ({"location": S2}, "elsewhere")],
)
async def test_a_code_used_late_or_elsewhere_is_flagged(given: Given, more: dict[str, Any], flag: str):
    till, _, code = given
    await till.order(code, taken={code: 1_000}, **more)
    assert (await till.bodies("accepted"))[0]["flags"] == [flag]


async def test_a_code_used_at_the_very_end_of_its_time_is_not_late(given: Given):
    till, _, code = given
    await till.order(code, taken={code: 1_000}, at=30)
    assert (await till.bodies("accepted"))[0]["flags"] == []


async def test_a_single_use_code_on_a_second_order_is_flagged_but_the_same_sale_told_twice_is_not(given: Given):
    till, _, code = given
    await till.order(code, taken={code: 1_000}, transaction="TXN_1")
    await till.order(code, taken={code: 1_000}, transaction="TXN_1", name="register:order:7")
    await till.order(code, taken={code: 1_000}, transaction="TXN_2", name="shopify:order:9")
    assert [body["flags"] for body in await till.bodies("accepted")] == [[], ["again"]]


async def test_a_code_used_after_it_was_ended_is_flagged(given: Given):
    till, decision, code = given
    await till.shop.guard.undo(ADA, decision.action_id, key="one", reason="Wrong.", origin=ORIGIN)
    await till.order(code, taken={code: 1_000})
    assert (await till.bodies("accepted"))[0]["flags"] == ["after_undo"]


async def test_returned_goods_give_their_share_back_once_and_never_more_than_was_taken(given: Given):
    till, _, code = given
    await till.order(code, taken={code: 1_000})
    await till.back(1, name="shopify:refund:1")
    await till.back(1, name="shopify:refund:1")
    await till.back(9, name="shopify:refund:2")
    told = [(body["units"], body["minor"], body["because"]) for body in await till.bodies("given_back")]
    assert told == [(1, 500, "returned"), (9, 500, "returned")]


async def test_a_return_told_before_its_order_is_recorded_with_it(given: Given):
    till, _, code = given
    await till.back(1, name="shopify:refund:1")
    assert await till.bodies("given_back") == []
    await till.order(code, taken={code: 1_000})
    assert [body["minor"] for body in await till.bodies("given_back")] == [500]


async def test_a_cancelled_order_gives_everything_back_once(given: Given):
    till, _, code = given
    await till.order(code, taken={code: 1_000})
    await till.back(1, name="shopify:refund:1")
    await till.order(topic=Topic.ORDER_CANCELLED, cancelled=True)
    await till.order(topic=Topic.ORDER_CANCELLED, cancelled=True, at=70)
    assert [(body["because"], body["minor"]) for body in await till.bodies("given_back")] == [
        ("returned", 500),
        ("cancelled", 500),
    ]


async def test_an_order_with_other_codes_leaves_no_record(given: Given):
    till, _, _ = given
    await till.order("SUMMER", taken={"SUMMER": 5})
    await till.back(1)
    assert await till.records("accepted") == []
    assert await till.records("given_back") == []


async def test_what_a_register_says_it_showed_is_recorded_once_for_offers_of_its_location(given: Given):
    till, decision, _ = given
    await till.tell(Topic.OFFER_SHOWN, ShownFacts(location=S2, decision=decision.action_id))
    assert await till.records("shown") == []
    await till.tell(Topic.OFFER_SHOWN, ShownFacts(location=S1, decision=decision.action_id))
    await till.tell(Topic.OFFER_SHOWN, ShownFacts(location=S1, decision=decision.action_id))
    await till.tell(Topic.OFFER_SHOWN, ShownFacts(location=LocationId("S1"), decision="act_nowhere"))
    assert [record["action"] for record in await till.records("shown")] == [decision.action_id]
    async with till.shop.database.reading() as connection:
        assert (await verify(connection)).whole
