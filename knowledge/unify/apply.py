"""A burst of events becomes rows, once, in one transaction; what is older than what we know is absorbed.

The sync stands below the agents: this runs whether or not any agent does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text

from knowledge.events.event import Event, Topic
from knowledge.events.families import LevelFacts
from knowledge.identity.links import identities
from knowledge.identity.resolve import resolve_all
from knowledge.store.connection import Connection
from knowledge.store.places import Places
from knowledge.unify.catalog import apply_products
from knowledge.unify.customers import apply_customers, apply_interest
from knowledge.unify.due import ask_for_sync
from knowledge.unify.journal import Cell
from knowledge.unify.levels import Counted, apply_levels
from knowledge.unify.oddities import Oddity, keep_oddities, with_clocks_put_right
from knowledge.unify.orders import ORDER_TOPICS, apply_orders, apply_returns
from knowledge.unify.promotions import apply_promotions
from knowledge.unify.tickets import apply_tickets
from knowledge.unify.transfers import apply_transfers
from knowledge.unify.wishlists import apply_wishlists
from knowledge.vault.person import Person
from knowledge.vault.vault import Vault, named_in
from policies.vocabulary.ids import CustomerRef

_CLAIM = text(
    "UPDATE event SET applied_at = :at WHERE seq = ANY(CAST(:seqs AS bigint[])) AND applied_at IS NULL RETURNING seq"
)
_ABSORB = text(
    """
    INSERT INTO absorbed (source, reason, count) VALUES (:source, :reason, :count)
    ON CONFLICT (source, reason) DO UPDATE SET count = absorbed.count + excluded.count
    """
)


@dataclass(slots=True)
class Applied:
    """What a burst came to.

    Attributes:
        customers: Who each event is about, by event id, as the person goes by; anonymous events are absent.
        stale: Ids of events that told what we already knew better.
    """

    customers: dict[str, CustomerRef] = field(default_factory=dict[str, CustomerRef])
    stale: set[str] = field(default_factory=set[str])


async def apply(
    connection: Connection,
    events: Sequence[Event],
    places: Places,
    *,
    at: datetime,
    vault: Vault | None = None,
) -> Applied:
    """Bring the unified store up to these events, oldest first.

    Events already applied (a worker died after this and before the burst was done) only have their customers looked up.
    Two workers may apply bursts of different lanes at once; rows are touched in key order, so they cannot deadlock.
    With a `vault`, what was told of customers goes there, and who was erased stays unknown. What is stored stays with
    the record it came with, so that taking a link apart loses nothing; whoever acts on it is told of the person.
    """
    applied = Applied()
    events, odd = with_clocks_put_right(events)
    arrived: dict[str, Person] = {}
    if vault is not None:
        events, arrived = await vault.without_erased(connection, events)
    customers = await resolve_all(connection, {event.id: named_in(event) for event in events}, at=at)
    persons = await identities(connection, customers.values())
    applied.customers.update({name: persons[ref] for name, ref in customers.items()})
    if vault is not None:
        await vault.keep(connection, arrived, customers, at)
    seqs = [event.seq for event in events if event.seq]
    fresh = set((await connection.execute(_CLAIM, {"at": at, "seqs": seqs})).scalars()) if seqs else set[int]()
    new = [event for event in events if not event.seq or event.seq in fresh]
    if not new:
        return applied
    by_topic: dict[Topic, list[Event]] = {}
    for event in new:
        by_topic.setdefault(event.topic, []).append(event)
    applied.stale |= await apply_products(connection, by_topic.get(Topic.PRODUCT_UPDATED, []))
    applied.stale |= await apply_customers(connection, by_topic.get(Topic.CUSTOMER_UPDATED, []), customers)
    orders = [event for event in new if event.topic in ORDER_TOPICS]
    stale, moved = await apply_orders(connection, orders, customers, places)
    moved += await apply_returns(connection, by_topic.get(Topic.RETURN_CREATED, []), places)
    moved += await apply_transfers(connection, by_topic.get(Topic.TRANSFER_UPDATED, []))
    counts = by_topic.get(Topic.INVENTORY_UPDATED, [])
    counted = await apply_levels(connection, counts, moved, places, at)
    applied.stale |= stale | counted.stale
    await ask_for_sync(connection, _shelves(counted, places), at)
    odd += [_below_zero(found) for found in sorted(counted.negative.items())] + counted.otherwise
    await keep_oddities(connection, odd + [_part(event) for event in counts if event.facts.get("exact")], at)
    looked = [event for event in new if event.topic in {Topic.PRODUCT_VIEWED, Topic.CART_UPDATED}]
    await apply_interest(connection, looked, customers)
    await apply_promotions(connection, by_topic.get(Topic.PROMOTION_PLANNED, []))
    applied.stale |= await apply_wishlists(connection, by_topic.get(Topic.WISHLIST_UPDATED, []), customers)
    applied.stale |= await apply_tickets(connection, by_topic.get(Topic.TICKET_UPDATED, []), customers)
    for source in sorted({event.source for event in new if event.id in applied.stale}):
        count = sum(1 for event in new if event.source == source and event.id in applied.stale)
        await absorb(connection, source, "stale", count)
    return applied


def _shelves(counted: Counted, places: Places) -> set[Cell]:
    """Shelves to look at: those two platforms count and one has news of, and those with less than nothing on them."""
    shared = {place.id for pair in places.shared() for place in pair}
    cells = {cell for cell in counted.changed if cell[1] in shared} | set(counted.negative)
    return {(sku, places.shelf(place).id) for sku, place in cells}


def _below_zero(found: tuple[Cell, int]) -> Oddity:
    (sku, place), units = found
    answer = "Kept as told; nothing of it is offered, and what was sold beyond it is looked into."
    return Oddity("negative_count", f"{sku} at {place}", f"{units} units", answer)


def _part(event: Event) -> Oddity:
    facts = LevelFacts.model_validate(event.facts)
    answer = "Whole units are counted; a part of one is promised to nobody."
    return Oddity("part_of_a_unit", f"{facts.sku or facts.item} at {facts.location}", f"{facts.exact} units", answer)


async def absorb(connection: Connection, source: str, reason: str, count: int) -> None:
    """Count deliveries that changed nothing."""
    await connection.execute(_ABSORB, {"source": source, "reason": reason, "count": count})
