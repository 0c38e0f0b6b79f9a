"""Every GraphQL text we send, each asking for what is used and nothing else: no names, no addresses.

Valid on 2026-07 and 2026-10. The figures are upper bounds by Shopify's rules: 1000 points is the most a query may cost.
"""

from tools.connectors.shopify.graphql import Operation

LINES_ON_LIST = 20  # of an order on a list; an order with more is read by itself
LINES_ALONE = 250
ORDERS_AT_ONCE = 10
CUSTOMERS_AT_ONCE = 100
VARIANTS_AT_ONCE = 100
LEVELS_AT_ONCE = 250

_CUSTOMER = """
      id updatedAt numberOfOrders amountSpent { amount currencyCode }
      defaultEmailAddress { emailAddress marketingState }
      defaultPhoneNumber { phoneNumber marketingState }
      loyalty: metafield(namespace: "tillhand", key: "loyalty") { value }"""


def _order(lines: int) -> str:
    return f"""
      id sourceName createdAt processedAt updatedAt cancelledAt displayFulfillmentStatus discountCodes
      retailLocation {{ id }}
      currentTotalPriceSet {{ shopMoney {{ amount currencyCode }} }}
      customer {{ id defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }} }}
      fulfillmentOrders(first: 1) {{
        nodes {{ deliveryMethod {{ methodType }} assignedLocation {{ location {{ id }} }} }}
      }}
      lineItems(first: {lines}) {{
        nodes {{
          sku quantity currentQuantity
          discountedUnitPriceAfterAllDiscountsSet {{ shopMoney {{ amount }} }}
        }}
      }}"""


SHOP = Operation("shop", "query Shop { shop { currencyCode } }", 1)

LOCATIONS = Operation(
    "locations",
    """query Locations($after: String) {
  locations(first: 100, after: $after) { nodes { id name isActive } pageInfo { hasNextPage endCursor } }
}""",
    100,
)

CUSTOMER = Operation(
    "customerByIdentifier",
    f"""query Customer($identifier: CustomerIdentifierInput!) {{
  customerByIdentifier(identifier: $identifier) {{ {_CUSTOMER} }}
}}""",
    5,
)

STANDING = Operation(
    "customer",
    """query Standing($id: ID!) {
  customer(id: $id) {
    id statistics { predictedSpendTier rfmGroup }
    storeCreditAccounts(first: 5) { nodes { balance { amount currencyCode } } }
  }
}""",
    10,
)

CUSTOMERS = Operation(
    "customers",
    f"""query Customers($query: String, $after: String) {{
  customers(first: {CUSTOMERS_AT_ONCE}, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ {_CUSTOMER} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
    5 * CUSTOMERS_AT_ONCE,
)

ORDER = Operation(
    "order", f"query Order($id: ID!) {{ order(id: $id) {{ {_order(LINES_ALONE)} }} }}", 12 + 3 * LINES_ALONE
)

ORDERS = Operation(
    "orders",
    f"""query Orders($query: String, $after: String) {{
  orders(first: {ORDERS_AT_ONCE}, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ {_order(LINES_ON_LIST)} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
    ORDERS_AT_ONCE * (12 + 3 * LINES_ON_LIST),
)

VARIANTS = Operation(
    "productVariants",
    f"""query Variants($query: String, $after: String) {{
  productVariants(first: {VARIANTS_AT_ONCE}, after: $after, query: $query, sortKey: ID) {{
    nodes {{
      id sku displayName price
      product {{ id title productType vendor tags }}
      inventoryItem {{ id unitCost {{ amount currencyCode }} }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
    4 * VARIANTS_AT_ONCE,
)

VARIANT_IDS = Operation(
    "productVariants",
    """query VariantIds($query: String!, $after: String) {
  productVariants(first: 100, after: $after, query: $query) {
    nodes { id sku inventoryItem { id } }
    pageInfo { hasNextPage endCursor }
  }
}""",
    200,
)

PRICES = Operation(
    "productVariants",
    """query Prices($query: String!, $most: Int!) {
  productVariants(first: $most, query: $query) { nodes { sku price } }
}""",
    10,
)

ITEM_LEVELS = Operation(
    "inventoryItems",
    """query ItemLevels($query: String!, $items: Int!, $locations: Int!, $after: String) {
  inventoryItems(first: $items, query: $query) {
    nodes {
      id sku
      inventoryLevels(first: $locations, after: $after) {
        nodes {
          updatedAt location { id }
          quantities(names: ["available", "on_hand", "committed", "incoming"]) { name quantity }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}""",
    900,
)

LOCATION_LEVELS = Operation(
    "location",
    f"""query LocationLevels($id: ID!, $query: String, $after: String) {{
  location(id: $id) {{
    inventoryLevels(first: {LEVELS_AT_ONCE}, after: $after, query: $query) {{
      nodes {{
        updatedAt item {{ id sku }}
        quantities(names: ["available", "on_hand", "committed", "incoming"]) {{ name quantity }}
      }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}""",
    3 * LEVELS_AT_ONCE + 1,
)

ADJUST = Operation(
    "inventoryAdjustQuantities",
    """mutation Adjust($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}""",
    11,
)

_CODE_DISCOUNT = (
    "id codeDiscount { __typename ... on DiscountCodeBasic { title status endsAt usageLimit asyncUsageCount } }"
)

CREATE_CODE = Operation(
    "discountCodeBasicCreate",
    f"""mutation CreateCode($discount: DiscountCodeBasicInput!) {{
  discountCodeBasicCreate(basicCodeDiscount: $discount) {{
    codeDiscountNode {{ {_CODE_DISCOUNT} }}
    userErrors {{ field message code }}
  }}
}}""",
    12,
)

CODE = Operation(
    "codeDiscountNodeByCode",
    f"query Code($code: String!) {{ codeDiscountNodeByCode(code: $code) {{ {_CODE_DISCOUNT} }} }}",
    2,
)

END_CODE = Operation(
    "discountCodeDeactivate",
    """mutation EndCode($id: ID!) {
  discountCodeDeactivate(id: $id) { codeDiscountNode { id } userErrors { field message code } }
}""",
    11,
)

_TRANSFER = "id status referenceName"

CREATE_TRANSFER = Operation(
    "inventoryTransferCreate",
    f"""mutation CreateTransfer($input: InventoryTransferCreateInput!, $key: String!) {{
  inventoryTransferCreate(input: $input) @idempotent(key: $key) {{
    inventoryTransfer {{ {_TRANSFER} }}
    userErrors {{ field message code }}
  }}
}}""",
    11,
)

TRANSFER = Operation(
    "inventoryTransfer", f"query Transfer($id: ID!) {{ inventoryTransfer(id: $id) {{ {_TRANSFER} }} }}", 1
)

TRANSFERS = Operation(
    "inventoryTransfers",
    f"""query Transfers($query: String!, $after: String) {{
  inventoryTransfers(first: 100, after: $after, query: $query, sortKey: CREATED_AT, reverse: true) {{
    nodes {{ {_TRANSFER} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
    100,
)

DELETE_TRANSFER = Operation(
    "inventoryTransferDelete",
    "mutation DeleteTransfer($id: ID!) { inventoryTransferDelete(id: $id) { deletedId userErrors { message code } } }",
    10,
)

CANCEL_TRANSFER = Operation(
    "inventoryTransferCancel",
    f"""mutation CancelTransfer($id: ID!) {{
  inventoryTransferCancel(id: $id) {{ inventoryTransfer {{ {_TRANSFER} }} userErrors {{ message code }} }}
}}""",
    11,
)

SUBSCRIPTIONS = Operation(
    "webhookSubscriptions",
    "query Subscriptions { webhookSubscriptions(first: 250) { nodes { topic uri } } }",
    250,
)

SUBSCRIBE = Operation(
    "webhookSubscriptionCreate",
    """mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}""",
    11,
)

BULK_START = Operation(
    "bulkOperationRunQuery",
    """mutation BulkStart($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) {
    bulkOperation { id status }
    userErrors { field message code }
  }
}""",
    11,
)

BULK = Operation(
    "bulkOperation",
    "query Bulk($id: ID!) { bulkOperation(id: $id) { id status url partialDataUrl } }",
    1,
)

ALL = (
    SHOP,
    LOCATIONS,
    CUSTOMER,
    CUSTOMERS,
    ORDER,
    ORDERS,
    VARIANTS,
    VARIANT_IDS,
    PRICES,
    ITEM_LEVELS,
    LOCATION_LEVELS,
    ADJUST,
    CREATE_CODE,
    CODE,
    END_CODE,
    CREATE_TRANSFER,
    TRANSFER,
    TRANSFERS,
    DELETE_TRANSFER,
    CANCEL_TRANSFER,
    SUBSCRIPTIONS,
    SUBSCRIBE,
    BULK_START,
    BULK,
)
