"""Consignments: OUTLET moves goods between outlets, SUPPLIER orders them from a supplier; OPEN moves nothing yet."""

from datetime import datetime
from typing import Any

from evals.retailer.actions import Unknown, WrongState, create_transfer, delete_transfer, move_transfer
from evals.retailer.lightspeed.account import Account, ConsignmentNotes
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, created, listed, ok
from evals.retailer.lightspeed.json_values import a_text, an_object
from evals.retailer.lightspeed.places import find_outlet
from evals.retailer.lightspeed.purchase_orders import create_purchase_order, move_purchase_order
from evals.retailer.lightspeed.wire import timestamp
from evals.retailer.stock import shift
from evals.retailer.world import Transfer

TYPES = ("OUTLET", "SUPPLIER")


def consignment_row(account: Account, transfer: Transfer) -> Json:
    """`Consignment`."""
    notes, places = notes_of(account, transfer), account.world.places
    return {
        "created_at": timestamp(transfer.created_at),
        "due_at": notes.due_at or None,
        "id": transfer.id,
        "name": notes.name,
        "outlet_id": places[transfer.destination].outlet_id,
        "received_at": timestamp(notes.received_at) if notes.received_at else None,
        "reference": transfer.reference or None,
        "source_outlet_id": places[transfer.origin].outlet_id if transfer.origin else None,
        "status": transfer.status,
        "supplier_id": notes.supplier_id or None,
        "type": "OUTLET" if transfer.origin else "SUPPLIER",
        "updated_at": timestamp(transfer.updated_at),
        "version": transfer.version,
    }


def list_consignments(account: Account, asked: Asked) -> Answer:
    """`GET /consignments`, filtered by type, status and receiving outlet."""
    after, size = asked.whole("after", 0), asked.page_size()
    kind, status, outlet = asked.first("type"), asked.first("status"), asked.first("outlet_id")
    everything = 1 << 40  # filters come before paging, so that no page is short while more follow
    marks = sorted(
        account.index.transfer_feed.after(after, everything) + account.purchase_order_feed.after(after, everything)
    )
    known = (_get(account, key) for _, key in marks)
    rows = (consignment_row(account, transfer) for transfer in known if transfer)
    found = [
        row
        for row in rows
        if (not kind or row["type"] == kind)
        and (not status or row["status"] == status)
        and (not outlet or row["outlet_id"] == outlet)
    ][:size]
    return listed(found, [row["version"] for row in found])


def get_consignment(account: Account, asked: Asked) -> Answer:
    """`GET /consignments/{consignment_id}`."""
    return ok(consignment_row(account, find_consignment(account, asked)))


def create_consignment(account: Account, asked: Asked) -> Answer:
    """`POST /consignments`, always as OPEN."""
    given = _given(asked)
    if given.get("type") not in TYPES:
        raise Problem(422, "type must be OUTLET or SUPPLIER.")
    if given.get("status", "OPEN") != "OPEN":
        raise Problem(422, "A new consignment is OPEN.")
    name, reference = a_text(given, "name"), a_text(given, "reference")
    if not name:
        raise Problem(422, "name must not be empty.")
    destination = find_outlet(account, given.get("outlet_id"), 422)
    if given["type"] == "OUTLET":
        origin = find_outlet(account, given.get("source_outlet_id"), 422)
        transfer = _create_transfer(account, origin.code, destination.code, reference)
    else:
        transfer = create_purchase_order(account, destination.code, reference)
    account.notes[transfer.id] = ConsignmentNotes(name, a_text(given, "due_at"), a_text(given, "supplier_id"))
    return created(consignment_row(account, transfer))


def update_consignment(account: Account, asked: Asked) -> Answer:
    """`PUT /consignments/{consignment_id}`: its words, and its status one step on."""
    transfer, given = find_consignment(account, asked), _given(asked)
    notes = notes_of(account, transfer)
    kind = "OUTLET" if transfer.origin else "SUPPLIER"
    if given.get("type", kind) != kind:
        raise Problem(422, "The type of a consignment cannot be changed.")
    words = {name: a_text(given, name) for name in ("name", "reference", "due_at", "supplier_id") if name in given}
    status = given.get("status", transfer.status)
    if status != transfer.status:
        _move(account, transfer, notes, status)
    elif words:
        _stamp(account, transfer)
    notes.name = words.get("name") or notes.name
    notes.due_at = words.get("due_at", notes.due_at)
    notes.supplier_id = words.get("supplier_id", notes.supplier_id)
    transfer.reference = words.get("reference", transfer.reference)
    return ok(consignment_row(account, transfer))


def delete_consignment(account: Account, asked: Asked) -> Answer:
    """`DELETE /consignments/{consignment_id}`, only while it is OPEN."""
    transfer = find_consignment(account, asked)
    if transfer.status != "OPEN":
        raise Problem(409, "Only an OPEN consignment can be deleted.")
    if transfer.origin:
        delete_transfer(account.world, transfer)
    else:
        del account.purchase_orders[transfer.id]
    account.notes.pop(transfer.id, None)
    return Answer(204)


def find_consignment(account: Account, asked: Asked) -> Transfer:
    """The consignment a path names.

    Raises:
        Problem: There is none.
    """
    found = _get(account, asked.path["consignment_id"])
    if found is None:
        raise Problem(404, "Consignment not found.")
    return found


def notes_of(account: Account, transfer: Transfer) -> ConsignmentNotes:
    """What X-Series keeps beside the transfer; begun empty for one that came another way."""
    return account.notes.setdefault(transfer.id, ConsignmentNotes(transfer.name))


def _get(account: Account, key: str) -> Transfer | None:
    found = account.world.transfers.get(key) or account.purchase_orders.get(key)
    return found if found and found.platform == "lightspeed" else None


def _create_transfer(account: Account, origin: str, destination: str, reference: str) -> Transfer:
    try:
        return create_transfer(account.world, "lightspeed", origin, destination, {}, reference, "OPEN")
    except (Unknown, WrongState) as error:
        raise Problem(422, str(error)) from error


def _move(account: Account, transfer: Transfer, notes: ConsignmentNotes, status: Any) -> None:
    if not transfer.lines and status in {"SENT", "DISPATCHED", "RECEIVED"}:
        raise Problem(422, "A consignment without products cannot be sent or received.")
    try:
        if transfer.origin:
            move_transfer(account.world, transfer, str(status))
        else:
            move_purchase_order(account, transfer, str(status))
    except WrongState as error:
        raise Problem(409, str(error)) from error
    if status == "RECEIVED":
        _receive(account, transfer, notes, account.now())


def _stamp(account: Account, transfer: Transfer) -> None:
    """New words are a new row version; no webhook tells of them."""
    transfer.updated_at, transfer.version = account.now(), account.world.next_version()
    feed = account.index.transfer_feed if transfer.origin else account.purchase_order_feed
    feed.put(transfer.id, transfer.version)


def _receive(account: Account, transfer: Transfer, notes: ConsignmentNotes, at: datetime) -> None:
    """Book what was counted at the destination where it differs from what was sent."""
    notes.received_at = at
    for sku, units in transfer.lines.items():
        counted = notes.received.setdefault(sku, units)
        if counted != units:
            shift(account.world, sku, transfer.destination, on_hand=counted - units)


def _given(asked: Asked) -> Json:
    """The consignment in the body: at the top, or under `data` as the 2.0 document has it."""
    body = asked.object()
    return an_object(body.get("data", body), "data")
