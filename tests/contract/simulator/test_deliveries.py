"""Webhooks reach the app signed, in time or late, once or twice, until they are accepted or given up."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import anyio
import httpx
import pytest

from evals.retailer.actions import adjust, sell, update_customer
from evals.retailer.addresses import Address, Target, lightspeed_addresses, shopify_addresses
from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.deliveries import RETRIES, Deliveries
from evals.retailer.faults import Faults
from evals.retailer.lightspeed.account import Webhook
from evals.retailer.lightspeed.app import lightspeed_app
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.shopify.app import shopify_app
from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.shopify.shop import Subscription
from evals.retailer.world import Level, Platform, World

pytestmark = pytest.mark.anyio
START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SECRETS: dict[Platform, str] = {"shopify": "shopify-secret", "lightspeed": "lightspeed-secret"}
TARGETS: dict[Platform, Target] = {"shopify": "http://app/shopify", "lightspeed": "http://app/lightspeed"}


class App:
    """Receives webhooks, and answers as told."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.status: Callable[[httpx.Request], int] = lambda _request: 200
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status(request))

    @property
    def accepted(self) -> list[httpx.Request]:
        return [request for request in self.requests if genuine(request)]

    def units_sold(self) -> list[int]:
        """What the Lightspeed sales heard of, in order of arrival, sold."""
        forms = [parse_qs(one.content.decode()) for one in self.requests if one.url.path == "/lightspeed"]
        sales = [json.loads(form["payload"][0]) for form in forms if form["type"] == ["sale.update"]]
        return [int(float(sale["register_sale_products"][0]["quantity"])) for sale in sales]


def genuine(request: httpx.Request) -> bool:
    if "X-Shopify-Topic" in request.headers:
        digest = hmac.digest(SECRETS["shopify"].encode(), request.content, hashlib.sha256)
        return request.headers.get("X-Shopify-Hmac-Sha256") == base64.b64encode(digest).decode()
    expected = hmac.new(SECRETS["lightspeed"].encode(), request.content, hashlib.sha256).hexdigest()
    return request.headers.get("X-Signature") == f"signature={expected},algorithm=HMAC-SHA256"


@pytest.fixture
def retailer() -> tuple[World, VirtualClock]:
    world, clock = build_world(seed=3, start=START, variants=40, customers=40, history_days=0)
    sku = next(iter(world.variants))
    for place in ("STORE_SEA", "STORE_NYC"):
        world.levels[(sku, place)] = Level(1000, version=world.next_version())
    return world, clock


@pytest.fixture
def world(retailer: tuple[World, VirtualClock]) -> World:
    return retailer[0]


@pytest.fixture
def clock(retailer: tuple[World, VirtualClock]) -> VirtualClock:
    return retailer[1]


@pytest.fixture
def app() -> App:
    return App()


def deliveries(world: World, **options: Any) -> Deliveries:
    return Deliveries(world, options.pop("targets", TARGETS), SECRETS, retry_scale=0, **options)


def ring_up(world: World, units: int = 1, place: str = "STORE_SEA") -> None:
    sku = next(iter(world.variants))
    sell(
        world,
        place=place,
        customer_key=None,
        lines=[(sku, units)],
        channel="pos",
        occurred_at=world.now(),
    )


async def deliver(made: Deliveries, app: App) -> None:
    with anyio.fail_after(5):
        async with made.running(app.client):
            await made.settle()


async def test_both_platforms_sign_what_they_send(world: World, app: App) -> None:
    made = deliveries(world)
    ring_up(world)
    ring_up(world, place="STORE_NYC")
    await deliver(made, app)
    topics = Counter(request.headers.get("X-Shopify-Topic", "lightspeed") for request in app.accepted)
    assert topics["lightspeed"] == 2  # the sale and the stock
    assert topics["orders/create"] == topics["inventory_levels/update"] == 1
    assert len(app.accepted) == len(app.requests) == made.counts.accepted == len(made.counts.latencies_ms)


async def test_one_at_a_time_they_arrive_in_the_order_they_happened(world: World, app: App) -> None:
    made = deliveries(world, concurrency=1)
    for units in range(1, 6):
        ring_up(world, units)
    await deliver(made, app)
    assert app.units_sold() == [1, 2, 3, 4, 5]


async def test_a_retry_is_the_same_request_with_the_same_ids(world: World, app: App) -> None:
    made = deliveries(world)
    refused = iter([500, 404])
    app.status = lambda _request: next(refused, 204)
    person = next(one for one in world.people.values() if one.shopify_id and not one.lightspeed_id)
    update_customer(world, person)
    await deliver(made, app)
    first, *others = app.requests
    assert [(one.content, one.headers["X-Shopify-Webhook-Id"]) for one in others] == [
        (first.content, first.headers["X-Shopify-Webhook-Id"])
    ] * 2
    assert (made.counts.sent, made.counts.retried, made.counts.accepted, made.counts.failed) == (3, 2, 1, 0)


@pytest.mark.parametrize(("platform", "place", "tries"), [("shopify", "STORE_NYC", 9), ("lightspeed", "STORE_SEA", 21)])
async def test_a_delivery_is_given_up_after_the_platforms_last_retry(
    world: World, app: App, platform: Platform, place: str, tries: int
) -> None:
    made = deliveries(world)
    app.status = lambda _request: 503
    adjust(world, next(iter(world.variants)), place, 1, expected=None)
    await deliver(made, app)
    assert (len(app.requests), made.counts.failed) == (tries, 1)
    waits = [RETRIES[platform].wait(retry) for retry in range(RETRIES[platform].times)]
    assert sum(waits) == pytest.approx(RETRIES[platform].over_s)
    assert waits == sorted(waits)


async def test_an_app_that_cannot_be_reached_is_tried_again(world: World, app: App) -> None:
    made = deliveries(world)
    failures = iter([httpx.ConnectError("no")])

    def fail(_request: httpx.Request) -> int:
        if error := next(failures, None):
            raise error
        return 200

    app.status = fail
    adjust(world, next(iter(world.variants)), "STORE_SEA", 1, expected=None)
    await deliver(made, app)
    assert (made.counts.retried, made.counts.accepted) == (1, 1)


async def test_a_duplicate_is_the_same_delivery_twice(world: World, app: App) -> None:
    made = deliveries(world)
    made.faults.duplicate_rate = 1.0
    adjust(world, next(iter(world.variants)), "STORE_NYC", 1, expected=None)
    await deliver(made, app)
    first, second = app.requests
    assert first.headers["X-Shopify-Webhook-Id"] == second.headers["X-Shopify-Webhook-Id"]
    assert (first.content, made.counts.made, made.counts.duplicates) == (second.content, 1, 1)


async def test_a_share_of_deliveries_is_doubled(world: World, app: App) -> None:
    made = deliveries(world)
    made.faults.duplicate_rate = 0.2
    for _ in range(200):
        adjust(world, next(iter(world.variants)), "STORE_SEA", 1, expected=None)
    await deliver(made, app)
    assert len(app.requests) == 200 + made.counts.duplicates
    assert 20 <= made.counts.duplicates <= 60


async def test_a_disordered_delivery_is_overtaken_by_the_next(world: World, app: App) -> None:
    made = deliveries(world, concurrency=1)
    made.faults.disorder_rate = 1.0
    ring_up(world, 1)
    made.faults.disorder_rate = 0.0
    ring_up(world, 2)
    await deliver(made, app)
    assert app.units_sold() == [2, 1]
    assert made.counts.disordered == 2  # the sale and the stock


async def test_an_overtaken_delivery_arrives_also_when_nothing_follows(world: World, app: App) -> None:
    made = deliveries(world)
    made.faults.disorder_rate = 1.0
    ring_up(world, 1)
    await deliver(made, app)
    assert app.units_sold() == [1]


async def test_a_late_delivery_waits_for_the_retailers_clock(world: World, clock: VirtualClock, app: App) -> None:
    made = deliveries(world)
    made.faults.late_rate, made.faults.late_by = 1.0, timedelta(minutes=10)
    ring_up(world)
    clock.advance_to(START + timedelta(minutes=9, seconds=59))
    await deliver(made, app)
    assert app.requests == []
    clock.advance_to(START + timedelta(minutes=10))
    await deliver(made, app)
    assert (app.units_sold(), made.counts.late) == ([1], 2)


async def test_a_till_without_a_connection_reports_later_what_happened_then(
    world: World, clock: VirtualClock, app: App
) -> None:
    made = deliveries(world)
    made.faults.offline["STORE_SEA"] = START + timedelta(hours=1)
    ring_up(world, 3)
    ring_up(world, 1, place="STORE_NYC")
    clock.advance_to(START + timedelta(minutes=59))
    await deliver(made, app)
    assert app.units_sold() == []
    clock.advance_to(START + timedelta(hours=1))
    await deliver(made, app)
    form = next(parse_qs(one.content.decode()) for one in app.requests if b"sale.update" in one.content)
    assert json.loads(form["payload"][0])["sale_date"] == "2026-11-23 15:00:00"
    assert (app.units_sold(), made.counts.held_offline) == ([3], 2)


async def test_a_till_is_offline_until_it_is_taken_out(world: World, clock: VirtualClock, app: App) -> None:
    made = deliveries(world)
    made.faults.offline["STORE_SEA"] = None
    ring_up(world, 3)
    clock.advance_to(START + timedelta(days=1))
    await deliver(made, app)
    assert app.requests == []
    del made.faults.offline["STORE_SEA"]
    await deliver(made, app)
    assert app.units_sold() == [3]


async def test_forged_and_unsigned_copies_carry_no_good_signature(world: World, app: App) -> None:
    made = deliveries(world)
    made.faults.forge_next = made.faults.unsign_next = 2
    app.status = lambda request: 200 if genuine(request) else 401
    sku = next(iter(world.variants))
    for place in ("STORE_SEA", "STORE_NYC"):
        adjust(world, sku, place, 1, expected=None)
    await deliver(made, app)
    counts = made.counts
    assert (counts.forged, counts.unsigned, counts.made, counts.accepted) == (2, 2, 2, 2)
    assert (len(app.requests), len(app.accepted), counts.retried, counts.bogus_accepted) == (6, 2, 0, 0)


async def test_an_app_that_accepts_a_forgery_is_found_out(world: World, app: App) -> None:
    made = deliveries(world)
    made.faults.forge_next = 1
    adjust(world, next(iter(world.variants)), "STORE_SEA", 1, expected=None)
    await deliver(made, app)
    assert made.counts.bogus_accepted == 1


async def test_registered_addresses_get_the_topics_they_asked_for(world: World, app: App) -> None:
    lightspeed = lightspeed_app(world, LightspeedSettings(), Faults()).state.account
    lightspeed.webhooks["1"] = Webhook("1", "inventory.update", "http://app/lightspeed", active=True)
    lightspeed.webhooks["2"] = Webhook("2", "sale.update", "http://app/lightspeed", active=False)
    shop = shopify_app(world, ShopifySettings(), Faults()).state.shop
    fields = ("id", "updated_at")
    shop.subscriptions[1] = Subscription(1, "ORDERS_CREATE", "http://app/shopify", None, fields, (), START)
    targets: dict[Platform, Target] = {
        "lightspeed": lightspeed_addresses(lightspeed),
        "shopify": shopify_addresses(shop),
    }
    made = deliveries(world, targets=targets)
    ring_up(world)
    ring_up(world, place="STORE_NYC")
    await deliver(made, app)
    order = next(request for request in app.accepted if request.url.path == "/shopify")
    assert set(json.loads(order.content)) == set(fields)
    assert len(app.accepted) == len(app.requests) == 2


async def test_nobody_is_told_what_nobody_asked_for(world: World, app: App) -> None:
    nobody: dict[Platform, Target] = {
        "shopify": lambda _topic: (),
        "lightspeed": lambda _topic: [Address("http://app/l")],
    }
    made = deliveries(world, targets=nobody)
    ring_up(world, place="STORE_NYC")
    await deliver(made, app)
    assert app.requests == []


async def test_what_was_not_delivered_stays_for_the_next_time(world: World, app: App) -> None:
    made = deliveries(world)
    ring_up(world)
    async with made.running(app.client):
        pass
    await deliver(made, app)
    assert app.units_sold() == [1]


async def test_no_more_requests_are_under_way_than_allowed(world: World) -> None:
    under_way, most = 0, 0

    async def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await anyio.lowlevel.checkpoint()
        under_way -= 1
        return httpx.Response(200)

    made = deliveries(world, concurrency=3)
    for _ in range(20):
        adjust(world, next(iter(world.variants)), "STORE_SEA", 1, expected=None)
    with anyio.fail_after(5):
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client, made.running(client):
            await made.settle()
    assert (most, made.counts.accepted) == (3, 20)


async def test_an_answer_that_takes_too_long_is_a_failure(world: World) -> None:
    answers = iter([anyio.sleep_forever])

    async def answer(_request: httpx.Request) -> httpx.Response:
        if wait := next(answers, None):
            await wait()
        return httpx.Response(200)

    made = deliveries(world, answer_within=0.01)
    adjust(world, next(iter(world.variants)), "STORE_SEA", 1, expected=None)
    with anyio.fail_after(5):
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client, made.running(client):
            await made.settle()
    assert (made.counts.sent, made.counts.retried, made.counts.accepted) == (2, 1, 1)
