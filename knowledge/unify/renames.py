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
# the platform does not count an article anew because it is called otherwise: its counts go along, at this platform's
# locations; where the new sku was counted already, that is newer
_MOVE = text(
    """
    WITH old AS (
        SELECT level.* FROM inventory_level AS level
        JOIN location ON location.id = level.location_id AND location.platform = :platform
        WHERE level.sku = :sku ORDER BY level.location_id FOR UPDATE OF level
    ), arrived AS (
        INSERT INTO inventory_level AS level (sku, location_id, available, on_hand, committed, incoming, version,
                                              others_version, observed_at, counted, counted_at)
        SELECT :new, location_id, available, on_hand, committed, incoming, version, others_version, observed_at,
               counted, counted_at
        FROM old ON CONFLICT (sku, location_id) DO UPDATE SET
            available = excluded.available, on_hand = excluded.on_hand, committed = excluded.committed,
            incoming = excluded.incoming, version = excluded.version, others_version = excluded.others_version,
            observed_at = excluded.observed_at, counted = excluded.counted, counted_at = excluded.counted_at
        WHERE level.version <= excluded.version RETURNING level.location_id
    ), emptied AS (
        UPDATE inventory_level AS level SET available = 0, on_hand = NULL, committed = NULL, incoming = NULL
        FROM old WHERE level.sku = :sku AND level.location_id = old.location_id RETURNING level.location_id
    ), history AS (
        SELECT location_id, state, CAST(coalesce(sum(delta) FILTER (WHERE sku = :sku), 0) AS int) AS units,
               CAST(coalesce(sum(delta) FILTER (WHERE sku = :new), 0) AS int) AS had, bool_or(sku = :new) AS begun
        FROM stock_change WHERE sku IN (:sku, :new) AND location_id IN (SELECT location_id FROM emptied) GROUP BY 1, 2
    )
    INSERT INTO stock_change (sku, location_id, state, delta, cause, reference, occurred_at, recorded_at)
    SELECT :sku, location_id, state, -units, 'correction', :renamed, :at, :at FROM history WHERE units <> 0
    UNION ALL
    SELECT :new, location_id, state, units - had, CASE WHEN begun THEN 'correction' ELSE 'opening' END, :renamed, :at,
           :at
    FROM history WHERE location_id IN (SELECT location_id FROM arrived) AND (units <> had OR NOT begun)
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

    An article under another sku takes its past sales and its counts along. One that a second article's sku
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
    told = {"sku": old, "new": new, "platform": platform, "renamed": f"renamed:{old}:{new}", "at": at}
    await connection.execute(_MOVE, told)
    await connection.execute(_SALES, {"sku": old, "new": new})
