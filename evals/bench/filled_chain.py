"""A store as large as a chain's: catalog, stock, 100,000 customers, and what they bought, brought in by events."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import insert, text

from evals.bench.chain import PLATFORM, chain, locations
from evals.retailer.world import Order, Person, World
from knowledge.events.event import Event, Topic
from knowledge.events.families import CustomerFacts, Facts, KeyedHash, LevelFacts, LineFacts, OrderFacts
from knowledge.identity.match_key import MatchKeys
from knowledge.identity.normal import Kind
from knowledge.offers.companions import count_companions
from knowledge.offers.lacking import learn_next_items
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.places import Places, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import variant
from knowledge.unify.apply import apply
from knowledge.vault.key_file import KeyFile
from policies.vocabulary.ids import CorrelationId, EventId, LocationId

_BURST: Final = 2_000  # events in one transaction
_ANALYZE: Final = text("ANALYZE")  # as the server's own housekeeping would, an hour later
_T = TypeVar("_T")


@asynccontextmanager
async def filled(
    home: Path, now: datetime, *, variants: int, customers: int, history_days: int
) -> AsyncGenerator[tuple[World, Database]]:
    """Such a chain, and a PostgreSQL under this folder that holds it and goes on doing so afterwards."""
    url = await asyncio.to_thread(start_embedded, home / "pg")
    await asyncio.to_thread(migrate, url)
    world, _ = await asyncio.to_thread(chain, now, variants=variants, customers=customers, history_days=history_days)
    database = Database(url, pool=2)
    try:
        await fill(database, world, MatchKeys(KeyFile(home / "vault.keys").match))
        yield world, database
    finally:
        await database.close()


async def fill(database: Database, world: World, keys: MatchKeys) -> None:
    """Bring the world's Shopify side into the store, as polls and webhooks would have over the weeks before."""
    at = world.now()
    places = Places(locations(world))
    async with database.transaction() as connection:
        await save_locations(connection, places)
        await connection.execute(insert(variant), _variants(world))
    for events in (_levels(world), _customers(world, keys), _orders(world, keys)):
        while burst := await asyncio.to_thread(_take, events):
            async with database.transaction() as connection:
                await apply(connection, burst, places, at=at)
    await count_companions(database, until=at)
    await learn_next_items(database, until=at)
    async with database.transaction() as connection:
        await connection.execute(_ANALYZE)


def _take(events: Iterator[_T]) -> list[_T]:
    return list(islice(events, _BURST))


def _variants(world: World) -> Sequence[dict[str, object]]:
    return [
        {
            "sku": one.sku,
            "title": one.title,
            "product": one.product_title,
            "vendor": one.vendor,
            "category": one.category,
            "price": one.price,
            "currency": world.currency,
            "unit_cost": one.cost,
            "shopify_item": f"shopify:InventoryItem:{one.shopify_item_id}",
            "shopify_variant": f"shopify:ProductVariant:{one.shopify_variant_id}",
            "observed_at": world.now(),
        }
        for one in world.variants.values()
    ]


def _levels(world: World) -> Iterator[Event]:
    for (sku, place), level in world.levels.items():
        if world.places[place].platform == PLATFORM:
            facts = LevelFacts(location=place, sku=sku, available=level.available, on_hand=level.on_hand)
            yield _event(Topic.INVENTORY_UPDATED, f"shopify:level:{sku}:{place}", place, world.now(), facts)


def _customers(world: World, keys: MatchKeys) -> Iterator[Event]:
    for person in world.people.values():
        facts = CustomerFacts(
            keys=_identifiers(person, keys),
            consent_email=person.consent_email,
            consent_sms=person.consent_sms,
            orders=person.orders,
            spent=person.spent,
            currency=world.currency,
        )
        yield _event(Topic.CUSTOMER_UPDATED, f"shopify:customer:{person.key}", "chain", person.updated_at, facts)


def _orders(world: World, keys: MatchKeys) -> Iterator[Event]:
    for order in world.orders.values():
        if order.platform == PLATFORM:
            name = f"shopify:order:{order.id}"
            facts = OrderFacts(
                order=name,
                channel=order.channel,
                location=order.place,
                customer=() if order.customer is None else _identifiers(world.people[order.customer], keys),
                lines=_lines(order),
                total=order.total,
                currency=world.currency,
                transaction=order.transaction,
                fulfilled=order.fulfilled_at is not None,
            )
            yield _event(Topic.ORDER_CREATED, name, order.place, order.occurred_at, facts)


def _lines(order: Order) -> tuple[LineFacts, ...]:
    return tuple(
        LineFacts(
            sku=line.sku,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount,
            returned=line.returned,
        )
        for line in order.lines
    )


def _identifiers(person: Person, keys: MatchKeys) -> tuple[KeyedHash, ...]:
    named: Sequence[tuple[Kind, str]] = (
        ("loyalty", person.loyalty_id),
        ("phone", person.phone),
        ("email", person.email),
    )
    made = (keys.key(kind, value) for kind, value in named)
    return tuple(key for key in made if key is not None)


def _event(topic: Topic, name: str, lane: str, at: datetime, facts: Facts) -> Event:
    return Event(
        id=EventId(name),
        source=PLATFORM,
        delivery=name,
        topic=topic,
        lane=LocationId(lane),
        occurred_at=at,
        received_at=at,
        correlation=CorrelationId(name),
        facts=facts.model_dump(mode="json"),
        resource=name,
        version=at.isoformat(),
    )
