"""Whether some groups of customers are treated otherwise than the rest, told only where enough were seen to tell.

Groups are made of what a shop may know anyway: since when somebody buys here, how much, where, and through which
channel. Nothing about who they are is read, kept or guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import ONLINE, Place, Places
from tools.review.fairness import Group, compare
from tools.review.happened import Happened
from tools.review.week import Week

LEAST: Final = 20  # of anything a share is taken of; fewer could point at a person, and prove nothing
_AT_ONCE: Final = 5_000
_MEETS: Final = timedelta(days=1)  # an offer to a customer counts for the orders of the day after it
_YOUNG, _OLD = timedelta(days=90), timedelta(days=365)

_CUSTOMERS = text("SELECT ref, first_order_at, spent FROM customer WHERE ref = ANY(CAST(:refs AS text[]))")
_QUARTERS = text(
    "SELECT percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY spent) FROM customer WHERE spent > 0"
)
_ORDERS = text(
    """
    SELECT purchase.id, location_id, channel, customer_ref, occurred_at, transaction, first_order_at, spent
    FROM purchase LEFT JOIN customer ON customer.ref = purchase.customer_ref
    WHERE occurred_at >= :begins AND occurred_at < :ends AND NOT cancelled
    """
)


@dataclass(frozen=True, slots=True)
class _Customer:
    first: datetime | None
    spent: int


@dataclass(slots=True)
class Cohorts:
    """Takes the week's discounts as they come, then its orders, and compares."""

    places: Places
    _known: dict[str, Place] = field(default_factory=dict[str, Place])
    _offers: list[Happened] = field(default_factory=list[Happened])
    _quarters: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self._known = {place.id: place for place in self.places}

    def count(self, one: Happened) -> None:
        """Keep one action, if it is a discount."""
        if one.kind == "discount":
            self._offers.append(one)

    async def facts(self, connection: Connection, week: Week) -> dict[str, Any]:
        """The comparison as JSON; in the transaction the actions were read in."""
        self._quarters = tuple((await connection.execute(_QUARTERS)).scalar_one() or ())
        groups: dict[tuple[str, str], Group] = {}
        customers = await self._customers(connection)
        for one in self._offers:
            for name in self._of(one.location, "", one.customer, customers.get(one.customer), one.at):
                group = groups.setdefault(name, Group())
                group.proposed += 1
                group.refused += one.refused
                group.made += one.made
                group.accepted += one.made and one.given is not None
        met = _Met(self._offers)
        async for batch in connection.partitions(_ORDERS, {"begins": week.begins, "ends": week.ends}, _AT_ONCE):
            for row in batch:
                known = None if row.first_order_at is None else _Customer(row.first_order_at, row.spent)
                offered = met.offered(row.transaction, row.customer_ref or "", row.occurred_at)
                for name in self._of(row.location_id, row.channel, row.customer_ref or "", known, row.occurred_at):
                    group = groups.setdefault(name, Group())
                    group.orders += 1
                    group.offered += offered
        return compare(groups, LEAST)

    async def _customers(self, connection: Connection) -> Mapping[str, _Customer]:
        refs = sorted({one.customer for one in self._offers if one.customer})
        rows = await connection.execute(_CUSTOMERS, {"refs": refs})
        return {row.ref: _Customer(row.first_order_at, row.spent) for row in rows}

    def _of(
        self, location: str, channel: str, customer: str, known: _Customer | None, at: datetime
    ) -> list[tuple[str, str]]:
        """The groups something belongs to, one of each kind that can be told."""
        place = self._known.get(location)
        names = [("channel", channel or ("online" if place and place.kind == ONLINE else "pos"))]
        if place is not None:
            names.append(("region", place.region))
        if not customer:
            names.append(("customer", "not known"))
            return names
        if known is None or known.first is None or known.first >= at:
            names.append(("customer", "new"))
            return names
        names.append(("customer", "returning"))
        since = at - known.first
        names.append(("buys here", "under 90 days" if since < _YOUNG else "up to a year" if since < _OLD else "longer"))
        if self._quarters and known.spent > 0:
            quarter = sum(known.spent > edge for edge in self._quarters) + 1
            names.append(("spent so far", f"quarter {quarter} of 4"))
        return names


class _Met:
    """Which orders had an offer made before they were paid."""

    def __init__(self, offers: list[Happened]) -> None:
        self._by_transaction: dict[str, datetime] = {}
        self._by_customer: dict[str, list[datetime]] = {}
        for one in offers:
            if not one.made:
                continue
            self._by_transaction.setdefault(one.transaction, one.at)
            if one.customer:
                self._by_customer.setdefault(one.customer, []).append(one.at)

    def offered(self, transaction: str, customer: str, at: datetime) -> bool:
        first = self._by_transaction.get(transaction) if transaction else None
        if first is not None and first <= at:
            return True
        return any(timedelta() <= at - made <= _MEETS for made in self._by_customer.get(customer, ()))
