"""Promotions the retailer planned: kept as told, each once."""

from collections.abc import Sequence

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import PromotionFacts
from knowledge.store.connection import Connection

_KEEP = text(
    """
    INSERT INTO promotion (id, name, sku, category, location_id, channel, first_day, last_day, percent, price, currency)
    VALUES (:id, :name, :sku, :category, :location, :channel, :first_day, :last_day, :percent, :price, :currency)
    ON CONFLICT (id) DO NOTHING
    """
)


async def apply_promotions(connection: Connection, events: Sequence[Event]) -> None:
    """Keep them; the next night's forecast has them in."""
    for event in events:
        facts = PromotionFacts.model_validate(event.facts)
        await connection.execute(_KEEP, {"id": event.resource or event.id, **facts.model_dump(mode="json")})
