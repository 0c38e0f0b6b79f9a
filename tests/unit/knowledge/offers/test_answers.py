"""Answers are counted from what was offered, withheld and bought, and used from the next look on."""

from datetime import timedelta

import pytest

from knowledge.offers.answers import BUYS_WITHIN, count_answers
from knowledge.offers.drawing import LearnedTable
from knowledge.offers.learned import PRIORS
from knowledge.offers.uplift import DEFAULT
from knowledge.store.session import Database
from tests.unit.tools.measure.past import NOW, bought, campaign, offer, withhold

pytestmark = pytest.mark.anyio

BEGINS = NOW - timedelta(days=30)


async def test_what_was_bought_after_an_offer_and_after_silence_is_counted(database: Database):
    await campaign(database, begins=BEGINS, customers=400)
    assert await count_answers(database, until=NOW) == 2
    table = LearnedTable()
    await table.keep_fresh(database.quick)
    learned, prior = table.now.response("new"), DEFAULT.response()
    assert table.now.counted_at == NOW
    assert learned.unaided > 2 * prior.unaided, "all of those held out bought, where one in five was predicted to"
    assert learned.told[1_000] > 2 * prior.told[1_000]


async def test_who_bought_something_else_or_too_late_did_not_answer(database: Database):
    at = NOW - timedelta(days=20)
    async with database.transaction() as connection:
        await offer(connection, "late", "c_1", at)
        await bought(connection, "p1", "c_1", at + timedelta(days=BUYS_WITHIN, minutes=1))
        await offer(connection, "other", "c_2", at)
        await bought(connection, "p2", "c_3", at)
        await offer(connection, "denied", "c_4", at, state="denied")
        await bought(connection, "p4", "c_4", at)
    await count_answers(database, until=NOW)
    rows = await database.quick.rows("SELECT occasions, bought FROM offer_answer")
    assert rows == [{"occasions": 2, "bought": 0}]


async def test_a_stranger_answers_with_the_transaction(database: Database):
    at = NOW - timedelta(days=20)
    async with database.transaction() as connection:
        await offer(connection, "o1", "", at)
        await bought(connection, "p1", None, at + timedelta(minutes=1), transaction="T-o1")
    await count_answers(database, until=NOW)
    assert (await database.quick.rows("SELECT bought FROM offer_answer")) == [{"bought": 1}]


async def test_the_last_days_are_left_to_be_answered_and_the_table_is_replaced(database: Database):
    await withhold(database, "o1", "c_1", NOW - timedelta(days=BUYS_WITHIN, minutes=1))
    await withhold(database, "o2", "c_2", NOW - timedelta(days=BUYS_WITHIN) + timedelta(minutes=1))
    await count_answers(database, until=NOW)
    assert (await database.quick.rows("SELECT sum(occasions) AS n FROM offer_answer")) == [{"n": 1}]
    assert await count_answers(database, until=NOW + timedelta(days=400)) == 0
    table = LearnedTable()
    await table.keep_fresh(database.quick)
    assert table.now is PRIORS
