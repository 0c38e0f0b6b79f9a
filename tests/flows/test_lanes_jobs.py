"""Workers: they find what is stored, take over from the dead, and keep the clock."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from knowledge.store.enqueue import enqueue
from knowledge.store.session import Database
from server.queue.inbox import wake
from server.queue.jobs import Jobs, Tempo
from server.queue.takeover import take_over
from server.telemetry import Metrics
from tests.flows.open_house import open_house
from tests.flows.test_lanes_drain import S1, Watching, lanes, level, one, stored

pytestmark = pytest.mark.anyio

TEMPO = Tempo(concurrency=1, heartbeat_s=1, stalled_s=5)


@asynccontextmanager
async def crew(database: Database, supervisor: Watching, done: list[str]) -> AsyncGenerator[Jobs]:
    async def carry_out(action_id: str) -> None:
        done.append(action_id)

    async def sync() -> None:
        done.append("sync")

    at = datetime.now(UTC) + timedelta(hours=1)  # further attempts are due long after the test
    jobs = Jobs(database, lanes(database, supervisor, at=at), carry_out, sync, Metrics())
    async with jobs.opened():
        yield jobs


async def test_a_worker_drains_what_was_stored_and_carries_out_what_was_decided(database: Database):
    supervisor, done = Watching(), list[str]()
    await stored(database, *(level(f"e{number}", number, second=number) for number in range(3)))
    async with database.transaction() as connection:
        enqueue(connection, "carry_out", {"action_id": "act_1"}, lock="act_1")

    async with crew(database, supervisor, done) as jobs:
        await jobs.work(TEMPO, wait=False, signals=False)

    assert supervisor.seen == [["e0", "e1", "e2"]]
    assert done == ["act_1"]
    assert await one(database, "SELECT count(*) FROM procrastinate_jobs") == 0


async def test_a_failed_event_is_attempted_again_when_its_time_has_come(database: Database):
    supervisor = Watching()
    supervisor.poison = {"a"}
    await stored(database, level("a", 1))
    async with crew(database, supervisor, []) as jobs:
        await jobs.work(TEMPO, wait=False, signals=False)
        supervisor.poison = set()
        assert await one(database, "SELECT state FROM event") == "pending"
        async with database.transaction() as connection:  # its time comes
            await connection.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))

        await jobs.work(TEMPO, wait=False, signals=False)

    assert await one(database, "SELECT state FROM event") == "handled"


async def died(database: Database, *, seconds: int) -> None:
    """The first waiting job is owned by a worker that was last heard of so long ago."""
    async with database.transaction() as connection:
        worker = (
            await connection.execute(
                text(
                    "INSERT INTO procrastinate_workers (last_heartbeat) "
                    "VALUES (now() - make_interval(secs => :seconds)) RETURNING id"
                ),
                {"seconds": seconds},
            )
        ).scalar_one()
        await connection.execute(
            text(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker "
                "WHERE id = (SELECT min(id) FROM procrastinate_jobs WHERE status = 'todo')"
            ),
            {"worker": worker},
        )


@pytest.mark.parametrize(("silent_for", "taken"), [(4, 0), (6, 1)])
async def test_a_job_is_taken_from_a_worker_that_was_silent_too_long_and_from_no_other(
    database: Database, silent_for: int, taken: int
):
    supervisor = Watching()
    await stored(database, level("a", 1))
    await died(database, seconds=silent_for)
    async with crew(database, supervisor, []) as jobs:
        assert await take_over(jobs.app, database, stalled_s=5) == taken
        await jobs.work(TEMPO, wait=False, signals=False)

    assert len(supervisor.seen) == taken


async def test_a_lane_held_up_by_a_dead_worker_goes_on_though_another_job_waits_for_it(database: Database):
    supervisor = Watching()
    await stored(database, level("a", 1))
    await died(database, seconds=60)
    async with database.transaction() as connection:
        wake(connection, S1)  # a new event arrives meanwhile: the same lane, the same lock
    async with crew(database, supervisor, []) as jobs:
        assert await take_over(jobs.app, database, stalled_s=5) == 1
        await jobs.work(TEMPO, wait=False, signals=False)

    assert supervisor.seen == [["a"]]
    assert await one(database, "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')") == 0


async def test_everything_that_runs_by_the_clock_runs(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened, opened.house.jobs.opened():
        for name, (_, work) in opened.house.schedule.all().items():
            if name != "poll_platforms":  # polling a whole retailer is tested where the connectors are
                await work()

        assert (tmp_path / "ledger.anchors").read_text(encoding="ascii").startswith("0 0000")


async def test_a_poll_finds_what_no_webhook_told_and_nothing_twice(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False, variants=30) as opened:
        await opened.house.schedule.poll()
        found = await opened.count("SELECT count(*) FROM event")
        await opened.drain()

        await opened.house.schedule.poll()

        assert found > 30
        assert await opened.count("SELECT count(*) FROM event") == found
        assert await opened.count("SELECT count(*) FROM variant") >= 30
        assert await opened.count("SELECT count(*) FROM poll_cursor") == 8
        assert await opened.count("SELECT count(*) FROM event WHERE state <> 'handled'") == 0
