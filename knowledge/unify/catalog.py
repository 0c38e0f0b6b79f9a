"""Products: one row per sku, under both platforms' names for it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import ProductFacts
from knowledge.store.connection import Connection
from knowledge.unify.columns import write_rows
from knowledge.unify.renames import follow_renames

# Who wins where two tellings differ: the table in knowledge/README.md, row by row.
_VARIANT = text(
    """
    INSERT INTO variant (sku, title, product, vendor, category, tags, description, price, currency, unit_cost,
                         shopify_item, shopify_variant, lightspeed_product, observed_at, changed_at)
    SELECT sku, title, product, vendor, category, string_to_array(tags, ','), description, price, currency, unit_cost,
           nullif(shopify_item, ''), nullif(shopify_variant, ''), nullif(lightspeed_product, ''), observed_at,
           changed_at
    FROM unnest(CAST(:sku AS text[]), CAST(:title AS text[]), CAST(:product AS text[]), CAST(:vendor AS text[]),
                CAST(:category AS text[]), CAST(:tags AS text[]), CAST(:description AS text[]),
                CAST(:price AS bigint[]), CAST(:currency AS text[]), CAST(:unit_cost AS bigint[]),
                CAST(:shopify_item AS text[]), CAST(:shopify_variant AS text[]), CAST(:lightspeed_product AS text[]),
                CAST(:observed_at AS timestamptz[]), CAST(:changed_at AS timestamptz[]))
      AS row(sku, title, product, vendor, category, tags, description, price, currency, unit_cost, shopify_item,
             shopify_variant, lightspeed_product, observed_at, changed_at)
    ON CONFLICT (sku) DO UPDATE SET (
        title, product, vendor, category, tags, description, price, currency, unit_cost, changed_at) = (
        SELECT newer.title, newer.product, coalesce(nullif(newer.vendor, ''), older.vendor),
               coalesce(nullif(newer.category, ''), older.category),
               CASE WHEN newer.tags = '{}' THEN older.tags ELSE newer.tags END,
               coalesce(nullif(newer.description, ''), older.description), newer.price, newer.currency,
               coalesce(newer.unit_cost, older.unit_cost), newer.changed_at
        FROM (SELECT excluded.changed_at >= coalesce(variant.changed_at, '-infinity') AS newest) AS told,
             LATERAL (SELECT variant.title, variant.product, variant.vendor, variant.category, variant.tags,
                             variant.description, variant.price, variant.currency, variant.unit_cost,
                             variant.changed_at) AS kept,
             LATERAL (SELECT excluded.title, excluded.product, excluded.vendor, excluded.category, excluded.tags,
                             excluded.description, excluded.price, excluded.currency, excluded.unit_cost,
                             excluded.changed_at) AS heard,
             LATERAL (SELECT kept.* WHERE NOT told.newest UNION ALL SELECT heard.* WHERE told.newest) AS newer,
             LATERAL (SELECT kept.* WHERE told.newest UNION ALL SELECT heard.* WHERE NOT told.newest) AS older),
        shopify_item = coalesce(excluded.shopify_item, variant.shopify_item),
        shopify_variant = coalesce(excluded.shopify_variant, variant.shopify_variant),
        lightspeed_product = coalesce(excluded.lightspeed_product, variant.lightspeed_product),
        observed_at = greatest(excluded.observed_at, variant.observed_at)
    """
)


_NEWEST = text(
    """
    SELECT resource, max(occurred_at) AS at FROM event
    WHERE resource = ANY(CAST(:resources AS text[])) AND applied_at IS NOT NULL GROUP BY resource
    """
)


async def apply_products(connection: Connection, events: Sequence[Event]) -> set[str]:
    """Store every variant the events tell of; of two tellings the one that changed later at its platform counts.

    Returns:
        Ids of tellings that a later one of the same product had overtaken: under an old sku they would undo a rename.
    """
    newest = await _newest(connection, events)
    stale = {str(event.id) for event in events if event.occurred_at < newest.get(event.resource, event.occurred_at)}
    rows: dict[str, dict[str, object]] = {}
    for event in sorted((each for each in events if each.id not in stale), key=lambda event: event.occurred_at):
        for told in ProductFacts.model_validate(event.facts).variants:
            row = told.model_dump(exclude={"item", "variant", "tags"})
            row["tags"] = ",".join(tag.replace(",", " ") for tag in told.tags)
            row["shopify_item"] = told.item if told.item.startswith("shopify:") else ""
            row["shopify_variant"] = told.variant if told.variant.startswith("shopify:") else ""
            row["lightspeed_product"] = told.item if told.item.startswith("lightspeed:") else ""
            row["observed_at"] = event.received_at
            row["changed_at"] = event.occurred_at
            earlier = rows.get(told.sku, {})
            for name in ("shopify_item", "shopify_variant", "lightspeed_product"):
                row[name] = row[name] or earlier.get(name, "")
            rows[told.sku] = row
    if rows:
        await follow_renames(connection, rows.values(), max(event.received_at for event in events))
    await write_rows(connection, _VARIANT, (rows[sku] for sku in sorted(rows)))
    return stale


async def _newest(connection: Connection, events: Sequence[Event]) -> dict[str, datetime]:
    """When each product was last changed, as far as we were told."""
    newest: dict[str, datetime] = {}
    for event in events:
        if event.resource:
            newest[event.resource] = max(event.occurred_at, newest.get(event.resource, event.occurred_at))
    if newest:
        for row in await connection.execute(_NEWEST, {"resources": sorted(newest)}):
            newest[row.resource] = max(newest[row.resource], row.at)
    return newest
