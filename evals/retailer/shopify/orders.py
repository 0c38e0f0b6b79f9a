"""Orders and what hangs on them, as the Admin API shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from evals.retailer.shopify.page import Connection, Paging, sorted_connection
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import gid, money_bag, optional_timestamp, timestamp
from evals.retailer.world import Order, OrderLine, Place


@dataclass(frozen=True, slots=True)
class LineOf:
    """A line with the order it is on."""

    order: Order
    line: OrderLine


def order_row(order: Order, call: Call) -> dict[str, Any]:
    """`Order`."""
    lines = [LineOf(order, line) for line in order.lines]
    discounts = sum(line.discount for line in order.lines)
    return {
        "billingAddressMatchesShippingAddress": True,
        "cancelledAt": optional_timestamp(order.cancelled_at),
        "clientIp": None,
        "createdAt": timestamp(order.created_at or order.occurred_at),
        "currentTotalPriceSet": money_bag(current_total(order), call.currency),
        "customer": call.index.people.get(order.customer),
        "discountCodes": list(order.discount_codes),
        "displayFinancialStatus": financial_status(order),
        "displayFulfillmentStatus": "FULFILLED" if order.fulfilled_at else "UNFULFILLED",
        "disputes": [],
        "fulfillmentOrders": partial(_page, [_fulfillment_order(order, call)]),
        "fulfillments": partial(_fulfillments, order, lines, call),
        "id": gid("Order", order.id),
        "lineItems": partial(_page, lines),
        "name": order.name,
        "note": None,
        "processedAt": timestamp(order.occurred_at),
        "retailLocation": _retail_location(order, call),
        "returnStatus": "RETURNED" if order.refunds else "NO_RETURN",
        "returns": partial(_page, _returns(order)),
        "risk": {"assessments": [], "recommendation": "NONE"},
        "sourceName": "pos" if order.channel == "pos" else "web",
        "staffMember": None,
        "tags": [],
        "test": False,
        "totalDiscountsSet": money_bag(discounts, call.currency),
        "transactions": partial(_transactions, order, call),
        "updatedAt": timestamp(order.updated_at),
    }


def line_row(found: LineOf, call: Call) -> dict[str, Any]:
    """`LineItem`."""
    line = found.line
    variant = call.world.variants.get(line.sku)
    left = current_quantity(found.order, line)
    return {
        "currentQuantity": left,
        "discountedUnitPriceAfterAllDiscountsSet": money_bag(unit_price(line), call.currency),
        "id": gid("LineItem", line.id),
        "product": variant,
        "quantity": line.quantity,
        "refundableQuantity": left,
        "sku": line.sku,
        "title": variant.product_title if variant else line.sku,
        "variant": variant,
    }


def current_quantity(order: Order, line: OrderLine) -> int:
    """Units not taken back; none of a cancelled order."""
    return 0 if order.cancelled_at else line.quantity - line.returned


def current_total(order: Order) -> int:
    """Cents the order comes to after what was given back."""
    return 0 if order.cancelled_at else order.total - sum(refund.amount for refund in order.refunds)


def unit_price(line: OrderLine) -> int:
    """Cents for one unit after discounts, rounded half up as the wire has whole cents."""
    net = line.quantity * line.unit_price - line.discount
    return (2 * net + line.quantity) // (2 * line.quantity)


def financial_status(order: Order) -> str:
    """`OrderDisplayFinancialStatus`."""
    if order.cancelled_at or all(line.returned >= line.quantity for line in order.lines):
        return "REFUNDED"
    return "PARTIALLY_REFUNDED" if any(line.returned for line in order.lines) else "PAID"


def _retail_location(order: Order, call: Call) -> Place | None:
    place = call.world.places[order.place]
    return place if order.channel == "pos" and place.shopify_id else None


def _handled_at(order: Order, call: Call) -> Place | None:
    """Where an order is fulfilled: where it was sold, where it is collected, or the warehouse."""
    code = order.place if order.channel == "pos" else order.pickup_place
    place = call.world.places.get(code)
    if place and place.shopify_id:
        return place
    return next((one for one in call.index.locations.values() if one.kind == "warehouse"), None)


def _fulfillment_order(order: Order, call: Call) -> dict[str, Any]:
    place = _handled_at(order, call)
    method = "RETAIL" if order.channel == "pos" else "PICK_UP" if order.pickup_place else "SHIPPING"
    return {
        "assignedLocation": {"location": place, "name": place.name if place else ""},
        "createdAt": timestamp(order.created_at or order.occurred_at),
        "deliveryMethod": {"id": gid("DeliveryMethod", order.id), "methodType": method},
        "id": gid("FulfillmentOrder", order.id),
        "order": order,
        "requestStatus": "UNSUBMITTED",
        "status": "CANCELLED" if order.cancelled_at else "CLOSED" if order.fulfilled_at else "OPEN",
    }


def _fulfillments(order: Order, lines: list[LineOf], call: Call, *, first: int | None = None) -> list[dict[str, Any]]:
    if not order.fulfilled_at:
        return []
    sent = [
        {"id": gid("FulfillmentLineItem", one.line.id), "lineItem": one, "quantity": one.line.quantity} for one in lines
    ]
    fulfillment = {
        "fulfillmentLineItems": partial(_page, sent),
        "id": gid("Fulfillment", order.id),
        "location": _handled_at(order, call),
        "status": "SUCCESS",
    }
    return [fulfillment][:first]


def _returns(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "id": gid("Return", refund.id),
            "name": f"{order.name}-R{place}",
            "status": "CLOSED",
            "totalQuantity": sum(refund.quantities.values()),
        }
        for place, refund in enumerate(order.refunds, start=1)
    ]


def _transactions(order: Order, call: Call, *, first: int | None = None) -> list[dict[str, Any]]:
    made = [_transaction(call, order.id, "SALE", order.total, order.occurred_at)]
    made.extend(_transaction(call, refund.id, "REFUND", refund.amount, refund.at) for refund in order.refunds)
    if order.cancelled_at:
        back = order.total - sum(refund.amount for refund in order.refunds)
        made.append(_transaction(call, f"{order.id}9", "REFUND", back, order.cancelled_at))
    return made[:first]


def _transaction(call: Call, number: object, kind: str, cents: int, at: datetime) -> dict[str, Any]:
    card = {"avsResultCode": "Y", "bin": "424242", "company": "Visa", "cvvResultCode": "M"}
    return {
        "amountSet": money_bag(cents, call.currency),
        "gateway": "shopify_payments",
        "id": gid("OrderTransaction", number),
        "kind": kind,
        "paymentDetails": {"__typename": "CardPaymentDetails", **card},
        "processedAt": timestamp(at),
        "status": "SUCCESS",
    }


def _page(things: Sequence[object], *, page: Paging) -> Connection:
    places = {id(thing): place for place, thing in enumerate(things)}
    return sorted_connection(things, lambda thing: (places[id(thing)],), page)
