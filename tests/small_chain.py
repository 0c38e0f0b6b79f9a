"""A small chain in the store: two shops in New York, a warehouse, three variants, one customer with two orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Place, Places, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import customer, inventory_level, match_key, purchase, purchase_line, variant
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, LocationId
from tools.proposal import Origin
from tools.tool import Call

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SEEN = NOW - timedelta(minutes=5)
FIRST, SECOND, WAREHOUSE = LocationId("STORE_1"), LocationId("STORE_2"), LocationId("WAREHOUSE")
KEYS = MatchKeys(b"a match-key secret of 32 bytes..")
PHONE = "+1 212 555 0142"
CUSTOMER = "c_known"

PLACES = Places(
    Place(name, name.title(), "shopify", str(number), kind, "NY", "America/New_York", name)
    for number, (name, kind) in enumerate(((FIRST, "shop"), (SECOND, "shop"), (WAREHOUSE, "warehouse")), start=1)
)


async def stock_chain(database: Database, seen: datetime = SEEN, platform: str = "shopify") -> None:
    """Fill the store with what was observed at `seen`; its locations are kept by `platform`."""
    phone = KEYS.key("phone", PHONE)
    assert phone is not None
    async with database.transaction() as connection:
        await save_locations(connection, [replace(place, platform=platform) for place in PLACES])
        await connection.execute(
            variant.insert(),
            [
                _variant("JEANS-M", "Slim Jeans - M / Blue", "Slim Jeans", "Jeans", 7999, 3000, seen),
                _variant("JEANS-L", "Slim Jeans - L / Blue", "Slim Jeans", "Jeans", 7999, None, seen),
                _variant("HAT-1", "Wool Hat", "Wool Hat", "Hats", 4000, None, seen),
                _variant("BELT-1", "Leather Belt", "Leather Belt", "Belts", 2500, 900, seen),
            ],
        )
        await connection.execute(
            inventory_level.insert(),
            [
                _level("JEANS-M", FIRST, 2, seen),
                _level("JEANS-M", SECOND, 9, seen - timedelta(minutes=10)),
                _level("HAT-1", FIRST, 5, seen),
                _level("BELT-1", FIRST, 40, seen),
            ],
        )
        await connection.execute(
            customer.insert(),
            {
                "ref": CUSTOMER,
                "orders": 2,
                "spent": 10499,
                "last_order_at": NOW - timedelta(days=3),
                "consent_email": True,
                "observed_at": seen,
            },
        )
        await connection.execute(match_key.insert(), {"kind": phone.kind, "digest": phone.digest, "ref": CUSTOMER})
        await connection.execute(
            purchase.insert(), [_purchase("1001", FIRST, 30, 2500), _purchase("1002", SECOND, 3, 7999)]
        )
        await connection.execute(
            purchase_line.insert(),
            [
                {"purchase_id": "shopify:order:1001", "sku": "BELT-1", "quantity": 1, "unit_price": 2500},
                {"purchase_id": "shopify:order:1002", "sku": "JEANS-M", "quantity": 1, "unit_price": 7999},
            ],
        )


def actor(role: Role = Role.ASSOCIATE, *places: LocationId, model: bool = False, name: str = "", **more: Any) -> Actor:
    """Somebody of this role; without places, everywhere."""
    return Actor(name or f"{role}:test", role, frozenset(places) if places else None, Door.MCP, model=model, **more)


def call(who: Actor) -> Call:
    """A call by this actor."""
    return Call(who, Origin(CorrelationId("call_1"), "call_1"))


def _variant(  # noqa: PLR0913, PLR0917  # a row
    sku: str, title: str, product: str, category: str, price: int, cost: int | None, seen: datetime
) -> dict[str, Any]:
    return {
        "sku": sku,
        "title": title,
        "product": product,
        "vendor": "Northline",
        "category": category,
        "tags": [],
        "description": f"A {title} for every day.",
        "price": price,
        "currency": "USD",
        "unit_cost": cost,
        "observed_at": seen,
    }


def _level(sku: str, place: LocationId, available: int, seen: datetime) -> dict[str, Any]:
    return {
        "sku": sku,
        "location_id": place,
        "available": available,
        "on_hand": available,
        "committed": 0,
        "incoming": 0,
        "observed_at": seen,
    }


def _purchase(number: str, place: LocationId, days: int, total: int) -> dict[str, Any]:
    at = NOW - timedelta(days=days)
    return {
        "id": f"shopify:order:{number}",
        "channel": "pos",
        "location_id": place,
        "customer_ref": CUSTOMER,
        "occurred_at": at,
        "received_at": at,
        "total": total,
        "currency": "USD",
    }
