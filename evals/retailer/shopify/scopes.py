"""Which access scope each thing needs.

https://shopify.dev/docs/api/usage/access-scopes
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)

# Mutations by what they change; the transfer write scopes are inferred from their read counterparts.
_CHANGING = {
    "discountCodeActivate": "write_discounts",
    "discountCodeBasicCreate": "write_discounts",
    "discountCodeDeactivate": "write_discounts",
    "discountCodeDelete": "write_discounts",
    "inventoryAdjustQuantities": "write_inventory",
    "inventorySetQuantities": "write_inventory",
    "inventoryShipmentCreateInTransit": "write_inventory_shipments",
    "inventoryShipmentReceive": "write_inventory_shipments_received_items",
    "inventoryTransferCancel": "write_inventory_transfers",
    "inventoryTransferCreate": "write_inventory_transfers",
    "inventoryTransferDelete": "write_inventory_transfers",
    "inventoryTransferMarkAsReadyToShip": "write_inventory_transfers",
}
# Everything else by the type it shows.
_READING = {
    "AbandonedCheckoutConnection": "read_orders",
    "Customer": "read_customers",
    "CustomerConnection": "read_customers",
    "DiscountCodeNode": "read_discounts",
    "DiscountNodeConnection": "read_discounts",
    "FulfillmentOrderConnection": "read_merchant_managed_fulfillment_orders",
    "InventoryItem": "read_inventory",
    "InventoryItemConnection": "read_inventory",
    "InventoryLevelConnection": "read_inventory",
    "InventoryShipment": "read_inventory_shipments",
    "InventoryShipmentConnection": "read_inventory_shipments",
    "InventoryTransfer": "read_inventory_transfers",
    "InventoryTransferConnection": "read_inventory_transfers",
    "Location": "read_locations",
    "LocationConnection": "read_locations",
    "Order": "read_orders",
    "OrderConnection": "read_orders",
    "Product": "read_products",
    "ProductVariant": "read_products",
    "ProductVariantConnection": "read_products",
    "ReturnConnection": "read_returns",
    "StoreCreditAccountConnection": "read_store_credit_accounts",
}


@dataclass(frozen=True, slots=True)
class Need:
    """A selected field and the scope it needs."""

    scope: str
    field: str
    path: tuple[str, ...]


def needs_of(schema: GraphQLSchema, ast: DocumentNode, operation: OperationDefinitionNode) -> Iterator[Need]:
    """Every scope the operation needs, each once, with the first field that needs it."""
    collector = _Collector(TypeInfo(schema))
    for definition in ast.definitions:
        if definition is operation or not isinstance(definition, OperationDefinitionNode):
            visit(definition, TypeInfoVisitor(collector.types, collector))
    seen: set[str] = set()
    for need in collector.needs:
        if need.scope not in seen:
            seen.add(need.scope)
            yield need


def missing(needs: tuple[Need, ...], granted: frozenset[str]) -> list[GraphQLError]:
    """`ACCESS_DENIED` for what the app was not granted; a write scope covers reading the same things."""
    held = granted | {scope.replace("write_", "read_", 1) for scope in granted if scope.startswith("write_")}
    return [_denied(need) for need in needs if need.scope not in held]


class _Collector(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.needs: list[Need] = []
        self._path: list[str] = []

    def enter_field(self, node: FieldNode, *_context: object) -> None:
        """Note what the field changes or shows."""
        name = node.name.value
        self._path.append(node.alias.value if node.alias else name)
        if name in _CHANGING and len(self._path) == 1:
            self.needs.append(Need(_CHANGING[name], name, (*self._path,)))
        elif scope := _READING.get(f"{self.types.get_type()}".strip("[]!")):
            self.needs.append(Need(scope, name, (*self._path,)))

    def leave_field(self, _node: FieldNode, *_context: object) -> None:
        """Step back up."""
        self._path.pop()


def _denied(need: Need) -> GraphQLError:
    access = f"`{need.scope}` access scope."
    return GraphQLError(
        f"Access denied for {need.field} field. Required access: {access}",
        path=list(need.path),
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": access,
        },
    )
