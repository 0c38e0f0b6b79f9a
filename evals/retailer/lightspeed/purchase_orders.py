"""Orders to a supplier (SUPPLIER consignments): goods that come from outside the retailer's places."""

from evals.retailer.actions import WrongState
from evals.retailer.lightspeed.account import Account
from evals.retailer.stock import shift
from evals.retailer.world import Change, Transfer

# from, to -> what one unit does to (on_hand, incoming) at the destination
_MOVES = {
    ("OPEN", "SENT"): (0, 1),
    ("OPEN", "CANCELLED"): (0, 0),
    ("OPEN", "RECEIVED"): (1, 0),
    ("SENT", "DISPATCHED"): (0, 0),
    ("SENT", "RECEIVED"): (1, -1),
    ("SENT", "CANCELLED"): (0, -1),
    ("DISPATCHED", "RECEIVED"): (1, -1),
    ("DISPATCHED", "CANCELLED"): (0, -1),
}


def create_purchase_order(account: Account, destination: str, reference: str) -> Transfer:
    """Write down an order that asks for nothing yet; a transfer without an origin."""
    now = account.now()
    order = Transfer(
        id=account.new_id("purchase order"),
        platform="lightspeed",
        name="Stock order",
        origin="",
        destination=destination,
        lines={},
        status="OPEN",
        reference=reference,
        created_at=now,
        updated_at=now,
    )
    account.purchase_orders[order.id] = order
    announce_purchase_order(account, order)
    return order


def move_purchase_order(account: Account, order: Transfer, status: str) -> None:
    """Take an order to another status; sent goods are incoming, received goods are there.

    Raises:
        WrongState: It cannot go from its status to this one.
    """
    effect = _MOVES.get((order.status, status))
    if effect is None:
        raise WrongState(f"A stock order cannot go from {order.status} to {status}.")
    order.status = status
    announce_purchase_order(account, order)
    on_hand, incoming = effect
    if on_hand or incoming:
        for sku, units in order.lines.items():
            shift(account.world, sku, order.destination, on_hand=on_hand * units, incoming=incoming * units)


def announce_purchase_order(account: Account, order: Transfer) -> None:
    """Stamp an order as changed now, and tell the listeners."""
    order.updated_at = account.now()
    order.version = account.world.next_version()
    account.purchase_order_feed.put(order.id, order.version)
    account.world.announce(Change("transfer.updated", order.updated_at, "lightspeed", order))
