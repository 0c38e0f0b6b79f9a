"""How the 2026-07 API shows a sale: state and nested totals, where 2.0 is flat and the webhooks are 1.0."""

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Json
from evals.retailer.lightspeed.places import NO_TAX
from evals.retailer.lightspeed.wire import amount, derived_id, timestamp
from evals.retailer.world import CodeDiscount, Order, OrderLine, World

CASH = derived_id("payment type", "Cash")


def sale_row(account: Account, order: Order) -> Json:
    """`Sale` of a closed or voided sale."""
    world = account.world
    place = world.places[order.place]
    person = world.people.get(order.customer) if order.customer is not None else None
    returned_by = account.index.sales.returns_of.get(order.id, {})
    row: Json = {
        "attributes": [],
        "created_at": timestamp(order.created_at or order.occurred_at),
        "date": timestamp(order.occurred_at),
        "id": order.id,
        "invoice_number": order.name.lstrip("#"),
        "line_items": [line_row(world, order, number) for number in range(len(order.lines))],
        "note": "",
        "payments": [
            {
                "amount": amount(order.total),
                "date": timestamp(order.occurred_at),
                "id": derived_id("payment", order.id),
                "type": {"config_id": CASH, "name": "Cash"},
            }
        ],
        "receipt_number": order.name.lstrip("#"),
        "return": {"is_return": bool(order.return_of), "return_sale_ids": list(returned_by)},
        "source": {
            "author": {"id": account.user_id},
            "id": order.transaction,
            "outlet_id": place.outlet_id,
            "register_id": place.register_id,
            "type": "USER",
        },
        "state": "voided" if order.cancelled_at else "closed",
        "totals": {
            "loyalty": 0,
            "price": amount(order.total),
            "price_incl_tax": amount(order.total),
            "surcharge": 0,
            "tax": 0,
        },
        "updated_at": timestamp(order.updated_at),
        "_metadata": {"version": order.version},
    }
    if person and person.lightspeed_id:
        row["customer_id"] = person.lightspeed_id
    if order.return_of:
        row["return"]["original_sale_id"] = order.return_of
    return row


def line_row(world: World, order: Order, number: int) -> Json:
    """One entry of `line_items`."""
    line = order.lines[number]
    variant = world.variants[line.sku]
    paid = line.quantity * line.unit_price - line.discount
    return {
        "id": line_id(order, number),
        "pricing": {
            "cost": amount(variant.cost or 0),
            "discount": unit_discount(line),
            "discount_total": amount(line.discount),
            "price": amount(line.unit_price),
            "total": amount(paid),
        },
        "product": {"id": variant.lightspeed_product_id},
        "promotions": promotions_on(world, order, line),
        "quantity": line.quantity,
        "tax": {"amount": 0, "id": NO_TAX, "total": 0},
    }


def line_id(order: Order, number: int) -> str:
    """The uuid of a line."""
    return derived_id("line", order.id, number)


def unit_discount(line: OrderLine) -> float:
    """The money off one unit; a share of a cent where the line's discount does not divide, as at X-Series."""
    return line.discount / line.quantity / 100 if line.quantity else 0


def promotions_on(world: World, order: Order, line: OrderLine) -> list[Json]:
    """The promotions that lowered a line. With several codes X-Series names each; the money is on the first."""
    found = [world.discounts[code] for code in order.discount_codes if code in world.discounts]
    touching = [one for one in found if line.discount and (not one.skus or line.sku in one.skus)]
    return [_promotion(one, amount(line.discount) if not place else 0) for place, one in enumerate(touching)]


def _promotion(found: CodeDiscount, off: float) -> Json:
    return {
        "amount": off,
        "id": str(found.extra.get("promotion_id", found.id)),
        "name": found.title,
        "promo_code": found.code,
    }
