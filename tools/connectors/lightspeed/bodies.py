"""What API 2026-07 answers, brought into the shape its webhooks send, so that one translation serves both."""

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]
Body = dict[str, Any]

_NOTHING: Row = {}
_STATUSES = {"closed": "CLOSED", "voided": "VOIDED", "parked": "SAVED", "pending": "SAVED"}


def sale_body(row: Row, skus: Mapping[str, str]) -> Body:
    """A `Sale` as `sale.update` sends it.

    Args:
        row: As listed.
        skus: By product id: the list names products only.
    """
    given_back: Row = row.get("return") or _NOTHING
    source = row["source"]
    totals = row["totals"]
    return {
        "id": row["id"],
        "outlet_id": source["outlet_id"],
        "status": _STATUSES.get(row["state"], "CLOSED"),
        "return_for": given_back.get("original_sale_id") if given_back.get("is_return") else None,
        "source_id": source.get("id"),
        "customer_id": row.get("customer_id"),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "sale_date": row["date"],
        "totals": {"total_price": totals["price"], "total_tax": totals["tax"]},
        "register_sale_products": [
            {
                "product_id": line["product"]["id"],
                "sku": skus.get(line["product"]["id"]),
                "quantity": line["quantity"],
                "price": line["pricing"]["price"],
                "discount_total": line["pricing"].get("discount_total"),
                "promotions": line.get("promotions") or (),
            }
            for line in row["line_items"]
        ],
        "version": row["_metadata"]["version"],
    }


def products_on(row: Row) -> set[str]:
    """The ids of the products on a sale."""
    return {line["product"]["id"] for line in row["line_items"]}


def product_body(row: Row) -> Body:
    """A `Product` as `product.update` sends it."""
    return {
        "id": row["id"],
        "sku": row["sku"],
        "name": row.get("variant_name") or row["name"],
        "base_name": row["name"],
        "brand_name": row.get("brand"),
        "type": row.get("type"),
        "tags": tuple(tag["name"] for tag in row.get("categories") or ()),
        "description": row.get("description"),
        "price": row["price_excluding_tax"],
        "supply_price": row.get("supply_price"),
        "updated_at": row["updated_at"],
        "deleted_at": row.get("deleted_at"),
        "version": row["version"],
    }


def inventory_body(row: Row, skus: Mapping[str, str]) -> Body:
    """An `Inventory` record as `inventory.update` sends it."""
    return {
        "product_id": row["product_id"],
        "outlet_id": row["outlet_id"],
        "count": row["current_inventory_level"],
        "product": {"sku": skus.get(row["product_id"])},
        "version": row["version"],
    }
