"""Products, for the first fill of the catalog and for repairs."""

from collections.abc import AsyncIterator

from knowledge.events.event import Event
from tools.connectors.lightspeed.bodies import product_body
from tools.connectors.lightspeed.polling import Polled
from tools.connectors.lightspeed.rest import Rest


class LightspeedCatalog:
    """Lists products."""

    def __init__(self, rest: Rest, polled: Polled) -> None:
        self._rest = rest
        self._polled = polled

    async def products(self) -> AsyncIterator[Event]:
        """Every product that has a sku."""
        async for page in self._rest.pages("/products"):
            for row in page:
                if row.get("sku"):
                    yield self._polled.event("product.update", product_body(row))
