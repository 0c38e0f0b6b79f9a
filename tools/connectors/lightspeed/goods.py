"""Products: in Lightspeed each variant is one."""

from decimal import Decimal

from knowledge.events.event import Event, Topic
from knowledge.events.families import ProductFacts, VariantFacts
from tools.connectors.amounts import nearest
from tools.connectors.lightspeed import wire
from tools.connectors.lightspeed.names import PLATFORM, item_name, version_text
from tools.connectors.plain_text import plain
from tools.connectors.told import CHAIN, Hearing


def product_event(product: wire.Product, told: Hearing) -> Event:
    """One variant. Its price is the one without tax, as Shopify's is; a supply price of 0 means nobody recorded one."""
    tags = product.tags if isinstance(product.tags, tuple) else product.tags.split(",")
    cost = product.supply_price or Decimal(0)
    variant = VariantFacts(
        sku=product.sku,
        title=product.name,
        product=product.base_name or product.name,
        vendor=product.brand_name,
        category=product.type,
        tags=tuple(tag.strip() for tag in tags if tag.strip()),
        description=plain(product.description or ""),
        price=nearest(product.price, told.currency),
        currency=told.currency,
        unit_cost=nearest(cost, told.currency) if cost > 0 else None,
        item=item_name(product.id),
    )
    return told.event(
        Topic.PRODUCT_UPDATED,
        CHAIN,
        ProductFacts(variants=() if product.deleted_at else (variant,)),
        occurred_at=product.updated_at or told.received_at,
        resource=f"{PLATFORM}:product:{product.id}",
        version=version_text(product.version),
    )
