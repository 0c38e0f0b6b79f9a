"""Changes of the world as Lightspeed's webhooks: a form whose field `payload` is JSON in the shape of API 1.0.

Its numbers are strings and its times UTC without a zone. Only `payload` is promised; the other fields may be missing.
https://x-series-api.lightspeedhq.com/docs/webhooks
"""

import json
from urllib.parse import urlencode

from evals.retailer.lightspeed.answers import Json
from evals.retailer.lightspeed.customer_code import code_of
from evals.retailer.lightspeed.customers import EVERYONE
from evals.retailer.lightspeed.inventory import record_id
from evals.retailer.lightspeed.places import NO_TAX, OWNER
from evals.retailer.lightspeed.products import handle_of, supplier_id
from evals.retailer.lightspeed.sale_rows import CASH, line_id, promotions_on
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.lightspeed.wire import amount_text, count_text, derived_id, timestamp_1
from evals.retailer.world import Change, Order, Person, Place, Transfer, Variant, World

_CONSIGNMENT_TYPES = {"SENT": "consignment.send", "RECEIVED": "consignment.receive"}
DEFAULT_PREFIX = LightspeedSettings().domain_prefix


def webhook(change: Change, world: World, *, domain_prefix: str = DEFAULT_PREFIX) -> list[tuple[str, bytes]]:
    """The type and raw body of each webhook a change causes: one, or none. Call it when the change is announced."""
    if change.platform != "lightspeed":
        return []
    found = _payload(change, world)
    if found is None:
        return []
    kind, payload = found
    form = {
        "payload": json.dumps(payload, separators=(",", ":")),
        "domain_prefix": domain_prefix,
        "environment": "prod",
        "retailer_id": derived_id("retailer", domain_prefix),
        "type": kind,
    }
    return [(kind, urlencode(form).encode())]


def _payload(change: Change, world: World) -> tuple[str, Json] | None:  # noqa: PLR0911 - one for each kind of change
    subject = change.subject
    if isinstance(subject, Order):
        return "sale.update", sale_payload(subject, world)
    if isinstance(subject, Person):
        return ("customer.update", customer_payload(subject)) if subject.lightspeed_id else None
    if isinstance(subject, Variant):
        return "product.update", product_payload(subject, world)
    if isinstance(subject, Transfer):
        kind = _CONSIGNMENT_TYPES.get(subject.status)
        return (kind, consignment_payload(subject, world)) if kind else None
    if isinstance(subject, Place):
        return "register_closure.create", closure_payload(subject, change)
    if change.topic == "inventory.updated":
        sku, place = subject
        return "inventory.update", inventory_payload(sku, place, world)
    return None


def sale_payload(order: Order, world: World) -> Json:
    """A register sale."""
    place = world.places[order.place]
    person = world.people.get(order.customer) if order.customer is not None else None
    known = person if person and person.lightspeed_id else None
    return {
        "created_at": timestamp_1(order.created_at or order.occurred_at),
        "customer": customer_payload(known) if known else None,
        "customer_id": known.lightspeed_id if known else None,
        "deleted_at": None,
        "id": order.id,
        "invoice_number": order.name.lstrip("#"),
        "note": "",
        "outlet_id": place.outlet_id,
        "register_id": place.register_id,
        "register_sale_payments": [
            {
                "amount": amount_text(order.total),
                "id": derived_id("payment", order.id),
                "name": "Cash",
                "payment_date": timestamp_1(order.occurred_at),
                "retailer_payment_type_id": CASH,
            }
        ],
        "register_sale_products": [_sale_product(order, number, world) for number in range(len(order.lines))],
        "return_for": order.return_of or None,
        "sale_date": timestamp_1(order.occurred_at),
        "source": "USER",
        "source_id": order.transaction or None,
        "status": "VOIDED" if order.cancelled_at else "CLOSED",
        "totals": {
            "total_loyalty": amount_text(0),
            "total_payment": amount_text(order.total),
            "total_price": amount_text(order.total),
            "total_tax": amount_text(0),
            "total_to_pay": amount_text(0),
        },
        "updated_at": timestamp_1(order.updated_at),
        "user_id": OWNER,
        "version": order.version,
    }


def customer_payload(person: Person) -> Json:
    """A customer; what identifies them stands under `contact`, and at the top as well."""
    identifiers = {
        "email": person.email or None,
        "first_name": person.first_name or None,
        "last_name": person.last_name or None,
        "mobile": None,
        "phone": person.phone or None,
        "physical_city": person.city or None,
        "physical_state": person.region or None,
    }
    return {
        **identifiers,
        "balance": amount_text(0),
        "contact": identifiers,
        "created_at": timestamp_1(person.created_at),
        "customer_code": code_of(person),
        "customer_group_id": EVERYONE,
        "customer_group_name": "All Customers",
        "deleted_at": None,
        "do_not_email": not person.consent_email,
        "enable_loyalty": bool(person.loyalty_id),
        "id": person.lightspeed_id,
        "loyalty_balance": amount_text(person.spent // 20),
        "name": f"{person.first_name} {person.last_name}".strip(),
        "updated_at": timestamp_1(person.updated_at),
        "version": person.version,
        "year_to_date": amount_text(person.spent),
    }


def product_payload(variant: Variant, world: World) -> Json:
    """A product with its stock at every outlet."""
    outlets = [place for place in world.places.values() if place.outlet_id]
    return {
        "active": True,
        "base_name": variant.product_title,
        "brand_name": variant.vendor,
        "deleted_at": None,
        "description": variant.description,
        "handle": handle_of(variant),
        "id": variant.lightspeed_product_id,
        "inventory": [
            {"count": count_text(level.on_hand), "outlet_id": place.outlet_id, "outlet_name": place.name}
            for place in outlets
            if (level := world.levels.get((variant.sku, place.code)))
        ],
        "name": variant.title,
        "price": amount_text(variant.price),
        "sku": variant.sku,
        "supplier_id": supplier_id(variant.vendor),
        "supplier_name": variant.vendor,
        "supply_price": amount_text(variant.cost or 0),
        "tags": ", ".join(variant.tags),
        "tax": amount_text(0),
        "type": variant.category,
        "updated_at": timestamp_1(variant.updated_at),
        "version": variant.version,
    }


def inventory_payload(sku: str, place: str, world: World) -> Json:
    """The stock of one product at one outlet."""
    variant, at, level = world.variants[sku], world.places[place], world.levels[(sku, place)]
    return {
        "attributed_cost": amount_text((variant.cost or 0) * max(0, level.on_hand)),
        "count": count_text(level.on_hand),
        "id": record_id(variant, at),
        "outlet": {"id": at.outlet_id, "name": at.name, "time_zone": at.timezone},
        "outlet_id": at.outlet_id,
        "product": {"id": variant.lightspeed_product_id, "name": variant.title, "sku": variant.sku},
        "product_id": variant.lightspeed_product_id,
        "reorder_point": count_text(0),
        "restock_level": count_text(0),
        "version": level.version,
    }


def consignment_payload(transfer: Transfer, world: World) -> Json:
    """A consignment with its products."""
    origin = world.places[transfer.origin].outlet_id if transfer.origin else None
    received = timestamp_1(transfer.updated_at) if transfer.status == "RECEIVED" else None
    return {
        "consignment_date": timestamp_1(transfer.created_at),
        "consignment_products": [
            {
                "cost": amount_text(world.variants[sku].cost or 0),
                "count": count_text(units),
                "product_id": world.variants[sku].lightspeed_product_id,
                "received": count_text(units) if received else None,
            }
            for sku, units in transfer.lines.items()
        ],
        "created_at": timestamp_1(transfer.created_at),
        "id": transfer.id,
        "name": transfer.name,
        "outlet_id": world.places[transfer.destination].outlet_id,
        "received_at": received,
        "reference": transfer.reference or None,
        "source_outlet_id": origin,
        "status": transfer.status,
        "type": "OUTLET" if origin else "SUPPLIER",
        "updated_at": timestamp_1(transfer.updated_at),
        "version": transfer.version,
    }


def closure_payload(place: Place, change: Change) -> Json:
    """A register closed for the day."""
    return {
        "id": derived_id("closure", place.register_id, timestamp_1(change.at)),
        "outlet_id": place.outlet_id,
        "register_close_time": timestamp_1(change.at),
        "register_id": place.register_id,
        "register_name": f"{place.name} Register",
    }


def _sale_product(order: Order, number: int, world: World) -> Json:
    line = order.lines[number]
    variant = world.variants[line.sku]
    paid = line.quantity * line.unit_price - line.discount
    each = amount_text(round(line.discount / line.quantity)) if line.quantity else amount_text(0)
    return {
        "discount": each,
        "discount_total": amount_text(line.discount),
        "id": line_id(order, number),
        "name": variant.title,
        "price": amount_text(line.unit_price),
        "price_total": amount_text(paid),
        "product_id": variant.lightspeed_product_id,
        "promotions": promotions_on(world, order, line),
        "quantity": count_text(line.quantity),
        "sku": variant.sku,
        "tax": amount_text(0),
        "tax_id": NO_TAX,
        "tax_total": amount_text(0),
    }
