"""What bulk operations ask for: what polls ask for, of everything; no names, no addresses.

Every connection asks for `id`, which its children name as their parent; five connections at most.
https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

from typing import Final

_LEVELS: Final = (
    'id updatedAt item { id sku } quantities(names: ["available", "on_hand", "committed", "incoming"])'
    " { name quantity }"
)
_LINES: Final = "id sku quantity currentQuantity discountedUnitPriceAfterAllDiscountsSet { shopMoney { amount } }"
_FULFILLMENT: Final = "id deliveryMethod { methodType } assignedLocation { location { id } }"


def bulk_queries(begin: str = "edges { node {", end: str = "} }") -> dict[str, str]:
    """The query of each kind.

    Args:
        begin: How a connection's objects are asked for.
        end: What closes that.
    """

    def each(connection: str, fields: str) -> str:
        return f"{connection} {{ {begin} {fields} {end} }}"

    customers = """
      id updatedAt numberOfOrders amountSpent { amount currencyCode }
      defaultEmailAddress { emailAddress marketingState }
      defaultPhoneNumber { phoneNumber marketingState }
      loyalty: metafield(namespace: "tillhand", key: "loyalty") { value }"""
    variants = """
      id sku displayName price
      product { id title productType vendor tags }
      inventoryItem { id unitCost { amount currencyCode } }"""
    orders = f"""
      id sourceName createdAt processedAt updatedAt cancelledAt displayFulfillmentStatus discountCodes
      retailLocation {{ id }}
      currentTotalPriceSet {{ shopMoney {{ amount currencyCode }} }}
      customer {{ id defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }} }}
      transactions {{ kind status processedAt amountSet {{ shopMoney {{ amount }} }} }}
      {each("fulfillmentOrders", _FULFILLMENT)}
      {each("lineItems", _LINES)}"""
    return {
        "products": f"query {{ {each('productVariants', variants)} }}",
        "customers": f"query {{ {each('customers', customers)} }}",
        "stock": f"query {{ {each('locations', 'id ' + each('inventoryLevels', _LEVELS))} }}",
        "orders": f"query {{ {each('orders', orders)} }}",
    }


QUERIES: Final = bulk_queries()
