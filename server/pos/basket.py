"""From what a register says of a basket to what the core is asked; what cannot be right is told apart by a reason."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from knowledge.events.families import CheckoutFacts, KeyedHash, LineFacts
from knowledge.store.quick import QuickReads
from policies.errors import Refused
from policies.vocabulary.ids import LocationId
from policies.vocabulary.money import Money
from server.pos.asked import BasketLine, DecisionAsked

_VARIANT: Final = "shopify:ProductVariant:"
_KNOWN: Final = """
    SELECT sku, shopify_variant, currency FROM variant
    WHERE sku = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
       OR shopify_variant = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($2 AS jsonb))))
"""
_LARGEST: Final = Decimal(10**9)  # no line costs more, in whole units of any currency


def transaction_of(device: str, basket: str) -> str:
    """What one sale at one register is called, on orders and in the ledger."""
    return f"pos:{device}:{basket}"


async def read_basket(
    quick: QuickReads, asked: DecisionAsked, location: LocationId, customer: tuple[KeyedHash, ...]
) -> CheckoutFacts:
    """The basket in our words: goods of the catalog, exact money, a total that is the sum of its lines.

    Args:
        quick: Where the catalog is read.
        asked: As the register says it.
        location: Where the register stands.
        customer: Match keys of whom the register names.

    Raises:
        Refused: `basket.amount`, `basket.currency`, `basket.empty`, `checkout.total` or `money.amount`; `sku.unknown`
            where nothing that lies in it is in the catalog.
    """
    if not asked.lines:
        raise Refused("There is nothing in the basket.", code="basket.empty", field="lines")
    prices = [_amount(line.price, asked.currency, f"lines.{place}.price") for place, line in enumerate(asked.lines)]
    units = [_units(line, place) for place, line in enumerate(asked.lines)]
    counted = sum(price * quantity for price, quantity in zip(prices, units, strict=True))
    total = _amount(asked.subtotal, asked.currency, "subtotal")
    if total != counted:
        currency = asked.currency
        raise Refused(
            f"The total is {Money(total, currency)}, but the lines add up to {Money(counted, currency)}.",
            code="checkout.total",
            hint="Send the total of exactly these lines.",
            field="subtotal",
        )
    skus = await _skus(quick, asked)
    lines = tuple(
        LineFacts(sku=sku, quantity=quantity, unit_price=price)
        for sku, quantity, price in zip(skus, units, prices, strict=True)
        if sku  # a custom sale, and what is not in the catalog yet, is part of the total, and nothing goes with it
    )
    if not lines:
        raise _nothing_known(asked)
    return CheckoutFacts(
        location=location,
        transaction=transaction_of(asked.device, asked.basket),
        revision=str(asked.revision),
        customer=customer,
        lines=lines,
        total=total,
        currency=asked.currency,
    )


async def _skus(quick: QuickReads, asked: DecisionAsked) -> list[str]:
    """The sku of each line, "" for what is not in the catalog; its number says more than its sku."""
    wanted = [line for line in asked.lines if line.variant or line.sku]
    rows = await quick.rows(
        _KNOWN,
        json.dumps([line.sku for line in wanted if not line.variant]),
        json.dumps([f"{_VARIANT}{line.variant}" for line in wanted if line.variant]),
    )
    by_sku = {row["sku"]: row for row in rows}
    by_variant = {row["shopify_variant"]: row for row in rows}
    found: list[str] = []
    for line in asked.lines:
        row: Any = by_variant.get(f"{_VARIANT}{line.variant}") if line.variant else by_sku.get(line.sku)
        if row is not None and row["currency"] != asked.currency:
            raise Refused(
                f"The basket is in {asked.currency}, and the catalog in {row['currency']}.",
                code="basket.currency",
                hint="Offers are made in the catalog's currency alone.",
                field="currency",
            )
        found.append("" if row is None else row["sku"])
    return found


def _nothing_known(asked: DecisionAsked) -> Refused:
    if not any(line.variant or line.sku for line in asked.lines):
        return Refused("There are no goods in the basket.", code="basket.empty", field="lines")
    return Refused(
        "Nothing in the basket is in the catalog.",
        code="sku.unknown",
        hint="Have the products synced from their platform.",
        field="lines",
    )


def _amount(text: str, currency: str, field: str) -> int:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= _LARGEST:
        raise Refused(
            "An amount of the basket is negative, or no amount at all.",
            code="basket.amount",
            hint="Returned goods have no part in an offer; the sale goes on without one.",
            field=field,
        )
    return Money.parse(value, currency).minor


def _units(line: BasketLine, place: int) -> int:
    if line.quantity < 1:
        raise Refused(
            "A line of the basket counts less than one unit.",
            code="basket.amount",
            hint="Returned goods have no part in an offer; the sale goes on without one.",
            field=f"lines.{place}.quantity",
        )
    return line.quantity
