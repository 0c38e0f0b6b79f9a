"""Orders, one at a time, told as their webhooks would tell them."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from knowledge.events.event import Event
from policies.errors import NotFound
from tools.connectors.moments import read_moment, to_second
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify import operations
from tools.connectors.shopify.bodies import order_body
from tools.connectors.shopify.graphql import Admin
from tools.connectors.shopify.names import gid, own_number
from tools.connectors.shopify.polling import Polled

log = logging.getLogger(__name__)

_FIRST = timedelta(minutes=1)  # an order read this soon after it was made is told as a new one


class ShopifyOrders:
    """Reads orders."""

    def __init__(self, admin: Admin, polled: Polled) -> None:
        self._admin = admin
        self._polled = polled

    async def get(self, order: str) -> Event | None:
        """The order named `shopify:order:1001`; `None` when Shopify has no such order."""
        try:
            number = own_number(order, "order")
        except NotFound:
            return None
        return await self.read(gid("Order", number), Priority.READ)

    async def since(self, moment: datetime) -> AsyncIterator[Event]:
        """Every order that changed since then; one at a location nobody listed is left out."""
        variables: dict[str, Any] = {"query": f"updated_at:>='{to_second(moment)}'", "after": None}
        while True:
            data = await self._admin.ask(operations.ORDERS, variables, Priority.SWEEP)
            for node in data["orders"]["nodes"]:
                try:
                    yield await self.told_whole(node)
                except NotFound as error:
                    log.warning("shopify: an order is left out: %s", error.code)
            info = data["orders"]["pageInfo"]
            if not info["hasNextPage"]:
                return
            variables["after"] = info["endCursor"]

    async def read(self, name: str, priority: Priority) -> Event | None:
        """The order of this global id, with up to 250 lines."""
        data = await self._admin.ask(operations.ORDER, {"id": name}, priority)
        node = data["order"]
        return None if node is None else self.told(node)

    async def told_whole(self, node: Any) -> Event:
        """An order from a list; one whose lines did not fit there is read again by itself."""
        if len(node["lineItems"]["nodes"]) < operations.LINES_ON_LIST:
            return self.told(node)
        return await self.read(node["id"], Priority.SWEEP) or self.told(node)

    def told(self, node: Any) -> Event:
        """An order that was read, under the topic its last change would have come."""
        return self._polled.event(topic_of(node), order_body(node))


def topic_of(node: Any) -> str:
    """The webhook its last change would have come by."""
    if node.get("cancelledAt"):
        return "orders/cancelled"
    changed_after = read_moment(node["updatedAt"]) - read_moment(node["createdAt"])
    return "orders/create" if changed_after <= _FIRST else "orders/updated"
