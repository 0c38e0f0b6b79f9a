"""Code discounts, as the Admin API shows them."""

from datetime import datetime
from functools import partial
from typing import Any

from evals.retailer.shopify.matching import Field, matcher
from evals.retailer.shopify.page import Connection, Key, Paging, sorted_connection
from evals.retailer.shopify.search_warnings import note_unknown_fields
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import amount, gid, optional_timestamp, timestamp
from evals.retailer.world import CodeDiscount


def discount_node_row(discount: CodeDiscount, _call: Call) -> dict[str, Any]:
    """`DiscountNode` and `DiscountCodeNode`."""
    return {"codeDiscount": discount, "discount": discount, "id": node_id(discount)}


def discount_row(discount: CodeDiscount, call: Call) -> dict[str, Any]:
    """`Discount` and `DiscountCode`: the simulated shop has only `DiscountCodeBasic`."""
    combines: dict[str, bool] = discount.extra.get("combines_with", {})
    return {
        "__typename": "DiscountCodeBasic",
        "appliesOncePerCustomer": bool(discount.extra.get("once_per_customer")),
        "asyncUsageCount": discount.used,
        "codes": partial(_codes, discount),
        "combinesWith": {
            "orderDiscounts": combines.get("order_discounts", False),
            "productDiscounts": combines.get("product_discounts", False),
            "shippingDiscounts": combines.get("shipping_discounts", False),
        },
        "discountClasses": ["PRODUCT" if discount.skus else "ORDER"],
        "endsAt": optional_timestamp(discount.ends_at),
        "startsAt": timestamp(discount.starts_at),
        "status": status(discount, call.world.now()),
        "summary": _summary(discount, call.currency),
        "title": discount.title,
        "totalSales": None,
        "usageLimit": discount.usage_limit,
    }


def node_id(discount: CodeDiscount) -> str:
    """The id of `DiscountCodeNode`, which every mutation takes."""
    return gid("DiscountCodeNode", discount.id)


def status(discount: CodeDiscount, now: datetime) -> str:
    """`DiscountStatus`; a deactivated code has expired."""
    if not discount.active or (discount.ends_at is not None and discount.ends_at <= now):
        return "EXPIRED"
    return "SCHEDULED" if discount.starts_at > now else "ACTIVE"


def code_discount_node_by_code(call: Call, *, code: str) -> CodeDiscount | None:
    """`QueryRoot.codeDiscountNodeByCode`; codes know no case."""
    found = call.world.discounts.get(code.strip().upper())
    return found if found and found.platform == "shopify" else None


def discount_nodes(call: Call, *, page: Paging) -> Connection:
    """`QueryRoot.discountNodes`."""
    now = call.world.now()
    fields = _FIELDS | {"status": Field("text", lambda found: status(found, now))}
    note_unknown_fields(call, page.query, fields)
    found = filter(matcher(page.query, fields), call.index.discounts.values())
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def _codes(discount: CodeDiscount, *, page: Paging) -> Connection:
    code = {"code": discount.code, "id": gid("DiscountRedeemCode", discount.id)}
    return sorted_connection([code], lambda one: (one["id"],), page)


def _summary(discount: CodeDiscount, currency: str) -> str:
    if discount.basis_points:
        whole, part = divmod(discount.basis_points, 100)
        value = f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "% off"
    else:
        value = f"{amount(discount.amount)} {currency} off"
    goods = f"{len(discount.skus)} variants" if discount.skus else "entire order"
    return f"{value} {goods}"


def _by_id(found: CodeDiscount) -> Key:
    return (found.id,)


def _by_start(found: CodeDiscount) -> Key:
    return (found.starts_at.isoformat(), found.id)


def _by_end(found: CodeDiscount) -> Key:
    return (found.ends_at.isoformat() if found.ends_at else "9999", found.id)


def _by_title(found: CodeDiscount) -> Key:
    return (found.title, found.id)


_FIELDS = {
    "code": Field("text", lambda found: found.code),
    "default": Field("words", lambda found: f"{found.title} {found.code}"),
    "discount_class": Field("text", lambda found: "product" if found.skus else "order"),
    "ends_at": Field("time", lambda found: found.ends_at),
    "method": Field("text", lambda _found: "code"),
    "starts_at": Field("time", lambda found: found.starts_at),
    "times_used": Field("number", lambda found: found.used),
    "title": Field("words", lambda found: found.title),
}
_ORDERS = {"CREATED_AT": _by_start, "ENDS_AT": _by_end, "ID": _by_id, "STARTS_AT": _by_start, "TITLE": _by_title}
