"""Products, for the first fill of the catalog and for repairs."""

from collections.abc import AsyncIterator

from knowledge.events.event import Event
from tools.connectors.shopify import operations
from tools.connectors.shopify.bodies import product_bodies
from tools.connectors.shopify.graphql import Admin
from tools.connectors.shopify.polling import Polled, pages


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
