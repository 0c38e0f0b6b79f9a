"""What webhooks may have missed, asked for by the moment of the last change.

Shopify's times are whole seconds: changes of the newest second seen are asked for again until that second is over.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from knowledge.events.event import Event
from knowledge.store.places import Places
from policies.errors import NotFound, Refused
from tools.connectors.given import Given
from tools.connectors.moments import read_moment, to_second
from tools.connectors.rate_limit import Priority
from tools.connectors.shopify import operations
from tools.connectors.shopify.bodies import customer_body, level_body, product_bodies
from tools.connectors.shopify.graphql import Admin, Operation
from tools.connectors.shopify.names import PLATFORM, gid, number_of
from tools.connectors.shopify.orders import ShopifyOrders
from tools.connectors.shopify.polling import Polled

log = logging.getLogger(__name__)

_SETTLED = timedelta(seconds=5)  # a second is over, also by a clock that goes a little differently
_OVERLAP = timedelta(minutes=1)  # products tell no moment: their next sweep begins this long before the last one did


@dataclass(frozen=True, slots=True)
class _Mark:
    """A cursor: what was given, and where the sweep under way stands.

    Attributes:
        since: Everything before this second was given; "" for the beginning.
        over: Also everything of that second, for it had passed when it was read.
        begun: When the sweep began; "" between two sweeps.
        newest: The newest second the sweep has seen.
        place: Which of the locations with a stock it is at.
        after: Shopify's cursor of its last page.
    """

    since: str = ""
    over: bool = False
    begun: str = ""
    newest: str = ""
    place: int = 0
    after: str = ""

    def query(self) -> str | None:
        """The search for what changed since; `None` for everything."""
        return f"updated_at:{'>' if self.over else '>='}'{self.since}'" if self.since else None


@dataclass(frozen=True, slots=True)
class _Page:
    """One page: its events, its newest second, and where the sweep goes on; `place` of -1 means it is over."""

    told: list[Event]
    newest: str
    place: int
    after: str


class ShopifyChanges:
    """Streams of changes, page by page."""

    streams: tuple[str, ...] = ("orders", "inventory", "customers", "products")

    def __init__(
        self, admin: Admin, orders: ShopifyOrders, polled: Polled, places: Places, now: Callable[[], datetime]
    ) -> None:
        self._admin = admin
        self._orders = orders
        self._polled = polled
        self._stocked = [place for place in places.on(PLATFORM) if place.stock_location == place.id]
        self._now = now
        self._given = {stream: Given() for stream in self.streams}
        self._unplaced = set[str]()

    async def since(self, stream: str, cursor: str) -> tuple[list[Event], str]:
        """The next page that holds something new, and the next cursor; no events: nothing new now.

        Raises:
            Refused: No such stream, or a cursor that is none.
        """
        if stream not in self.streams:
            raise Refused("There is no such stream.", code="stream.unknown", field="stream")
        mark = _read(cursor)
        while True:
            if not mark.begun:
                mark = replace(mark, begun=to_second(self._now()), newest=mark.since)
            page = await self._levels(mark) if stream == "inventory" else await self._page(stream, mark)
            mark = replace(mark, newest=max(mark.newest, page.newest), place=page.place, after=page.after)
            swept = page.place < 0
            if swept:
                mark = _between(stream, mark)
            fresh = self._given[stream].fresh(page.told)
            if fresh or swept:
                return fresh, json.dumps(asdict(mark), separators=(",", ":"))

    def unplaced(self) -> Sequence[str]:
        """Locations that orders were left out for since this was last asked: nobody listed them."""
        found = sorted(self._unplaced)
        self._unplaced.clear()
        return found

    async def _page(self, stream: str, mark: _Mark) -> _Page:
        operation = _LISTS[stream]
        data = await self._admin.ask(operation, {"query": mark.query(), "after": mark.after or None}, Priority.SWEEP)
        nodes, info = data[operation.name]["nodes"], data[operation.name]["pageInfo"]
        told = await self._told(stream, nodes)
        more = info["hasNextPage"]
        return _Page(told, _newest(nodes), 0 if more else -1, info["endCursor"] if more else "")

    async def _levels(self, mark: _Mark) -> _Page:
        """A page of one location's levels; after its last page, the next location."""
        following = mark.place + 1 if mark.place + 1 < len(self._stocked) else -1
        if not self._stocked:
            return _Page([], "", -1, "")
        location = gid("Location", self._stocked[mark.place].platform_id)
        variables = {"id": location, "query": mark.query(), "after": mark.after or None}
        data = await self._admin.ask(operations.LOCATION_LEVELS, variables, Priority.SWEEP)
        if data["location"] is None:  # gone from Shopify, still in the retailer's list
            return _Page([], "", following, "")
        nodes, info = (data["location"]["inventoryLevels"][part] for part in ("nodes", "pageInfo"))
        told = [
            self._polled.event("inventory_levels/update", level_body(node, node["item"], location)) for node in nodes
        ]
        more = info["hasNextPage"]
        return _Page(told, _newest(nodes), mark.place if more else following, info["endCursor"] if more else "")

    async def _told(self, stream: str, nodes: list[Mapping[str, Any]]) -> list[Event]:
        if stream == "customers":
            return [self._polled.event("customers/update", customer_body(node)) for node in nodes]
        if stream == "products":
            return [self._polled.event("products/update", body) for body in product_bodies(nodes)]
        told: list[Event] = []
        for node in nodes:
            try:
                told.append(await self._orders.told_whole(node))
            except NotFound as error:  # a location nobody listed must not stop everything behind it
                log.warning("shopify: an order is left out of the poll: %s", error.code)
                if location := node.get("retailLocation"):
                    self._unplaced.add(number_of(location["id"]))
        return told


def _between(stream: str, mark: _Mark) -> _Mark:
    """The cursor between two sweeps."""
    begun = read_moment(mark.begun)
    if stream == "products":
        return _Mark(since=to_second(begun - _OVERLAP))
    over = bool(mark.newest) and begun - read_moment(mark.newest) > _SETTLED
    return _Mark(since=mark.newest, over=over)


def _read(cursor: str) -> _Mark:
    try:
        return _Mark(**json.loads(cursor)) if cursor else _Mark()
    except (ValueError, TypeError) as error:
        raise Refused("This is no cursor of ours.", code="cursor.malformed", field="cursor") from error


def _newest(nodes: list[Mapping[str, Any]]) -> str:
    return max((to_second(read_moment(node["updatedAt"])) for node in nodes if "updatedAt" in node), default="")


_LISTS: dict[str, Operation] = {
    "orders": operations.ORDERS,
    "customers": operations.CUSTOMERS,
    "products": operations.VARIANTS,
}
