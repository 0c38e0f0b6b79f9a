"""A basket told by our extension on a register, beside the same baskets at `/v1/checkout`, in one product process.

Everything counts on either side: the session token or the key, where the register stands and whose it is, the basket's
newest state, the offer, the rules, the decision and its record. Each basket is told once, as a sale of its own.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Final

import httpx

from evals.bench.chain import PLATFORM
from evals.bench.checkout import (
    KNOWN,
    RATE,
    TILLS,
    answered,
    baskets,
    brought_in,
    open_product,
    till_keys,
)
from evals.bench.load import Load, closed_loop, open_loop, request
from evals.bench.processes import Listening
from evals.bench.shop import settings
from evals.retailer.places import shops
from evals.retailer.shopify.pos import PosRegister
from evals.retailer.world import World
from evals.row import Row
from knowledge.store.session import Database
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import LocationId
from server.access import add_credential
from server.pos.known import put_person, put_register

ROUND: Final = 250  # baskets; two rounds at each door
WARM_UP: Final = 160
_TOKENS_LIVE: Final = 3_600  # seconds; a minute at Shopify, and the requests are written before they are sent


async def measure() -> list[Row]:
    """Latency of both doors at the same steady rate, one door after the other; Linux."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        now = datetime.now(UTC)
        async with brought_in(home, now) as (world, database):
            keys = await till_keys(database, world, now)
            screens = await _screens(database, world, now)
            url = database.url
        async with AsyncExitStack() as stack:
            product = await open_product(stack, home, url, now)
            asked, told = baskets(world, keys), _told(world, screens)
            for requests in (asked, told):
                await closed_loop(product.port, list(islice(requests, WARM_UP)), TILLS)
            # there and back, so that neither door has the warmer store
            runs = [await _run(product, each) for each in (asked, told, told, asked)]
    plain, screen = _both(runs[0], runs[3]), _both(runs[1], runs[2])
    ratio = screen[0].percentile(0.5) / plain[0].percentile(0.5)
    return [
        *_rows("checkout_beside", *plain),
        *_rows("pos_decision", *screen),
        Row("pos_over_checkout_p50", round(ratio, 2), "x", "", None, None),
    ]


async def _run(product: Listening, requests: Iterator[bytes]) -> tuple[Load, int]:
    """One round, and how many of its baskets got an offer."""
    before = (await answered(product)).get("offered", 0)
    load = await open_loop(product.port, list(islice(requests, ROUND)), RATE, TILLS)
    return load, (await answered(product)).get("offered", 0) - before


def _both(one: tuple[Load, int], other: tuple[Load, int]) -> tuple[Load, int]:
    statuses = Counter(one[0].statuses) + Counter(other[0].statuses)
    return Load(sorted(one[0].latencies + other[0].latencies), RATE, dict(statuses)), one[1] + other[1]


def _rows(name: str, load: Load, offered: int) -> list[Row]:
    errors = sum(count for status, count in load.statuses.items() if status != 200)  # noqa: PLR2004  # HTTP
    return [
        Row(f"{name}_p50_ms", round(load.percentile(0.50), 2), "ms", "", None, None),
        Row(f"{name}_p95_ms", round(load.percentile(0.95), 2), "ms", "", None, None),
        Row(f"{name}_p99_ms", round(load.percentile(0.99), 2), "ms", "", None, None),
        Row(f"{name}_offers_share", round(offered / len(load.latencies), 3), "", "", None, None),
        Row(f"{name}_errors", float(errors), "", "0", None, errors == 0),
    ]


async def _screens(database: Database, world: World, at: datetime) -> list[PosRegister]:
    """As many registers as tills, in the shops in turn, each with an associate signed in."""
    found: list[PosRegister] = []
    client = httpx.AsyncClient()  # never asked anything: the requests are sent as bytes
    async with database.transaction() as connection:
        for number, place in enumerate(islice(cycle(shops(world.places, PLATFORM)), TILLS), start=1):
            name = f"associate:{number}"
            await add_credential(connection, name, Role.ASSOCIATE, [place.code], at=at)
            await put_register(connection, str(number), LocationId(place.code), by="bench", at=at)
            await put_person(connection, str(number), name, by="bench", at=at)
            found.append(PosRegister(world, settings(), client, "", place=place.code, device=number, user=number))
    await client.aclose()
    return found


def _told(world: World, screens: list[PosRegister]) -> Iterator[bytes]:
    """What was bought in the shops before, lying on the registers for customers from the whole chain."""
    chance = Random(world.seed)
    people = [person for person in world.people.values() if person.shopify_id]
    places = {screen.place: screen for screen in screens}
    sold = [order for order in world.orders.values() if order.place in places]
    expires = int(datetime.now(UTC).timestamp()) + _TOKENS_LIVE
    turns = {place: cycle([each for each in screens if each.place == place]) for place in places}
    tokens = {screen.device: screen.token(exp=expires) for screen in screens}
    for order in chance.sample(sold, len(sold)):
        screen = next(turns[order.place])
        known = chance.choice(people).shopify_id if chance.random() < KNOWN else 0
        screen.begin([(line.sku, line.quantity) for line in order.lines], known)
        body = json.dumps({**screen.where(), **screen.state(revision=1)}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {tokens[screen.device]}"}
        yield request("POST", "/pos/v1/decision", headers, body)
