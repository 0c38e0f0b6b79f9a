"""The life of an order in either channel: sold, fulfilled, cancelled, given back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from evals.retailer.codes import count_use, price_code
from evals.retailer.identifiers import lightspeed_uuid, shopify_number
from evals.retailer.refusals import Unknown, WrongState
from evals.retailer.stock import require_available, shift, stock_place
from evals.retailer.world import Change, Order, OrderLine, Platform, Refund, World


def sell(  # noqa: PLR0913 - a sale has this many facts
    world: World,
    *,
    place: str,
    customer_key: int | None,
    lines: Sequence[tuple[str, int]],
    channel: Literal["pos", "online"],
    occurred_at: datetime,
    codes: Sequence[str] = (),
    pickup_place: str = "",
    transaction: str = "",
) -> Order:
    """Ring up a paid order. At a till the goods leave at once; online they are committed until `fulfill`.

    Args:
        world: The retailer.
        place: Where it is rung up: a shop, or the online shop.
        customer_key: Person.key, if known.
        lines: (sku, units), units above zero.
        channel: `pos` at a till.
        occurred_at: When, at the till; earlier than now for a till that was offline.
        codes: Discount codes; each counts as used once.
        pickup_place: The shop where an online order is collected, on the online shop's platform.
        transaction: The register's transaction id; given when empty.

    Raises:
        Unknown: A sku, place, customer or code does not exist.
        OutOfStock: Fewer units are available; nothing changed.
        CodeRefused: A code does not apply; nothing changed.
        WrongState: The pickup shop is on another platform.
    """
    origin = stock_place(world, place, pickup_place)
    platform = world.places[place].platform
    if world.places[origin].platform != platform:
        raise WrongState(f"{place} cannot promise goods at {origin}.")
    if customer_key is not None and customer_key not in world.people:
        raise Unknown("No such customer.")
    units = _units(world, lines)
    require_available(world, units, origin)
    discounts = _discounts(world, lines, codes, customer_key, occurred_at, place)
    for code in codes:
        count_use(world, code, customer_key)
    order = new_order(
        world,
        place=place,
        customer_key=customer_key,
        lines=[
            OrderLine(sku, count, world.variants[sku].price, off)
            for (sku, count), off in zip(lines, discounts, strict=True)
        ],
        channel=channel,
        occurred_at=occurred_at,
        transaction=transaction,
    )
    order.created_at = order.updated_at = world.now()
    order.discount_codes = tuple(code.strip().upper() for code in codes)
    order.pickup_place = pickup_place
    order.fulfilled_at = occurred_at if channel == "pos" else None
    _announce(world, "order.created", order)
    for sku, count in units.items():
        shift(world, sku, origin, **({"on_hand": -count} if channel == "pos" else {"committed": count}))
    return order


def new_order(  # noqa: PLR0913 - an order has this many facts
    world: World,
    *,
    place: str,
    customer_key: int | None,
    lines: list[OrderLine],
    channel: Literal["pos", "online"],
    occurred_at: datetime,
    transaction: str = "",
) -> Order:
    """Write an order into the books, and its customer's totals. Moves no goods and announces nothing."""
    key = world.next_serial("order")
    platform: Platform = world.places[place].platform
    serial = world.next_serial(f"{platform} order")
    first_line = world.serials.get("line", 0)
    world.serials["line"] = first_line + len(lines)
    for number, line in enumerate(lines, start=first_line + 1):
        line.id = shopify_number("line", number)
    on_shopify = platform == "shopify"
    order = world.orders[key] = Order(
        key=key,
        platform=platform,
        id=str(shopify_number("order", serial)) if on_shopify else lightspeed_uuid(world.seed, "sale", serial),
        name=f"#{1000 + serial}",
        channel=channel,
        place=place,
        customer=customer_key,
        lines=lines,
        occurred_at=occurred_at,
        updated_at=occurred_at,
        version=0 if on_shopify else world.next_version(),
        transaction=transaction or (f"TXN_{key:06d}" if channel == "pos" else ""),
    )
    if customer_key is not None:
        person = world.people[customer_key]
        person.orders += 1
        person.spent += order.total
    return order


def fulfill(world: World, order: Order) -> Order:
    """Ship an online order, or hand it over at its pickup shop.

    Raises:
        WrongState: It is fulfilled or cancelled.
    """
    if order.fulfilled_at or order.cancelled_at:
        raise WrongState(f"Order {order.name} is not waiting to be fulfilled.")
    origin = stock_place(world, order.place, order.pickup_place)
    order.fulfilled_at = world.now()
    _announce(world, "order.fulfilled", order)
    for sku, count in _kept(order).items():
        shift(world, sku, origin, on_hand=-count, committed=-count)
    return order


def cancel(world: World, order: Order) -> Order:
    """Call an order off: committed goods are free again; a Lightspeed sale is voided and its goods go back.

    Raises:
        WrongState: It is cancelled, a return, partly given back, or (at Shopify) fulfilled.
    """
    left = order.fulfilled_at is not None
    if order.cancelled_at or order.return_of or any(line.returned for line in order.lines):
        raise WrongState(f"Order {order.name} can no longer be cancelled.")
    if left and order.platform == "shopify":
        raise WrongState(f"Order {order.name} is fulfilled; its goods can only be returned.")
    order.cancelled_at = world.now()
    _forget_spending(world, order, order.total, orders=1)
    _announce(world, "order.updated", order)
    origin = stock_place(world, order.place, order.pickup_place)
    for sku, count in _kept(order).items():
        shift(world, sku, origin, **({"on_hand": count} if left else {"committed": -count}))
    return order


def refund(world: World, order: Order, quantities: Mapping[str, int], *, place: str = "") -> Order:
    """Give money back for some units; what had left returns to the shelf.

    Args:
        world: The retailer.
        order: The order.
        quantities: sku -> units, units above zero.
        place: Where the goods come back, on the order's platform; "": where they came from.

    Returns:
        The order at Shopify; at Lightspeed the new sale that gives it back, with negative quantities.

    Raises:
        Unknown: The order has no such line left.
        WrongState: It is cancelled, or a return itself, or `place` is on another platform.
    """
    if order.cancelled_at or order.return_of:
        raise WrongState(f"Order {order.name} cannot be returned.")
    origin = stock_place(world, order.place, order.pickup_place)
    target = stock_place(world, place) if place else origin
    if world.places[target].platform != order.platform:
        raise WrongState(f"{target} cannot take back what {order.platform} sold.")
    kept = _kept(order)
    if not quantities or any(not 0 < count <= kept.get(sku, 0) for sku, count in quantities.items()):
        raise Unknown(f"Order {order.name} does not have these units to give back.")
    given = [part for sku, count in quantities.items() for part in _give_back(order, sku, count)]
    amount = sum(part.discount - part.quantity * part.unit_price for part in given)
    left = order.fulfilled_at is not None
    if order.platform == "shopify":
        number = shopify_number("refund", world.next_serial("refund"))
        order.refunds.append(Refund(number, world.now(), dict(quantities), amount, target if left else ""))
        _forget_spending(world, order, amount)
        _announce(world, "order.refunded", order)
        answer = order
    else:
        answer = _return_sale(world, order, given, place or order.place)
    for sku, count in quantities.items():
        shift(world, sku, target if left else origin, **({"on_hand": count} if left else {"committed": -count}))
    return answer


def _give_back(order: Order, sku: str, count: int) -> list[OrderLine]:
    """Mark units as returned, and answer negative lines with the exact cents those units were paid with."""
    given: list[OrderLine] = []
    for line in order.lines:
        part = min(count, line.quantity - line.returned) if line.sku == sku else 0
        if part > 0:
            before = line.discount * line.returned // line.quantity
            line.returned += part
            count -= part
            off = line.discount * line.returned // line.quantity - before
            given.append(OrderLine(sku, -part, line.unit_price, -off))
    return given


def _return_sale(world: World, order: Order, given: list[OrderLine], place: str) -> Order:
    answer = new_order(
        world,
        place=place,
        customer_key=order.customer,
        lines=given,
        channel=order.channel,
        occurred_at=world.now(),
    )
    answer.return_of = order.id
    answer.fulfilled_at = answer.occurred_at
    if order.customer is not None:
        world.people[order.customer].orders -= 1
    _announce(world, "order.refunded", answer)
    return answer


def _units(world: World, lines: Sequence[tuple[str, int]]) -> dict[str, int]:
    units: Counter[str] = Counter()
    for sku, count in lines:
        if sku not in world.variants or count <= 0:
            raise Unknown(f"{count} of {sku} cannot be sold.")
        units[sku] += count
    if not units:
        raise Unknown("A sale has at least one line.")
    return dict(units)


def _discounts(  # noqa: PLR0913, PLR0917 - what a code may ask about a sale
    world: World,
    lines: Sequence[tuple[str, int]],
    codes: Sequence[str],
    customer: int | None,
    at: datetime,
    place: str,
) -> list[int]:
    """Cents off each line by all codes together, never more than its price."""
    off = [0] * len(lines)
    for code in codes:
        for number, cents in enumerate(price_code(world, code, lines, customer, at, place=place)):
            off[number] += cents
    return [min(cents, world.variants[sku].price * count) for cents, (sku, count) in zip(off, lines, strict=True)]


def _kept(order: Order) -> dict[str, int]:
    kept: Counter[str] = Counter()
    for line in order.lines:
        kept[line.sku] += line.quantity - line.returned
    return dict(+kept)


def _forget_spending(world: World, order: Order, cents: int, *, orders: int = 0) -> None:
    if order.customer is not None:
        person = world.people[order.customer]
        person.spent -= cents
        person.orders -= orders


def _announce(
    world: World,
    topic: Literal["order.created", "order.updated", "order.fulfilled", "order.refunded"],
    order: Order,
) -> None:
    order.updated_at = world.now()
    if order.platform == "lightspeed":
        order.version = world.next_version()
    world.announce(Change(topic, order.updated_at, order.platform, order))
