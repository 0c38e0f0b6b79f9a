"""One Shopify shop as a platform: every port over one token, one budget and one connection pool."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Places
from knowledge.store.session import utc_now
from policies.errors import TillhandError
from tools.connectors.clock import Clock, SystemClock
from tools.connectors.http import Http
from tools.connectors.rate_limit import Budget, Priority
from tools.connectors.shopify import operations
from tools.connectors.shopify.auth import AccessToken
from tools.connectors.shopify.bulk import Bulk
from tools.connectors.shopify.catalog import ShopifyCatalog
from tools.connectors.shopify.changes import ShopifyChanges
from tools.connectors.shopify.customers import ShopifyCustomers
from tools.connectors.shopify.discounts import ShopifyDiscounts
from tools.connectors.shopify.graphql import Admin, reader
from tools.connectors.shopify.history import ShopifyHistory
from tools.connectors.shopify.inventory import ShopifyInventory
from tools.connectors.shopify.names import PLATFORM, number_of
from tools.connectors.shopify.orders import ShopifyOrders
from tools.connectors.shopify.polling import Polled, pages
from tools.connectors.shopify.settings import ShopifySettings
from tools.connectors.shopify.subscriptions import ShopifySubscriptions
from tools.connectors.shopify.transfers import ShopifyTransfers
from tools.connectors.shopify.variants import VariantIds
from tools.connectors.trust import authorities
from tools.platform import Capability, PlatformPlace


class ShopifyPlatform:
    """Everything we do with the shop.

    Args:
        settings: The shop and the app.
        places: The retailer's locations.
        keys: For customers' identifiers.
        client: A pool to share; without one, the platform has its own and closes it.
        now: The present, aware.
        clock: For waiting.
    """

    name = PLATFORM
    capabilities = frozenset(
        {
            Capability.DISCOUNT_CODES,
            Capability.DRAFT_TRANSFERS,
            Capability.COMPARE_AND_SWAP,
            Capability.IDEMPOTENCY_KEYS,
            Capability.REGISTER_PUSH,
            Capability.WEBHOOKS,
            Capability.POLLING,
        }
    )

    def __init__(  # noqa: PLR0913, PLR0917 - every collaborator is given
        self,
        settings: ShopifySettings,
        places: Places,
        keys: MatchKeys,
        client: httpx.AsyncClient | None = None,
        now: Callable[[], datetime] = utc_now,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        used = client or httpx.AsyncClient(verify=authorities())
        self._own = None if client else used
        budget = Budget(settings.bucket, settings.restore_rate, clock)
        http: Http[Any] = Http(used, PLATFORM, budget, reader(budget), patience=settings.patience, clock=clock)
        self._admin = Admin(settings, AccessToken(settings, used, now, clock), http)
        polled = Polled(places, keys, settings.currency, now)
        variants = VariantIds(self._admin)
        transfers = ShopifyTransfers(self._admin, variants, places, now)
        orders = ShopifyOrders(self._admin, polled)
        self.discounts = ShopifyDiscounts(self._admin, variants, now)
        self.inventory = ShopifyInventory(self._admin, variants, transfers, places, now)
        self.catalog = ShopifyCatalog(self._admin, polled)
        self.customers = ShopifyCustomers(self._admin, polled)
        self.orders = orders
        self.changes = ShopifyChanges(self._admin, orders, polled, places, now)
        self.history = ShopifyHistory(Bulk(self._admin, used), polled)
        self.subscriptions = ShopifySubscriptions(self._admin)

    async def places(self) -> list[PlatformPlace]:
        """Its locations."""
        found: list[PlatformPlace] = []
        async for page in pages(self._admin, operations.LOCATIONS, "locations", None):
            found += [PlatformPlace(number_of(node["id"]), node["name"], node["isActive"]) for node in page]
        return found

    async def health(self) -> dict[str, Any]:
        """Reachable or not, why not, and the points left."""
        try:
            await self._admin.ask(operations.SHOP, {}, Priority.READ)
            trouble = ""
        except TillhandError as error:
            trouble = error.code
        budget = self._admin.budget
        return {
            "reachable": not trouble,
            "trouble": trouble,
            "budget": {"left": int(budget.level), "size": int(budget.size), "restored_per_s": budget.restore_rate},
        }

    async def close(self) -> None:
        """Let go of its own connections."""
        if self._own is not None:
            await self._own.aclose()
