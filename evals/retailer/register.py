"""What a register sends when a checkout begins, in the exact shape of the till's sample."""

import json
from collections.abc import Sequence

from evals.retailer.world import Person, World

SAMPLE_PLACE = "STORE_123"
SAMPLE_TRANSACTION = "TXN_XYZ789"
SAMPLE_CUSTOMER = 1  # Person.key of CUST_456
SAMPLE_BASKET = (("PROD_001", 1),)
_SAMPLE_EMAIL = "[email protected]"  # as the sample has it: a register may send what is no address at all


def checkout_started(
    world: World, place: str, transaction: str, customer: Person | None, basket: Sequence[tuple[str, int]]
) -> bytes:
    """The request's JSON: prices with two decimals, the customer null when the till does not know one.

    Args:
        world: The retailer.
        place: The shop's code.
        transaction: The register's transaction id.
        customer: Who stands at the till; fields the retailer does not know are left out.
        basket: (sku, units).
    """
    lines = [
        f'{{"sku": {json.dumps(sku)}, "name": {json.dumps(variant.product_title)}, '
        f'"price": {_decimal(variant.price)}, "quantity": {units}}}'
        for sku, units in basket
        for variant in (world.variants[sku],)
    ]
    total = sum(world.variants[sku].price * units for sku, units in basket)
    return (
        f'{{"event": "checkout.started", "store_id": {json.dumps(place)}, '
        f'"pos_transaction_id": {json.dumps(transaction)}, "customer": {_customer(customer, transaction)}, '
        f'"basket": [{", ".join(lines)}], "total_amount": {_decimal(total)}}}'
    ).encode()


def _customer(customer: Person | None, transaction: str) -> str:
    if customer is None:
        return "null"
    email = _SAMPLE_EMAIL if transaction == SAMPLE_TRANSACTION else customer.email
    known = {"loyalty_id": customer.loyalty_id, "email": email, "phone": customer.phone}
    return json.dumps({name: value for name, value in known.items() if value})


def _decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
