"""What the Admin API answers, brought into the shape its webhooks send, so that one translation serves both."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from tools.connectors.shopify.names import number_of

Node = Mapping[str, Any]
Body = dict[str, Any]


def order_body(node: Node) -> Body:
    """An `Order` as `orders/updated` sends it. A line's price is what one unit cost after every discount."""
    location = node.get("retailLocation")
    return {
        "id": int(number_of(node["id"])),
        "created_at": node["createdAt"],
        "processed_at": node["processedAt"],
        "updated_at": node["updatedAt"],
        "cancelled_at": node.get("cancelledAt"),
        "source_name": node.get("sourceName"),
        "location_id": int(number_of(location["id"])) if location else None,
        "currency": node["currentTotalPriceSet"]["shopMoney"]["currencyCode"],
        "current_total_price": node["currentTotalPriceSet"]["shopMoney"]["amount"],
        "discount_codes": [{"code": code} for code in node["discountCodes"]],
        "fulfillment_status": "fulfilled" if node["displayFulfillmentStatus"] == "FULFILLED" else None,
        "customer": _identified(node["customer"]) if node.get("customer") else None,
        "line_items": [
            {
                "sku": line["sku"],
                "quantity": line["quantity"],
                "current_quantity": line["currentQuantity"],
                "price": line["discountedUnitPriceAfterAllDiscountsSet"]["shopMoney"]["amount"],
            }
            for line in node["lineItems"]["nodes"]
        ],
        "pickup_location_id": _pickup(node),
    }


def customer_body(node: Node) -> Body:
    """A `Customer` as `customers/update` sends it."""
    email, phone = node.get("defaultEmailAddress"), node.get("defaultPhoneNumber")
    return _identified(node) | {
        "updated_at": node["updatedAt"],
        "orders_count": int(node["numberOfOrders"]),
        "total_spent": node["amountSpent"]["amount"],
        "currency": node["amountSpent"]["currencyCode"],
        "email_marketing_consent": {"state": email["marketingState"]} if email else None,
        "sms_marketing_consent": {"state": phone["marketingState"]} if phone else None,
    }


def level_body(level: Node, item: Node, location: str) -> Body:
    """An `InventoryLevel` as `inventory_levels/update` sends it, and the counts it leaves out."""
    counts = {count["name"]: count["quantity"] for count in level["quantities"]}
    return {
        "inventory_item_id": int(number_of(item["id"])),
        "location_id": int(number_of(location)),
        "sku": item.get("sku"),
        "updated_at": level["updatedAt"],
        **counts,
    }


def product_bodies(variants: Iterable[Node]) -> list[Body]:
    """`ProductVariant`s as `products/update` sends them: those of one product that follow each other, together."""
    bodies: list[Body] = []
    for _, found in groupby(variants, key=lambda variant: variant["product"]["id"]):
        together = list(found)
        product = together[0]["product"]
        bodies.append(
            {
                "id": int(number_of(product["id"])),
                "title": product["title"],
                "vendor": product["vendor"],
                "product_type": product["productType"],
                "tags": tuple(product["tags"]),
                "variants": [_variant(variant) for variant in together],
            }
        )
    return bodies


def _variant(node: Node) -> Body:
    cost = node["inventoryItem"].get("unitCost")
    return {
        "id": int(number_of(node["id"])),
        "display_name": node["displayName"],
        "sku": node["sku"],
        "price": node["price"],
        "inventory_item_id": int(number_of(node["inventoryItem"]["id"])),
        "cost": cost["amount"] if cost else None,
    }


def _identified(node: Node) -> Body:
    email, phone, loyalty = (node.get(name) for name in ("defaultEmailAddress", "defaultPhoneNumber", "loyalty"))
    return {
        "id": int(number_of(node["id"])),
        "email": email["emailAddress"] if email else None,
        "phone": phone["phoneNumber"] if phone else None,
        "metafields": [{"namespace": "tillhand", "key": "loyalty", "value": loyalty["value"]}] if loyalty else [],
    }


def _pickup(node: Node) -> int | None:
    for found in node["fulfillmentOrders"]["nodes"]:
        method, assigned = found.get("deliveryMethod"), found.get("assignedLocation")
        if method and method["methodType"] == "PICK_UP" and assigned and assigned["location"]:
            return int(number_of(assigned["location"]["id"]))
    return None
