"""What an associate may know of the customer at the counter: who they are as a shopper, and nothing to give away.

It is read through the guard like every assistant's question, under the associate's own role, and stands in the ledger
as theirs. Money is for those alone who answer for it: a till's screen is seen by whoever stands before it.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import uuid4

from agents.word_check import plain_title
from knowledge.identity.match_key import MatchKeys
from knowledge.identity.resolve import recognize
from knowledge.store.places import Places
from knowledge.store.quick import QuickReads
from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId, LocationId
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from server.pos.asked import InsightAsked
from server.pos.known import Counter
from server.pos.told import InsightTold, Item
from tools.proposal import Origin
from tools.read.customer import Customer
from tools.tool import Answer

_SEGMENTS: Final = {
    "new": "New here",
    "returning": "Has come back before",
    "loyal": "A regular",
    "lapsed": "Has not been here for a year",
}
_NOBODY: Final = "Nothing is known of this customer."
_GOODS: Final = """
    SELECT variant.sku, variant.title, variant.category, coalesce(level.available, 0) > 0 AS here
    FROM variant LEFT JOIN known_level AS level ON level.sku = variant.sku AND level.location_id = $2
    WHERE variant.sku = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
"""


class Guarding(Protocol):
    """The guard, as far as an insight uses it."""

    def authorize(self, actor: Actor, what: str, location: LocationId | None = None) -> None:
        """Let through whom the access rules let through."""
        ...

    async def invoke(self, actor: Actor, tool_name: str, arguments: Mapping[str, Any], origin: Origin) -> Answer:
        """Run a tool for somebody."""
        ...


@dataclass(frozen=True, slots=True)
class InsightDesk:
    """Tells insights."""

    database: Database
    guard: Guarding
    keys: MatchKeys
    places: Places
    now: Callable[[], datetime]

    async def tell(self, counter: Counter, asked: InsightAsked) -> InsightTold:
        """What this associate may know of a customer, here.

        Raises:
            Refused: They may not look at customers.
            Unavailable: The database does not answer.
        """
        self.guard.authorize(counter.actor, "find_customer", counter.location)
        ref = await recognize(self.database.quick, self.keys.readings("shopify", asked.customer))
        if ref is None:
            return InsightTold(known=False, lines=(_NOBODY,), as_of=self.now())
        call = uuid4().hex
        origin = Origin(CorrelationId(call), f"pos:{call}")
        found = await self.guard.invoke(counter.actor, "get_customer", {"customer": ref}, origin)
        assert isinstance(found, Customer)  # noqa: S101  # the tool's own answer
        known = found.known
        skus = {*known.viewed, *known.left_in_cart, *known.likely_next}
        titles = await items_of(self.database.quick, skus, self.places.get(counter.location).stock_location)
        return InsightTold(
            known=True,
            lines=lines_of(found, money=self._sees_money(counter)),
            viewed=picked(known.viewed, titles),
            left_in_cart=picked(known.left_in_cart, titles),
            likely_next=picked(known.likely_next, titles),
            consent_email=found.consent_email,
            consent_sms=found.consent_sms,
            unclear=found.unclear_consent,
            partial=known.partial,
            as_of=self.now(),
        )

    def _sees_money(self, counter: Counter) -> bool:
        try:
            self.guard.authorize(counter.actor, "see_costs", counter.location)
        except Refused:
            return False
        return True


def lines_of(found: Customer, *, money: bool) -> tuple[str, ...]:
    """What is known of a customer's orders, in sentences; what they spent and save only with `money`."""
    lines = [f"{_SEGMENTS[found.segment]}: {found.orders} {'order' if found.orders == 1 else 'orders'} so far."]
    if found.last_order_at is not None:
        lines.append(f"Last bought {found.last_order_at:%Y-%m-%d}.")
    if found.known.brands:
        lines.append(f"Likes {', '.join(found.known.brands)}.")
    if found.known.categories:
        lines.append(f"Buys {', '.join(found.known.categories)}.")
    if money:
        year = found.known.year_spent
        lines.append(f"Spent {Money(year.minor, year.currency)} within a year.")
        if (usual := found.known.discounts) is not None:
            often = f"{usual.discounted} of {usual.purchases} purchases were"
            lines.append(f"{often} at a discount; no offer takes more than {Percent(usual.ceiling_bp)} off.")
    return tuple(lines)


async def items_of(quick: QuickReads, skus: Collection[str], stock: LocationId) -> Mapping[str, Item]:
    """Variants by sku, with whether they are on the shelves of `stock`; what is not in the catalog is left out."""
    rows = await quick.rows(_GOODS, json.dumps(sorted(skus)), stock)
    return {
        row["sku"]: Item(sku=row["sku"], title=plain_title(row["title"], row["category"]), here=row["here"])
        for row in rows
    }


def picked(skus: Sequence[str], known: Mapping[str, Item]) -> tuple[Item, ...]:
    """These of the known ones, in their order."""
    return tuple(known[sku] for sku in skus if sku in known)
