"""Find variants by words: PostgreSQL's full-text search over what the catalog says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money

# Words in any order; a variant that has more of them, and has them in its title, comes first. An exact sku beats all.
_SEARCH = text(
    """
    WITH asked AS (
        SELECT replace(plainto_tsquery('english', :words)::text, ' & ', ' | ')::tsquery AS any_word,
               plainto_tsquery('english', :words) AS every_word
    ), ranked AS (
        SELECT variant.*,
               (upper(variant.sku) = upper(:words))::int AS exact,
               ts_rank(document, asked.every_word) * 10 + ts_rank(document, asked.any_word) AS score
        FROM asked, known_variant AS variant, LATERAL (
            SELECT setweight(to_tsvector('english', variant.title || ' ' || variant.product), 'A')
                || setweight(to_tsvector('english', variant.vendor || ' ' || variant.category || ' '
                                                    || array_to_string(variant.tags, ' ')), 'B')
                || setweight(to_tsvector('english', variant.description), 'D') AS document
        ) AS described
        WHERE document @@ asked.any_word OR upper(variant.sku) = upper(:words)
        ORDER BY exact DESC, score DESC, variant.sku
        LIMIT :limit
    )
    SELECT ranked.sku, ranked.title, ranked.vendor, ranked.category, ranked.price, ranked.currency,
           ranked.as_of AS observed_at, level.available, level.as_of AS counted_at
    FROM ranked LEFT JOIN known_level AS level
      ON level.sku = ranked.sku AND level.location_id = CAST(:location AS text)
    ORDER BY ranked.exact DESC, ranked.score DESC, ranked.sku
    """
)
_LOOK_UP = text(
    """
    SELECT variant.sku, variant.title, variant.vendor, variant.category, variant.price, variant.currency,
           variant.as_of AS observed_at, level.available, level.as_of AS counted_at
    FROM known_variant AS variant
    LEFT JOIN known_level AS level ON level.sku = variant.sku AND level.location_id = CAST(:location AS text)
    WHERE variant.sku = ANY(CAST(:skus AS text[])) ORDER BY variant.sku
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


async def search(connection: Connection, words: str, location: LocationId | None, limit: int) -> Sequence[Found]:
    """The variants that fit these words best, best first, at most `limit`."""
    rows = await connection.execute(_SEARCH, {"words": words, "location": location, "limit": limit})
    return [_found(row) for row in rows]


async def look_up(connection: Connection, skus: Sequence[str], location: LocationId | None) -> Sequence[Found]:
    """These variants, by sku; unknown ones are left out."""
    return [_found(row) for row in await connection.execute(_LOOK_UP, {"skus": list(skus), "location": location})]


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
