"""Every way the world changes, in one list: whoever changes it otherwise escapes the webhooks and the counts.

Each of these announces its `Change`s, and either happens whole or raises a `Refusal` and changes nothing.
"""

from evals.retailer.browsing import begin_checkout, open_cart, put_in_cart, view
from evals.retailer.codes import apply_code, create_discount, deactivate_discount
from evals.retailer.orders import cancel, fulfill, refund, sell
from evals.retailer.records import close_register, update_customer, update_variant
from evals.retailer.refusals import CodeRefused, CodeTaken, OutOfStock, Refusal, StaleQuantity, Unknown, WrongState
from evals.retailer.stock import activate, adjust
from evals.retailer.transfers import create_transfer, delete_transfer, move_transfer, set_transfer_lines

__all__ = [
    "CodeRefused",
    "CodeTaken",
    "OutOfStock",
    "Refusal",
    "StaleQuantity",
    "Unknown",
    "WrongState",
    "activate",
    "adjust",
    "apply_code",
    "begin_checkout",
    "cancel",
    "close_register",
    "create_discount",
    "create_transfer",
    "deactivate_discount",
    "delete_transfer",
    "fulfill",
    "move_transfer",
    "open_cart",
    "put_in_cart",
    "refund",
    "sell",
    "set_transfer_lines",
    "update_customer",
    "update_variant",
    "view",
]
