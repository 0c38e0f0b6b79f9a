"""The simulated retailer over real loopback HTTP, with one platform's connector pointed at it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.faults import Faults
from evals.retailer.lightspeed.app import lightspeed_app
from evals.retailer.lightspeed.settings import LightspeedSettings as SimulatedLightspeed
from evals.retailer.server import serve
from evals.retailer.shopify.app import shopify_app
from evals.retailer.shopify.settings import ShopifySettings as SimulatedShopify
from evals.retailer.world import Change, Level, Person, Variant, World
from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Place, Places
from policies.vocabulary.ids import ActionId, CorrelationId, LocationId, Sku
from tools.connectors.http import Patience
from tools.connectors.lightspeed.platform import LightspeedPlatform
from tools.connectors.lightspeed.settings import LightspeedSettings
from tools.connectors.shopify.platform import ShopifyPlatform
from tools.connectors.shopify.settings import ShopifySettings
from tools.connectors.token_store import Tokens, TokenStore
from tools.platform import Platform, WriteContext

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
KEYS = MatchKeys(b"k" * 32)
SECRET = "a secret for tests, 32 bytes or more"
QUICK = Patience(connect_s=2, answer_s=1, attempts=3, pause_s=0.01, longest_pause_s=0.02, give_up_s=400)
SHOPS = {"shopify": ("STORE_123", "STORE_NYC"), "lightspeed": ("STORE_SEA", "STORE_PDX")}


class Stopwatch:
    """Seconds that pass when somebody waits for them, and at no other time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


class MemoryTokens:
    """A token store that forgets everything when the test ends."""

    def __init__(self) -> None:
        self.tokens: Tokens | None = None
        self.saved = 0
        self._lock = asyncio.Lock()

    async def load(self) -> Tokens | None:
        return self.tokens

    async def save(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.saved += 1

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator["MemoryTokens"]:
        async with self._lock:
            yield self


@dataclass
class Chain:
    """One platform of the retailer: what it really holds, what can go wrong, and our connector."""

    name: str
    world: World
    clock: VirtualClock
    faults: Faults
    platform: Platform
    places: Places
    state: Any  # what the simulated platform keeps beside the world
    settings: Any  # of the simulated platform
    changes: list[Change]
    client: httpx.AsyncClient
    responses: list[httpx.Response]
    watch: Stopwatch
    connect_with: Callable[[TokenStore], Platform]
    tokens: TokenStore

    def connect(self) -> Platform:
        """The connector once more, as another process would make it."""
        return self.connect_with(self.tokens)

    @property
    def requests(self) -> list[httpx.Request]:
        """What our connector sent."""
        return [response.request for response in self.responses]

    @property
    def shop(self) -> LocationId:
        return LocationId(SHOPS[self.name][0])

    @property
    def other_shop(self) -> LocationId:
        return LocationId(SHOPS[self.name][1])

    @property
    def foreign_shop(self) -> LocationId:
        """A shop on the other platform."""
        return LocationId(SHOPS["lightspeed" if self.name == "shopify" else "shopify"][0])

    @property
    def sku(self) -> Sku:
        return Sku("PROD_001")

    @property
    def variant(self) -> Variant:
        return self.world.variants[self.sku]

    @property
    def person(self) -> Person:
        """A customer this platform knows by loyalty id, e-mail and phone."""
        return next(
            person
            for person in self.world.people.values()
            if person.loyalty_id
            and person.email
            and person.phone
            and (person.shopify_id if self.name == "shopify" else person.lightspeed_id)
        )

    def level(self, place: LocationId | None = None) -> Level:
        """The stock of the sku at the shop."""
        return self.world.levels[self.sku, place or self.shop]

    def stock(self, units: int) -> None:
        """Put exactly this many on the shelves of both shops."""
        for place in SHOPS[self.name]:
            self.world.levels[self.sku, place] = Level(units, updated_at=self.clock.now(), version=self.next_version())

    def next_version(self) -> int:
        return self.world.next_version() if self.name == "lightspeed" else 0

    def made(self, topic: str) -> list[Any]:
        """The subjects of what was announced on this platform."""
        return [change.subject for change in self.changes if change.topic == topic and change.platform == self.name]


def context(action: str = "act-1", *, key: str = "", dry_run: bool = False) -> WriteContext:
    """A write as the executor would make it."""
    return WriteContext(
        key=key or f"key-of-{action}",
        action=ActionId(action),
        actor="manager:ada",
        approval=None,
        trace=CorrelationId("story"),
        reason="Low stock before the weekend.",
        dry_run=dry_run,
    )


def our_places(world: World) -> Places:
    """The retailer's locations as an operator would list them."""
    warehouse = world.places["WAREHOUSE"]
    return Places(
        Place(
            id=LocationId(place.code),
            name=place.name,
            platform=place.platform,
            platform_id=place.outlet_id or str(place.shopify_id or warehouse.shopify_id),
            kind=place.kind,
            region=place.region,
            timezone=place.timezone,
            stock_location=LocationId("WAREHOUSE" if place.kind == "online" else place.code),
        )
        for place in world.places.values()
    )


@asynccontextmanager
async def open_chain(
    name: str, *, see: Callable[[httpx.Response], Awaitable[None]] | None = None, **simulated: Any
) -> AsyncGenerator[Chain]:
    """The retailer with one of its platforms served, and the connector to it.

    Args:
        name: Which platform.
        see: Is shown every answer.
        simulated: The platform's settings.
    """
    world, clock = build_world(seed=7, start=START, variants=40, customers=80, history_days=2)
    faults, watch = Faults(), Stopwatch()
    settings: Any
    if name == "shopify":
        settings = SimulatedShopify(client_secret=SECRET, now=clock.now, monotonic=watch.monotonic, **simulated)
        app = shopify_app(world, settings, faults)
        state = app.state.shop
        serving = serve(shopify=app)
    else:
        settings = SimulatedLightspeed(client_secret=SECRET, now=clock.now, monotonic=watch.monotonic, **simulated)
        app = lightspeed_app(world, settings, faults)
        state = app.state.account
        serving = serve(lightspeed=app)
    places, responses = our_places(world), list[httpx.Response]()

    async def note(response: httpx.Response) -> None:
        responses.append(response)

    hooks = [note, see] if see else [note]
    async with serving as running, httpx.AsyncClient(event_hooks={"response": hooks}) as client:
        ours = ShopifySettings(running.shopify_url, settings.client_id, SECRET, patience=QUICK)
        theirs = LightspeedSettings(
            running.lightspeed_url,
            settings.client_id,
            SECRET,
            refresh_token="" if name == "shopify" else _consent(state, settings),
            patience=QUICK,
        )

        def connect(tokens: TokenStore) -> Platform:
            if name == "shopify":
                return ShopifyPlatform(ours, places, KEYS, client, clock.now, watch)
            return LightspeedPlatform(theirs, places, KEYS, tokens, client, clock.now, watch)

        tokens = MemoryTokens()
        platform = connect(tokens)
        changes: list[Change] = []
        world.listeners.append(changes.append)
        yield Chain(
            name,
            world,
            clock,
            faults,
            platform,
            places,
            state,
            settings,
            changes,
            client,
            responses,
            watch,
            connect,
            tokens,
        )
        await platform.close()


def _consent(account: Any, settings: Any) -> str:
    """The refresh token the retailer's consent gives."""
    form = {
        "grant_type": "authorization_code",
        "code": settings.authorization_code,
        "client_id": settings.client_id,
        "client_secret": SECRET,
    }
    return str(account.tokens.grant(form)["refresh_token"])
