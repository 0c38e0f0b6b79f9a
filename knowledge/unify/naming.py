"""Which variant a telling counts: a platform may name it by an item of its own, and by a sku it had before."""

from collections.abc import Sequence

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import LevelFacts
from knowledge.store.connection import Connection
from knowledge.unify.journal import Cell

_SKUS = text(
    """
    SELECT shopify_item AS item, sku FROM variant WHERE shopify_item = ANY(CAST(:items AS text[]))
    UNION ALL
    SELECT lightspeed_product, sku FROM variant WHERE lightspeed_product = ANY(CAST(:items AS text[]))
    """
)


async def counted_cells(connection: Connection, events: Sequence[Event]) -> list[tuple[Event, LevelFacts, Cell]]:
    """Each telling with the cell it counts; the next product poll brings a variant we lack, and the next poll this.

    What the catalog calls an article goes before what the telling calls it: that may be from before it was renamed.
    """
    told = [(event, LevelFacts.model_validate(event.facts)) for event in events]
    items = sorted({facts.item for _, facts in told if facts.item})
    skus = {row.item: row.sku for row in await connection.execute(_SKUS, {"items": items})} if items else {}
    named = [(event, facts, skus.get(facts.item) or facts.sku) for event, facts in told]
    return [(event, facts, (sku, facts.location)) for event, facts, sku in named if sku and facts.available is not None]
