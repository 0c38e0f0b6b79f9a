"""The store as a first poll would leave it, written at once: catalog, stock, a customer, and what goes with what."""

from datetime import UTC, datetime

from sqlalchemy import insert

from evals.retailer.world import World
from knowledge.identity.match_key import MatchKeys
from knowledge.store.session import Database
from knowledge.store.tables import companion, customer, inventory_level, match_key, variant

TEE = "PROD_001"
CUSTOMER = "c_456"


def jeans(world: World) -> str:
    """A variant worth offering to whoever buys the tee: its cost is recorded and much lower than its price."""
    fitting = (one for one in world.variants.values() if one.cost and one.sku != TEE and 3_000 <= one.price <= 15_000)
    return max(fitting, key=lambda one: (one.price - (one.cost or 0), one.sku)).sku


async def fill_store(database: Database, world: World, keys: MatchKeys) -> None:
    """Everything the world knows of products and stock, and the tee bought with the jeans again and again."""
    now = datetime.now(UTC)
    other = jeans(world)
    phone, loyalty = keys.key("phone", "+15551234567"), keys.key("loyalty", "CUST_456")
    assert phone
    assert loyalty
    async with database.transaction() as connection:
        await connection.execute(
            insert(variant),
            [
                {
                    "sku": one.sku,
                    "title": one.title,
                    "product": one.product_title,
                    "category": one.category,
                    "price": one.price,
                    "currency": "USD",
                    "unit_cost": one.cost,
                    "shopify_item": f"shopify:InventoryItem:{one.shopify_item_id}",
                    "shopify_variant": f"shopify:ProductVariant:{one.shopify_variant_id}",
                    "lightspeed_product": f"lightspeed:product:{one.lightspeed_product_id}",
                    "observed_at": now,
                }
                for one in world.variants.values()
            ],
        )
        await connection.execute(
            insert(inventory_level),
            [
                {"sku": one.sku, "location_id": place.code, "available": 20, "on_hand": 20, "observed_at": now}
                for one in world.variants.values()
                for place in world.places.values()
                if place.kind != "online"
            ],
        )
        pairs = [(TEE, other, 90), (other, TEE, 90), (TEE, TEE, 100), (other, other, 100)]
        await connection.execute(
            insert(companion),
            [
                {"sku": one, "other": two, "together": count, "lift": 50_000 if one != two else 100_000}
                | {"counted_at": now}
                for one, two, count in pairs
            ],
        )
        await connection.execute(insert(customer).values(ref=CUSTOMER, orders=3, spent=12_000, observed_at=now))
        await connection.execute(
            insert(match_key), [{"kind": key.kind, "digest": key.digest, "ref": CUSTOMER} for key in (phone, loyalty)]
        )
