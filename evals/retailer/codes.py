"""Discount codes: made once, taken back, and counted when a sale uses them."""

from collections.abc import Sequence
from datetime import datetime

from evals.retailer.identifiers import lightspeed_uuid, shopify_number
from evals.retailer.refusals import CodeRefused, CodeTaken, Unknown
from evals.retailer.world import Change, CodeDiscount, World

Lines = Sequence[tuple[str, int]]  # (sku, units)

# In `CodeDiscount.extra`: the conditions `minimum_cents`, `minimum_units` and
_ONCE = "once_per_customer"
_USED_BY = "used_by"  # Person.keys, for `once_per_customer`


def create_discount(world: World, discount: CodeDiscount) -> CodeDiscount:
    """Keep a new code; one without an id gets its platform's next.

    Raises:
        CodeTaken: The code exists, in any case of letters.
    """
    key = discount.code.strip().upper()
    if key in world.discounts:
        raise CodeTaken(f"The code {key} exists.")
    if not discount.id:
        serial = world.next_serial("discount")
        on_shopify = discount.platform == "shopify"
        discount.id = (
            str(shopify_number("discount", serial)) if on_shopify else lightspeed_uuid(world.seed, "discount", serial)
        )
    world.discounts[key] = discount
    world.announce(Change("discount.created", world.now(), discount.platform, discount))
    return discount


def deactivate_discount(world: World, code: str) -> CodeDiscount:
    """End a code; ending it again changes nothing.

    Raises:
        Unknown: There is no such code.
    """
    found = _find(world, code)
    if found.active:
        found.active = False
        found.ends_at = world.now()
        world.announce(Change("discount.updated", world.now(), found.platform, found))
    return found


def apply_code(  # noqa: PLR0913 - what a code may ask about a sale
    world: World, code: str, lines: Lines, customer: int | None, at: datetime, *, place: str = ""
) -> int:
    """Use a code on these lines, which counts as one use, and answer the cents it takes off.

    Args:
        world: The retailer.
        code: As scanned or typed.
        lines: What is sold.
        customer: Person.key, if the till knows.
        at: When, at the till.
        place: Where it is rung up; "" asks for no place.

    Raises:
        CodeRefused: It does not apply; it was not counted.
        Unknown: There is no such code.
    """
    off = sum(price_code(world, code, lines, customer, at, place=place))
    count_use(world, code, customer)
    return off


def price_code(  # noqa: PLR0913 - what a code may ask about a sale
    world: World, code: str, lines: Lines, customer: int | None, at: datetime, *, place: str = ""
) -> list[int]:
    """The cents a code would take off each line. It is not counted as used.

    Raises:
        CodeRefused: It does not apply.
        Unknown: There is no such code.
    """
    found = _find(world, code)
    _require_valid(world, found, customer, at, place)
    prices = [world.variants[sku].price * units if not found.skus or sku in found.skus else 0 for sku, units in lines]
    base = sum(prices)
    if base == 0:
        raise CodeRefused(f"{found.code} is for other goods.")
    if base < (found.extra.get("minimum_cents") or 0):
        raise CodeRefused(f"{found.code} asks for a larger purchase.")
    if sum(units for sku, units in lines if not found.skus or sku in found.skus) < (
        found.extra.get("minimum_units") or 0
    ):
        raise CodeRefused(f"{found.code} asks for more units.")
    wanted = (base * found.basis_points + 5_000) // 10_000 if found.basis_points else min(found.amount, base)
    return _split(wanted, prices)


def count_use(world: World, code: str, customer: int | None) -> None:
    """One more sale, of this customer, used the code."""
    found = _find(world, code)
    found.used += 1
    if customer is not None and found.extra.get(_ONCE):
        found.extra.setdefault(_USED_BY, set()).add(customer)
    world.announce(Change("discount.updated", world.now(), found.platform, found))


def _find(world: World, code: str) -> CodeDiscount:
    found = world.discounts.get(code.strip().upper())
    if found is None:
        raise Unknown(f"No discount has the code {code.strip().upper()}.")
    return found


def _require_valid(world: World, found: CodeDiscount, customer: int | None, at: datetime, place: str) -> None:
    if not found.active or at < found.starts_at or (found.ends_at is not None and at >= found.ends_at):
        raise CodeRefused(f"{found.code} is not valid at this time.")
    if found.usage_limit is not None and found.used >= found.usage_limit:
        raise CodeRefused(f"{found.code} has been used.")
    if found.customer is not None and found.customer != customer:
        raise CodeRefused(f"{found.code} is for another customer.")
    if found.extra.get(_ONCE) and (customer is None or customer in found.extra.get(_USED_BY, ())):
        raise CodeRefused(f"{found.code} is for one purchase by each customer.")
    if place and found.places and place not in found.places:
        raise CodeRefused(f"{found.code} is not valid at {place}.")
    if place and world.places[place].platform != found.platform:
        raise CodeRefused(f"{place} does not know {found.code}.")


def _split(cents: int, prices: list[int]) -> list[int]:
    """Cents over lines in proportion to their prices, whole, and summing exactly."""
    base = sum(prices)
    shares = [cents * price // base for price in prices]
    by_loss = sorted(range(len(prices)), key=lambda line: (-(cents * prices[line] % base), line))
    for line in by_loss[: cents - sum(shares)]:
        shares[line] += 1
    return shares
