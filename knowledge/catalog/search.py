"""Read variants from the store: those a search ranked, or while no index is ready, those that hold the words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money

# Words in any order; a variant that has more of them, and has them in its title, comes first. An exact sku beats all.
_WORDED = text(
    """
    WITH asked AS (
        SELECT replace(plainto_tsquery('english', :words)::text, ' & ', ' | ')::tsquery AS any_word,
               plainto_tsquery('english', :words) AS every_word
    )
    SELECT variant.sku
    FROM asked, variant, LATERAL (
        SELECT setweight(to_tsvector('english', variant.title || ' ' || variant.product), 'A')
            || setweight(to_tsvector('english', variant.vendor || ' ' || variant.category || ' '
                                                || array_to_string(variant.tags, ' ')), 'B')
            || setweight(to_tsvector('english', variant.description), 'D') AS document
    ) AS described
    WHERE document @@ asked.any_word OR upper(variant.sku) = upper(:words)
    ORDER BY (upper(variant.sku) = upper(:words)) DESC,
             ts_rank(document, asked.every_word) * 10 + ts_rank(document, asked.any_word) DESC, variant.sku
    LIMIT :limit
    """
)
_IN_ORDER = text(
    """
    SELECT variant.sku, variant.title, variant.vendor, variant.category, variant.price, variant.currency,
           variant.as_of AS observed_at, level.available, level.as_of AS counted_at
    FROM unnest(CAST(:skus AS text[])) WITH ORDINALITY AS ranked (sku, place)
    JOIN known_variant AS variant ON variant.sku = ranked.sku
    LEFT JOIN known_level AS level ON level.sku = ranked.sku AND level.location_id = CAST(:location AS text)
    WHERE CAST(:stocked AS text[]) IS NULL OR EXISTS (
        SELECT FROM inventory_level AS stocked
        WHERE stocked.sku = ranked.sku AND stocked.location_id = ANY(CAST(:stocked AS text[]))
          AND stocked.available > 0
    )
    ORDER BY ranked.place LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Found:
    """One variant that fits.

    Attributes:
        available: What can be sold at the location asked about; `None` without one, or where no count is known.
        as_of: When the older of price and count was observed.
    """

    sku: Sku
    title: str
    vendor: str
    category: str
    price: Money
    available: int | None
    as_of: datetime


async def worded(connection: Connection, words: str, limit: int) -> list[str]:
    """The skus whose texts hold these words best, best first, at most `limit`."""
    return list((await connection.execute(_WORDED, {"words": words, "limit": limit})).scalars())


async def in_order(
    connection: Connection,
    skus: Sequence[str],
    location: LocationId | None,
    stocked: Sequence[LocationId] | None,
    limit: int,
) -> list[Found]:
    """These variants in this order, at most `limit`, with their count at `location`; unknown ones are left out.

    With `stocked`, only those that can be sold from one of these shelves.
    """
    asked = {
        "skus": list(skus),
        "location": location,
        "stocked": None if stocked is None else list(stocked),
        "limit": limit,
    }
    return [_found(row) for row in await connection.execute(_IN_ORDER, asked)]


def _found(row: Any) -> Found:
    return Found(
        sku=Sku(row.sku),
        title=row.title,
        vendor=row.vendor,
        category=row.category,
        price=Money(row.price, row.currency),
        available=row.available,
        as_of=min(row.observed_at, row.counted_at) if row.counted_at else row.observed_at,
    )
