"""The event log: once per delivery, durable when the caller hears so, committed in groups."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from knowledge.events.event import Event, Topic
from knowledge.store.session import Database
from policies.errors import Unavailable
from policies.vocabulary.ids import CorrelationId, EventId, LocationId
from server.queue.inbox import Inbox
from server.telemetry import Metrics

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def happened(name: str, lane: str = "S1", *, second: int = 0) -> Event:
    at = NOW + timedelta(seconds=second)
    return Event(
        EventId(name), "log", name, Topic.REGISTER_CLOSED, LocationId(lane), at, at, CorrelationId(name), {"n": name}
    )


async def rows(database: Database, question: str) -> list[tuple[object, ...]]:
    async with database.reading() as connection:
        return [tuple(row) for row in await connection.execute(text(question))]


async def test_an_event_is_in_the_log_when_the_caller_hears_so(database: Database):
    inbox = Inbox(database, Metrics())

    assert await inbox.append(happened("a")) is True

    assert await rows(database, "SELECT id, state, lane FROM event") == [("a", "pending", "S1")]


async def test_the_same_delivery_is_stored_once_also_when_both_arrive_together(database: Database):
    inbox = Inbox(database, Metrics())

    together = await asyncio.gather(*(inbox.append(happened("a")) for _ in range(5)))
    later = await inbox.append(happened("a"))

    assert sorted(together) == [False, False, False, False, True]
    assert later is False
    assert await rows(database, "SELECT reason, count FROM absorbed") == [("duplicate", 5)]


async def test_one_change_told_under_two_names_is_stored_once(database: Database):
    inbox = Inbox(database, Metrics())

    assert await inbox.append(happened("a")) is True
    assert await inbox.append(replace(happened("a"), source="poll:log", delivery="other")) is False


async def test_concurrent_callers_share_commits(database: Database):
    inbox = Inbox(database, Metrics())

    answers = await asyncio.gather(*(inbox.append(happened(f"e{number}")) for number in range(300)))
    await inbox.close()

    assert all(answers)
    (commits,) = (await rows(database, "SELECT count(DISTINCT CAST(xmin AS text)) FROM event"))[0]
    assert commits in {1, 2}


async def test_events_keep_their_order_and_each_lane_gets_one_waiting_job(database: Database):
    inbox = Inbox(database, Metrics())

    new = await inbox.append_all([happened(f"e{number:04}", f"S{number % 2}") for number in range(1200)])

    assert new == 1200
    told = await rows(database, "SELECT id FROM event ORDER BY seq")
    assert told == sorted(told)
    jobs = "SELECT task_name, lock, queueing_lock, args ->> 'lane' FROM procrastinate_jobs ORDER BY lock"
    assert await rows(database, jobs) == [
        ("drain_lane", "lane:S0", "lane:S0", "S0"),
        ("drain_lane", "lane:S1", "lane:S1", "S1"),
    ]


async def test_nothing_new_wakes_nobody(database: Database):
    inbox = Inbox(database, Metrics())
    await inbox.append_all([happened("a")])
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM procrastinate_jobs"))

    assert await inbox.append_all([happened("a")]) == 0

    assert await rows(database, "SELECT id FROM procrastinate_jobs") == []


async def test_parked_and_answered_events_are_on_record_and_wake_nobody(database: Database):
    inbox = Inbox(database, Metrics())

    await inbox.park(happened("parked"), b"sealed")
    await inbox.record(happened("answered"))
    await inbox.close()

    assert await rows(database, "SELECT id, state FROM event ORDER BY id") == [
        ("answered", "handled"),
        ("parked", "parked"),
    ]
    assert await rows(database, "SELECT id FROM procrastinate_jobs") == []


async def test_a_caller_that_goes_away_takes_nobody_elses_event_along(database: Database):
    inbox = Inbox(database, Metrics())
    leaving = asyncio.create_task(inbox.append(happened("leaving")))
    staying = asyncio.create_task(inbox.append(happened("staying")))
    await asyncio.sleep(0)
    leaving.cancel()

    assert await staying is True
    assert await rows(database, "SELECT count(*) FROM event") == [(2,)]


async def test_without_a_database_the_caller_is_told_to_send_it_again():
    unreachable = Database("postgresql://nobody@127.0.0.1:1/none")
    inbox = Inbox(unreachable, Metrics())

    with pytest.raises(Unavailable):
        await inbox.append(happened("a"))
    await unreachable.close()
