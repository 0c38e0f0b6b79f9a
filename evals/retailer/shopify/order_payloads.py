"""Webhook bodies of orders and refunds."""

from typing import Any

from evals.retailer.shopify.orders import current_quantity, current_total, financial_status, unit_price
from evals.retailer.shopify.record_payloads import address, customer_body, shop_time
from evals.retailer.shopify.wire import gid, price
from evals.retailer.world import Order, OrderLine, Refund, World

Body = dict[str, Any]


def order_body(order: Order, world: World) -> Body:
    """`orders/*`. A till that was offline has `processed_at` long before `created_at`."""
    person = world.people.get(order.customer) if order.customer is not None else None
    place = world.places[order.place]
    discounts = sum(line.discount for line in order.lines)
    gross = sum(line.quantity * line.unit_price for line in order.lines)
    at_till = order.channel == "pos"
    attributes = [{"name": "pos_transaction_id", "value": order.transaction}] if order.transaction else []
    return {
        "id": int(order.id),
        "admin_graphql_api_id": gid("Order", order.id),
        "name": order.name,
        "order_number": int(order.name.lstrip("#")),
        "source_name": "pos" if at_till else "web",
        "source_identifier": order.transaction or None,
        "location_id": place.shopify_id if at_till else None,
        "test": False,
        "currency": world.currency,
        "presentment_currency": world.currency,
        "taxes_included": False,
        "email": person.email if person else "",
        "contact_email": person.email if person else None,
        "phone": person.phone if person else None,
        "customer": customer_body(person, world) if person and person.shopify_id else None,
        "billing_address": address(person) if person and not at_till else None,
        "shipping_address": address(person) if person and not at_till and not order.pickup_place else None,
        "shipping_lines": _shipping_lines(order, world),
        "discount_codes": _codes(order, discounts),
        "discount_applications": _applications(order),
        "note": None,
        "note_attributes": attributes,
        "tags": "",
        "financial_status": financial_status(order).lower(),
        "fulfillment_status": "fulfilled" if order.fulfilled_at else None,
        "cancel_reason": "customer" if order.cancelled_at else None,
        "line_items": [_line_body(order, line, world) for line in order.lines],
        "fulfillments": [_fulfillment_body(order)] if order.fulfilled_at else [],
        "refunds": [refund_body(order, refund, world) for refund in order.refunds],
        "total_line_items_price": price(gross),
        "total_discounts": price(discounts),
        "subtotal_price": price(order.total),
        "total_tax": "0.00",
        "total_price": price(order.total),
        "current_total_price": price(current_total(order)),
        "processed_at": shop_time(order.occurred_at),
        "created_at": shop_time(order.created_at or order.occurred_at),
        "updated_at": shop_time(order.updated_at),
        "cancelled_at": shop_time(order.cancelled_at),
    }


def refund_body(order: Order, refund: Refund, world: World) -> Body:
    """`refunds/create`."""
    at = shop_time(refund.at)
    return {
        "id": refund.id,
        "admin_graphql_api_id": gid("Refund", refund.id),
        "order_id": int(order.id),
        "note": None,
        "restock": bool(refund.place),
        "created_at": at,
        "processed_at": at,
        "refund_line_items": _refund_lines(order, refund, world),
        "transactions": [
            {
                "id": refund.id + 1,
                "order_id": int(order.id),
                "kind": "refund",
                "status": "success",
                "gateway": "shopify_payments",
                "amount": price(refund.amount),
                "currency": world.currency,
                "created_at": at,
                "processed_at": at,
            }
        ],
    }


def _codes(order: Order, cents: int) -> list[Body]:
    """The codes with what each took off; the world keeps only their sum, which stands with the first."""
    shares = [cents] + [0] * (len(order.discount_codes) - 1)
    return [
        {"code": code, "amount": price(share), "type": "fixed_amount"}
        for code, share in zip(order.discount_codes, shares, strict=False)
    ]


def _applications(order: Order) -> list[Body]:
    told = {"target_type": "line_item", "target_selection": "entitled", "allocation_method": "across"}
    return [{"type": "discount_code", "code": code, **told} for code in order.discount_codes]


def _shipping_lines(order: Order, world: World) -> list[Body]:
    if order.channel == "pos":
        return []
    title = f"Pickup at {world.places[order.pickup_place].name}" if order.pickup_place else "Standard"
    code = order.pickup_place or "standard"
    return [{"title": title, "code": code, "price": "0.00", "source": "shopify"}]


def _line_body(order: Order, line: OrderLine, world: World) -> Body:
    variant = world.variants[line.sku]
    left = current_quantity(order, line)
    allocations = [{"amount": price(line.discount), "discount_application_index": 0}] if line.discount else []
    return {
        "id": line.id,
        "admin_graphql_api_id": gid("LineItem", line.id),
        "variant_id": variant.shopify_variant_id,
        "product_id": variant.shopify_product_id,
        "sku": line.sku,
        "title": variant.product_title,
        "variant_title": variant.option,
        "name": variant.title,
        "vendor": variant.vendor,
        "quantity": line.quantity,
        "current_quantity": left,
        "fulfillable_quantity": 0 if order.fulfilled_at else left,
        "fulfillment_status": "fulfilled" if order.fulfilled_at else None,
        "price": price(line.unit_price),
        "total_discount": "0.00",  # Shopify keeps a code's share in the allocations
        "discount_allocations": allocations,
        "requires_shipping": order.channel == "online" and not order.pickup_place,
        "taxable": True,
    }


def _fulfillment_body(order: Order) -> Body:
    return {
        "id": int(order.id) + 1,
        "order_id": int(order.id),
        "status": "success",
        "created_at": shop_time(order.fulfilled_at),
        "updated_at": shop_time(order.fulfilled_at),
    }


def _refund_lines(order: Order, refund: Refund, world: World) -> list[Body]:
    """The lines given back. One sku on two lines is shown on the first, as the world keeps refunds by sku."""
    rows: list[Body] = []
    lines = {line.sku: line for line in reversed(order.lines)}
    left = refund.amount
    for place, (sku, count) in enumerate(refund.quantities.items(), start=1):
        line = lines[sku]
        share = left if place == len(refund.quantities) else unit_price(line) * count
        left -= share
        rows.append(
            {
                "id": refund.id + place,
                "line_item_id": line.id,
                "quantity": count,
                "restock_type": "return" if refund.place else "cancel",
                "location_id": world.places[refund.place].shopify_id if refund.place else None,
                "subtotal": price(share),
                "line_item": _line_body(order, line, world),
            }
        )
    return rows
