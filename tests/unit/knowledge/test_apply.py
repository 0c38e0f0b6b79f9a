"""The unified store ends the same however its events arrive."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text

from knowledge.events.event import Event, Topic
from knowledge.identity.match_key import MatchKeys
from knowledge.inventory.position import positions
from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import customer, daily_sale, event, purchase, purchase_line
from knowledge.unify.apply import apply
from policies.vocabulary.ids import CorrelationId, EventId, LocationId

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KEYS = MatchKeys(b"k" * 32)
ADA = [KEYS.key("email", "ada@example.com"), KEYS.key("phone", "+1 212 555 0100")]
PLACES = Places(
    [
        Place(LocationId("S1"), "First", "shopify", "1", "shop", "NY", "America/New_York", LocationId("S1")),
        Place(LocationId("L1"), "Log", "log", "1", "shop", "NY", "America/New_York", LocationId("L1")),
    ]
)


def happened(topic: Topic, facts: dict[str, object], *, minute: int = 0, version: int = 0, name: str = "") -> Event:
    at = START + timedelta(minutes=minute)
    label = name or f"{topic}-{minute}-{version}"
    return Event(
        EventId(label), "test", label, topic, LocationId("S1"), at, at, CorrelationId("c"), facts,
        version=f"{version:06d}",
    )  # fmt: skip


def order(
    number: int, *lines: tuple[str, int], version: int = 0, location: str = "S1", complete: bool = True, **more: object
) -> Event:
    facts: dict[str, object] = {
        "order": f"shopify:order:{number}",
        "channel": "pos",
        "location": location,
        "customer": [key.model_dump() for key in ADA if key],
        "lines": [{"sku": sku, "quantity": units, "unit_price": 1000} for sku, units in lines],
        "total": sum(units for _, units in lines) * 1000,
        "currency": "USD",
        "complete": complete,
        **more,
    }
    topic = Topic.ORDER_UPDATED if version else Topic.ORDER_CREATED
    return happened(topic, facts, minute=number, version=version, name=f"order-{number}-{version}-{lines}")


def level(sku: str, available: int, version: int) -> Event:
    facts: dict[str, object] = {"location": "S1", "sku": sku, "available": available}
    return happened(Topic.INVENTORY_UPDATED, facts, version=version, name=f"{sku}-{version}")


async def snapshot(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = {
        "orders": select(purchase.c.id, purchase.c.total, purchase.c.version, purchase.c.cancelled),
        "lines": select(purchase_line.c.purchase_id, purchase_line.c.sku, purchase_line.c.quantity),
        "days": select(daily_sale.c.sku, daily_sale.c.day, daily_sale.c.units).where(daily_sale.c.units != 0),
        "people": select(customer.c.orders, customer.c.spent),
    }
    found = {name: sorted(tuple(row) for row in await connection.execute(query)) for name, query in tables.items()}
    found["stock"] = [(p.sku, p.available) for p in await positions(connection, ["A", "B"])]
    return {name: [row for row in rows if name != "lines" or row[2]] for name, rows in found.items()}


STORY = [
    order(1, ("A", 2), ("B", 1)),
    order(1, ("A", 1), ("B", 1), version=1),
    order(2, ("A", 3)),
    order(2, ("A", 3), version=2, cancelled=True),
    order(3, ("B", 5)),
    level("A", 9, 1),
    level("A", 7, 2),
    level("B", 4, 3),
]


@pytest.mark.parametrize("seed", range(6))
async def test_disorder_and_duplicates_end_in_the_same_store(database: Database, seed: int):
    async with database.transaction() as connection:
        for told in STORY:
            await apply(connection, [told], PLACES, at=START)
        orderly = await snapshot(connection)
        await connection.execute(
            text("TRUNCATE purchase, purchase_line, daily_sale, match_key, customer, inventory_level")
        )
        shuffled = STORY + random.Random(seed).sample(STORY, 4)
        random.Random(seed).shuffle(shuffled)
        cut = seed + 1
        for burst in (shuffled[:cut], shuffled[cut:]):
            await apply(connection, burst, PLACES, at=START)
        assert await snapshot(connection) == orderly
    assert orderly["stock"] == [("A", 7), ("B", 4)]
    assert orderly["people"] == [(2, 7000)]


async def test_an_event_already_applied_is_never_counted_again(database: Database):
    told = order(1, ("A", 2), location="L1", complete=False)
    row = {
        "id": told.id, "source": told.source, "delivery": told.delivery, "topic": told.topic, "lane": told.lane,
        "occurred_at": told.occurred_at, "received_at": told.received_at, "correlation_id": told.correlation,
        "facts": told.facts,
    }  # fmt: skip
    async with database.transaction() as connection:
        seq = (await connection.execute(insert(event).values(row).returning(event.c.seq))).scalar_one()
        stored = Event(
            told.id, told.source, told.delivery, told.topic, told.lane, told.occurred_at, told.received_at,
            told.correlation, told.facts, seq=seq,
        )  # fmt: skip
        first = await apply(connection, [stored], PLACES, at=START)
        again = await apply(connection, [stored], PLACES, at=START)
        assert (await snapshot(connection))["days"] == [("A", "2026-03-02", 2)]
    assert first.customers == again.customers


async def test_a_log_without_a_platform_counts_its_own_stock(database: Database):
    async with database.transaction() as connection:
        stock = happened(Topic.INVENTORY_UPDATED, {"location": "L1", "sku": "A", "available": 10, "on_hand": 10})
        await apply(connection, [stock], PLACES, at=START)
        sold = order(1, ("A", 2), location="L1", complete=False)
        more = order(1, ("A", 1), location="L1", complete=False, transaction="T")
        back = {"order": "shopify:order:1", "location": "L1", "refund": 1000, "currency": "USD"}
        returned = happened(
            Topic.RETURN_CREATED, {**back, "lines": [{"sku": "A", "quantity": 1, "unit_price": 1000}]}, minute=9
        )
        await apply(connection, [sold, more, returned], PLACES, at=START)
        [position] = await positions(connection, ["A"])
    assert (position.available, position.on_hand) == (8, 8)


async def test_a_platform_s_own_count_is_not_touched_by_its_orders(database: Database):
    async with database.transaction() as connection:
        await apply(connection, [level("A", 9, 1), order(1, ("A", 2))], PLACES, at=START)
        [position] = await positions(connection, ["A"])
    assert position.available == 9


async def test_two_keys_of_one_person_lead_to_one_customer_and_conflicts_stay_apart(database: Database):
    from knowledge.identity.resolve import resolve, resolve_all  # noqa: PLC0415

    email, phone = KEYS.key("email", "ADA@example.com "), KEYS.key("phone", "(212) 555-0100")
    other = KEYS.key("email", "bea@example.com")
    assert email
    assert phone
    assert other
    async with database.transaction() as connection:
        first = await resolve_all(connection, {"a": [email, phone], "b": [other]}, at=START)
        assert first["a"] != first["b"]
        assert await resolve(connection, [phone]) == first["a"]
        await resolve_all(connection, {"c": [phone, other]}, at=START)  # names two people: no merge
        assert await resolve(connection, [other]) == first["b"]


async def test_locations_are_saved_and_found_by_either_name(database: Database):
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        loaded = await Places.load(connection)
    assert {place.id for place in loaded} == {"S1", "L1"}
    found = loaded.by_platform("shopify", "1")
    assert found
    assert found.id == "S1"


async def test_consent_is_as_old_as_the_last_telling_that_spoke_of_it(database: Database):
    def told(minute: int, **consent: bool) -> Event:
        keys = [key.model_dump() for key in ADA if key]
        return happened(Topic.CUSTOMER_UPDATED, {"keys": keys, **consent}, minute=minute)

    tellings = [
        (told(0), (False, None, False, None)),
        (told(1, consent_sms=True), (False, None, True, 1)),
        (told(2, consent_email=True), (True, 2, True, 1)),
        (told(3), (True, 2, True, 1)),
        (told(4, consent_sms=False), (True, 2, False, 4)),
    ]
    for happening, (email, email_at, sms, sms_at) in tellings:
        async with database.transaction() as connection:
            await apply(connection, [happening], PLACES, at=START)
            row = (await connection.execute(select(customer))).one()
        moments = [None if at is None else START + timedelta(minutes=at) for at in (email_at, sms_at)]
        assert (row.consent_email, row.consent_sms) == (email, sms)
        assert [row.consent_email_at, row.consent_sms_at] == moments


def wished(*skus: str, minute: int) -> Event:
    facts: dict[str, object] = {"customer": [key.model_dump() for key in ADA if key], "skus": skus}
    return happened(Topic.WISHLIST_UPDATED, facts, minute=minute)


def ticket(state: str, *, minute: int, name: str = "T-1") -> Event:
    facts: dict[str, object] = {
        "customer": [key.model_dump() for key in ADA if key],
        "ticket": name,
        "state": state,
        "subject": "late_parcel",
        "opened_at": START.isoformat(),
    }
    return happened(Topic.TICKET_UPDATED, facts, minute=minute, name=f"{name}-{minute}")


TOLD = [wished("A", minute=1), wished("B", "A", minute=2), ticket("open", minute=1), ticket("closed", minute=2)]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("told", [TOLD, TOLD[::-1], [TOLD[1], TOLD[0], TOLD[3], TOLD[2]]])
async def test_the_newest_telling_of_a_wishlist_and_a_ticket_holds(
    database: Database, told: list[Event], together: bool
):
    async with database.transaction() as connection:
        for burst in [told] if together else [[one] for one in told]:
            await apply(connection, burst, PLACES, at=START)
        assert (await connection.execute(text("SELECT skus FROM wishlist"))).scalars().all() == [["B", "A"]]
        assert (await connection.execute(text("SELECT ticket, state FROM ticket"))).all() == [("T-1", "closed")]


async def test_an_empty_wishlist_empties_it(database: Database):
    async with database.transaction() as connection:
        await apply(connection, [wished("A", minute=1), wished(minute=2)], PLACES, at=START)
        assert (await connection.execute(text("SELECT skus FROM wishlist"))).scalars().all() == [[]]


def back(order: int, sku: str, units: int, name: str) -> Event:
    """Goods of an order given back; `name` is the telling's, for the same return may be told twice."""
    facts: dict[str, object] = {
        "order": f"shopify:order:{order}",
        "location": "S1",
        "lines": [{"sku": sku, "quantity": units, "unit_price": 1000}],
        "refund": 1000 * units,
        "currency": "USD",
    }
    told = happened(Topic.RETURN_CREATED, facts, minute=order, name=name)
    return replace(told, correlation=CorrelationId(f"story-{order}"), resource=f"shopify:refund:{order}")


async def logged(database: Database, told: Event) -> Event:
    """In the event log, as the inbox puts it there."""
    async with database.transaction() as connection:
        row = {
            **{name: getattr(told, name) for name in ("id", "source", "delivery", "topic", "lane", "occurred_at",
                                                      "received_at", "resource", "version", "facts")},
            "correlation_id": told.correlation,
        }  # fmt: skip
        seq = (await connection.execute(insert(event).values(**row).returning(event.c.seq))).scalar_one()
        return replace(told, seq=seq)


async def test_a_return_counts_once_whenever_and_however_often_it_is_told(database: Database):
    bought = replace(order(1, ("A", 3)), correlation=CorrelationId("story-1"))
    for burst in ([back(1, "A", 2, "webhook")], [bought], [back(1, "A", 2, "poll")]):
        told = [await logged(database, each) for each in burst]
        async with database.transaction() as connection:
            await apply(connection, told, PLACES, at=START)
    async with database.reading() as connection:
        line = (await connection.execute(select(purchase_line.c.quantity, purchase_line.c.returned))).one()
        day = (await connection.execute(select(daily_sale.c.units, daily_sale.c.returned))).one()
    assert (tuple(line), tuple(day)) == ((3, 2), (3, 2))


async def test_history_from_before_a_count_moves_it_not_and_adds_nothing_to_an_order_that_was_told_whole(
    database: Database,
):
    counted = replace(level("A", 10, 1), facts={"location": "L1", "sku": "A", "available": 10, "on_hand": 10})
    whole = order(1, ("A", 2), version=3, location="L1")
    line = replace(order(1, ("A", 2), location="L1", complete=False), source="import:file", version="")
    old = replace(order(2, ("A", 4), location="L1", complete=False), source="import:file", version="")
    old = replace(old, occurred_at=START - timedelta(minutes=1))
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        await apply(connection, [counted], PLACES, at=START)
        applied = await apply(connection, [whole, line, old], PLACES, at=START)
    assert applied.stale == {line.id}
    async with database.reading() as connection:
        held = (await connection.execute(text("SELECT available FROM inventory_level"))).scalar_one()
        bought = (await connection.execute(text("SELECT orders, spent FROM customer"))).one()
        days = (await connection.execute(select(daily_sale.c.units))).scalars().all()
    assert (held, tuple(bought), days) == (8, (2, 6000), [6])


async def test_history_is_not_added_to_totals_a_platform_told(database: Database):
    told = happened(
        Topic.CUSTOMER_UPDATED,
        {"keys": [key.model_dump() for key in ADA if key], "orders": 12, "spent": 90_000, "currency": "USD"},
        minute=9,
    )
    old = replace(order(1, ("A", 2)), source="import:shopify")
    async with database.transaction() as connection:
        await apply(connection, [told, old], PLACES, at=START)
    async with database.reading() as connection:
        row = (await connection.execute(text("SELECT orders, spent, first_order_at FROM customer"))).one()
    assert tuple(row) == (12, 90_000, old.occurred_at)
