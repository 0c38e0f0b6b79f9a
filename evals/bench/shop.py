"""The simulated Shopify of the bench, a process of its own, so that its work does not count as the product's."""

import argparse
import asyncio
import contextlib
import signal
import sys
from datetime import datetime
from typing import Final

from evals.bench.chain import VARIANTS, chain
from evals.retailer.faults import Faults
from evals.retailer.server import serve
from evals.retailer.shopify.app import shopify_app
from evals.retailer.shopify.settings import ShopifySettings

SECRET: Final = "bench-client-secret"  # noqa: S105  # of a shop that exists for a minute, on loopback
PLUS_RATE: Final = 1_000.0  # points a second on Shopify Plus: https://shopify.dev/docs/api/usage/limits
PLUS_BUCKET: Final = 20_000.0
_PEOPLE: Final = 10  # codes are not bound to customers


def settings() -> ShopifySettings:
    """The shop, the same in every process."""
    return ShopifySettings(client_secret=SECRET, restore_rate=PLUS_RATE, bucket_size=PLUS_BUCKET)


async def _serve(port: int, start: datetime) -> None:
    world, _ = chain(start, variants=VARIANTS, customers=_PEOPLE, history_days=0)
    stopped = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows loops do not catch signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with serve(shopify=shopify_app(world, settings(), Faults()), ports=(port, 0, 0)):
        await stopped.wait()


def main(arguments: list[str]) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.shop", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("start", type=datetime.fromisoformat)
    asked = parser.parse_args(arguments)
    asyncio.run(_serve(asked.port, asked.start))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
