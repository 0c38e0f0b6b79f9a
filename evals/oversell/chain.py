"""One shop in Lightspeed whose goods Shopify sells online too, one unit each of many variants, and the house."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evals.demo.database import fresh_database
from evals.demo.retailer import write_locations
from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.faults import Faults
from evals.retailer.lightspeed.app import lightspeed_app
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.places import show_on_shopify
from evals.retailer.server import serve
from evals.retailer.shopify.app import shopify_app
from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.world import Level, World
from server.composition import House, compose
from server.settings import Settings

SHELF: Final = "STORE_SEA"
WEB: Final = "WEB_STORE_SEA"
_SEED: Final = 11


@dataclass(frozen=True, slots=True)
class Shop:
    """The house, and what the simulated platforms really count."""

    house: House
    world: World
    skus: list[str]

    def put_one(self, sku: str) -> None:
        """One unit on the shelf, and both platforms say so."""
        for place in (SHELF, WEB):
            version = self.world.next_version() if place == SHELF else 0
            self.world.levels[sku, place] = Level(1, updated_at=self.world.now(), version=version)


@asynccontextmanager
async def open_shop(variants: int) -> AsyncGenerator[Shop]:
    """Both platforms on loopback, with plans so generous that nobody waits; the store as after a first poll."""
    now = datetime.now(UTC)
    clock = VirtualClock(now, speed=1)
    world, _ = build_world(seed=_SEED, start=now, variants=variants, customers=10, history_days=0, clock=clock)
    show_on_shopify(world, SHELF, WEB, 1)
    shopify, lightspeed = ShopifySettings(restore_rate=10**6, bucket_size=10**6), LightspeedSettings(registers=10**5)
    shop_app, till_app = shopify_app(world, shopify, Faults()), lightspeed_app(world, lightspeed, Faults())
    granted = till_app.state.account.tokens.grant(
        {
            "grant_type": "authorization_code",
            "code": lightspeed.authorization_code,
            "client_id": lightspeed.client_id,
            "client_secret": lightspeed.client_secret,
        }
    )
    with tempfile.TemporaryDirectory(prefix="tillhand-oversell-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        write_locations(world, home / "locations.toml", mirrors={WEB: SHELF})
        async with serve(shopify=shop_app, lightspeed=till_app) as running:
            environment = {
                "DATABASE_URL": fresh_database(home / "pg"),
                "TILLHAND_HOME": folder,
                "TILLHAND_LOCATIONS": str(home / "locations.toml"),
                "TILLHAND_AGENTS": "false",
                "TILLHAND_SHOPIFY_URL": running.shopify_url,
                "TILLHAND_SHOPIFY_CLIENT_ID": shopify.client_id,
                "TILLHAND_SHOPIFY_CLIENT_SECRET": shopify.client_secret,
                "TILLHAND_LIGHTSPEED_URL": running.lightspeed_url,
                "TILLHAND_LIGHTSPEED_CLIENT_ID": lightspeed.client_id,
                "TILLHAND_LIGHTSPEED_CLIENT_SECRET": lightspeed.client_secret,
                "TILLHAND_LIGHTSPEED_REFRESH_TOKEN": str(granted["refresh_token"]),
            }
            async with compose(Settings.read(environment)) as house:
                opened = Shop(house, world, sorted(world.variants))
                for sku in opened.skus:
                    opened.put_one(sku)
                await listen(opened)
                await house.mirroring.sweep()
                await listen(opened)
                yield opened


async def listen(shop: Shop) -> None:
    """Hear what both platforms tell, and apply it."""
    for name, platform in shop.house.platforms.items():
        await shop.house.poller.poll(name, platform.changes)
    await shop.house.inbox.close()
    for place in [*shop.house.places]:
        await shop.house.lanes.drain(place.id)
    await shop.house.lanes.drain("chain")
