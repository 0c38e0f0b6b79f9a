"""Webhook bodies of customers, products, stock, carts, transfers and discounts."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from evals.retailer.shopify.catalog import selected_options
from evals.retailer.shopify.checkouts import cart_checkout_number
from evals.retailer.shopify.discounts import node_id, status
from evals.retailer.shopify.wire import gid, price
from evals.retailer.world import CodeDiscount, Person, Transfer, Variant, World

Body = dict[str, Any]
# REST bodies show the shop's clock; the default shop is in New York.
_SHOP_CLOCK = ZoneInfo("America/New_York")


def shop_time(moment: datetime | None) -> str | None:
    """A time as the REST bodies write it: the shop's clock, to the second, with its offset."""
    return None if moment is None else moment.astimezone(_SHOP_CLOCK).isoformat(timespec="seconds")


def customer_record_body(person: Person, world: World) -> Body:
    """`customers/create` and `customers/update`, with the metafields as a subscription to their namespace gets them."""
    loyalty = {"namespace": "tillhand", "key": "loyalty", "type": "id", "value": person.loyalty_id}
    return customer_body(person, world) | {"metafields": [loyalty] if person.loyalty_id else []}


def customer_body(person: Person, world: World) -> Body:
    """The customer on an order or a checkout."""
    return {
        "id": person.shopify_id,
        "admin_graphql_api_id": gid("Customer", person.shopify_id),
        "email": person.email or None,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone or None,
        "currency": world.currency,
        "orders_count": person.orders,
        "total_spent": price(person.spent),
        "state": "disabled",
        "tags": "loyalty" if person.loyalty_id else "",
        "verified_email": bool(person.email),
        "email_marketing_consent": _consent(person, given=person.consent_email),
        "sms_marketing_consent": _consent(person, given=person.consent_sms) if person.phone else None,
        "default_address": address(person),
        "addresses": [address(person)],
        "note": None,
        "tax_exempt": False,
        "created_at": shop_time(person.created_at),
        "updated_at": shop_time(person.updated_at),
    }


def address(person: Person) -> Body:
    """A mailing address; the retailer keeps no streets."""
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone or None,
        "city": person.city,
        "province_code": person.region,
        "country_code": "US",
    }


def product_body(variant: Variant, world: World) -> Body:
    """`products/update`: the product with all its variants."""
    product = variant.shopify_product_id
    variants = [one for one in world.variants.values() if one.shopify_product_id == product]
    return {
        "id": product,
        "admin_graphql_api_id": gid("Product", product),
        "title": variant.product_title,
        "body_html": variant.description,
        "product_type": variant.category,
        "vendor": variant.vendor,
        "status": "active",
        "tags": ", ".join(variant.tags),
        "updated_at": shop_time(max(one.updated_at for one in variants)),
        "variants": [_variant_body(one, world) for one in variants],
    }


def level_body(sku: str, place: str, world: World) -> Body:
    """`inventory_levels/update`."""
    level = world.levels[sku, place]
    item, location = world.variants[sku].shopify_item_id, world.places[place].shopify_id
    return {
        "inventory_item_id": item,
        "location_id": location,
        "available": level.available,
        "updated_at": shop_time(level.updated_at),
        "admin_graphql_api_id": f"{gid('InventoryLevel', location)}?inventory_item_id={item}",
    }


def cart_body(cart: Body, world: World) -> Body:
    """`carts/update`: the online cart, which does not say whose it is."""
    return {
        "id": cart["token"],
        "token": cart["token"],
        "line_items": _cart_lines(cart, world),
        "note": None,
        "created_at": shop_time(cart["created_at"]),
        "updated_at": shop_time(cart["updated_at"]),
    }


def checkout_body(cart: Body, world: World) -> Body:
    """`checkouts/create`."""
    person = world.people.get(cart["customer"])
    lines = _cart_lines(cart, world)
    total = price(sum(world.variants[sku].price * units for sku, units in cart["lines"].items()))
    return {
        "id": cart_checkout_number(cart["token"]),
        "token": cart["token"],
        "cart_token": cart["token"],
        "email": person.email if person else None,
        "phone": person.phone if person else None,
        "customer": customer_body(person, world) if person and person.shopify_id else None,
        "currency": world.currency,
        "line_items": lines,
        "subtotal_price": total,
        "total_price": total,
        "total_discounts": "0.00",
        "source_name": "web",
        "completed_at": None,
        "created_at": shop_time(cart["updated_at"]),
        "updated_at": shop_time(cart["updated_at"]),
    }


def transfer_body(transfer: Transfer, world: World) -> Body:
    """`inventory_transfers/*`. Shopify publishes no REST shape for these; this follows the GraphQL object."""
    return {
        "id": int(transfer.id),
        "admin_graphql_api_id": gid("InventoryTransfer", transfer.id),
        "name": transfer.name,
        "reference_name": transfer.reference or None,
        "status": transfer.status,
        "origin": {"location_id": world.places[transfer.origin].shopify_id},
        "destination": {"location_id": world.places[transfer.destination].shopify_id},
        "line_items": [
            {"inventory_item_id": world.variants[sku].shopify_item_id, "total_quantity": units}
            for sku, units in transfer.lines.items()
        ],
        "created_at": shop_time(transfer.created_at),
        "updated_at": shop_time(transfer.updated_at),
    }


def discount_body(discount: CodeDiscount, world: World) -> Body:
    """`discounts/create` and `discounts/update`: where to look, not what it is."""
    return {
        "admin_graphql_api_id": node_id(discount),
        "title": discount.title,
        "status": status(discount, world.now()),
        "created_at": shop_time(discount.starts_at),
        "updated_at": shop_time(world.now()),
    }


def _consent(person: Person, *, given: bool) -> Body:
    return {
        "state": "subscribed" if given else "not_subscribed",
        "opt_in_level": "single_opt_in",
        "consent_updated_at": shop_time(person.created_at) if given else None,
    }


def _variant_body(variant: Variant, world: World) -> Body:
    levels = [world.levels.get((variant.sku, place.code)) for place in world.places.values() if place.shopify_id]
    options = {f"option{place}": one["value"] for place, one in enumerate(selected_options(variant), start=1)}
    return {
        "id": variant.shopify_variant_id,
        "admin_graphql_api_id": gid("ProductVariant", variant.shopify_variant_id),
        "product_id": variant.shopify_product_id,
        "inventory_item_id": variant.shopify_item_id,
        "sku": variant.sku,
        "title": variant.option or "Default Title",
        "price": price(variant.price),
        "compare_at_price": None,
        "barcode": None,
        **options,
        "inventory_quantity": sum(level.available for level in levels if level),
        "updated_at": shop_time(variant.updated_at),
    }


def _cart_lines(cart: Body, world: World) -> list[Body]:
    rows: list[Body] = []
    for sku, units in cart["lines"].items():
        variant = world.variants[sku]
        rows.append(
            {
                "id": variant.shopify_variant_id,
                "variant_id": variant.shopify_variant_id,
                "product_id": variant.shopify_product_id,
                "sku": sku,
                "title": variant.product_title,
                "variant_title": variant.option,
                "vendor": variant.vendor,
                "quantity": units,
                "price": price(variant.price),
                "line_price": price(variant.price * units),
            }
        )
    return rows
