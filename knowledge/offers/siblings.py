"""Other sizes and colors of one product: what somebody may want instead of one variant, or beside it."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection

MOST: Final = 8  # others of one variant that are looked at, the best sold: a shirt may have fifty
_ALL: Final = text(
    """
    SELECT array_agg(sku ORDER BY sku) AS skus FROM variant
    WHERE product <> '' GROUP BY vendor, product HAVING count(*) > 1
    """
)


class Siblings:
    """Which variants are of the same product.

    Args:
        products: Each product's variants.
    """

    def __init__(self, products: Iterable[Sequence[str]] = ()) -> None:
        self._product: dict[str, Sequence[str]] = {sku: skus for skus in products for sku in skus}

    def of(self, sku: str) -> list[str]:
        """All other variants of a variant's product."""
        return [other for other in self._product.get(sku, ()) if other != sku]


NO_SIBLINGS: Final = Siblings()


async def read_siblings(connection: Connection) -> Siblings:
    """From the catalog: variants whose vendor and product are called the same."""
    return Siblings([row.skus for row in await connection.execute(_ALL)])
