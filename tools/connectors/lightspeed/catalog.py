"""Products: all of them, for the first fill of the catalog and for repairs; and what a few cost right now."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from knowledge.events.event import Event
from knowledge.events.families import ProductFacts
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from tools.connectors.lightspeed.bodies import product_body
from tools.connectors.lightspeed.polling import Polled
from tools.connectors.lightspeed.rest import Call, Rest
from tools.connectors.rate_limit import Priority
from tools.platform import PlatformPrice


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

    async def prices(self, skus: Iterable[Sku]) -> list[PlatformPrice]:
        """What these cost as of now, without tax as in the catalog; one request for each."""
        found = await asyncio.gather(*(self._price(sku) for sku in dict.fromkeys(skus)))
        return [price for price in found if price is not None]

    async def _price(self, sku: Sku) -> PlatformPrice | None:
        at = self._polled.now()
        told = await self._rest.ask(Call("GET", "/products", "/products", {"sku": sku}), Priority.WRITE)
        for row in told.data or ():
            if row.get("sku") == sku and not row.get("deleted_at"):
                event = self._polled.event("product.update", product_body(row))
                for variant in ProductFacts.model_validate(event.facts).variants:
                    return PlatformPrice(sku, Money(variant.price, variant.currency), at)
        return None
