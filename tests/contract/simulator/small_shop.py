"""A small retailer whose Shopify side answers in process, for the tests of the simulated platform."""

import pickle
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx

from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.faults import Faults
from evals.retailer.shopify.app import shopify_app
from evals.retailer.shopify.settings import ALL_SCOPES, ShopifySettings
from evals.retailer.shopify.shop import Shop
from evals.retailer.shopify.wire import gid
from evals.retailer.world import Level, Person, Variant, World

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SKU = "PROD_001"
LOYALTY = "CUST_456"
PHONE = "+15551234567"


@dataclass
class RealTime:
    """The time outside the retailer, moved by hand: for tokens and for the cost bucket."""

    now: datetime = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.now.timestamp()


@dataclass
class SmallShop:
    """The retailer, its Shopify shop, and an app that holds a token."""

    world: World
    clock: VirtualClock
    shop: Shop
    settings: ShopifySettings
    faults: Faults
    time: RealTime
    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def post(self, query: str, /, **variables: Any) -> httpx.Response:
        """One Admin API request."""
        body = {"query": query, "variables": variables}
        return await self.http.post("/admin/api/2026-07/graphql.json", json=body, headers=self.headers)

    async def admin(self, query: str, /, **variables: Any) -> Any:
        """The `data` of an Admin API answer that must be free of errors."""
        body = (await self.post(query, **variables)).json()
        assert "errors" not in body, body
        return body["data"]

    async def errors(self, query: str, /, **variables: Any) -> list[str]:
        """The codes of the errors that an Admin API answer must have."""
        body = (await self.post(query, **variables)).json()
        return [error["extensions"]["code"] for error in body["errors"]]

    async def storefront(self, query: str, /, **variables: Any) -> Any:
        """The `data` of a Storefront API answer."""
        headers = {"X-Shopify-Storefront-Access-Token": self.settings.storefront_token}
        body = {"query": query, "variables": variables}
        answer = (await self.http.post("/api/2026-07/graphql.json", json=body, headers=headers)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def token(self, **form: str) -> httpx.Response:
        """A request for a token, with the app's own id and secret unless given."""
        known = {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        return await self.http.post("/admin/oauth/access_token", json=known | form)

    @property
    def variant(self) -> Variant:
        return self.world.variants[SKU]

    @property
    def person(self) -> Person:
        return next(person for person in self.world.people.values() if person.loyalty_id == LOYALTY)

    @property
    def item(self) -> str:
        return gid("InventoryItem", self.variant.shopify_item_id)

    @property
    def customer(self) -> str:
        return gid("Customer", self.person.shopify_id)

    def location(self, place: str = "STORE_123") -> str:
        return gid("Location", self.world.places[place].shopify_id)

    def level(self, place: str = "STORE_123", sku: str = SKU) -> Level:
        return self.world.levels[sku, place]


@cache
def _packed(history_days: int) -> bytes:
    """A world to be unpacked for each test, which is much faster than building it."""
    world, _ = build_world(seed=11, start=START, variants=40, customers=60, history_days=history_days)
    return pickle.dumps(replace(world, now=None, listeners=[]))  # pyright: ignore[reportArgumentType] - set when unpacked


@asynccontextmanager
async def open_shop(
    *,
    scopes: frozenset[str] = ALL_SCOPES,
    bucket_size: float = 1_000_000.0,
    restore_rate: float = 100.0,
    history_days: int = 2,
) -> AsyncGenerator[SmallShop]:
    """A shop with forty variants and sixty customers. Its bucket is large unless a test is about the bucket."""
    clock = VirtualClock(START)
    world: World = pickle.loads(_packed(history_days))  # noqa: S301 - packed by this process
    world.now = clock.now
    time = RealTime()
    settings = ShopifySettings(
        client_secret="an app secret for tests, 32 bytes",
        storefront_token="a storefront token",
        scopes=scopes,
        bucket_size=bucket_size,
        restore_rate=restore_rate,
        now=lambda: time.now,
        monotonic=time.monotonic,
    )
    faults = Faults()
    app = shopify_app(world, settings, faults)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
        opened = SmallShop(world, clock, app.state.shop, settings, faults, time, http)
        granted = await opened.token(grant_type="client_credentials")
        opened.headers["X-Shopify-Access-Token"] = granted.json()["access_token"]
        yield opened
