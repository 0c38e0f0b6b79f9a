"""What became of offers at the till: shown, used on an order, given back; recorded once, whether or not an agent runs.

An order may be told twice, late, by a poll, or after the return of its goods. Each outcome has a name of its own, so
whoever tells it again adds nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from knowledge.events.event import Event, Topic
from knowledge.events.families import OrderFacts, ShownFacts
from knowledge.store.connection import Connection
from tools import outcome_row
from tools.audit.entry import Entry
from tools.outcome_row import Offer, Outcome, Return, by_code, by_id, goods_of, read_return, returns_before

_ORDERS: Final = frozenset({Topic.ORDER_CREATED, Topic.ORDER_UPDATED, Topic.ORDER_FULFILLED, Topic.ORDER_CANCELLED})
_NEVER: Final = frozenset({"denied", "waiting", "rejected", "expired"})

Told = tuple[Event, OrderFacts]


async def outcomes(connection: Connection, events: Sequence[Event], at: datetime) -> list[Entry]:
    """Keep what these events, already applied to the store, tell of our offers; returns the records to add.

    Args:
        connection: The transaction in which the events were applied.
        events: Oldest first.
        at: Now.
    """
    shown = [event for event in events if event.topic is Topic.OFFER_SHOWN]
    orders = [(event, OrderFacts.model_validate(event.facts)) for event in events if _tells(event)]
    back = [
        read_return(event.id, event.resource, event.occurred_at, event.facts)
        for event in events
        if event.topic is Topic.RETURN_CREATED and event.facts.get("order")
    ]
    entries = await _shown(connection, shown, at) if shown else []
    if orders:
        accepted, late = await _accepted(connection, orders, at)
        entries += accepted
        if late:
            stories, names = [event.correlation for event, _ in late], [order.order for _, order in late]
            back = [*await returns_before(connection, stories, names), *back]
    cancelled = [each for each in orders if _is_cancelled(each[0])]
    if cancelled or back:
        entries += await _given_back(connection, cancelled, back, at)
    return entries


def _tells(event: Event) -> bool:
    """Whether an order may have used a code of ours, or be one that did and is cancelled now."""
    return event.topic in _ORDERS and bool(event.facts.get("codes") or _is_cancelled(event))


def _is_cancelled(event: Event) -> bool:
    return event.topic is Topic.ORDER_CANCELLED or event.facts.get("cancelled") is True


async def _shown(connection: Connection, events: Sequence[Event], at: datetime) -> list[Entry]:
    """A register's word that a customer saw an offer; it counts for offers told at its own location."""
    told = [(event, ShownFacts.model_validate(event.facts)) for event in events]
    offers = await by_id(connection, [facts.decision for _, facts in told])
    entries: list[Entry] = []
    for event, facts in told:
        offer = offers.get(facts.decision)
        if offer is None or offer.told_from != facts.location:
            continue
        seen = Outcome(offer.id, "shown", offer.id, "", None)
        if await _keep(connection, seen, offer, event.occurred_at, at):
            body = {"event": event.id, "occurred_at": event.occurred_at.isoformat(), "told_by": event.source}
            entries.append(Entry("shown", at, body, offer.id, offer.correlation))
    return entries


async def _accepted(connection: Connection, orders: Sequence[Told], at: datetime) -> tuple[list[Entry], list[Told]]:
    """The records of codes used on orders, and the orders heard of for the first time."""
    offers = await by_code(connection, [code for _, order in orders for code in order.codes])
    if not offers:
        return [], []
    used: dict[str, dict[str, int | None]] = {}
    for each in await outcome_row.known(connection, actions=[offer.id for offer in offers.values()]):
        if each.kind == "accepted":
            used.setdefault(each.action, {})[each.order] = each.minor
    entries: list[Entry] = []
    new: list[Told] = []
    for event, order in orders:
        for offer in (offers[code] for code in order.codes if code in offers):
            before = used.setdefault(offer.id, {})
            entry = await _accept(connection, event, order, offer, before, at)
            if entry is not None:
                entries.append(entry)
                new.append((event, order))
    return entries, new


async def _accept(  # noqa: PLR0913, PLR0917  # who used what where, and what is known of it
    connection: Connection,
    event: Event,
    order: OrderFacts,
    offer: Offer,
    before: dict[str, int | None],
    at: datetime,
) -> Entry | None:
    """One code on one order: kept once, and once more when the money is told only later."""
    taken, known_by = _taken(order, offer)
    outcome = Outcome(offer.id, "accepted", order.order, order.order, taken)
    others = before.keys() - {order.order}
    flags = _flags(event, order, offer, taken, again=bool(others))
    amended = order.order in before
    if amended:
        if before[order.order] is not None or taken is None or not await outcome_row.amend(connection, outcome, flags):
            return None
    else:
        told_before = bool(others) and await outcome_row.one_sale(connection, others, order.order)
        if told_before or not await _keep(connection, outcome, offer, event.occurred_at, at, flags):
            return None
    before[order.order] = taken
    body: dict[str, Any] = {
        "order": order.order,
        "code": offer.code,
        "taken_minor": taken,
        "decided_minor": offer.minor,
        "currency": offer.currency,
        "known_by": known_by,
        "flags": list(flags),
        "event": event.id,
        "occurred_at": event.occurred_at.isoformat(),
        "amended": amended,
    }
    return Entry("accepted", at, body, offer.id, offer.correlation)


def _taken(order: OrderFacts, offer: Offer) -> tuple[int | None, str]:
    """The money a code took off, and who says so: the platform for this code, or the lines when it was the only one."""
    told = order.taken.get(offer.code)
    if told is not None:
        return told, "code"
    off = sum(line.discount for line in order.lines if not offer.skus or line.sku in offer.skus)
    return (off, "lines") if off and len(order.codes) == 1 and order.complete else (None, "")


def _flags(event: Event, order: OrderFacts, offer: Offer, taken: int | None, *, again: bool) -> tuple[str, ...]:
    """What is not as it was decided: `amount`, `late`, `elsewhere`, `not_allowed`, `after_undo`, `again`."""
    undone = offer.state == "undone" and offer.settled_at is not None and event.occurred_at > offer.settled_at
    found = {
        "amount": taken is not None and (taken, order.currency) != (offer.minor, offer.currency),
        "late": event.occurred_at > offer.valid_until,
        "elsewhere": order.location != offer.location,
        "not_allowed": offer.state in _NEVER,
        "after_undo": undone,
        "again": again,
    }
    return tuple(name for name, holds in found.items() if holds)


async def _given_back(
    connection: Connection, cancelled: Sequence[Told], back: Sequence[Return], at: datetime
) -> list[Entry]:
    """The records of discounts that came back, with a cancelled order or with goods."""
    orders = {order.order for _, order in cancelled} | {each.order for each in back}
    kept: dict[str, dict[str, int | None]] = {}
    returned: dict[tuple[str, str], int] = {}
    for each in await outcome_row.known(connection, orders=orders):
        if each.kind == "accepted":
            kept.setdefault(each.order, {})[each.action] = each.minor
        else:
            place = (each.order, each.action)
            returned[place] = returned.get(place, 0) + (each.minor or 0)
    if not kept:
        return []
    offers = await by_id(connection, sorted({action for actions in kept.values() for action in actions}))
    goods = await goods_of(connection, kept)
    entries: list[Entry] = []
    for each in (*back, *(_whole(event, order) for event, order in cancelled)):
        for action, taken in kept.get(each.order, {}).items():
            offer, place = offers[action], (each.order, action)
            whole = not each.units
            units = sum(count for sku, count in each.units.items() if not offer.skus or sku in offer.skus)
            if not whole and not units:
                continue
            left = None if taken is None else taken - returned.get(place, 0)
            minor = left if whole or left is None or taken is None else min(left, _share(taken, each, offer, goods))
            outcome = Outcome(action, "given_back", each.name, each.order, minor)
            if not await _keep(connection, outcome, offer, each.at, at):
                continue
            returned[place] = returned.get(place, 0) + (minor or 0)
            body: dict[str, Any] = {
                "order": each.order,
                "because": "cancelled" if whole else "returned",
                "units": units,
                "minor": minor,
                "currency": offer.currency,
                "event": each.event,
                "occurred_at": each.at.isoformat(),
            }
            entries.append(Entry("given_back", at, body, action, offer.correlation))
    return entries


def _whole(event: Event, order: OrderFacts) -> Return:
    """A cancelled order: all of it comes back, whatever its lines."""
    return Return(f"{order.order}:cancelled", event.id, order.order, event.occurred_at, {})


def _share(taken: int, back: Return, offer: Offer, goods: Mapping[str, Mapping[str, tuple[int, int]]]) -> int:
    """The returned goods' share of a discount, by their price, rounded down."""
    lines = {sku: line for sku, line in goods.get(back.order, {}).items() if not offer.skus or sku in offer.skus}
    all_of_it = sum(units * price for units, price in lines.values())
    part = sum(min(back.units.get(sku, 0), units) * price for sku, (units, price) in lines.items())
    return taken * part // all_of_it if all_of_it else 0


async def _keep(  # noqa: PLR0913, PLR0917  # an outcome, and when
    connection: Connection,
    outcome: Outcome,
    offer: Offer,
    occurred: datetime,
    at: datetime,
    flags: Sequence[str] = (),
) -> bool:
    return await outcome_row.add(connection, outcome, currency=offer.currency, flags=flags, occurred=occurred, at=at)
