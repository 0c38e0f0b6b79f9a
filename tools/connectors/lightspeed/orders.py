"""Sales, one at a time, told as their webhooks would tell them."""

from collections.abc import Mapping
from typing import Any

from knowledge.events.event import Event
from tools.connectors.lightspeed.bodies import products_on, sale_body
from tools.connectors.lightspeed.names import own_id
from tools.connectors.lightspeed.polling import Polled
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.rest import Call, Rest


class LightspeedOrders:
    """Reads sales."""

    def __init__(self, rest: Rest, products: ProductIds, polled: Polled) -> None:
        self._rest = rest
        self._products = products
        self._polled = polled

    async def get(self, order: str) -> Event | None:
        """The sale named `lightspeed:order:{uuid}`; `None` when Lightspeed has no such sale."""
        sale = own_id(order, "order")
        if not sale:
            return None
        told = await self._rest.ask(Call("GET", f"/sales/{sale}", "/sales/{sale_id}"))
        return None if told.missing else await self.told(told.data)

    async def told(self, row: Mapping[str, Any]) -> Event:
        """A sale that was read."""
        skus = await self._products.skus(products_on(row))
        return self._polled.event("sale.update", sale_body(row, skus))
