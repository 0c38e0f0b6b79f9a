"""Shopify's past, by bulk operations: one runs, its result is read, and the place in it is where an import goes on."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from knowledge.events.event import Event, Topic
from knowledge.events.families import LineFacts, ReturnFacts
from policies.errors import NotFound, Refused, Unavailable
from tools.connectors.amounts import exact
from tools.connectors.moments import read_moment, version_of
from tools.connectors.shopify.bodies import customer_body, level_body, order_body, product_bodies
from tools.connectors.shopify.bulk import Bulk
from tools.connectors.shopify.bulk_queries import QUERIES
from tools.connectors.shopify.orders import topic_of
from tools.connectors.shopify.polling import Polled
from tools.history import LeftOut, Page

Node = dict[str, Any]
_PAGE: Final = 500  # objects with their children
_WAIT: Final = 0.1  # seconds before the first look at an operation; each further one takes twice as long
_LONGEST: Final = 10.0  # seconds
_ATTEMPTS: Final = 3  # operations that fail, one after another
_CHILDREN: Final = {"LineItem": "lineItems", "FulfillmentOrder": "fulfillmentOrders"}


class ShopifyHistory:
    """Reads it. What came back of an order is told by its lines and its refunds, for bulk tells no refund's goods."""

    kinds: tuple[str, ...] = tuple(QUERIES)

    def __init__(self, bulk: Bulk, polled: Polled) -> None:
        self._bulk = bulk
        self._polled = polled

    def again(self, place: Mapping[str, Any]) -> Mapping[str, Any]:  # as the port has it
        """From the beginning: a result tells what was when its operation ran."""
        return {}

    async def read(self, kind: str, place: Mapping[str, Any]) -> Page:
        """The next objects of an operation's result; until there is one, a page without any and a wait."""
        if kind not in QUERIES:
            raise Refused("There is no such kind.", code="stream.unknown", field="kind")
        operation = place.get("operation")
        if not operation:
            started = await self._bulk.start(QUERIES[kind])
            return _later({**place, "operation": started})
        state = await self._bulk.look(operation)
        if state.running:
            return _later(place)
        begin = int(place.get("byte", 0))
        if state.url:
            objects, end = await self._objects(kind, state.url, begin)
            if objects:
                return self._page(kind, objects, {**place, "byte": end})
        if state.whole:
            return Page([], dict(place), done=True)
        failed = int(place.get("failed", 0)) + 1  # what it did find was taken; the next operation begins anew
        if failed >= _ATTEMPTS:
            raise Unavailable(
                "Shopify's bulk operations keep failing.",
                code="shopify.bulk_failed",
                hint="Run the import later.",
            )
        return Page([], {"failed": failed}, wait_s=_WAIT)

    async def _objects(self, kind: str, url: str, begin: int) -> tuple[list[Node], int]:
        """Whole objects, children within them, and the byte behind the last one."""
        found: list[Node] = []
        end = begin
        lines: AsyncGenerator[tuple[int, Any]] = self._bulk.lines(url, begin)
        async with aclosing(lines):
            async for after, node in lines:
                parent = node.get("__parentId")
                if parent is None and len(found) >= _PAGE:
                    break
                if parent is None or kind == "stock":  # a location's levels are too many to be held together
                    found.append(node)
                elif found:
                    held = found[-1].setdefault(_CHILDREN[node["id"].split("/")[3]], {"nodes": []})
                    held["nodes"].append(node)
                end = after
                if kind == "stock" and len(found) >= _PAGE:
                    break
        return found, end

    def _page(self, kind: str, objects: list[Node], place: Mapping[str, Any]) -> Page:
        page = Page([], place, rows=len(objects))
        if kind == "products":
            page.told.extend(self._polled.event("products/update", body) for body in product_bodies(objects))
            return page
        for node in objects:
            try:
                page.told.extend(self._told(kind, node))
            except (NotFound, Refused) as error:
                page.left_out.append(LeftOut(str(node["id"]).removeprefix("gid://shopify/"), error.code))
        return page

    def _told(self, kind: str, node: Node) -> list[Event]:
        if kind == "customers":
            return [self._polled.event("customers/update", customer_body(node))]
        if kind == "stock":
            location = node.get("__parentId")
            body = level_body(node, node["item"], location) if location else None
            return [self._polled.event("inventory_levels/update", body)] if body else []
        whole: Node = {"lineItems": {"nodes": []}, "fulfillmentOrders": {"nodes": []}, **node}
        order = self._polled.event(topic_of(whole), order_body(whole))
        back = _given_back(whole, order)
        return [order] if back is None else [order, back]


def _later(place: Mapping[str, Any]) -> Page:
    looks = int(place.get("looks", 0))
    return Page([], {**place, "looks": looks + 1}, wait_s=min(_LONGEST, _WAIT * 2.0 ** min(looks, 10)))


def _given_back(node: Node, order: Event) -> Event | None:
    """What came back of an order, all of it at the moment of its last refund; of a cancelled one nothing went out."""
    refunds = [one for one in node["transactions"] if one["kind"] == "REFUND" and one["status"] == "SUCCESS"]
    lines = tuple(
        LineFacts(
            sku=line["sku"],
            quantity=line["returned"],
            unit_price=line["unit_price"],
            returned=line["returned"],
        )
        for line in order.facts["lines"]
        if line["returned"]
    )
    if not refunds or not lines or order.facts["cancelled"]:
        return None
    at = max(read_moment(one["processedAt"]) for one in refunds)
    currency = order.facts["currency"]
    facts = ReturnFacts(
        order=order.facts["order"],
        location=order.facts["location"],
        lines=lines,
        refund=sum(exact(one["amountSet"]["shopMoney"]["amount"], currency) for one in refunds),
        currency=currency,
    )
    return replace(
        order,
        delivery=f"{order.delivery}-returned",
        topic=Topic.RETURN_CREATED,
        occurred_at=at,
        facts=facts.model_dump(mode="json"),
        resource=f"{order.resource}:returned",
        version=version_of(at),
        sealed_person=b"",
    )
