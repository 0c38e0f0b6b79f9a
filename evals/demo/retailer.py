"""The simulated retailer of the demo: both platforms on loopback ports, its day, and its webhooks on their way."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from evals.demo.options import Options
from evals.retailer.addresses import Address, lightspeed_addresses, shopify_addresses
from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.day import TradingDay
from evals.retailer.deliveries import Deliveries
from evals.retailer.delivery_faults import DeliveryFaults
from evals.retailer.faults import Faults
from evals.retailer.lightspeed.account import Account, RemoteRule, Rule
from evals.retailer.lightspeed.app import lightspeed_app
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.model import LocalModel
from evals.retailer.server import serve
from evals.retailer.shopify.app import shopify_app
from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.world import Platform, World

# Points a second and at once on Shopify's largest plan: https://shopify.dev/docs/api/usage/limits
RESTORED: Final = 2_000.0
BUCKET: Final = 40_000.0
MODEL: Final = "gemma4:e4b"
_DAY: Final = 10 * 3600  # seconds a shop is open
_TOPICS: Final[dict[Platform, tuple[str, ...]]] = {
    "shopify": (
        "carts/update",
        "checkouts/create",
        "customers/update",
        "inventory_levels/update",
        "orders/cancelled",
        "orders/create",
        "orders/fulfilled",
        "orders/updated",
        "refunds/create",
    ),
    "lightspeed": ("customer.update", "inventory.update", "register_closure.create", "sale.update"),
}
_LATE: Final = 1 / 8  # of the day that a late delivery is late


@dataclass(frozen=True, slots=True)
class Retailer:
    """The retailer as it runs.

    Attributes:
        environment: The settings the product needs to reach it.
        targets: Where each platform's webhooks go.
        late_by: Real time a late delivery is held back.
        shop: Shopify's side, whose secret signs registers' session tokens too.
        model: The simulated local model, when there is one.
    """

    world: World
    day: TradingDay
    deliveries: Deliveries
    account: Account
    environment: Mapping[str, str]
    targets: Mapping[Platform, Callable[[str], Sequence[Address]]]
    late_by: timedelta
    shop: ShopifySettings
    model: LocalModel | None = None

    def told(self) -> bool:
        """Whether the product has subscribed to all that happens on this day."""
        return all(self.targets[platform](topic) for platform, topics in _TOPICS.items() for topic in topics)

    def ask_at_registers(self, url: str) -> None:
        """Have Lightspeed's registers ask us before payment, as the retailer would set it up in its back office."""
        account, now = self.account, self.world.now()
        remote = RemoteRule(account.new_id("remote rule"), url, now)
        rule = Rule(account.new_id("rule"), "sale.ready_for_payment", remote.id, now)
        account.remote_rules[remote.id] = remote
        account.rules[rule.id] = rule


@asynccontextmanager
async def open_retailer(
    options: Options, *, variants: int = 2_000, customers: int = 20_000, meet: Callable[[World], object] = id
) -> AsyncGenerator[Retailer]:
    """Build the world and serve it while the block runs; the day is planned, and not begun.

    Time in the world is real time: a day's happenings are packed into minutes, its limits stay what they are.

    Args:
        options: The demo's.
        variants: How many the retailer has.
        customers: How many humans buy there.
        meet: Is shown the world before anybody else, and may change it.
    """
    now = datetime.now(UTC)
    clock = VirtualClock(now, speed=1)
    world, clock = build_world(seed=options.seed, start=now, variants=variants, customers=customers, clock=clock)
    meet(world)
    shop = ShopifySettings(restore_rate=RESTORED, bucket_size=BUCKET)
    chain = LightspeedSettings()
    shop_app, chain_app = shopify_app(world, shop, Faults()), lightspeed_app(world, chain, Faults())
    account: Account = chain_app.state.account
    late_by = timedelta(seconds=options.lasts * _LATE)
    targets: dict[Platform, Callable[[str], Sequence[Address]]] = {
        "shopify": shopify_addresses(shop_app.state.shop),
        "lightspeed": lightspeed_addresses(account),
    }
    deliveries = Deliveries(
        world,
        targets,
        {"shopify": shop.client_secret, "lightspeed": chain.client_secret},
        faults=DeliveryFaults(
            duplicate_rate=0.06, disorder_rate=0.05, late_rate=0.02, late_by=late_by, seed=options.seed
        ),
        retry_scale=options.lasts / _DAY,
        shop_domain=shop.shop_domain,
        domain_prefix=chain.domain_prefix,
    )
    day = TradingDay(world, clock, options.seed, options.steps)
    first = day.plan[0].at
    # the first customer of the day is the one of the till's sample request
    day.plan.sort(key=lambda planned: (not planned.sample, planned.at))
    day.plan[0] = replace(day.plan[0], at=first, occurred_at=first)
    model = LocalModel() if options.model else None
    async with (
        serve(shopify=shop_app, lightspeed=chain_app, model=model.app if model else None) as running,
        deliveries.running(),
    ):
        environment = {
            "TILLHAND_SHOPIFY_URL": running.shopify_url,
            "TILLHAND_SHOPIFY_DOMAIN": shop.shop_domain,
            "TILLHAND_SHOPIFY_CLIENT_ID": shop.client_id,
            "TILLHAND_SHOPIFY_CLIENT_SECRET": shop.client_secret,
            "TILLHAND_LIGHTSPEED_URL": running.lightspeed_url,
            "TILLHAND_LIGHTSPEED_DOMAIN_PREFIX": chain.domain_prefix,
            "TILLHAND_LIGHTSPEED_CLIENT_ID": chain.client_id,
            "TILLHAND_LIGHTSPEED_CLIENT_SECRET": chain.client_secret,
            "TILLHAND_LIGHTSPEED_REFRESH_TOKEN": _consent(account),
        }
        if options.model:
            environment |= {"TILLHAND_MODEL_URL": running.model_url, "TILLHAND_MODEL": MODEL}
        yield Retailer(world, day, deliveries, account, environment, targets, late_by, shop, model)


def write_locations(world: World, file: Path, mirrors: Mapping[str, str] | None = None) -> None:
    """The retailer's `locations.toml`, as its operator would write it; `mirrors` by the location that counts again."""
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
            **({"mirrors": mirrors[place.code], "kind": "mirror"} if mirrors and place.code in mirrors else {}),
        }
        tables.append("\n".join(["[[location]]", *(f"{name} = {json.dumps(value)}" for name, value in names.items())]))
    file.write_text("\n\n".join(tables) + "\n", encoding="utf-8")


def _consent(account: Account) -> str:
    """The refresh token the retailer's consent page leads to."""
    granted = account.tokens.grant(
        {
            "grant_type": "authorization_code",
            "code": account.settings.authorization_code,
            "client_id": account.settings.client_id,
            "client_secret": account.settings.client_secret,
        }
    )
    return str(granted["refresh_token"])
