"""A whole house over a small simulated retailer: both platforms on loopback, one database, every door open."""

import base64
import hmac
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
from sqlalchemy import text

from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.faults import Faults
from evals.retailer.lightspeed import account as lightspeed_account
from evals.retailer.lightspeed.app import lightspeed_app
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.places import show_on_shopify
from evals.retailer.server import serve
from evals.retailer.shopify.app import shopify_app
from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.world import World
from knowledge.store.session import Database, utc_now
from policies.vocabulary.actor import Role
from server.access import add_credential
from server.app import build_app
from server.composition import House, compose
from server.settings import Settings
from tests.flows.filled_store import fill_store

SAMPLE: dict[str, Any] = {
    "event": "checkout.started",
    "store_id": "STORE_123",
    "pos_transaction_id": "TXN_XYZ789",
    "customer": {"loyalty_id": "CUST_456", "email": "[email protected]", "phone": "+15551234567"},
    "basket": [{"sku": "PROD_001", "name": "Organic Cotton T-Shirt", "price": 29.99, "quantity": 1}],
    "total_amount": 29.99,
}


@dataclass(frozen=True, slots=True)
class Retailer:
    """The simulated platforms as they run; `heard` is every request they got, headers and body as one text."""

    world: World
    shopify: ShopifySettings
    lightspeed: LightspeedSettings
    account: lightspeed_account.Account
    faults: Mapping[str, Faults]
    environment: Mapping[str, str]
    heard: list[bytes]


@dataclass(frozen=True, slots=True)
class OpenHouse:
    """The house, a client at its doors, and the retailer behind it."""

    house: House
    client: httpx.AsyncClient
    retailer: Retailer
    database: Database

    async def key(self, role: Role = Role.REGISTER, *places: str, name: str = "", **more: Any) -> str:
        """A new credential's key; `more` as `add_credential` takes it."""
        async with self.database.transaction() as connection:
            return await add_credential(
                connection, name or f"{role}:test", role, places or None, at=datetime.now(UTC), **more
            )

    async def shopify_says(
        self, topic: str, body: Mapping[str, Any], *, secret: str = "", name: str = "", **changed: str
    ) -> httpx.Response:
        """Deliver a signed Shopify webhook; `changed` replaces headers, an empty value leaves one out."""
        raw = json.dumps(body).encode()
        signature = hmac.digest((secret or self.retailer.shopify.client_secret).encode(), raw, "sha256")
        headers = {
            "content-type": "application/json",
            "x-shopify-topic": topic,
            "x-shopify-hmac-sha256": base64.b64encode(signature).decode(),
            "x-shopify-shop-domain": self.retailer.shopify.shop_domain,
            "x-shopify-api-version": "2026-07",
            "x-shopify-webhook-id": name or str(uuid4()),
            **{header.replace("_", "-"): value for header, value in changed.items()},
        }
        sent = {header: value for header, value in headers.items() if value}
        return await self.client.post("/webhooks/shopify", content=raw, headers=sent)

    async def lightspeed_says(self, kind: str, payload: Mapping[str, Any], *, encoding: str = "hex") -> httpx.Response:
        """Deliver a signed Lightspeed webhook."""
        prefix = self.retailer.lightspeed.domain_prefix
        raw = urlencode({"payload": json.dumps(payload), "domain_prefix": prefix, "type": kind}).encode()
        signature = hmac.digest(self.retailer.lightspeed.client_secret.encode(), raw, "sha256")
        shown = signature.hex() if encoding == "hex" else base64.b64encode(signature).decode()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-signature": f"signature={shown},algorithm=HMAC-SHA256",
        }
        return await self.client.post("/webhooks/lightspeed", content=raw, headers=headers)

    async def check_out(self, body: Mapping[str, Any] | str, key: str) -> httpx.Response:
        """Ask at `/v1/checkout`."""
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        return await self.client.post("/v1/checkout", content=content, headers=headers)

    async def drain(self) -> int:
        """Do what the workers would do until nothing is left; returns how many events were handled."""
        await self.house.inbox.close()
        handled = 0
        while lanes := await self._lanes():
            for lane in lanes:
                handled += (await self.house.lanes.drain(lane)).handled
        return handled

    async def count(self, question: str) -> int:
        """A number from the database."""
        async with self.database.reading() as connection:
            return int((await connection.execute(text(question))).scalar_one())

    async def _lanes(self) -> list[str]:
        async with self.database.reading() as connection:
            found = await connection.execute(
                text("SELECT DISTINCT lane FROM event WHERE state = 'pending' AND attempts = 0 ORDER BY lane")
            )
            return list(found.scalars())


@asynccontextmanager
async def open_retailer(
    *, variants: int = 60, customers: int = 80, shared: str = "", history_days: int = 1
) -> AsyncGenerator[Retailer]:
    """Both platforms on loopback ports; with `shared`, a Lightspeed shop's goods are at Shopify too, as WEB_ and it."""
    now = datetime.now(UTC)
    clock = VirtualClock(now, speed=1)
    world, _ = build_world(
        seed=7, start=now, variants=variants, customers=customers, history_days=history_days, clock=clock
    )
    if shared:
        show_on_shopify(world, shared, f"WEB_{shared}", 0)
    # generous plans: what limits do is the connectors' own tests' concern
    shop = ShopifySettings(restore_rate=20_000, bucket_size=20_000)
    retailer = LightspeedSettings(registers=1_000)
    faults = {"shopify": Faults(), "lightspeed": Faults()}
    shop_app = shopify_app(world, shop, faults["shopify"])
    retailer_app = lightspeed_app(world, retailer, faults["lightspeed"])
    account: lightspeed_account.Account = retailer_app.state.account
    granted = account.tokens.grant(
        {
            "grant_type": "authorization_code",
            "code": retailer.authorization_code,
            "client_id": retailer.client_id,
            "client_secret": retailer.client_secret,
        }
    )
    heard: list[bytes] = []
    async with serve(shopify=_heard_by(shop_app, heard), lightspeed=_heard_by(retailer_app, heard)) as running:
        environment = {
            "TILLHAND_SHOPIFY_URL": running.shopify_url,
            "TILLHAND_SHOPIFY_DOMAIN": shop.shop_domain,
            "TILLHAND_SHOPIFY_CLIENT_ID": shop.client_id,
            "TILLHAND_SHOPIFY_CLIENT_SECRET": shop.client_secret,
            "TILLHAND_LIGHTSPEED_URL": running.lightspeed_url,
            "TILLHAND_LIGHTSPEED_DOMAIN_PREFIX": retailer.domain_prefix,
            "TILLHAND_LIGHTSPEED_CLIENT_ID": retailer.client_id,
            "TILLHAND_LIGHTSPEED_CLIENT_SECRET": retailer.client_secret,
            "TILLHAND_LIGHTSPEED_REFRESH_TOKEN": str(granted["refresh_token"]),
        }
        yield Retailer(world, shop, retailer, account, faults, environment, heard)


def _heard_by(app: Any, heard: list[bytes]) -> Any:
    """The application, with what reaches it written down."""

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        line = f"{scope['method']} {scope['path']}".encode() + b"?" + scope["query_string"]
        heard.append(b"\n".join([line, *(name + b": " + value for name, value in scope["headers"])]))
        at = len(heard) - 1

        async def read() -> Any:
            message = await receive()
            heard[at] += message.get("body", b"")
            return message

        await app(scope, read, send)

    return listening


@asynccontextmanager
async def open_house(  # noqa: PLR0913  # each is a different house
    database_url: str,
    folder: Path,
    *,
    filled: bool = True,
    variants: int = 60,
    shared: str = "",
    history_days: int = 1,
    now: Callable[[], datetime] = utc_now,
    **settings: Any,
) -> AsyncGenerator[OpenHouse]:
    """Everything; `filled` as after a first poll, `now` the house's clock, `settings` as environment variables."""
    async with open_retailer(variants=variants, shared=shared, history_days=history_days) as retailer:
        environment = {
            **retailer.environment,
            "DATABASE_URL": database_url,
            "TILLHAND_HOME": str(folder),
            "TILLHAND_LOCATIONS": str(write_locations(retailer.world, folder)),
            "TILLHAND_HOLDOUT_BP": "0",  # or now and then a test's customer would be offered nothing
            "TILLHAND_EXPLORE_BP": "0",
            **settings,
        }
        async with compose(Settings.read(environment), now=now) as house:
            app = build_app(house)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8787") as client,
            ):
                opened = OpenHouse(house, client, retailer, house.database)
                if filled:
                    await fill_store(house.database, retailer.world, house.keys)
                yield opened


def write_locations(world: World, folder: Path) -> Path:
    """The retailer's `locations.toml`, as its operator would write it."""
    warehouse = world.places["WAREHOUSE"]
    tables: list[str] = []
    for place in world.places.values():
        sells_from = warehouse if place.kind == "online" else place
        names = {
            "id": place.code,
            "name": place.name,
            "platform": place.platform,
            "platform_id": str(sells_from.shopify_id) if place.platform == "shopify" else place.outlet_id,
            "kind": place.kind,
            "region": place.region,
            "timezone": place.timezone,
            "stock_location": sells_from.code,
        }
        if place.code.startswith("WEB_"):
            names |= {"mirrors": place.code.removeprefix("WEB_"), "kind": "mirror"}
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in names.items())
        tables.append(f"[[location]]\n{lines}\n")
    file = folder / "locations.toml"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(tables), encoding="utf-8")
    return file
