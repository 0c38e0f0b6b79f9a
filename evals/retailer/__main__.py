"""Serves the whole simulated retailer by itself: `python -m evals.retailer`.

It prints where the platforms answer and the secrets an app needs, one `NAME=value` a line, and sends webhooks to the
addresses that the app subscribes. It stops on Ctrl+C.
"""

import argparse
import asyncio
import contextlib
import signal
from datetime import UTC, datetime

from evals.retailer.addresses import lightspeed_addresses, shopify_addresses
from evals.retailer.build import build_world
from evals.retailer.clock import VirtualClock
from evals.retailer.deliveries import Deliveries
from evals.retailer.faults import Faults
from evals.retailer.lightspeed.app import lightspeed_app
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.model import LocalModel
from evals.retailer.server import RunningRetailer, serve
from evals.retailer.shopify.app import shopify_app
from evals.retailer.shopify.settings import ShopifySettings


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m evals.retailer", description="Serve the simulated retailer.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--variants", type=int, default=2_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--shopify-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--lightspeed-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--model-port", type=int, default=0, help="0 takes a free one")
    given = parser.parse_args()
    ports = (given.shopify_port, given.lightspeed_port, given.model_port)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(given.seed, given.variants, given.customers, ports))


async def _serve(seed: int, variants: int, customers: int, ports: tuple[int, int, int]) -> None:
    now = datetime.now(UTC)
    world, _ = build_world(
        seed=seed, start=now, variants=variants, customers=customers, clock=VirtualClock(now, speed=1)
    )
    shop_settings, retailer_settings = ShopifySettings(), LightspeedSettings()
    shop = shopify_app(world, shop_settings, Faults())
    retailer = lightspeed_app(world, retailer_settings, Faults())
    deliveries = Deliveries(
        world,
        {"shopify": shopify_addresses(shop.state.shop), "lightspeed": lightspeed_addresses(retailer.state.account)},
        {"shopify": shop_settings.client_secret, "lightspeed": retailer_settings.client_secret},
        shop_domain=shop_settings.shop_domain,
        domain_prefix=retailer_settings.domain_prefix,
    )
    async with (
        serve(shopify=shop, lightspeed=retailer, model=LocalModel().app, ports=ports) as running,
        deliveries.running(),
    ):
        for line in _described(running, shop_settings, retailer_settings):
            print(line, flush=True)
        await _interrupted()


def _described(running: RunningRetailer, shop: ShopifySettings, retailer: LightspeedSettings) -> list[str]:
    return [
        f"SHOPIFY_URL={running.shopify_url}",
        f"SHOPIFY_SHOP_DOMAIN={shop.shop_domain}",
        f"SHOPIFY_CLIENT_ID={shop.client_id}",
        f"SHOPIFY_CLIENT_SECRET={shop.client_secret}",
        f"SHOPIFY_STOREFRONT_TOKEN={shop.storefront_token}",
        f"LIGHTSPEED_URL={running.lightspeed_url}",
        f"LIGHTSPEED_DOMAIN_PREFIX={retailer.domain_prefix}",
        f"LIGHTSPEED_CLIENT_ID={retailer.client_id}",
        f"LIGHTSPEED_CLIENT_SECRET={retailer.client_secret}",
        f"LIGHTSPEED_AUTHORIZATION_CODE={retailer.authorization_code}",
        f"OLLAMA_URL={running.model_url}",
    ]


async def _interrupted() -> None:
    """Wait for Ctrl+C or a request to end; where signals cannot be caught, for the loop to be stopped."""
    stopped = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows loops do not catch signals
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    await stopped.wait()


if __name__ == "__main__":
    main()
