"""What webhooks may have missed, asked for by row version: Lightspeed's own advice for staying in step.

https://x-series-api.lightspeedhq.com/docs/webhooks
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.events.event import Event
from policies.errors import NotFound, Refused
from tools.connectors.given import Given
from tools.connectors.lightspeed.bodies import inventory_body, product_body
from tools.connectors.lightspeed.orders import LightspeedOrders
from tools.connectors.lightspeed.polling import Polled
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.rest import PAGE, Call, Rest, Told
from tools.connectors.rate_limit import Priority

log = logging.getLogger(__name__)

_LISTS = {"orders": "/sales", "customers": "/customers", "products": "/products"}
_UNPLACED = "location.unknown"
_RECORDS = 1_000
_BEFORE = 100  # versions: a row that was written before another and seen after it is not passed over


class LightspeedChanges:
    """Streams of changes, page by page; a cursor is the highest version given."""

    streams: tuple[str, ...] = ("orders", "inventory", "customers", "products")

    def __init__(self, rest: Rest, orders: LightspeedOrders, products: ProductIds, polled: Polled) -> None:
        self._rest = rest
        self._orders = orders
        self._products = products
        self._polled = polled
        self._given = {stream: Given() for stream in self.streams}
        self._unplaced = set[str]()

    async def since(self, stream: str, cursor: str) -> tuple[list[Event], str]:
        """The next page and the next cursor; no events: nothing new now.

        Raises:
            Refused: No such stream, or a cursor that is none.
        """
        if stream not in self.streams:
            raise Refused("There is no such stream.", code="stream.unknown", field="stream")
        if cursor and not cursor.isdecimal():
            raise Refused("This is no cursor of ours.", code="cursor.malformed", field="cursor")
        after = int(cursor or 0)
        begin = max(0, after - _BEFORE)
        while True:
            rows: list[Mapping[str, Any]] = (await self.page(stream, begin)).data or []
            if stream == "products":
                self._products.heard(rows)
            news = [event for row in rows if version_in(row) > after and (event := await self._told(stream, row))]
            past = [event for row in rows if version_in(row) <= after and (event := await self._told(stream, row))]
            missed = self._given[stream].fresh(past)
            self._given[stream].fresh(news)  # given whatever was given before: they may not have been kept
            newest = max([after, *map(version_in, rows)])
            if missed or news or newest == after:
                return [*missed, *news], str(newest)
            after = begin = newest

    def unplaced(self) -> Sequence[str]:
        """Outlets that rows were left out for since this was last asked: nobody listed them."""
        found = sorted(self._unplaced)
        self._unplaced.clear()
        return found

    async def page(self, stream: str, after: int) -> Told:
        """The next rows after a version, as Lightspeed answers them; stock records come by a POST that only reads."""
        if stream == "inventory":
            body = {"after": after, "size": _RECORDS, "sort_direction": "asc"}
            return await self._rest.ask(Call("POST", "/inventory", "/inventory", body=body), Priority.SWEEP)
        path = _LISTS[stream]
        params = {"after": str(after), "page_size": str(PAGE)}
        return await self._rest.ask(Call("GET", path, path, params), Priority.SWEEP)

    async def event(self, stream: str, row: Mapping[str, Any]) -> Event | None:
        """A row as an event; `None` for a product that cannot be sold.

        Raises:
            NotFound: Its location is not in the retailer's list.
            Refused: It has not the shape it should have.
        """
        if stream == "orders":
            return await self._orders.told(row)
        if stream == "inventory":
            skus = await self._products.skus([row["product_id"]])
            return self._polled.event("inventory.update", inventory_body(row, skus))
        if stream == "customers":
            return self._polled.event("customer.update", row)
        return self._polled.event("product.update", product_body(row)) if row.get("sku") else None

    async def _told(self, stream: str, row: Mapping[str, Any]) -> Event | None:
        """A row as an event; one that cannot be told is left out, for it must not stop everything behind it."""
        try:
            return await self.event(stream, row)
        except (NotFound, Refused) as error:
            log.warning("lightspeed: a row of %s is left out of the poll: %s", stream, error.code)
            if error.code == _UNPLACED:
                self._unplaced.add(str(row.get("outlet_id") or row.get("source", {}).get("outlet_id", "")))
            return None


def version_in(row: Mapping[str, Any]) -> int:
    """The row version a listed row tells."""
    return int(row["version"] if "version" in row else row["_metadata"]["version"])
