"""Outcomes as the store keeps them: a row for each thing that became of an offer, as a register or platform told it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from tools.proposal import TOLD_FROM

Kind = Literal["shown", "applied", "dismissed", "redeemed", "accepted", "given_back"]

_OFFER: Final = f"""
    SELECT id, facts ->> 'code' AS code, facts -> 'skus' AS skus, facts ->> 'valid_until' AS valid_until, state,
           money, currency, location_id, {TOLD_FROM} AS told_from, correlation_id, settled_at, created_at
    FROM action WHERE kind = 'discount' AND {{which}} ORDER BY created_at, id
"""  # noqa: S608  # our own text
_BY_CODE = text(_OFFER.format(which="facts ->> 'code' = ANY(CAST(:names AS text[]))"))
_BY_ID = text(_OFFER.format(which="id = ANY(CAST(:names AS text[]))"))
_ADD = text(
    """
    INSERT INTO outcome (action_id, kind, source, order_id, at, minor, currency, flags, recorded_at)
    VALUES (:action_id, :kind, :source, :order_id, :at, :minor, :currency, :flags, :recorded_at)
    ON CONFLICT DO NOTHING RETURNING action_id
    """
)
_AMEND = text(
    """
    UPDATE outcome SET minor = :minor, flags = :flags
    WHERE action_id = :action_id AND kind = 'accepted' AND source = :source AND minor IS NULL RETURNING action_id
    """
)
_KNOWN = text(
    """
    SELECT action_id, kind, source, order_id, minor FROM outcome
    WHERE kind IN ('accepted', 'given_back') AND (action_id = ANY(CAST(:actions AS text[]))
      OR (order_id = ANY(CAST(:orders AS text[])) AND order_id <> ''))
    ORDER BY recorded_at, source
    """
)
_GOODS = text(
    "SELECT purchase_id, sku, quantity, unit_price FROM purchase_line WHERE purchase_id = ANY(CAST(:orders AS text[]))"
)
_RETURNS = text(
    """
    SELECT id, source, resource, occurred_at, facts FROM event
    WHERE correlation_id = ANY(CAST(:stories AS text[])) AND topic = 'return.created' AND applied_at IS NOT NULL
      AND facts ->> 'order' = ANY(CAST(:orders AS text[]))
    ORDER BY seq
    """
)
_ONE_SALE = text(
    """
    SELECT count(*) FROM purchase AS first JOIN purchase AS second ON second.id = :second
    WHERE first.id = ANY(CAST(:first AS text[])) AND first.transaction <> '' AND first.transaction = second.transaction
    """
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A discount that was decided, as far as its outcome is concerned; `minor` is the money off that was decided.

    Attributes:
        location: Where it counts, and where its code is used.
        told_from: Where the register stands that was told of it: elsewhere, of what is sent home.
    """

    id: str
    code: str
    skus: tuple[str, ...]
    valid_until: datetime
    state: str
    minor: int
    currency: str
    location: str
    told_from: str
    correlation: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome that is known; `minor` is `None` where nobody told."""

    action: str
    kind: Kind
    source: str
    order: str
    minor: int | None


@dataclass(frozen=True, slots=True)
class Return:
    """Goods given back: units by sku, under the name of whoever told."""

    name: str
    event: str
    order: str
    at: datetime
    units: Mapping[str, int]


async def by_code(connection: Connection, codes: Sequence[str]) -> dict[str, Offer]:
    """The newest offer of each of these codes that is one of ours."""
    return {offer.code: offer for offer in await _offers(connection, _BY_CODE, codes)}


async def by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Offer]:
    """Those of these actions that are offers."""
    return {offer.id: offer for offer in await _offers(connection, _BY_ID, ids)}


async def known(connection: Connection, *, actions: Iterable[str] = (), orders: Iterable[str] = ()) -> list[Outcome]:
    """What is known of these actions or on these orders, in the order in which it was recorded."""
    rows = await connection.execute(_KNOWN, {"actions": sorted(set(actions)), "orders": sorted(set(orders))})
    return [Outcome(row.action_id, row.kind, row.source, row.order_id, row.minor) for row in rows]


async def add(  # noqa: PLR0913  # a row's columns, each by name
    connection: Connection,
    outcome: Outcome,
    *,
    currency: str,
    flags: Sequence[str],
    occurred: datetime,
    at: datetime,
) -> bool:
    """Keep an outcome; false when it is known already."""
    told: dict[str, Any] = {
        "action_id": outcome.action,
        "kind": outcome.kind,
        "source": outcome.source,
        "order_id": outcome.order,
        "at": occurred,
        "minor": outcome.minor,
        "currency": currency,
        "flags": list(flags),
        "recorded_at": at,
    }
    return (await connection.execute(_ADD, told)).one_or_none() is not None


async def amend(connection: Connection, outcome: Outcome, flags: Sequence[str]) -> bool:
    """Add the money to an acceptance that was told without; false when it is known already."""
    told = {"action_id": outcome.action, "source": outcome.source, "minor": outcome.minor, "flags": list(flags)}
    return (await connection.execute(_AMEND, told)).one_or_none() is not None


async def goods_of(connection: Connection, orders: Iterable[str]) -> dict[str, dict[str, tuple[int, int]]]:
    """Units and unit price of each line, by order and sku."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for row in await connection.execute(_GOODS, {"orders": sorted(set(orders))}):
        found.setdefault(row.purchase_id, {})[row.sku] = (row.quantity, row.unit_price)
    return found


async def returns_before(connection: Connection, stories: Iterable[str], orders: Iterable[str]) -> list[Return]:
    """Returns of these orders that were told before the orders themselves."""
    rows = await connection.execute(_RETURNS, {"stories": sorted(set(stories)), "orders": sorted(set(orders))})
    return [read_return(row.id, row.resource, row.occurred_at, row.facts) for row in rows]


def read_return(event: str, resource: str, at: datetime, facts: Mapping[str, Any]) -> Return:
    """A return from an event's facts; named by the platform's own name for it, so that two tellings are one."""
    units: dict[str, int] = {}
    for line in facts["lines"]:
        units[line["sku"]] = units.get(line["sku"], 0) + int(line["quantity"])
    return Return(resource or event, event, facts["order"], at, units)


async def one_sale(connection: Connection, first: Iterable[str], second: str) -> bool:
    """Whether an order is the same sale as one of the others, told by another system."""
    found = await connection.execute(_ONE_SALE, {"first": sorted(first), "second": second})
    return bool(found.scalar_one())


async def _offers(connection: Connection, question: Any, names: Sequence[str]) -> list[Offer]:
    rows = await connection.execute(question, {"names": sorted(set(names))})
    return [
        Offer(
            row.id,
            row.code,
            tuple(row.skus),
            datetime.fromisoformat(row.valid_until),
            row.state,
            row.money,
            row.currency,
            row.location_id,
            row.told_from,
            row.correlation_id,
            row.settled_at,
        )
        for row in rows
    ]
