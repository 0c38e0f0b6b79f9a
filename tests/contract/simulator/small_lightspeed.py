"""A small retailer whose Lightspeed side answers in process, for the tests of the simulated platform."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.faults import Faults
from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.app import lightspeed_app
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.world import Change, Level, Person, Place, Variant, World

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
BASE = "/api/2026-07"
TOKEN = "a-personal-token"


@dataclass
class RealTime:
    """The time outside the retailer, moved by hand: for tokens and for the request allowance."""

    moment: datetime = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class SmallLightspeed:
    """The retailer, its Lightspeed account, and an app that holds a token."""

    world: World
    clock: VirtualClock
    account: Account
    settings: LightspeedSettings
    faults: Faults
    time: RealTime
    http: httpx.AsyncClient
    changes: list[Change] = field(default_factory=list[Change])

    @property
    def seattle(self) -> Place:
        return self.world.places["STORE_SEA"]

    @property
    def portland(self) -> Place:
        return self.world.places["STORE_PDX"]

    @property
    def backroom(self) -> Place:
        return self.world.places["BACKROOM_WEST"]

    @property
    def person(self) -> Person:
        """A customer Lightspeed knows."""
        return next(one for one in self.world.people.values() if one.lightspeed_id and one.loyalty_id)

    def variant(self, number: int = 0) -> Variant:
        """A variant with 20 units at every Lightspeed place."""
        found = list(self.world.variants.values())[number]
        for place in (self.seattle, self.portland, self.backroom):
            self.world.levels[(found.sku, place.code)] = Level(20, version=self.world.next_version())
        return found

    def on_hand(self, variant: Variant, place: Place) -> int:
        return self.world.levels[(variant.sku, place.code)].on_hand

    async def call(self, method: str, path: str, status: int = 200, /, **options: Any) -> Any:
        """The body of an answer that must have this status, with decimals for its numbers."""
        response = await self.http.request(method, f"{BASE}{path}", **options)
        assert response.status_code == status, (method, path, response.status_code, response.text)
        return response.json(parse_float=Decimal) if response.content else None


@asynccontextmanager
async def small_lightspeed(
    hook: Callable[[httpx.Response], Awaitable[None]] | None = None, **settings: Any
) -> AsyncGenerator[SmallLightspeed]:
    """Run one. `hook` sees every answer."""
    world, clock = build_world(seed=5, start=START, variants=40, customers=60, history_days=2)
    time, faults = RealTime(), Faults()
    given = LightspeedSettings(personal_token=TOKEN, now=time.now, monotonic=time.monotonic, **settings)
    app = lightspeed_app(world, given, faults)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://lightspeed",
        headers={"Authorization": f"Bearer {TOKEN}"},
        event_hooks={"response": [hook] if hook else []},
    ) as http:
        shop = SmallLightspeed(world, clock, app.state.account, given, faults, time, http)
        world.listeners.append(shop.changes.append)
        yield shop
