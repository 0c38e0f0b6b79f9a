"""A platform gave an article another sku, or two articles one: nothing is lost by it, and nothing counts twice."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.unify.oddities import Oddity, keep_oddities

_IDS: Final = ("shopify_item", "shopify_variant", "lightspeed_product")
_KNOWN = text(
    """
    SELECT sku, shopify_item, shopify_variant, lightspeed_product FROM variant
    WHERE sku = ANY(CAST(:skus AS text[])) OR shopify_item = ANY(CAST(:ids AS text[]))
       OR shopify_variant = ANY(CAST(:ids AS text[])) OR lightspeed_product = ANY(CAST(:ids AS text[]))
    ORDER BY sku FOR UPDATE
    """
)
_RELEASE = text(
    """
    UPDATE variant SET
        shopify_item = CASE WHEN shopify_item = ANY(CAST(:ids AS text[])) THEN NULL ELSE shopify_item END,
        shopify_variant = CASE WHEN shopify_variant = ANY(CAST(:ids AS text[])) THEN NULL ELSE shopify_variant END,
        lightspeed_product =
            CASE WHEN lightspeed_product = ANY(CAST(:ids AS text[])) THEN NULL ELSE lightspeed_product END
    WHERE sku = :sku
    """
)
# its goods are told again under the new sku by the next poll; until then they are under none rather than under two
_EMPTY = text(
    """
    WITH emptied AS (
        UPDATE inventory_level AS level SET available = 0, on_hand = NULL, committed = NULL, incoming = NULL
        FROM location WHERE location.id = level.location_id AND location.platform = :platform AND level.sku = :sku
        RETURNING level.location_id
    ), gone AS (
        SELECT sku, location_id, state, sum(delta) AS units FROM stock_change
        WHERE sku = :sku AND location_id IN (SELECT location_id FROM emptied) GROUP BY 1, 2, 3
    )
    INSERT INTO stock_change (sku, location_id, state, delta, cause, reference, occurred_at, recorded_at)
    SELECT sku, location_id, state, -units, 'correction', :renamed, :at, :at FROM gone WHERE units <> 0
    """
)
_SALES = text(
    """
    WITH old AS (DELETE FROM daily_sale WHERE sku = :sku RETURNING location_id, day, units, returned)
    INSERT INTO daily_sale (sku, location_id, day, units, returned)
    SELECT :new, location_id, day, units, returned FROM old
    ON CONFLICT (sku, location_id, day) DO UPDATE
    SET units = daily_sale.units + excluded.units, returned = daily_sale.returned + excluded.returned
    """
)


async def follow_renames(connection: Connection, rows: Iterable[Mapping[str, Any]], at: datetime) -> None:
    """Before these variants are stored: let go of what each platform's article was called before.

    An article under another sku takes its past sales along; its counts are told anew. One that a second article's sku
    is now the same as is kept beside it, and told: their goods cannot be told apart any more.
    """
    told = list(rows)
    named = {str(row[name]): (str(row["sku"]), name) for row in told for name in _IDS if row[name]}
    asked = {"skus": sorted({str(row["sku"]) for row in told}), "ids": sorted(named)}
    odd: list[Oddity] = []
    for known in (await connection.execute(_KNOWN, asked)).all():
        moved = [
            getattr(known, name) for name in _IDS if named.get(getattr(known, name), (known.sku, ""))[0] != known.sku
        ]
        if moved:
            new = named[moved[0]][0]
            await _rename(connection, known.sku, new, moved, at)
            odd.append(Oddity("sku_renamed", known.sku, f"It is {new} now.", "Its sales count for the new sku."))
            continue
        for row in told:
            for name in _IDS[::2]:
                before, now = getattr(known, name), row[name]
                if row["sku"] == known.sku and before and now and before != now:
                    answer = "The newer one's counts are kept; give one of them a sku of its own."
                    odd.append(Oddity("sku_merged", known.sku, f"{before} and {now} share it.", answer))
    await keep_oddities(connection, odd, at)


async def _rename(connection: Connection, old: str, new: str, ids: list[str], at: datetime) -> None:
    platform = ids[0].partition(":")[0]
    await connection.execute(_RELEASE, {"sku": old, "ids": ids})
    await connection.execute(_EMPTY, {"sku": old, "platform": platform, "renamed": f"renamed:{new}", "at": at})
    await connection.execute(_SALES, {"sku": old, "new": new})
