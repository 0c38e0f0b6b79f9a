"""Sales, one at a time, told as their webhooks would tell them."""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from knowledge.events.event import Event
from policies.errors import NotFound, Refused
from tools.connectors.lightspeed.bodies import products_on, sale_body
from tools.connectors.lightspeed.names import own_id
from tools.connectors.lightspeed.polling import Polled
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.rest import PAGE, Call, Rest
from tools.connectors.rate_limit import Priority

log = logging.getLogger(__name__)


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

    async def since(self, moment: datetime) -> AsyncIterator[Event]:
        """Every sale rung up since then; one that cannot be told is left out."""
        begin = 0
        while True:
            asked = {
                "type": "sales",
                "date_from": moment.isoformat(timespec="seconds"),
                "order_direction": "asc",
                "page_size": str(PAGE),
                "offset": str(begin),
            }
            rows: list[Mapping[str, Any]] = (
                await self._rest.ask(Call("GET", "/search", "/search", asked), Priority.SWEEP)
            ).data or []
            for row in rows:
                try:
                    yield await self.told(row)
                except (NotFound, Refused) as error:
                    log.warning("lightspeed: a sale is left out: %s", error.code)
            if len(rows) < PAGE:
                return
            begin += len(rows)

    async def told(self, row: Mapping[str, Any]) -> Event:
        """A sale that was read."""
        skus = await self._products.skus(products_on(row))
        return self._polled.event("sale.update", sale_body(row, skus))
