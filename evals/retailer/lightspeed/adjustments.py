"""Stock adjustments: the only way to change a count.

A batch is made whole or not at all. There is no compare-and-swap and no idempotency key.
"""

from dataclasses import dataclass
from typing import Any

from evals.retailer.actions import activate, adjust
from evals.retailer.lightspeed.account import Account, Adjustment
from evals.retailer.lightspeed.adjustment_reasons import require_fit
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, created, listed
from evals.retailer.lightspeed.json_values import a_list, an_object
from evals.retailer.lightspeed.places import find_outlet
from evals.retailer.lightspeed.products import find_product
from evals.retailer.lightspeed.wire import count_text, is_uuid, timestamp, units_of
from evals.retailer.world import Place, Variant

LESS = frozenset({"DAMAGE", "EXPIRY", "INTERNAL_USE", "THEFT", "DONATION"})
MORE = frozenset({"STOCK_FOUND", "SAMPLE_FOR_SALE"})
CUSTOM = "CUSTOM"
MAX_BATCH = 1000
_MAX_TEXT = 32  # characters of a quantity
_FIELDS = {"product_id", "outlet_id", "quantity", "reason", "custom_inventory_adjustment_reason_id"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One checked adjustment, not yet made."""

    variant: Variant
    place: Place
    units: int
    reason: str
    custom_reason_id: str


def list_adjustments(account: Account, asked: Asked) -> Answer:
    """`GET /stock_adjustments`."""
    marks = account.adjustment_feed.after(asked.whole("after", 0), asked.page_size())
    rows = [_row(account, account.adjustments[key]) for _, key in marks]
    return listed(rows, [version for version, _ in marks])


def create_adjustments(account: Account, asked: Asked) -> Answer:
    """`POST /stock_adjustments`."""
    entries = a_list(asked.object().get("stock_adjustments"), "stock_adjustments", least=1, most=MAX_BATCH)
    checked = [_checked(account, entry, number) for number, entry in enumerate(entries)]
    return created([_row(account, _make(account, one)) for one in checked])


def _checked(account: Account, entry: Any, number: int) -> _Wanted:
    fields = an_object(entry, f"stock_adjustments[{number}]")
    if unknown := set(fields) - _FIELDS:
        raise Problem(422, f"stock_adjustments[{number}]: unknown field {min(unknown)}.")
    reason, custom = fields.get("reason"), fields.get("custom_inventory_adjustment_reason_id", "")
    units = _units(fields.get("quantity"), number)
    if reason not in LESS | MORE | {CUSTOM}:
        raise Problem(422, f"stock_adjustments[{number}]: unknown reason.")
    if (reason in LESS and units > 0) or (reason in MORE and units < 0):
        raise Problem(422, f"stock_adjustments[{number}]: the sign of quantity does not fit {reason}.")
    if (reason == CUSTOM) != is_uuid(custom):
        raise Problem(422, f"stock_adjustments[{number}]: CUSTOM, and only CUSTOM, names a custom reason.")
    if reason == CUSTOM:
        require_fit(account, custom, units)
    variant = find_product(account, fields.get("product_id"), 422)
    return _Wanted(variant, find_outlet(account, fields.get("outlet_id"), 422), units, reason, custom)


def _units(value: Any, number: int) -> int:
    units = units_of(value) if isinstance(value, str) and len(value) <= _MAX_TEXT else None
    if not units:
        raise Problem(422, f"stock_adjustments[{number}]: quantity must be a whole number as text, not zero.")
    return units


def _make(account: Account, wanted: _Wanted) -> Adjustment:
    world, sku, code = account.world, wanted.variant.sku, wanted.place.code
    activate(world, sku, code)
    adjust(world, sku, code, wanted.units, expected=None)
    made = Adjustment(
        id=account.new_id("stock adjustment"),
        product_id=wanted.variant.lightspeed_product_id,
        outlet_id=wanted.place.outlet_id,
        quantity=wanted.units,
        reason=wanted.reason,
        custom_reason_id=wanted.custom_reason_id,
        created_at=account.now(),
        version=world.next_version(),
    )
    account.adjustments[made.id] = made
    account.adjustment_feed.put(made.id, made.version)
    return made


def _row(account: Account, made: Adjustment) -> Json:
    custom = {"custom_inventory_adjustment_reason_id": made.custom_reason_id} if made.custom_reason_id else {}
    return {
        "created_at": timestamp(made.created_at),
        "id": made.id,
        "outlet_id": made.outlet_id,
        "product_id": made.product_id,
        "quantity": count_text(made.quantity),
        "reason": made.reason,
        "updated_at": timestamp(made.created_at),
        "user_id": account.user_id,
        "version": made.version,
        **custom,
    }
