"""Products: every variant that has a sku, under Shopify's names for it."""

from knowledge.events.event import Event, Topic
from knowledge.events.families import ProductFacts, VariantFacts
from tools.connectors.amounts import exact
from tools.connectors.moments import version_of
from tools.connectors.plain_text import plain
from tools.connectors.shopify import wire
from tools.connectors.shopify.names import PLATFORM, item_name, variant_name
from tools.connectors.told import CHAIN, Hearing

_ONLY = "Default Title"  # what Shopify calls the variant of a product that has no options


def product_event(product: wire.Product, told: Hearing) -> Event:
    """A product with its variants."""
    tags = product.tags if isinstance(product.tags, tuple) else product.tags.split(",")
    variants = tuple(
        VariantFacts(
            sku=variant.sku,
            title=variant.display_name or _title(product.title, variant.title),
            product=product.title,
            vendor=product.vendor or "",
            category=product.product_type or "",
            tags=tuple(tag.strip() for tag in tags if tag.strip()),
            description=plain(product.body_html or ""),
            price=exact(variant.price, told.currency),
            currency=told.currency,
            unit_cost=None if variant.cost is None else exact(variant.cost, told.currency),
            item=item_name(variant.inventory_item_id),
            variant=variant_name(variant.id),
        )
        for variant in product.variants
        if variant.sku
    )
    at = product.updated_at or told.received_at
    return told.event(
        Topic.PRODUCT_UPDATED,
        CHAIN,
        ProductFacts(variants=variants),
        occurred_at=at,
        resource=f"{PLATFORM}:product:{product.id}",
        version="" if product.updated_at is None else version_of(at),
    )


def _title(product: str, variant: str) -> str:
    return product if variant in {"", _ONLY} else f"{product} - {variant}"
