"""Mutations of code discounts."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from evals.retailer import actions
from evals.retailer.shopify.discounts import node_id
from evals.retailer.shopify.shop import Call
from evals.retailer.shopify.wire import integer, number, refused, user_error
from evals.retailer.world import Change, CodeDiscount

Payload = dict[str, Any]
_INPUT = "basicCodeDiscount"
_MAX_LENGTH = 255


class _Invalid(Exception):
    """An argument Shopify would answer with a user error."""

    def __init__(self, code: str, message: str, *field: str) -> None:
        super().__init__(message)
        self.error = user_error(code, message, _INPUT, *field)


@dataclass(frozen=True, slots=True)
class _Value:
    """What the customer gets: a share or an amount, off some variants or off the order."""

    basis_points: int
    cents: int
    skus: tuple[str, ...]


def discount_code_basic_create(call: Call, *, basic_code_discount: dict[str, Any]) -> Payload:
    """`Mutation.discountCodeBasicCreate`; a code that exists answers `TAKEN`."""
    wanted = basic_code_discount
    try:
        discount = _discount(call, wanted)
        actions.create_discount(call.world, discount)
    except _Invalid as invalid:
        return refused(invalid.error)
    except actions.CodeTaken:
        message = "Code must be unique. Please try a different code."
        return refused(user_error("TAKEN", message, _INPUT, "code"))
    return {"codeDiscountNode": discount, "userErrors": []}


def discount_code_deactivate(call: Call, *, id: str) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.discountCodeDeactivate`; deactivating twice is no error."""
    discount = call.index.discounts.get(number(id, "DiscountCodeNode"))
    if discount is None:
        return _unknown()
    if discount.active:
        actions.deactivate_discount(call.world, discount.code)
    return {"codeDiscountNode": discount, "userErrors": []}


def discount_code_activate(call: Call, *, id: str) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.discountCodeActivate`."""
    discount = call.index.discounts.get(number(id, "DiscountCodeNode"))
    if discount is None:
        return _unknown()
    if not discount.active:
        discount.active = True
        discount.ends_at = None
        call.world.announce(Change("discount.updated", call.world.now(), "shopify", discount))
    return {"codeDiscountNode": discount, "userErrors": []}


def discount_code_delete(call: Call, *, id: str) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.discountCodeDelete`; its code is free again."""
    discount = call.index.discounts.pop(number(id, "DiscountCodeNode"), None)
    if discount is None:
        return _unknown()
    call.world.discounts.pop(discount.code.upper(), None)
    return {"deletedCodeDiscountId": node_id(discount), "userErrors": []}


def _unknown() -> Payload:
    return refused(user_error("INVALID", "Code discount does not exist.", "id"))


def _discount(call: Call, wanted: dict[str, Any]) -> CodeDiscount:
    code, title = _code(wanted), str(wanted.get("title") or "")
    if not title:
        raise _Invalid("BLANK", "Title can't be blank", "title")
    starts_at, ends_at = _period(call, wanted)
    limit: int | None = wanted.get("usage_limit")
    if limit is not None and limit < 1:
        raise _Invalid("GREATER_THAN", "Usage limit must be greater than 0", "usageLimit")
    value = _value(call, wanted.get("customer_gets") or {})
    return CodeDiscount(
        id="",  # the world numbers it
        platform="shopify",
        code=code,
        title=title,
        basis_points=value.basis_points,
        amount=value.cents,
        skus=value.skus,
        customer=_customer(call, wanted),
        starts_at=starts_at,
        ends_at=ends_at,
        usage_limit=limit,
        extra=_conditions(wanted),
    )


def _code(wanted: dict[str, Any]) -> str:
    code = str(wanted.get("code") or "").strip()
    if not code:
        raise _Invalid("BLANK", "Code can't be blank", "code")
    if len(code) > _MAX_LENGTH:
        raise _Invalid("TOO_LONG", "Code is too long (maximum is 255 characters)", "code")
    return code


def _period(call: Call, wanted: dict[str, Any]) -> tuple[datetime, datetime | None]:
    starts_at: datetime = wanted.get("starts_at") or call.world.now()
    ends_at: datetime | None = wanted.get("ends_at")
    if ends_at is not None and ends_at <= starts_at:
        raise _Invalid("END_DATE_BEFORE_START_DATE", "Ends at needs to be after starts at", "endsAt")
    return starts_at, ends_at


def _value(call: Call, gets: dict[str, Any]) -> _Value:
    value: Any = gets.get("value") or {}
    share: Any = value.get("percentage")
    off: Any = value.get("discount_amount")
    if (share is None) == (off is None):
        raise _Invalid("INVALID", "Choose either a percentage or an amount", "customerGets", "value")
    skus = _skus(call, gets.get("items") or {})
    if share is not None:
        points = Decimal(str(share)) * 10_000
        if not 0 < points <= 10_000:  # noqa: PLR2004 - the whole price
            message = "Value must be between 0.0 and 1.0"
            raise _Invalid("VALUE_OUTSIDE_RANGE", message, "customerGets", "value", "percentage")
        return _Value(int(points.to_integral_value()), 0, skus)
    if off.get("applies_on_each_item"):
        message = "The simulated shop takes an amount off once"
        raise _Invalid("INVALID", message, "customerGets", "value", "discountAmount", "appliesOnEachItem")
    cents = Decimal(off.get("amount") or "0") * 100
    if cents <= 0 or cents != cents.to_integral_value():
        message = "Amount must be greater than 0, in whole cents"
        raise _Invalid("GREATER_THAN", message, "customerGets", "value", "discountAmount", "amount")
    return _Value(0, int(cents), skus)


def _skus(call: Call, items: dict[str, Any]) -> tuple[str, ...]:
    """The variants a discount is for; none means all."""
    products: Any = items.get("products")
    if bool(items.get("all")) == bool(products):
        raise _Invalid("INVALID", "Choose all items or some products", "customerGets", "items")
    if not products:
        return ()
    catalog = call.index.variants
    variants: list[str] = products.get("product_variants_to_add") or []
    whole: list[str] = products.get("products_to_add") or []
    found = [catalog.by_id.get(integer(one, "ProductVariant")) for one in variants]
    for one in whole:
        found.extend(catalog.by_product.get(integer(one, "Product")) or [None])
    if not found or None in found:
        raise _Invalid("INVALID", "A product or variant does not exist", "customerGets", "items", "products")
    return tuple(variant.sku for variant in found if variant)


def _customer(call: Call, wanted: dict[str, Any]) -> int | None:
    """The one customer who may use the code; None for everybody."""
    context: Any = wanted.get("context")
    selection: Any = wanted.get("customer_selection")
    if context and selection:
        raise _Invalid("INVALID", "Choose either context or customerSelection", "context")
    chosen: dict[str, Any] = context or selection or {}
    buyers: dict[str, Any] = chosen.get("customers") or {}
    named: list[str] = buyers.get("add") or []
    if not named:
        return None
    if len(named) > 1:
        raise _Invalid("INVALID", "The simulated shop keeps a code for one customer at most", "context", "customers")
    person = call.index.people.by_id.get(integer(named[0], "Customer"))
    if person is None:
        raise _Invalid("INVALID", "The customer does not exist", "context", "customers", "add")
    return person.key


def _conditions(wanted: dict[str, Any]) -> dict[str, Any]:
    minimum: Any = wanted.get("minimum_requirement") or {}
    subtotal: Any = minimum.get("subtotal") or {}
    quantity: Any = minimum.get("quantity") or {}
    cents = Decimal(subtotal.get("greater_than_or_equal_to_subtotal") or "0") * 100
    return {
        "combines_with": wanted.get("combines_with") or {},
        "once_per_customer": bool(wanted.get("applies_once_per_customer")),
        "minimum_cents": int(cents),
        "minimum_units": int(quantity.get("greater_than_or_equal_to_quantity") or 0),
    }
