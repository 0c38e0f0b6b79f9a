"""Offers before payment, without a model: 16 tills ask the product while its store holds a million customers.

Everything counts: the key, the hashes at the edge, the offer, the rules, the decision and its record, and the work that
follows in the background, where each code is made at a simulated Shopify in another process.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Final

import httpx

from evals.bench.chain import PLATFORM, VARIANTS
from evals.bench.filled_chain import filled
from evals.bench.grown_chain import grow
from evals.bench.load import Load, closed_loop, open_loop, request
from evals.bench.processes import Listening, free_port, listening
from evals.bench.shop import settings
from evals.process import cpu_seconds, resident_mib
from evals.retailer.places import shops
from evals.retailer.register import SAMPLE_BASKET, SAMPLE_CUSTOMER, SAMPLE_PLACE, checkout_started
from evals.retailer.world import World
from evals.row import Row
from knowledge.store.session import Database
from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Role
from server.access import add_credential

BROUGHT_IN: Final = 100_000  # customers who came by events; the store is grown tenfold from them
HISTORY_DAYS: Final = 28
TILLS: Final = 16
RATE: Final = 25.0  # checkouts/s: sixteen tills that each ring up more than one customer a second
STEADY: Final = 600
AT_ONCE: Final = 300
SAMPLES: Final = 40
WARM_UP: Final = 160
KNOWN: Final = 0.65  # share of the customers at a till who say who they are
P95_MS: Final = 50.0
P99_MS: Final = 150.0
SPOKEN: Final = 0.5  # share of baskets: who is offered something every time learns to wait for it
LATE: Final = 0.01  # share: an answer that gives up at its deadline is quick too, and must not pass for an offer


async def measure() -> list[Row]:
    """Latency at a steady rate, and throughput when every till asks again at once; Linux, for it reads /proc."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        now = datetime.now(UTC)
        async with brought_in(home, now) as (world, database):
            keys = await till_keys(database, world, now)
            url = database.url
        customers = await asyncio.to_thread(grow, url)
        async with AsyncExitStack() as stack:
            product = await open_product(stack, home, url, now)
            rows = await _measured(product, _samples(world, keys), baskets(world, keys))
        return [Row("checkout_customers", float(customers), "", "", None, None), *rows]


def brought_in(home: Path, now: datetime) -> AbstractAsyncContextManager[tuple[World, Database]]:
    """The chain of the checkout's measurements, in a store of its own under this folder."""
    return filled(home, now, variants=VARIANTS, customers=BROUGHT_IN, history_days=HISTORY_DAYS)


async def _measured(product: Listening, samples: Iterator[bytes], baskets: Iterator[bytes]) -> list[Row]:
    await closed_loop(product.port, list(islice(baskets, WARM_UP)), TILLS)
    sample = await closed_loop(product.port, list(islice(samples, SAMPLES)), 1)
    before, used = await answered(product), cpu_seconds(product.pid)
    steady = await open_loop(product.port, list(islice(baskets, STEADY)), RATE, TILLS)
    cpu = (cpu_seconds(product.pid) - used) / STEADY * 1000
    after = await answered(product)
    told = {status: after.get(status, 0) - before.get(status, 0) for status in after}
    hurried = await closed_loop(product.port, list(islice(baskets, AT_ONCE)), TILLS)
    p95, p99, late = steady.percentile(0.95), steady.percentile(0.99), told.get("late", 0) / STEADY
    offered = told.get("offered", 0) / STEADY
    errors = sum(_errors(load) for load in (sample, steady, hurried))
    return [
        Row("checkout_rate_per_s", RATE, "1/s", "", None, None),
        Row("checkout_p50_ms", round(steady.percentile(0.50), 2), "ms", "", None, None),
        Row("checkout_p95_ms", round(p95, 2), "ms", f"< {P95_MS:.0f}", None, p95 < P95_MS),
        Row("checkout_p99_ms", round(p99, 2), "ms", f"< {P99_MS:.0f}", None, p99 < P99_MS),
        Row("checkout_late_share", round(late, 4), "", f"<= {LATE}", None, late <= LATE),
        Row("checkout_offers_share", round(offered, 3), "", f"< {SPOKEN}", None, offered < SPOKEN),
        Row("checkout_cpu_ms", round(cpu, 2), "ms", "", None, None),
        Row("checkout_sample_p50_ms", round(sample.percentile(0.50), 2), "ms", "", None, None),
        Row("checkout_at_once_per_s", round(hurried.per_second, 1), "1/s", "", None, None),
        Row("checkout_at_once_p95_ms", round(hurried.percentile(0.95), 2), "ms", "", None, None),
        Row("checkout_memory_mib", round(resident_mib(product.pid)), "MiB", "", None, None),
        Row("checkout_errors", float(errors), "", "0", None, errors == 0),
    ]


def _errors(load: Load) -> int:
    return sum(count for status, count in load.statuses.items() if status != 200)  # noqa: PLR2004  # HTTP


async def answered(product: Listening) -> Mapping[str, int]:
    """How many checkouts were answered so far, by status, as the product counts them."""
    async with httpx.AsyncClient() as client:
        told = (await client.get(f"http://127.0.0.1:{product.port}/metrics?format=json")).json()
    counted: dict[str, int] = told["counters"].get("checkouts", {})
    return {labels.removeprefix("status="): count for labels, count in counted.items()}


def baskets(world: World, keys: Mapping[str, Iterator[str]]) -> Iterator[bytes]:
    """What was bought in the shops before, rung up again for customers from the whole chain."""
    chance = Random(world.seed)
    people = [person for person in world.people.values() if person.shopify_id]
    sold = [order for order in world.orders.values() if order.place in keys]
    for number, order in enumerate(chance.sample(sold, len(sold)), start=1):
        customer = chance.choice(people) if chance.random() < KNOWN else None
        lines = [(line.sku, line.quantity) for line in order.lines]
        body = checkout_started(world, order.place, f"BENCH_{number}", customer, lines)
        yield _asked(body, next(keys[order.place]))


def _samples(world: World, keys: Mapping[str, Iterator[str]]) -> Iterator[bytes]:
    """The till's sample, each time as another transaction."""
    customer = world.people[SAMPLE_CUSTOMER]
    for number in range(SAMPLES):
        body = checkout_started(world, SAMPLE_PLACE, f"SAMPLE_{number}", customer, SAMPLE_BASKET)
        yield _asked(body, next(keys[SAMPLE_PLACE]))


def _asked(body: bytes, key: str) -> bytes:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    return request("POST", "/v1/checkout", headers, body)


async def till_keys(database: Database, world: World, at: datetime) -> Mapping[str, Iterator[str]]:
    """The keys of the tills of each shop, in turn."""
    places = [place.code for place in shops(world.places, PLATFORM)]
    made: dict[str, list[str]] = {place: [] for place in places}
    async with database.transaction() as connection:
        for number, place in enumerate(islice(cycle(places), TILLS)):
            made[place].append(await add_credential(connection, f"register:{number}", Role.REGISTER, [place], at=at))
    return {place: cycle(keys) for place, keys in made.items()}


async def open_product(
    stack: AsyncExitStack, home: Path, url: str, start: datetime, more: Mapping[str, str] | None = None
) -> Listening:
    """The product over a filled store, and a simulated Shopify beside it, until the stack is closed.

    Args:
        stack: Ends both.
        home: The product's.
        url: Of the store.
        start: When Shopify's world begins.
        more: Further settings, by their names in the environment.
    """
    shop_port, port = free_port(), free_port()
    await stack.enter_async_context(
        listening("evals.bench.shop", str(shop_port), start.isoformat(), port=shop_port, says=home / "shop.log")
    )
    shop = settings()
    limits = home / "limits.toml"
    limits.write_text(_generous(DEFAULT_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    environment = {
        "DATABASE_URL": url,
        "TILLHAND_HOME": str(home),
        "TILLHAND_LIMITS": str(limits),
        "TILLHAND_PORT": str(port),
        "TILLHAND_SHOPIFY_URL": f"http://127.0.0.1:{shop_port}",
        "TILLHAND_SHOPIFY_DOMAIN": shop.shop_domain,
        "TILLHAND_SHOPIFY_CLIENT_ID": shop.client_id,
        "TILLHAND_SHOPIFY_CLIENT_SECRET": shop.client_secret,
        **(more or {}),
    }
    return await stack.enter_async_context(
        listening("server", "serve", "--workers", "0", port=port, says=home / "product.log", environment=environment)
    )


def _generous(limits: str) -> str:
    """A shop's budget of a day, for a month's offers in a minute: once it is spent, every offer waits for a manager."""
    return limits.replace("location_day = 150000", "location_day = 15000000")
