"""Linked records are one person to draws, caps and measures; what is stored of them stays apart."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from knowledge.events.event import Event, Topic
from knowledge.events.families import KeyedHash
from knowledge.identity.match_key import MatchKeys
from knowledge.identity.resolve import recognize
from knowledge.offers.habit import habits
from knowledge.offers.lottery import Lottery
from knowledge.offers.turns import MET, TURNS
from knowledge.store.identity_tables import customer_identity
from knowledge.store.session import Database
from knowledge.store.tables import customer, match_key
from knowledge.unify.apply import apply
from policies.actions.message import Message
from policies.vocabulary.ids import CorrelationId, CustomerRef, EventId
from policies.vocabulary.money import Money
from tests.small_chain import FIRST, NOW, PLACES, stock_chain
from tests.unit.tools.measure.past import NOW as MEASURED
from tests.unit.tools.measure.past import bought, offer, withhold
from tools import promises
from tools.measure.money import MARGIN

pytestmark = pytest.mark.anyio

ONE, OTHER = CustomerRef("c_one"), CustomerRef("c_two")
KEYS = MatchKeys(b"k" * 32)


def key(ref: CustomerRef) -> KeyedHash:
    found = KEYS.key("shopify", "1" if ref == ONE else "2")
    assert found is not None
    return found


async def linked(database: Database, *refs: CustomerRef) -> None:
    async with database.transaction() as connection:
        await connection.execute(insert(customer_identity), [{"ref": ref, "identity": refs[0]} for ref in refs])


async def known(database: Database) -> None:
    async with database.transaction() as connection:
        for ref in (ONE, OTHER):
            await connection.execute(insert(customer).values(ref=ref, observed_at=NOW))
            one = key(ref)
            await connection.execute(insert(match_key).values(kind=one.kind, digest=one.digest, ref=ref))


def ordered(ref: CustomerRef, name: str) -> Event:
    facts = {
        "order": f"shopify:order:{name}", "channel": "pos", "location": FIRST, "total": 2_500, "currency": "USD",
        "customer": [key(ref).model_dump()], "lines": [{"sku": "BELT-1", "quantity": 1, "unit_price": 2_500}],
    }  # fmt: skip
    return Event(EventId(name), "test", name, Topic.ORDER_CREATED, FIRST, NOW, NOW, CorrelationId(name), facts)


async def test_events_and_tills_know_a_person_by_the_same_reference_and_rows_stay_with_their_record(
    database: Database,
):
    await stock_chain(database)
    await known(database)
    await linked(database, ONE, OTHER)
    async with database.transaction() as connection:
        applied = await apply(connection, [ordered(ONE, "o1"), ordered(OTHER, "o2")], PLACES, at=NOW)
    assert applied.customers == {"o1": ONE, "o2": ONE}
    assert [await recognize(database.quick, [key(ref)]) for ref in (ONE, OTHER)] == [ONE, ONE]
    rows = await database.quick.rows("SELECT id, customer_ref FROM purchase WHERE id LIKE '%order:o_' ORDER BY id")
    assert [row["customer_ref"] for row in rows] == [ONE, OTHER]
    lottery = Lottery(b"x" * 32, 5_000)
    assert len({lottery.holds_out("", ref) for ref in applied.customers.values()}) == 1
    assert (await habits(database.quick, [ONE], now=NOW + timedelta(hours=1)))[ONE] == "rare.full_price"


async def test_taken_apart_they_are_two_again(database: Database):
    await stock_chain(database)
    await known(database)
    async with database.transaction() as connection:
        applied = await apply(connection, [ordered(ONE, "o1"), ordered(OTHER, "o2")], PLACES, at=NOW)
    assert applied.customers == {"o1": ONE, "o2": OTHER}


def greeting(ref: CustomerRef) -> Message:
    return Message(
        store=FIRST, customer=ref, channel="sms", purpose="marketing", subject="", text="Hello.", worth=Money(0, "USD")
    )


async def count(database: Database, ref: CustomerRef) -> dict[str, int]:
    async with database.transaction() as connection:
        wanted = promises.counted(greeting(ref), PLACES.get(FIRST), NOW)
        return {each.scope: total for each, total in (await promises.read(connection, wanted)).items()}


async def promise(database: Database, ref: CustomerRef) -> None:
    async with database.transaction() as connection:
        totals = await promises.ask(connection, promises.counted(greeting(ref), PLACES.get(FIRST), NOW))
        promises.add(connection, dict.fromkeys(totals, 1))


async def test_what_one_record_was_promised_counts_for_all_whenever_they_were_linked(database: Database):
    await promise(database, ONE)
    await promise(database, OTHER)
    assert (await count(database, OTHER))["message_customer_day"] == 1
    await linked(database, ONE, OTHER)
    await promise(database, OTHER)
    for ref in (ONE, OTHER):
        told = await count(database, ref)
        assert (told["message_customer_day"], told["message_customer_week"], told["message_words"]) == (3, 3, 3)
        assert told["message_location_day"] == 3
    stranger = await count(database, CustomerRef("c_somebody"))
    assert (stranger["message_customer_day"], stranger["message_location_day"]) == (0, 3)


async def test_what_is_given_back_is_taken_from_the_record_it_was_promised_to(database: Database):
    await linked(database, ONE, OTHER)
    await promise(database, ONE)
    await promise(database, OTHER)
    wanted = promises.counted(greeting(OTHER), PLACES.get(FIRST), NOW)
    async with database.transaction() as connection:
        await promises.release(connection, [{"promised": [(each.scope, each.key, 1) for each in wanted]}])
    assert (await count(database, ONE))["message_customer_day"] == 1
    rows = await database.quick.rows("SELECT key, total FROM promise WHERE scope = 'message_customer_week' ORDER BY 1")
    assert [row["total"] for row in rows] == [1, 0]


async def test_what_another_record_buys_answers_the_offer_and_counts_as_the_persons(database: Database):
    at = MEASURED - timedelta(days=20)
    async with database.transaction() as connection:
        await offer(connection, "o1", OTHER, at)
        await bought(connection, "p1", ONE, at + timedelta(hours=1))
        await bought(connection, "p2", OTHER, at + timedelta(days=2))
    await linked(database, ONE, OTHER)
    span = {"since": at, "until": MEASURED, "days": 1}
    async with database.reading() as connection:
        met = await connection.execute(text(f"WITH {TURNS}, {MET} SELECT purchase_id FROM met"), span)  # noqa: S608  # our own texts
        assert met.scalars().all() == ["p1"]
        spent = await connection.execute(text(f"WITH {MARGIN} SELECT customer_ref, sum(margin) FROM spent GROUP BY 1"))  # noqa: S608  # the same
        assert [tuple(row) for row in spent] == [(ONE, 2 * 750)]


async def test_one_person_is_taken_in_once(database: Database):
    await linked(database, ONE, OTHER)
    at = MEASURED - timedelta(days=20)
    await withhold(database, "o1", ONE, at)
    await withhold(database, "o2", OTHER, at + timedelta(days=1))
    async with database.reading() as connection:
        span = {"since": at, "until": MEASURED}
        told = await connection.execute(text(f"WITH {TURNS} SELECT DISTINCT customer_ref FROM turn"), span)  # noqa: S608  # our own text
        assert told.scalars().all() == [ONE]
