"""What a purchase earned, the one way every measure counts it."""

from typing import Final

MARGIN: Final = """
    spent AS (
        SELECT purchase.id, coalesce(linked.identity, purchase.customer_ref) AS customer_ref, purchase.occurred_at,
               purchase.total AS revenue,
               sum((line.quantity - line.returned)
                   * (line.unit_price - coalesce(variant.unit_cost, line.unit_price * 7 / 10))
                   - line.discount * (line.quantity - line.returned) / greatest(line.quantity, 1)) AS margin
        FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
        LEFT JOIN variant ON variant.sku = line.sku
        LEFT JOIN customer_identity AS linked ON linked.ref = purchase.customer_ref
        WHERE NOT purchase.cancelled
        GROUP BY purchase.id, linked.identity
    )
"""
"""A common table expression: margin in minor units, returned goods left out; an unknown cost counts as 70 % of the
price, as it does where offers are scored. `customer_ref` is what the person goes by now."""
