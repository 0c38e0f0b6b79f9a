"""Every operation of the X-Series subset: its path, the scope it needs, whether it writes, and who answers it."""

from collections.abc import Callable
from dataclasses import dataclass

from evals.retailer.lightspeed import (
    adjustment_reasons,
    adjustments,
    consignment_products,
    consignments,
    customers,
    hooks,
    inventory,
    places,
    pricing,
    products,
    promotions,
    sales,
    search,
)
from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Answer, Asked


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path.

    Attributes:
        scope: What the retailer must have granted; one of several when they are parted by a bar.
        writes: Whether it changes anything; some POSTs only read.
    """

    method: str
    path: str
    scope: str
    answer: Callable[[Account, Asked], Answer]
    writes: bool = False


def _read(path: str, scope: str, answer: Callable[[Account, Asked], Answer], method: str = "GET") -> Operation:
    return Operation(method, path, scope, answer)


def _write(method: str, path: str, scope: str, answer: Callable[[Account, Asked], Answer]) -> Operation:
    return Operation(method, path, scope, answer, writes=True)


_CONSIGN = "consignments:write:stock_transfer|consignments:write:stock_order"

OPERATIONS = (
    _read("/customers", "customers:read", customers.list_customers),
    _read("/customers/{customer_id}", "customers:read", customers.get_customer),
    _write("PUT", "/customers/{customer_id}", "customers:write", customers.put_customer),
    _read("/search", "customers:read|products:read|sales:read", search.search),
    _read("/products", "products:read", products.list_products),
    _read("/products/{product_id}", "products:read", products.get_product),
    _read("/suppliers", "suppliers:read", products.list_suppliers),
    _read("/inventory", "inventory:read", inventory.list_records),
    _read("/inventory/{product_id}", "inventory:read", inventory.product_inventory),
    _read("/inventory_levels", "inventory:read", inventory.list_levels, "POST"),
    _read("/inventory", "inventory:read", inventory.list_current_records, "POST"),
    _read("/custom_inventory_adjustment_reasons", "inventory:write", adjustment_reasons.list_reasons),
    _write("POST", "/custom_inventory_adjustment_reasons", "inventory:write", adjustment_reasons.create_reason),
    _write(
        "PUT",
        "/custom_inventory_adjustment_reasons/{custom_reason_id}",
        "inventory:write",
        adjustment_reasons.update_reason,
    ),
    _read("/stock_adjustments", "inventory:write", adjustments.list_adjustments),
    _write("POST", "/stock_adjustments", "inventory:write", adjustments.create_adjustments),
    _read("/consignments", "consignments:read", consignments.list_consignments),
    _write("POST", "/consignments", _CONSIGN, consignments.create_consignment),
    _read("/consignments/{consignment_id}", "consignments:read", consignments.get_consignment),
    _write("PUT", "/consignments/{consignment_id}", _CONSIGN, consignments.update_consignment),
    _write("DELETE", "/consignments/{consignment_id}", _CONSIGN, consignments.delete_consignment),
    _read(
        "/consignments/{consignment_id}/products",
        "consignments:read",
        consignment_products.list_consignment_products,
    ),
    _write("POST", "/consignments/{consignment_id}/bulk", _CONSIGN, consignment_products.put_consignment_products),
    _read("/sales", "sales:read", sales.list_sales),
    _write("POST", "/sales", "sales:write", sales.create_sale),
    _read("/sales/{sale_id}", "sales:read", sales.get_sale),
    _read("/outlets", "outlets:read", places.list_outlets),
    _read("/outlets/{outlet_id}", "outlets:read", places.get_outlet),
    _read("/registers", "registers:read", places.list_registers),
    _read("/retailer", "retailer:read", places.get_retailer),
    _read("/promotions", "promotions:read", promotions.list_promotions),
    _write("POST", "/promotions", "promotions:write", promotions.create_promotion),
    _read("/promotions/{promotion_id}", "promotions:read", promotions.get_promotion),
    _write("PUT", "/promotions/{promotion_id}", "promotions:write", promotions.update_promotion),
    _read("/promotions/{promotion_id}/promocodes", "promotions:read", promotions.list_promo_codes),
    _write("DELETE", "/promocode/bulk", "promotions:write", promotions.delete_promo_codes),
    _read("/discount", "promotions:read", pricing.apply_discount, "POST"),
    _read("/webhooks", "webhooks", hooks.list_webhooks),
    _write("POST", "/webhooks", "webhooks", hooks.create_webhook),
    _write("DELETE", "/webhooks/{webhookId}", "webhooks", hooks.delete_webhook),
    _read("/workflows/remote_rules", "remote_rules:read", hooks.list_remote_rules),
    _write("POST", "/workflows/remote_rules", "remote_rules:write", hooks.create_remote_rule),
    _write("DELETE", "/workflows/remote_rules/{remoteRuleId}", "remote_rules:write", hooks.delete_remote_rule),
    _read("/workflows/rules", "business_rules:read", hooks.list_rules),
    _write("POST", "/workflows/rules", "business_rules:write", hooks.create_rule),
    _write("DELETE", "/workflows/rules/{ruleId}", "business_rules:write", hooks.delete_rule),
)
