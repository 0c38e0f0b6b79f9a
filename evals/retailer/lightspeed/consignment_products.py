"""What a consignment moves: counts while it is OPEN, received counts once it was sent."""

from typing import Any

from evals.retailer.actions import set_transfer_lines
from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, ok
from evals.retailer.lightspeed.consignments import find_consignment, notes_of
from evals.retailer.lightspeed.json_values import a_list, an_object
from evals.retailer.lightspeed.products import find_product
from evals.retailer.lightspeed.purchase_orders import announce_purchase_order
from evals.retailer.lightspeed.wire import amount_text, count_text, timestamp, units_of
from evals.retailer.world import Transfer

MAX_PRODUCTS = 500
_OVER = {"RECEIVED", "CANCELLED"}


def list_consignment_products(account: Account, asked: Asked) -> Answer:
    """`GET /consignments/{consignment_id}/products`."""
    transfer = find_consignment(account, asked)
    return ok([_row(account, transfer, sku) for sku in transfer.lines])


def put_consignment_products(account: Account, asked: Asked) -> Answer:
    """`POST /consignments/{consignment_id}/bulk`: add products or change their counts; all or none."""
    transfer = find_consignment(account, asked)
    if transfer.status in _OVER:
        raise Problem(409, f"A consignment that is {transfer.status} does not change.")
    entries = a_list(asked.body, "The body", least=1, most=MAX_PRODUCTS)
    counts, received = dict(transfer.lines), dict(notes_of(account, transfer).received)
    shown: dict[str, Json] = {}
    for number, entry in enumerate(entries):
        product, texts = _read(account, transfer, entry, number, counts, received)
        shown[product] = texts
    _keep(account, transfer, {sku: units for sku, units in counts.items() if units})
    notes_of(account, transfer).received = {sku: units for sku, units in received.items() if sku in transfer.lines}
    return ok(shown)


def _read(  # noqa: PLR0913, PLR0917 - the two tables are filled entry by entry
    account: Account, transfer: Transfer, entry: Any, number: int, counts: dict[str, int], received: dict[str, int]
) -> tuple[str, Json]:
    fields = an_object(entry, f"Entry {number}")
    variant = find_product(account, fields.get("product_id"), 422)
    texts: Json = {}
    for name, table in (("count", counts), ("received", received)):
        if fields.get(name) is None:
            continue
        units = units_of(fields[name]) if isinstance(fields[name], str) else None
        if units is None or units < 0:
            raise Problem(422, f"Entry {number}: {name} must be a whole number as text.")
        if name == "count" and transfer.status != "OPEN" and units != counts.get(variant.sku):
            raise Problem(409, "Counts change only while the consignment is OPEN.")
        table[variant.sku] = units
        texts[name] = count_text(units)
    if not texts:
        raise Problem(422, f"Entry {number} needs count or received.")
    return variant.lightspeed_product_id, texts


def _keep(account: Account, transfer: Transfer, lines: dict[str, int]) -> None:
    if lines == transfer.lines:
        return
    if transfer.origin:
        set_transfer_lines(account.world, transfer, lines)
    else:
        transfer.lines = lines
        announce_purchase_order(account, transfer)


def _row(account: Account, transfer: Transfer, sku: str) -> Json:
    variant, received = account.world.variants[sku], notes_of(account, transfer).received.get(sku, 0)
    return {
        "cost": amount_text(variant.cost or 0),
        "count": count_text(transfer.lines[sku]),
        "created_at": timestamp(transfer.created_at),
        "is_included": True,
        "product_id": variant.lightspeed_product_id,
        "product_sku": sku,
        "received": count_text(received),
        "status": "RECEIVE_SUCCESS" if transfer.status == "RECEIVED" else "PENDING",
        "updated_at": timestamp(transfer.updated_at),
        "version": transfer.version,
    }
