"""What goods are called and worth, as our own catalog knows them."""

from collections.abc import Mapping
from dataclasses import dataclass

from policies.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Variant:
    """What one unit is called and worth, in minor units, and who supplies it."""

    title: str
    price: int
    currency: str
    unit_cost: int | None
    vendor: str = ""
    category: str = ""


def variant_of(sku: str, currency: str, known: Mapping[str, Variant]) -> Variant:
    """The variant of a sku.

    Raises:
        NotFound: It is not in the catalog.
        Refused: It is priced in another currency.
    """
    variant = known.get(sku)
    if variant is None:
        raise NotFound(
            "A sku named here is not in the catalog.",
            code="sku.unknown",
            hint="Check it with search_products, or wait until the platform has told us of a new product.",
            field="sku",
        )
    if variant.currency != currency:
        raise Refused(
            f"This product is priced in {variant.currency}, not in {currency}.", code="money.mixed_currencies"
        )
    return variant


def worth_of(sku: str, currency: str, known: Mapping[str, Variant]) -> int:
    """One unit's cost in minor units, or its price where the cost was never recorded.

    Raises:
        NotFound: It is not in the catalog.
        Refused: It is priced in another currency.
    """
    variant = variant_of(sku, currency, known)
    return variant.price if variant.unit_cost is None else variant.unit_cost
