"""What goods are worth by our own catalog, never by what a caller says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import NotFound, Refused
from policies.vocabulary.ids import Sku
from policies.vocabulary.money import Money
from tools.fresh_prices import FreshPrices

_PRICES = text(
    "SELECT sku, price, currency, unit_cost, as_of FROM known_variant"
    " WHERE sku = ANY(CAST(:skus AS text[])) ORDER BY sku"
)


@dataclass(frozen=True, slots=True)
class Priced:
    """One variant's price; `value` is its unit cost where that is recorded, else the price."""

    sku: Sku
    price: Money
    value: Money
    seen_at: datetime


async def prices(connection: Connection, skus: Sequence[str], field: str) -> dict[str, Priced]:
    """The catalog's prices of all these variants.

    Raises:
        NotFound: One of them is not in the catalog.
        Refused: They are priced in different currencies.
    """
    rows = await connection.execute(_PRICES, {"skus": list(skus)})
    found = {
        row.sku: Priced(
            Sku(row.sku),
            Money(row.price, row.currency),
            Money(row.price if row.unit_cost is None else row.unit_cost, row.currency),
            row.as_of,
        )
        for row in rows
    }
    missing = sum(sku not in found for sku in skus)
    if missing:
        raise NotFound(
            f"{missing} of the skus named is not in the catalog." if missing == 1 else f"{missing} skus are unknown.",
            code="sku.unknown",
            hint="search_products finds skus by words.",
            field=field,
        )
    if len({each.price.currency for each in found.values()}) > 1:
        raise Refused("These goods are priced in different currencies.", code="money.mixed_currencies", field=field)
    return found


async def as_of_now(
    fresh: FreshPrices, platform: str, priced: Mapping[str, Priced], *, seconds: int, at: datetime
) -> dict[str, Priced]:
    """The same at the prices of now, asked of the platform where the catalog heard of them more than `seconds` ago.

    What the platform does not tell keeps its old price and its age, which the rules then refuse.
    """
    stale = [sku for sku, each in priced.items() if at - each.seen_at > timedelta(seconds=seconds)]
    told = await fresh.of(platform, stale, younger_than=seconds) if stale else {}
    return {
        sku: replace(each, price=now.price, seen_at=now.observed_at)
        if (now := told.get(each.sku)) is not None and now.price.currency == each.price.currency
        else each
        for sku, each in priced.items()
    }
