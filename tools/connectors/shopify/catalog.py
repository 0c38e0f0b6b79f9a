"""Products: all of them, for the first fill of the catalog and for repairs; and what a few cost right now."""

from collections.abc import AsyncIterator, Iterable

from knowledge.events.event import Event
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify import operations
from tools.connectors.shopify.bodies import product_bodies
from tools.connectors.shopify.graphql import Admin
from tools.connectors.shopify.polling import Polled, pages
from tools.connectors.shopify.variants import sku_query
from tools.platform import PlatformPrice

_AT_ONCE = 50  # skus in one search


class ShopifyCatalog:
    """Lists products."""

    def __init__(self, admin: Admin, polled: Polled) -> None:
        self._admin = admin
        self._polled = polled

    async def products(self) -> AsyncIterator[Event]:
        """Every product; one whose variants lie on two pages is told in two parts."""
        async for page in pages(self._admin, operations.VARIANTS, "productVariants", None):
            for body in product_bodies(page):
                yield self._polled.event("products/update", body)

    async def prices(self, skus: Iterable[Sku]) -> list[PlatformPrice]:
        """What these cost as of now; a point of the budget for each."""
        wanted = list(dict.fromkeys(skus))
        found: dict[Sku, PlatformPrice] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            chosen, at = wanted[start : start + _AT_ONCE], self._polled.now()
            question = {"query": sku_query(chosen), "most": len(chosen)}
            data = await self._admin.ask(operations.PRICES, question, Priority.WRITE)
            for node in data["productVariants"]["nodes"]:
                if node["sku"] in chosen:
                    price = Money.parse(node["price"], self._polled.currency)
                    found[node["sku"]] = PlatformPrice(node["sku"], price, at)
        return list(found.values())
