"""The Admin API: which function answers which field of our SDL."""

from functools import cache

from graphql import GraphQLSchema

from evals.retailer.shopify import (
    bulk,
    catalog,
    checkouts,
    customers,
    discount_changes,
    discounts,
    inventory,
    order_list,
    orders,
    shop_details,
    stock_changes,
    subscriptions,
    transfer_changes,
    transfers,
)
from evals.retailer.shopify.binding import bound_schema

_ROWS = {
    "AbandonedCheckout": checkouts.checkout_row,
    "Customer": customers.customer_row,
    "Discount": discounts.discount_row,
    "DiscountCode": discounts.discount_row,
    "DiscountCodeNode": discounts.discount_node_row,
    "DiscountNode": discounts.discount_node_row,
    "InventoryItem": inventory.item_row,
    "InventoryLevel": inventory.level_row,
    "InventoryShipment": transfers.shipment_row,
    "InventoryShipmentLineItem": transfers.shipment_line_row,
    "InventoryTransfer": transfers.transfer_row,
    "InventoryTransferLineItem": transfers.transfer_line_row,
    "LineItem": orders.line_row,
    "Location": inventory.location_row,
    "Order": orders.order_row,
    "Product": catalog.product_row,
    "ProductVariant": catalog.variant_row,
    "WebhookSubscription": subscriptions.subscription_row,
}
_QUERIES = {
    "abandonedCheckouts": checkouts.abandoned_checkouts,
    "bulkOperation": bulk.bulk_operation,
    "codeDiscountNodeByCode": discounts.code_discount_node_by_code,
    "customer": customers.customer,
    "customerByIdentifier": customers.customer_by_identifier,
    "customers": customers.customers,
    "discountNodes": discounts.discount_nodes,
    "inventoryItems": inventory.inventory_items,
    "inventoryTransfer": transfers.inventory_transfer,
    "inventoryTransfers": transfers.inventory_transfers,
    "location": inventory.location,
    "locations": inventory.locations,
    "order": order_list.order,
    "orders": order_list.orders,
    "productVariants": catalog.product_variants,
    "shop": shop_details.shop,
    "webhookSubscriptions": subscriptions.webhook_subscriptions,
}
_MUTATIONS = {
    "bulkOperationRunQuery": bulk.bulk_operation_run_query,
    "discountCodeActivate": discount_changes.discount_code_activate,
    "discountCodeBasicCreate": discount_changes.discount_code_basic_create,
    "discountCodeDeactivate": discount_changes.discount_code_deactivate,
    "discountCodeDelete": discount_changes.discount_code_delete,
    "inventoryAdjustQuantities": stock_changes.inventory_adjust_quantities,
    "inventorySetQuantities": stock_changes.inventory_set_quantities,
    "inventoryShipmentCreateInTransit": transfer_changes.inventory_shipment_create_in_transit,
    "inventoryShipmentReceive": transfer_changes.inventory_shipment_receive,
    "inventoryTransferCancel": transfer_changes.inventory_transfer_cancel,
    "inventoryTransferCreate": transfer_changes.inventory_transfer_create,
    "inventoryTransferDelete": transfer_changes.inventory_transfer_delete,
    "inventoryTransferMarkAsReadyToShip": transfer_changes.inventory_transfer_mark_as_ready_to_ship,
    "webhookSubscriptionCreate": subscriptions.webhook_subscription_create,
    "webhookSubscriptionDelete": subscriptions.webhook_subscription_delete,
}


@cache
def admin_schema() -> GraphQLSchema:
    """Our part of the Admin schema, ready to run."""
    return bound_schema("admin.graphql", _ROWS, _QUERIES, _MUTATIONS)
