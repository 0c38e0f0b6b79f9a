"""A worker killed with -9 while it provably owned running work: every effect happens exactly once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from anyio import fail_after
from sqlalchemy import text

from knowledge.events.event import Event, Topic
from knowledge.events.families import LineFacts, OrderFacts
from policies.actions.discount import Discount
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, EventId, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tests.flows.open_house import OpenHouse, open_house
from tools.audit.verify import verify
from tools.proposal import Origin, Proposal

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
STORE = LocationId("STORE_123")
CODES = 6
ORDERS = 1500
ONLY_HERE = "KILLED"  # a variant nobody else sells, so that its units are these orders' alone


@asynccontextmanager
async def worker(opened: OpenHouse) -> AsyncGenerator[asyncio.subprocess.Process]:
    """`tillhand worker` as a process of its own; stopped when the block ends, if it still lives."""
    settings = opened.house.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")},
        **opened.retailer.environment,
        "DATABASE_URL": settings.database_url,
        "TILLHAND_HOME": str(settings.home),
        "TILLHAND_HEARTBEAT_S": "0.5",
        "TILLHAND_STALLED_S": "2",
        "TILLHAND_CONCURRENCY": "3",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "worker", cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition; the test's own deadline bounds it."""
    while not await condition():  # noqa: ASYNC110  # it becomes true in another process, which cannot set an event
        await asyncio.sleep(0.02)


async def kill(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL


def code(number: int) -> Proposal:
    """A discount of one dollar on a transaction of its own."""
    action = Discount(
        store=STORE,
        customer=None,
        transaction=f"T-{number}",
        code=f"KILL-{number:04}",
        percent=Percent.whole(5),
        skus=(Sku("PROD_001"),),
        base=Money(2999, "USD"),
        amount=Money(2999, "USD").share(Percent.whole(5)),
        valid_until=datetime.now(UTC) + timedelta(minutes=30),
    )
    origin = Origin(CorrelationId(f"story-{number}"), f"call-{number}")
    lines = [{"sku": "PROD_001", "units": 1, "price": 2999}]
    return Proposal(action, f"kill-{number}", origin, "Goes with the basket.", {"lines": lines})


@pytest.mark.timeout(300)
async def test_codes_asked_for_by_a_killed_worker_exist_exactly_once(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        world, faults = opened.retailer.world, opened.retailer.faults["shopify"]
        actor = Actor("specialist:offers", Role.OFFERS_SPECIALIST, None, Door.EVENT)
        faults.slow_s = 30.0  # the write is done, its answer is not given yet: nobody knows which of the two
        for number in range(CODES):
            decision = await opened.house.guard.propose(actor, code(number), wait=False)
            assert decision.state == "allowed"

        async def owns_unanswered_work() -> bool:
            doing = await opened.count(
                "SELECT count(*) FROM procrastinate_jobs AS job "
                "JOIN procrastinate_workers AS w ON w.id = job.worker_id "
                "WHERE job.status = 'doing' AND job.task_name = 'carry_out' "
                "AND w.last_heartbeat > now() - interval '2 seconds'"
            )
            executing = await opened.count("SELECT count(*) FROM action WHERE state = 'executing'")
            return doing > 0 and executing > 0

        with fail_after(270):
            async with worker(opened) as first:
                await until(owns_unanswered_work)
                await kill(first)
            assert await opened.count("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") > 0
            assert await opened.count("SELECT count(*) FROM action WHERE state = 'executed'") == 0
            faults.slow_s = 0.0
            async with opened.database.transaction() as connection:  # a minute passes: the dead worker's lease ends
                await connection.execute(text("UPDATE action SET claimed_until = now() WHERE state = 'executing'"))
            async with worker(opened):

                async def settled() -> bool:
                    return await opened.count("SELECT count(*) FROM action WHERE state = 'executed'") == CODES

                await until(settled)

        made = [one.code for one in world.discounts.values() if one.code.startswith("KILL-")]
        assert sorted(made) == [f"KILL-{number:04}" for number in range(CODES)]
        assert await opened.count("SELECT count(*) FROM ledger WHERE kind = 'executed'") == CODES
        async with opened.database.reading() as connection:
            assert (await verify(connection)).whole


@pytest.mark.timeout(300)
async def test_orders_half_counted_by_a_killed_worker_are_counted_exactly_once(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        at = datetime.now(UTC)
        await opened.house.inbox.append_all([order(number, at) for number in range(ORDERS)])

        async def half_done() -> bool:
            doing = await opened.count(
                "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND task_name = 'drain_lane'"
            )
            applied = await opened.count(
                "SELECT count(*) FROM event WHERE applied_at IS NOT NULL AND source = 'shopify'"
            )
            return doing > 0 and 0 < applied < ORDERS

        with fail_after(270):
            async with worker(opened) as first:
                await until(half_done)
                await kill(first)
            assert await opened.count("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") > 0
            left = await opened.count("SELECT count(*) FROM event WHERE state = 'pending' AND source = 'shopify'")
            assert left > 0
            async with worker(opened):

                async def drained() -> bool:
                    # the worker polls the platforms too; what it hears there is no part of this
                    handled = "SELECT count(*) FROM event WHERE state = 'handled' AND source = 'shopify'"
                    return await opened.count(handled) == ORDERS

                await until(drained)

        assert await opened.count("SELECT sum(units) FROM daily_sale WHERE sku = 'KILLED'") == ORDERS
        assert await opened.count("SELECT count(*) FROM purchase WHERE id LIKE 'shopify:order:k%'") == ORDERS
        keys = "SELECT count(*) - count(DISTINCT (actor_id, idempotency_key)) FROM action"
        assert await opened.count(keys) == 0


def order(number: int, at: datetime) -> Event:
    facts = OrderFacts(
        order=f"shopify:order:k{number}",
        channel="pos",
        location=STORE,
        lines=(LineFacts(sku=ONLY_HERE, quantity=1, unit_price=2999),),
        total=2999,
        currency="USD",
    )
    return Event(
        EventId(f"e-{number}"), "shopify", f"d-{number}", Topic.ORDER_CREATED, STORE, at, at,
        CorrelationId(f"story-{number}"), facts.model_dump(mode="json"), f"shopify:order:k{number}", at.isoformat(),
    )  # fmt: skip
