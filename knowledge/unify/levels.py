"""Counts: one level per variant and location; an older telling never overwrites a newer."""

from collections.abc import Sequence

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import LevelFacts
from knowledge.store.connection import Connection
from knowledge.unify.columns import write_rows

_SKUS = text(
    """
    SELECT shopify_item AS item, sku FROM variant WHERE shopify_item = ANY(CAST(:items AS text[]))
    UNION ALL
    SELECT lightspeed_product, sku FROM variant WHERE lightspeed_product = ANY(CAST(:items AS text[]))
    """
)
_VERSIONS = text(
    """
    SELECT level.sku, level.location_id, level.version FROM inventory_level AS level
    JOIN unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS row(sku, location_id)
      ON row.sku = level.sku AND row.location_id = level.location_id
    """
)
_LEVEL = text(
    """
    INSERT INTO inventory_level (sku, location_id, available, on_hand, committed, incoming, version, observed_at)
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:available AS int[]),
                         CAST(:on_hand AS int[]), CAST(:committed AS int[]), CAST(:incoming AS int[]),
                         CAST(:version AS text[]), CAST(:observed_at AS timestamptz[]))
    ON CONFLICT (sku, location_id) DO UPDATE SET
        available = excluded.available, on_hand = coalesce(excluded.on_hand, inventory_level.on_hand),
        committed = coalesce(excluded.committed, inventory_level.committed),
        incoming = coalesce(excluded.incoming, inventory_level.incoming),
        version = excluded.version, observed_at = greatest(excluded.observed_at, inventory_level.observed_at)
    WHERE inventory_level.version <= excluded.version
    """
)


async def apply_levels(connection: Connection, events: Sequence[Event]) -> set[str]:
    """Store counts; returns ids of events that were older than the stored count, or told of no known variant."""
    if not events:
        return set()
    told = [(event, LevelFacts.model_validate(event.facts)) for event in events]
    items = sorted({facts.item for _, facts in told if facts.item and not facts.sku})
    skus = {row.item: row.sku for row in await connection.execute(_SKUS, {"items": items})} if items else {}
    stale: set[str] = set()
    named: list[tuple[Event, LevelFacts, str]] = []
    for event, facts in told:
        sku = facts.sku or skus.get(facts.item, "")
        if sku and facts.available is not None:
            named.append((event, facts, sku))
        else:
            stale.add(event.id)  # the next product poll brings the variant, and the next level poll its count
    keys = sorted({(sku, facts.location) for _, facts, sku in named})
    arrays = {"skus": [sku for sku, _ in keys], "locations": [place for _, place in keys]}
    versions = {(row.sku, row.location_id): row.version for row in await connection.execute(_VERSIONS, arrays)}
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for event, facts, sku in named:
        key = (sku, facts.location)
        if event.version < versions.get(key, ""):
            stale.add(event.id)
            continue
        versions[key] = event.version
        rows[key] = {
            "sku": sku,
            "location_id": facts.location,
            "available": facts.available,
            "on_hand": facts.on_hand,
            "committed": facts.committed,
            "incoming": facts.incoming,
            "version": event.version,
            "observed_at": event.received_at,
        }
    await write_rows(connection, _LEVEL, (rows[key] for key in sorted(rows)))
    return stale
