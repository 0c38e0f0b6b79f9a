"""One Lightspeed retailer as a platform: every port over one token, one budget and one connection pool."""

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
from tools.connectors.lightspeed.adjustments import LightspeedAdjustments
from tools.connectors.lightspeed.auth import AccessToken
from tools.connectors.lightspeed.catalog import LightspeedCatalog
from tools.connectors.lightspeed.changes import LightspeedChanges
from tools.connectors.lightspeed.consignments import LightspeedTransfers
from tools.connectors.lightspeed.customers import LightspeedCustomers
from tools.connectors.lightspeed.history import LightspeedHistory
from tools.connectors.lightspeed.inventory import LightspeedInventory
from tools.connectors.lightspeed.names import PLATFORM
from tools.connectors.lightspeed.orders import LightspeedOrders
from tools.connectors.lightspeed.polling import Polled
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.promotions import LightspeedDiscounts
from tools.connectors.lightspeed.purchase_orders import LightspeedPurchaseOrders
from tools.connectors.lightspeed.rest import Call, Rest, reader
from tools.connectors.lightspeed.settings import WINDOW_S, LightspeedSettings
from tools.connectors.lightspeed.subscriptions import LightspeedSubscriptions
from tools.connectors.rate_limit import Budget
from tools.connectors.token_store import TokenStore
from tools.connectors.trust import authorities
from tools.platform import Capability, PlatformPlace


class LightspeedPlatform:
    """Everything we do with the account.

    Args:
        settings: The retailer and the app.
        places: The retailer's locations.
        keys: For customers' identifiers.
        tokens: Where the rotating token is kept.
        client: A pool to share; without one, the platform has its own and closes it.
        now: The present, aware.
        clock: For waiting.
    """

    name = PLATFORM
    capabilities = frozenset(
        {
            Capability.DISCOUNT_CODES,
            Capability.DRAFT_TRANSFERS,
            Capability.REGISTER_RULES,
            Capability.WEBHOOKS,
            Capability.POLLING,
        }
    )

    def __init__(  # noqa: PLR0913, PLR0917 - every collaborator is given
        self,
        settings: LightspeedSettings,
        places: Places,
        keys: MatchKeys,
        tokens: TokenStore,
        client: httpx.AsyncClient | None = None,
        now: Callable[[], datetime] = utc_now,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        used = client or httpx.AsyncClient(verify=authorities())
        self._own = None if client else used
        budget = Budget(settings.allowance, settings.allowance / WINDOW_S, clock)
        http: Http[Any] = Http(used, PLATFORM, budget, reader(budget), patience=settings.patience, clock=clock)
        self._rest = rest = Rest(settings, AccessToken(settings, tokens, used, now, clock), http)
        polled = Polled(places, keys, settings.currency, now)
        products = ProductIds(rest)
        orders = LightspeedOrders(rest, products, polled)
        transfers = LightspeedTransfers(rest, products, places, now)
        adjustments = LightspeedAdjustments(rest, products, places, now)
        self.discounts = LightspeedDiscounts(rest, products, places, now)
        self.inventory = LightspeedInventory(rest, products, transfers, adjustments, places, now)
        self.purchase_orders = LightspeedPurchaseOrders(rest, products, places, now)
        self.catalog = LightspeedCatalog(rest, polled)
        self.customers = LightspeedCustomers(rest, polled)
        self.orders = orders
        self.changes = LightspeedChanges(rest, orders, products, polled)
        self.history = LightspeedHistory(self.changes)
        self.subscriptions = LightspeedSubscriptions(rest)

    async def places(self) -> list[PlatformPlace]:
        """Its outlets."""
        found: list[PlatformPlace] = []
        async for page in self._rest.pages("/outlets"):
            found += [PlatformPlace(str(row["id"]), row["name"], not row.get("deleted_at")) for row in page]
        return found

    async def health(self) -> dict[str, Any]:
        """Reachable or not, why not, and the requests left."""
        try:
            await self._rest.ask(Call("GET", "/outlets", "/outlets", {"page_size": "1"}))
            trouble = ""
        except TillhandError as error:
            trouble = error.code
        budget = self._rest.budget
        return {
            "reachable": not trouble,
            "trouble": trouble,
            "budget": {"left": int(budget.level), "size": int(budget.size), "restored_per_s": budget.restore_rate},
        }

    async def close(self) -> None:
        """Let go of its own connections."""
        if self._own is not None:
            await self._own.aclose()
