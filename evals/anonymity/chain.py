"""A chain of more than 6,000 customers who bought, in a store filled by events of both platforms, as the product is."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import insert

from evals.retailer.build import build_world
from evals.retailer.world import Order, Person, World
from knowledge.anonymity.habits import Bought, Habits, habits
from knowledge.events.event import Event, Topic
from knowledge.events.families import KeyedHash, LineFacts, OrderFacts
from knowledge.identity.match_key import Kind, MatchKeys
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.places import Place, Places, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import variant
from knowledge.unify.apply import apply
from policies.vocabulary.ids import CorrelationId, CustomerRef, EventId, LocationId

SEED: Final = 7
START: Final = datetime(2026, 11, 20, 15, tzinfo=UTC)
CUSTOMERS: Final = 40_000  # humans; about a third of them bought something in the history
HISTORY_DAYS: Final = 126
_VARIANTS: Final = 600
_BURST: Final = 2_000  # events in one transaction


@dataclass(frozen=True, slots=True)
class Chain:
    """The store, filled with half of the world's customers; the other half is like them and was never in it.

    Attributes:
        others: Behavior of the half that the store does not know, for telling luck from leaks.
    """

    database: Database
    places: Places
    others: Mapping[CustomerRef, Habits]
    currency: str
    at: datetime


@asynccontextmanager
async def filled(customers: int = CUSTOMERS, history_days: int = HISTORY_DAYS) -> AsyncGenerator[Chain]:
    """The chain, in a database of its own while the block runs."""
    world, _ = build_world(seed=SEED, start=START, variants=_VARIANTS, customers=customers, history_days=history_days)
    places = Places(_places(world))
    with tempfile.TemporaryDirectory(prefix="tillhand-evals-", ignore_cleanup_errors=True) as folder:
        url = await asyncio.to_thread(start_embedded, Path(folder) / "pg")
        await asyncio.to_thread(migrate, url)
        database = Database(url)
        try:
            async with database.transaction() as connection:
                await save_locations(connection, places)
                await connection.execute(insert(variant), _variants(world))
            events = _events(world, MatchKeys(bytes(32)))
            while burst := await asyncio.to_thread(lambda: list(islice(events, _BURST))):
                async with database.transaction() as connection:
                    await apply(connection, burst, places, at=START)
            others = habits(_bought(world), places, currency=world.currency, at=START)
            yield Chain(database, places, others, world.currency, START)
        finally:
            await database.close()


def _places(world: World) -> Iterator[Place]:
    warehouse = world.places["WAREHOUSE"]
    for place in world.places.values():
        sells_from = warehouse if place.kind == "online" else place
        name = str(sells_from.shopify_id) if place.platform == "shopify" else place.outlet_id
        stock = LocationId(sells_from.code)
        yield Place(
            LocationId(place.code), place.name, place.platform, name, place.kind, place.region, place.timezone, stock
        )


def _variants(world: World) -> list[dict[str, object]]:
    return [
        {
            "sku": one.sku,
            "title": one.title,
            "product": one.product_title,
            "category": one.category,
            "price": one.price,
            "currency": world.currency,
            "observed_at": START,
        }
        for one in world.variants.values()
    ]


def _events(world: World, keys: MatchKeys) -> Iterator[Event]:
    for order, human in _orders(world):
        if human % 2:
            yield _event(order, _keys(world.people[order.customer or 0], keys), world.currency)


def _bought(world: World) -> list[Bought]:
    """Purchases of the other half, one human's together, the newest first."""
    found = [
        Bought(
            CustomerRef(f"other_{human}"),
            order.place,
            order.channel,
            order.occurred_at,
            order.total,
            sum(line.quantity for line in order.lines),
            bool(order.discount_codes) or any(line.discount for line in order.lines),
            tuple(world.variants[line.sku].category for line in order.lines),
        )
        for order, human in _orders(world)
        if not human % 2
    ]
    return sorted(found, key=lambda one: (one.customer, -one.at.timestamp()))


def _orders(world: World) -> Iterator[tuple[Order, int]]:
    """Purchases of known customers and the human behind each: some humans have two records."""
    for order in world.orders.values():
        if order.customer is not None and not order.return_of:
            yield order, world.people[order.customer].same_as or order.customer


def _event(order: Order, customer: tuple[KeyedHash, ...], currency: str) -> Event:
    name = f"{order.platform}:order:{order.id}"
    facts = OrderFacts(
        order=name,
        channel=order.channel,
        location=order.place,
        customer=customer,
        lines=tuple(
            LineFacts(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price, discount=line.discount)
            for line in order.lines
        ),
        total=order.total,
        currency=currency,
        transaction=order.transaction,
        fulfilled=order.fulfilled_at is not None,
    )
    return Event(
        id=EventId(name),
        source=order.platform,
        delivery=name,
        topic=Topic.ORDER_CREATED,
        lane=LocationId(order.place),
        occurred_at=order.occurred_at,
        received_at=order.occurred_at,
        correlation=CorrelationId(name),
        facts=facts.model_dump(mode="json"),
        resource=name,
        version=order.occurred_at.isoformat(),
    )


def _keys(person: Person, keys: MatchKeys) -> tuple[KeyedHash, ...]:
    named: tuple[tuple[Kind, str], ...] = (
        ("loyalty", person.loyalty_id),
        ("phone", person.phone),
        ("email", person.email),
    )
    made = (keys.key(kind, value) for kind, value in named)
    return tuple(key for key in made if key is not None)
