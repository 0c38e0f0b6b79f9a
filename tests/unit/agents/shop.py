"""A small chain: a warehouse, two shops on one platform, one on another, an online shop, three variants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from knowledge.events.event import Event, Topic
from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import companion, daily_sale, interest, inventory_level, variant
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId, EventId, LocationId
from tools.proposal import Decision, Origin, Proposal

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SECRET = b"s" * 32


def place(name: str, platform: str, kind: str, stock: str = "") -> Place:
    return Place(
        LocationId(name), name, platform, f"id-{name}", kind, "NY", "America/New_York", LocationId(stock or name)
    )


PLACES = Places(
    [
        place("WAREHOUSE", "shopify", "warehouse"),
        place("STORE_1", "shopify", "shop"),
        place("STORE_2", "shopify", "shop"),
        place("STORE_9", "lightspeed", "shop"),
        place("ONLINE", "shopify", "online", "WAREHOUSE"),
    ]
)


async def open_shop(database: Database) -> None:
    """Places and a catalog: a tee and jeans bought together, socks without a recorded cost."""
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        for sku, title, price, cost in (
            ("TEE", "Cotton Tee", 3000, 1200),
            ("JEANS", "Slim Jeans", 8000, 3000),
            ("SOCKS", "Wool Socks", 1000, None),
        ):
            await connection.execute(
                insert(variant).values(
                    sku=sku,
                    title=title,
                    product=title,
                    category="Clothes",
                    price=price,
                    currency="USD",
                    unit_cost=cost,
                    shopify_item=f"shopify:InventoryItem:{sku}",
                    observed_at=NOW,
                )
            )


async def goes_with(connection: Connection, sku: str, other: str, *, together: int, each: int = 100) -> None:
    """Count two variants as bought together in some of 1,000 baskets; each was in `each` of them."""
    rows = [(sku, other, together, 50_000), (other, sku, together, 50_000), (sku, sku, each, 10_000_000 // each)]
    for one, two, count, lift in [*rows, (other, other, each, 10_000_000 // each)]:
        row = {"sku": one, "other": two, "together": count, "lift": lift, "counted_at": NOW}
        await connection.execute(insert(companion).values(row))


async def open_shop_with_jeans(database: Database) -> None:
    """The same, where jeans go with the tee, and lie in one shop and the warehouse."""
    await open_shop(database)
    async with database.transaction() as connection:
        await goes_with(connection, "TEE", "JEANS", together=40)
        for place in ("STORE_1", "WAREHOUSE"):
            await stock(connection, "JEANS", place, 5)


async def stock(connection: Connection, sku: str, location: str, available: int, *, at: datetime = NOW) -> None:
    row = {"sku": sku, "location_id": location, "available": available, "observed_at": at}
    await connection.execute(insert(inventory_level).values(row))


async def sold(connection: Connection, sku: str, location: str, units: int, *, days: int = 28) -> None:
    """The same number of units on each of the last days."""
    for age in range(days):
        day = (NOW - timedelta(days=age)).date().isoformat()
        await connection.execute(insert(daily_sale).values(sku=sku, location_id=location, day=day, units=units))


async def looked(connection: Connection, customer: str, sku: str, kind: str = "view") -> None:
    row = {"customer_ref": customer, "sku": sku, "kind": kind, "at": NOW - timedelta(hours=1)}
    await connection.execute(insert(interest).values(row))


def happened(name: str, topic: Topic, facts: Mapping[str, Any], *, lane: str = "STORE_1", ago: float = 1) -> Event:
    """An event, `ago` seconds old."""
    at = NOW - timedelta(seconds=ago)
    return Event(
        EventId(name), "shopify", name, topic, LocationId(lane), at, at, CorrelationId(f"story-{name}"), dict(facts)
    )


def order(name: str, *skus: str, location: str = "STORE_1", **more: Any) -> Event:
    facts = {
        "order": f"shopify:order:{name}", "channel": "pos", "location": location, "total": 0, "currency": "USD",
        "lines": [{"sku": sku, "quantity": 1, "unit_price": 0} for sku in skus], **more,
    }  # fmt: skip
    return happened(name, Topic.ORDER_CREATED, facts, lane=location)


def view(name: str, *skus: str, ago: float = 1) -> Event:
    return happened(name, Topic.PRODUCT_VIEWED, {"kind": "view", "skus": list(skus)}, lane="online", ago=ago)


@dataclass
class RecordingGuard:
    """Allows everything and remembers what it was asked."""

    asked: list[tuple[Actor, Proposal]] = field(default_factory=list[tuple[Actor, Proposal]])
    noted: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])

    async def propose_all(self, actor_and_proposals: Any) -> list[Decision]:
        self.asked += actor_and_proposals
        return [Decision(proposal.key, "allowed", "allow", ()) for _, proposal in actor_and_proposals]

    async def note(self, actor: Actor, notes: Any) -> None:
        origins: list[tuple[Origin, str]] = notes
        self.noted += [(actor.id, origin.causation, sentence) for origin, sentence in origins]
