"""get_order: one purchase in either channel, as it stands."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.errors import NotFound
from policies.vocabulary.ids import LocationId
from tools.outside import OutsideText
from tools.read.amount import Amount
from tools.read.fields import Cursor, Identifier
from tools.read.page import next_page, page_start
from tools.tool import Answer, Arguments, Call, Tool

SHOWN_LINES = 50  # a page; few baskets hold more

_ORDER = text("SELECT * FROM purchase WHERE id = :order")
_LINES = text(
    """
    SELECT line.sku, coalesce(variant.title, '') AS title, line.quantity, line.unit_price, line.discount, line.returned
    FROM purchase_line AS line LEFT JOIN variant USING (sku)
    WHERE line.purchase_id = :order ORDER BY line.sku OFFSET :start LIMIT :limit
    """
)


class GetOrder(Arguments):
    """An order by our name for it, such as `shopify:order:1001`."""

    order_id: Identifier
    cursor: Cursor = ""


class OrderLine(Answer):
    """One variant on the order; `discount` is off the whole line."""

    sku: str
    title: OutsideText
    quantity: int
    returned: int
    unit_price: Amount
    discount: Amount


class Order(Answer):
    """The order as we last heard of it, at `as_of`. `customer` is our random reference, or empty.

    `truncated` says that it has more lines, and `next_cursor` shows them.
    """

    order_id: str
    channel: str
    location_id: str
    customer: str
    occurred_at: datetime
    lines: tuple[OrderLine, ...]
    total: Amount
    codes: tuple[OutsideText, ...]
    pickup_location_id: str
    cancelled: bool
    fulfilled: bool
    as_of: datetime
    truncated: bool
    next_cursor: str


def order_tool(database: Database) -> Tool:
    """The tool over the unified store."""

    async def get(call: Call, asked: GetOrder) -> Order:
        start = page_start(asked.cursor)
        async with database.reading() as connection:
            head = (await connection.execute(_ORDER, {"order": asked.order_id})).one_or_none()
            if head is None or not call.actor.covers(LocationId(head.location_id)):
                raise NotFound(
                    "No order of this id is known, or it belongs to a location you may not look at.",
                    code="order.unknown",
                    hint="Order ids read like shopify:order:1001; find_customer lists a customer's last ones.",
                    field="order_id",
                )
            page = {"order": asked.order_id, "start": start, "limit": SHOWN_LINES + 1}
            lines = (await connection.execute(_LINES, page)).all()
        return _answer(head, lines, start)

    return Tool(
        name="get_order",
        toolset="customers",
        title="Get an order",
        description="One order in full: lines, prices, discounts, returns, pickup and whether it was fulfilled.",
        effect=Effect.READ,
        arguments=GetOrder,
        answer=Order,
        run=get,
    )


def _answer(head: Any, lines: Any, start: int) -> Order:
    more = len(lines) > SHOWN_LINES

    def money(minor: int) -> Amount:
        return Amount(minor=minor, currency=head.currency)

    return Order(
        order_id=head.id,
        channel=head.channel,
        location_id=head.location_id,
        customer=head.customer_ref or "",
        occurred_at=head.occurred_at,
        lines=tuple(
            OrderLine(
                sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                returned=line.returned,
                unit_price=money(line.unit_price),
                discount=money(line.discount),
            )
            for line in lines[:SHOWN_LINES]
        ),
        total=money(head.total),
        codes=tuple(head.codes),
        pickup_location_id=head.pickup_location,
        cancelled=head.cancelled,
        fulfilled=head.fulfilled,
        as_of=head.received_at,
        truncated=more,
        next_cursor=next_page(start + SHOWN_LINES) if more else "",
    )
