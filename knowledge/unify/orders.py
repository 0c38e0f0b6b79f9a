"""Orders and returns: what was bought, what it did to the day's sales, and to a stock nobody else counts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text

from knowledge.events.event import Event, Topic
from knowledge.events.families import LineFacts, OrderFacts, ReturnFacts
from knowledge.store.connection import Connection
from knowledge.store.places import Places
from knowledge.unify.columns import write_rows
from knowledge.unify.journal import Cell
from knowledge.unify.known import named_movements
from knowledge.unify.levels import Moved
from policies.vocabulary.ids import CustomerRef

ORDER_TOPICS = frozenset({Topic.ORDER_CREATED, Topic.ORDER_UPDATED, Topic.ORDER_FULFILLED, Topic.ORDER_CANCELLED})

_KNOWN = text(
    """
    SELECT id, version, cancelled, total FROM purchase WHERE id = ANY(CAST(:ids AS text[])) ORDER BY id FOR UPDATE
    """
)
_LINES = text(
    """
    SELECT purchase_id, sku, quantity, unit_price, discount FROM purchase_line
    WHERE purchase_id = ANY(CAST(:ids AS text[]))
    """
)
_PURCHASE = text(
    """
    INSERT INTO purchase (id, channel, location_id, customer_ref, occurred_at, received_at, version, total, currency,
                          codes, transaction, pickup_location, cancelled, fulfilled)
    SELECT id, channel, location_id, nullif(customer_ref, ''), occurred_at, received_at, version, total, currency,
           string_to_array(codes, ','), transaction, pickup_location, cancelled, fulfilled
    FROM unnest(CAST(:id AS text[]), CAST(:channel AS text[]), CAST(:location_id AS text[]),
                CAST(:customer_ref AS text[]), CAST(:occurred_at AS timestamptz[]), CAST(:received_at AS timestamptz[]),
                CAST(:version AS text[]), CAST(:total AS bigint[]), CAST(:currency AS text[]), CAST(:codes AS text[]),
                CAST(:transaction AS text[]), CAST(:pickup_location AS text[]), CAST(:cancelled AS bool[]),
                CAST(:fulfilled AS bool[]))
      AS row(id, channel, location_id, customer_ref, occurred_at, received_at, version, total, currency, codes,
             transaction, pickup_location, cancelled, fulfilled)
    ON CONFLICT (id) DO UPDATE SET
        customer_ref = coalesce(excluded.customer_ref, purchase.customer_ref), version = excluded.version,
        total = excluded.total, codes = excluded.codes, cancelled = purchase.cancelled OR excluded.cancelled,
        fulfilled = purchase.fulfilled OR excluded.fulfilled,
        received_at = least(purchase.received_at, excluded.received_at),
        transaction = coalesce(nullif(excluded.transaction, ''), purchase.transaction),
        pickup_location = excluded.pickup_location
    """
)
_LINE = text(
    """
    INSERT INTO purchase_line (purchase_id, sku, quantity, unit_price, discount)
    SELECT * FROM unnest(CAST(:purchase_id AS text[]), CAST(:sku AS text[]), CAST(:quantity AS int[]),
                         CAST(:unit_price AS bigint[]), CAST(:discount AS bigint[]))
    ON CONFLICT (purchase_id, sku) DO UPDATE SET
        quantity = excluded.quantity, unit_price = excluded.unit_price, discount = excluded.discount
    """
)
# A return may have come before its order, or before its own line of it, and waited for it among the movements.
_WAITED = text(
    """
    UPDATE purchase_line SET returned = greatest(purchase_line.returned, least(purchase_line.quantity, waited.units))
    FROM (
        SELECT about, sku, sum(units) AS units FROM stock_movement
        WHERE cause = 'return' AND about = ANY(CAST(:ids AS text[])) GROUP BY about, sku
    ) AS waited
    WHERE purchase_line.purchase_id = waited.about AND purchase_line.sku = waited.sku
    """
)
_PAID = text(
    """
    UPDATE reservation SET ended_at = paid.at
    FROM unnest(CAST(:basket AS text[]), CAST(:side AS text[]), CAST(:at AS timestamptz[])) AS paid(basket, side, at)
    WHERE reservation.basket = paid.basket AND reservation.side = paid.side AND reservation.ended_at IS NULL
    """
)
_RETURNED = text(
    """
    UPDATE purchase_line SET returned = least(purchase_line.quantity, purchase_line.returned + row.units)
    FROM unnest(CAST(:purchase_id AS text[]), CAST(:sku AS text[]), CAST(:units AS int[]))
      AS row(purchase_id, sku, units)
    WHERE purchase_line.purchase_id = row.purchase_id AND purchase_line.sku = row.sku
    """
)
_DAILY = text(
    """
    INSERT INTO daily_sale (sku, location_id, day, units, returned)
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location_id AS text[]), CAST(:day AS text[]),
                         CAST(:units AS int[]), CAST(:returned AS int[]))
    ON CONFLICT (sku, location_id, day) DO UPDATE SET
        units = daily_sale.units + excluded.units, returned = daily_sale.returned + excluded.returned
    """
)
_SPENT = text(
    """
    UPDATE customer SET orders = customer.orders + row.orders, spent = customer.spent + row.spent,
        first_order_at = least(customer.first_order_at, row.at),
        last_order_at = greatest(customer.last_order_at, row.at)
    FROM unnest(CAST(:ref AS text[]), CAST(:orders AS int[]), CAST(:spent AS bigint[]), CAST(:at AS timestamptz[]))
      AS row(ref, orders, spent, at)
    WHERE customer.ref = row.ref
    """
)
# History may already be in the totals a platform told, so it is not added to them: they are never below what is stored.
_RECOUNT = text(
    """
    UPDATE customer SET orders = greatest(customer.orders, own.orders), spent = greatest(customer.spent, own.spent),
        first_order_at = least(customer.first_order_at, own.first_at),
        last_order_at = greatest(customer.last_order_at, own.last_at)
    FROM (SELECT customer_ref, count(*) AS orders, sum(total) AS spent, min(occurred_at) AS first_at,
                 max(occurred_at) AS last_at
          FROM purchase WHERE customer_ref = ANY(CAST(:refs AS text[])) AND NOT cancelled
          GROUP BY customer_ref ORDER BY customer_ref) AS own
    WHERE customer.ref = own.customer_ref
    """
)
Tally = dict[tuple[str, str, str], list[int]]  # (sku, location, day) -> [sold, returned]


async def apply_orders(
    connection: Connection, events: Sequence[Event], customers: Mapping[str, CustomerRef], places: Places
) -> tuple[set[str], list[Moved]]:
    """Store orders as they stand now; returns ids of events older than what is stored, and what left which shelf.

    A complete order replaces its lines, and the day's sales move by the difference. An incomplete one (a log that tells
    line by line) adds its lines: discounts add up, and of two prices of one sku the higher is kept, so that their order
    does not matter; without a version it adds none to an order that was told with one.
    """
    if not events:
        return set(), []
    ids = sorted({str(event.facts["order"]) for event in events})
    known = {row.id: row for row in await connection.execute(_KNOWN, {"ids": ids})}
    held: dict[str, dict[str, int]] = defaultdict(dict)
    paid: dict[tuple[str, str], tuple[int, int]] = {}
    for row in await connection.execute(_LINES, {"ids": list(known)}):
        held[row.purchase_id][row.sku] = row.quantity
        paid[row.purchase_id, row.sku] = (row.unit_price, row.discount)
    book = _Book(held, paid, {name: (row.version, row.cancelled, row.total) for name, row in known.items()})
    stale: set[str] = set()
    for event in events:
        if not book.enter(event, customers.get(event.id), places):
            stale.add(event.id)
    await book.write(connection)
    await write_rows(connection, _PAID, _paid(events, places))  # the goods have left the count by themselves
    await connection.execute(_WAITED, {"ids": ids})
    return stale, book.moved()


class _Book:
    """The burst's orders, worked out in memory and written in a few statements."""

    def __init__(
        self,
        held: dict[str, dict[str, int]],
        paid: dict[tuple[str, str], tuple[int, int]],
        known: dict[str, tuple[str, bool, int]],
    ) -> None:
        self._held = held
        self._paid = paid
        self._known = known
        self._purchases: dict[str, dict[str, object]] = {}
        self._heard: dict[str, datetime] = {}  # of an order, first of all
        self._lines: dict[tuple[str, str], dict[str, object]] = {}
        self._daily: Tally = defaultdict(lambda: [0, 0])
        self._spent: dict[str, tuple[int, int, datetime]] = {}
        self._moved: dict[tuple[Cell, str], Moved] = {}
        self._recount: set[str] = set()

    def enter(self, event: Event, customer: CustomerRef | None, places: Places) -> bool:
        """Take one event in; false when the stored version is newer."""
        order = OrderFacts.model_validate(event.facts)
        before = self._known.get(order.order)
        if before and event.version < before[0] and (order.complete or not event.version):
            return False
        cancelled = order.cancelled or event.topic is Topic.ORDER_CANCELLED or bool(before and before[1])
        units = _units(order.lines)
        held = self._held[order.order]
        # a log tells an order of hundreds of lines one by one: what a line does not touch is not gone through again
        touched = held.keys() | units.keys() if order.complete or cancelled else units.keys()
        if order.complete:
            after = {sku: units.get(sku, 0) for sku in touched}
            total = order.total
        else:
            after = {sku: held.get(sku, 0) + units.get(sku, 0) for sku in touched}
            total = order.total + (before[2] if before else 0)
        was_counted = bool(before) and not (before and before[1])  # a cancelled order counts for nothing
        delta = {
            sku: (0 if cancelled else after.get(sku, 0)) - (held.get(sku, 0) if was_counted else 0)
            for sku in sorted(after)
        }
        place = places.get(order.location)
        counted_at = places.get(order.pickup_location).id if order.pickup_location else place.stock_location
        day = event.occurred_at.astimezone(ZoneInfo(place.timezone)).date().isoformat()
        for sku, change in delta.items():
            if change:
                self._daily[(sku, places.shelf(place.id).id, day)][0] += change
            units = 0 if cancelled else -after.get(sku, 0)
            cell, at = (sku, counted_at), event.occurred_at
            self._moved[cell, order.order] = Moved(
                cell, order.order, "order", units, at, event.id, history=event.is_history
            )
        held.update(after)
        if customer and event.is_history:
            self._recount.add(customer)
        elif customer:
            orders, spent, at = self._spent.get(customer, (0, 0, event.occurred_at))
            orders += (not cancelled) - was_counted
            spent += (0 if cancelled else total) - (before[2] if before and was_counted else 0)
            self._spent[customer] = (orders, spent, max(at, event.occurred_at))
        self._known[order.order] = (event.version, cancelled, total)
        self._keep(event, order, customer, total, after, cancelled=cancelled)
        return True

    def _keep(  # noqa: PLR0913  # an order has this many parts
        self,
        event: Event,
        order: OrderFacts,
        customer: CustomerRef | None,
        total: int,
        quantities: Mapping[str, int],
        *,
        cancelled: bool,
    ) -> None:
        earlier = self._purchases.get(order.order, {})
        heard = self._heard[order.order] = min(event.received_at, self._heard.get(order.order, event.received_at))
        self._purchases[order.order] = {
            "id": order.order,
            "channel": order.channel,
            "location_id": order.location,
            "customer_ref": customer or earlier.get("customer_ref") or "",
            "occurred_at": event.occurred_at,
            "received_at": heard,
            "version": event.version,
            "total": total,
            "currency": order.currency,
            "codes": ",".join(order.codes),
            "transaction": order.transaction or earlier.get("transaction") or "",
            "pickup_location": order.pickup_location,
            "cancelled": cancelled,
            "fulfilled": order.fulfilled or event.topic is Topic.ORDER_FULFILLED,
        }
        prices: dict[str, tuple[int, int]] = {}
        for line in order.lines:
            told = None if order.complete else self._paid.get((order.order, line.sku))
            price, discount = prices.get(line.sku) or told or (line.unit_price, 0)
            price = line.unit_price if order.complete else max(price, line.unit_price)
            prices[line.sku] = (price, discount + line.discount)
        for sku, quantity in quantities.items():
            if sku in prices or quantity == 0:  # a line edited away stays, with nothing on it
                price, discount = self._paid[order.order, sku] = prices.get(sku, (0, 0))
                self._lines[(order.order, sku)] = {
                    "purchase_id": order.order,
                    "sku": sku,
                    "quantity": quantity,
                    "unit_price": price,
                    "discount": discount,
                }

    def moved(self) -> list[Moved]:
        """What the burst's orders do to counts, each as it stands at the end."""
        return list(self._moved.values())

    async def write(self, connection: Connection) -> None:
        """A few statements, rows in key order."""
        await write_rows(connection, _PURCHASE, (self._purchases[key] for key in sorted(self._purchases)))
        await write_rows(connection, _LINE, (self._lines[key] for key in sorted(self._lines)))
        await write_daily(connection, self._daily)
        spent = ({"ref": ref, "orders": n, "spent": s, "at": at} for ref, (n, s, at) in sorted(self._spent.items()))
        await write_rows(connection, _SPENT, spent)
        if self._recount:
            await connection.execute(_RECOUNT, {"refs": sorted(self._recount)})


async def apply_returns(connection: Connection, events: Sequence[Event], places: Places) -> list[Moved]:
    """Count goods given back: on the order they came from, when it is known, and on the day; once, however often told.

    Returns what came back to which shelf.
    """
    daily: Tally = defaultdict(lambda: [0, 0])
    lines: dict[tuple[str, str], int] = defaultdict(int)
    moved: dict[tuple[Cell, str], Moved] = {}
    days: dict[tuple[Cell, str], tuple[str, str]] = {}
    for event in events:
        back = ReturnFacts.model_validate(event.facts)
        place = places.get(back.location)
        day = event.occurred_at.astimezone(ZoneInfo(place.timezone)).date().isoformat()
        reference = event.resource or event.id
        for sku, units in _units(back.lines).items():
            cell = (sku, place.stock_location)
            moved[cell, reference] = Moved(
                cell,
                reference,
                "return",
                units,
                event.occurred_at,
                event.id,
                about=back.order,
                history=event.is_history,
            )
            days[cell, reference] = (places.shelf(place.id).id, day)
    earlier = await named_movements(connection, list(moved))
    for key, each in moved.items():
        more = each.units - (earlier[key].units if key in earlier else 0)
        shelf, day = days[key]
        daily[(each.cell[0], shelf, day)][1] += more
        if each.about:
            lines[(each.about, each.cell[0])] += more
    await write_rows(
        connection,
        _RETURNED,
        ({"purchase_id": order, "sku": sku, "units": units} for (order, sku), units in sorted(lines.items()) if units),
    )
    await write_daily(connection, daily)
    return list(moved.values())


async def write_daily(connection: Connection, daily: Tally) -> None:
    """Add to the days' sales."""
    rows = (
        {"sku": sku, "location_id": place, "day": day, "units": sold, "returned": back}
        for (sku, place, day), (sold, back) in sorted(daily.items())
        if sold or back
    )
    await write_rows(connection, _DAILY, rows)


def _paid(events: Sequence[Event], places: Places) -> list[dict[str, object]]:
    """Baskets that became orders, each where it may have been promised goods: the shop it is of, or of its pickup."""
    found: dict[tuple[str, str], datetime] = {}
    for event in events:
        basket = str(event.facts.get("transaction") or "")
        for name in (event.facts.get("location"), event.facts.get("pickup_location")) if basket else ():
            if name:
                found[basket, places.get(str(name)).stock_location] = event.received_at
    return [{"basket": basket, "side": side, "at": at} for (basket, side), at in sorted(found.items())]


def _units(lines: Iterable[LineFacts]) -> dict[str, int]:
    units: dict[str, int] = defaultdict(int)
    for line in lines:
        units[line.sku] += line.quantity
    return units
