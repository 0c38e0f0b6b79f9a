"""Webhooks answered: the whole product beside a bare handler that does one durable insert, in turns, in one run.

The product verifies, translates, recognizes duplicates and stores before it answers; the bare handler only stores. Both
write to the same PostgreSQL, to a database each, and run in a process of their own; the client is this process.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

import psycopg

from evals.bench.bare_inlet import TABLE
from evals.bench.chain import chain, locations
from evals.bench.load import closed_loop, open_loop, request
from evals.bench.processes import free_port, listening
from evals.process import cpu_seconds
from evals.retailer.actions import sell
from evals.retailer.clock import VirtualClock
from evals.retailer.places import shops
from evals.retailer.shopify.payloads import webhook
from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.shopify.signing import headers
from evals.retailer.world import Change, World
from evals.row import Row
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.places import save_locations
from knowledge.store.session import Database

ACK_MS: Final = 50.0
RATIO: Final = 0.5
RATE: Final = 200.0  # requests/s
STEADY: Final = 800  # requests at that rate in one turn: 4 s
AT_ONCE: Final = 800  # requests as fast as they are answered in one turn
TURNS: Final = (2, 5)  # of each
WARM_UP: Final = 300
CONNECTIONS: Final = 16
_TOPICS: Final = frozenset({"orders/create", "inventory_levels/update"})


@dataclass(slots=True)
class _Server:
    """One server under load, and what it came to."""

    pid: int
    port: int
    sent: int = 0
    took: list[float] = field(default_factory=list[float])  # ms each, at the steady rate
    per_second: list[float] = field(default_factory=list[float])  # of each turn at full speed
    cpu: list[float] = field(default_factory=list[float])  # ms a request, of each turn at full speed


async def measure() -> list[Row]:
    """Latency, throughput and CPU of an acknowledged webhook, and that none is lost; Linux, for it reads /proc."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        url = start_embedded(home / "pg")
        bare_url = start_embedded(home / "pg", "bare")
        await asyncio.to_thread(migrate, url)
        now = datetime.now(UTC)
        world, clock = chain(now, variants=300, customers=1_000, history_days=0)
        database = Database(url, pool=2)
        async with database.transaction() as connection:
            await save_locations(connection, locations(world))
        await database.close()
        shop = ShopifySettings()
        deliveries = _requests(world, clock, shop)
        async with AsyncExitStack() as stack:
            port, bare_port = free_port(), free_port()
            product = await stack.enter_async_context(
                listening(
                    *("server", "serve", "--workers", "0"),
                    port=port,
                    says=home / "product.log",
                    environment=_settings(url, home, port, shop),
                )
            )
            floor = await stack.enter_async_context(
                listening("evals.bench.bare_inlet", bare_url, str(bare_port), port=bare_port, says=home / "bare.log")
            )
            ours, bare = _Server(product.pid, port), _Server(floor.pid, bare_port)
            await _take_turns(ours, bare, deliveries)
            kept = await asyncio.to_thread(_count, url, "SELECT count(*) FROM event WHERE state = 'pending'")
            floored = await asyncio.to_thread(_count, bare_url, f"SELECT count(*) FROM {TABLE}")  # noqa: S608  # ours
    if floored != bare.sent:
        raise RuntimeError(f"the bare handler kept {floored} of {bare.sent} deliveries")
    return _rows(ours, bare, abs(ours.sent - kept))


def _rows(ours: _Server, bare: _Server, lost: int) -> list[Row]:
    p50, p99 = _percentiles(ours.took)
    bare_p50, bare_p99 = _percentiles(bare.took)
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours.per_second, bare.per_second, strict=True))
    return [
        Row("webhook_ack_p50_ms", p50, "ms", "", bare_p50, None),
        Row("webhook_ack_p99_ms", p99, "ms", f"< {ACK_MS:.0f}", bare_p99, p99 < ACK_MS),
        Row(
            "webhook_requests_per_s",
            round(statistics.median(ours.per_second), 1),
            "1/s",
            "",
            round(statistics.median(bare.per_second), 1),
            None,
        ),
        Row("webhook_throughput_ratio", round(ratio, 2), "x", f">= {RATIO}", 1.0, ratio >= RATIO),
        Row("webhook_cpu_ms", _middle(ours.cpu), "ms", "", _middle(bare.cpu), None),
        Row("webhook_lost", float(lost), "", "0", None, lost == 0),
    ]


def _percentiles(took: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(took, n=100)
    return round(cuts[49], 2), round(cuts[98], 2)


def _middle(values: list[float]) -> float:
    return round(statistics.median(values), 2)


async def _take_turns(ours: _Server, bare: _Server, deliveries: Iterator[bytes]) -> None:
    steady, at_once = TURNS
    for server in (ours, bare):
        await _at_once(server, list(islice(deliveries, WARM_UP)))
        server.per_second.clear()
        server.cpu.clear()
    for _ in range(steady):
        for server in (ours, bare):
            sent = list(islice(deliveries, STEADY))
            load = await open_loop(server.port, sent, RATE, CONNECTIONS)
            _check(load.statuses, len(sent))
            server.sent += len(sent)
            server.took += load.latencies
    for _ in range(at_once):
        for server in (ours, bare):
            await _at_once(server, list(islice(deliveries, AT_ONCE)))


async def _at_once(server: _Server, sent: list[bytes]) -> None:
    before = cpu_seconds(server.pid)
    load = await closed_loop(server.port, sent, CONNECTIONS)
    _check(load.statuses, len(sent))
    server.sent += len(sent)
    server.per_second.append(load.per_second)
    server.cpu.append((cpu_seconds(server.pid) - before) / len(sent) * 1000)


def _check(statuses: dict[int, int], sent: int) -> None:
    if statuses != {200: sent}:
        raise RuntimeError(f"not every delivery was accepted: {statuses} of {sent}")


def _requests(world: World, clock: VirtualClock, shop: ShopifySettings) -> Iterator[bytes]:
    """Signed deliveries of sales at the chain's tills and what they do to its stock, each a change of its own."""
    chance = Random(world.seed)
    heard: list[Change] = []
    world.listeners.append(heard.append)
    places = [place.code for place in shops(world.places, "shopify")]
    people, number = list(world.people), 0
    shelves = {code: [sku for sku, place in world.levels if place == code] for code in places}
    while True:
        clock.advance_to(clock.now() + timedelta(seconds=1))  # Shopify tells a change's second, not more
        place = chance.choice(places)
        lines = [(sku, 1) for sku in chance.sample(shelves[place], chance.choice((1, 1, 2, 3)))]
        for sku, _ in lines:
            world.levels[sku, place].on_hand += 1  # what is sold was there
        customer = chance.choice(people) if chance.random() < 0.65 else None  # noqa: PLR2004  # known at tills
        sell(world, place=place, customer_key=customer, lines=lines, channel="pos", occurred_at=clock.now())
        for change in heard:
            for topic, body in webhook(change, world):
                if topic in _TOPICS:
                    number += 1
                    name = str(UUID(int=number))
                    sent = headers(topic, body, shop.client_secret, shop.shop_domain, name, name, change.at)
                    yield request("POST", "/webhooks/shopify", sent, body)
        heard.clear()


def _settings(url: str, home: Path, port: int, shop: ShopifySettings) -> Mapping[str, str]:
    """Only deliveries come from Shopify here: nobody listens where its API would be."""
    return {
        "DATABASE_URL": url,
        "TILLHAND_HOME": str(home),
        "TILLHAND_PORT": str(port),
        "TILLHAND_SHOPIFY_URL": "http://127.0.0.1:9",
        "TILLHAND_SHOPIFY_DOMAIN": shop.shop_domain,
        "TILLHAND_SHOPIFY_CLIENT_ID": shop.client_id,
        "TILLHAND_SHOPIFY_CLIENT_SECRET": shop.client_secret,
    }


def _count(url: str, question: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    return int(row[0]) if row else 0
