"""One customer over both channels: what they looked at, left in carts, wish for and like; what they will likely buy."""

import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from knowledge.offers.ceiling import Ceiling, ChainDepth, ceilings
from knowledge.offers.companions import CompanionTable
from knowledge.offers.next_basket import next_basket
from knowledge.profile.parts import Part, gather_parts
from knowledge.profile.standing import CrmFacts, Standing
from knowledge.profile.wishes import Ticket, open_tickets, wishes
from knowledge.store.quick import Row
from knowledge.store.session import Database
from policies.vocabulary.ids import CustomerRef

Outside = Callable[[Sequence[CustomerRef]], Awaitable[Part]]
"""Somebody else who knows of a person: its part holds standings, or for `CRM` the CRM's facts."""

CRM: Final = "crm"
WITHIN: Final = 0.5  # seconds; an associate waits for the answer with a customer before them
LEFT_DAYS: Final = 30  # a cart older than this is forgotten by whoever filled it
YEAR: Final = timedelta(days=365)
_VIEWED: Final = 5
_LIKED: Final = 3
_NEXT: Final = 5
_LOOKS: Final = 60
_LINES: Final = 2_000  # newest lines of a year; a reseller's further ones say nothing new
_INTEREST: Final = """
    WITH who AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS ref)
    SELECT interest.sku, interest.kind, max(interest.at) AS at,
           interest.kind = 'cart' AND max(interest.at) > CAST($2 AS timestamptz) AND NOT EXISTS (
               SELECT 1 FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
               WHERE purchase.customer_ref IN (SELECT ref FROM who) AND line.sku = interest.sku
                 AND purchase.occurred_at >= max(interest.at) AND NOT purchase.cancelled) AS left_behind
    FROM interest WHERE interest.customer_ref IN (SELECT ref FROM who)
    GROUP BY interest.sku, interest.kind ORDER BY max(interest.at) DESC, interest.sku LIMIT CAST($3 AS int)
"""
_BOUGHT: Final = """
    SELECT purchase.id, purchase.occurred_at AS at, line.sku, line.quantity - line.returned AS units,
           (line.quantity - line.returned) * line.unit_price - line.discount AS paid,
           coalesce(variant.vendor, '') AS vendor, coalesce(variant.category, '') AS category
    FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
    LEFT JOIN variant ON variant.sku = line.sku
    WHERE purchase.customer_ref IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))
      AND purchase.occurred_at > CAST($2 AS timestamptz) AND NOT purchase.cancelled AND line.quantity > line.returned
    ORDER BY purchase.occurred_at DESC, purchase.id, line.sku LIMIT CAST($3 AS int)
"""


@dataclass(frozen=True, slots=True)
class Taste:
    """What a year's purchases say; money in minor units.

    Attributes:
        brands: The most bought, by units.
        categories: Likewise.
    """

    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    orders: int = 0
    spent: int = 0
    days_since: int | None = None
    likely_next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known now.

    Attributes:
        viewed: Newest five variants looked at.
        left_in_cart: Carted within the month and not bought since, newest first.
        wishlist: Wished for and not bought since.
        tickets: Open ones.
        standings: What each platform's records say of loyalty and credit.
        crm: `None` where no CRM is set up, or none of its records is theirs.
        ceiling: How much off they usually need; `None` when their purchases do not say.
        as_of: The newest fact of each part that has any.
        missing: Parts that were not read in time: the profile is partial.
    """

    viewed: tuple[str, ...] = ()
    left_in_cart: tuple[str, ...] = ()
    wishlist: tuple[str, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    standings: tuple[Standing, ...] = ()
    crm: CrmFacts | None = None
    ceiling: Ceiling | None = None
    taste: Taste = field(default_factory=Taste)
    as_of: dict[str, datetime] = field(default_factory=dict[str, datetime])
    missing: tuple[str, ...] = ()


async def profile_of(  # noqa: PLR0913
    database: Database,
    companions: CompanionTable,
    refs: Sequence[CustomerRef],
    *,
    now: datetime,
    within: float = WITHIN,
    outside: Mapping[str, Outside] | None = None,
    depth: ChainDepth | None = None,
) -> Profile:
    """The profile of one person.

    Args:
        database: The unified store.
        companions: What goes with what, for what they will likely buy.
        refs: All records of the person.
        now: The present.
        within: Seconds each part may take.
        outside: Who else is asked, by the name their part has.
        depth: What a ceiling is drawn towards.
    """
    outside = outside or {}
    asked = json.dumps(list(refs))
    found = await gather_parts(
        {
            "interest": partial(_interest, database, asked, now),
            "purchases": partial(_purchases, database, companions, asked, now),
            "discounts": partial(_discounts, database, refs, depth or ChainDepth(), now),
            "tickets": partial(open_tickets, database.quick, asked),
            "wishlist": partial(wishes, database.quick, asked),
            **{name: partial(source, refs) for name, source in outside.items()},
        },
        within=within,
    )
    known = {name: part.value for name, part in found.parts.items()}
    looks: Sequence[Row] = known.get("interest", ())
    told = [known[name] for name in sorted(outside.keys() & known.keys()) if name != CRM]
    return Profile(
        tuple(row["sku"] for row in looks if row["kind"] == "view")[:_VIEWED],
        tuple(row["sku"] for row in looks if row["left_behind"]),
        known.get("wishlist", ()),
        known.get("tickets", ()),
        tuple(standing for each in told for standing in each),
        known.get(CRM),
        known.get("discounts"),
        known.get("purchases", Taste()),
        {name: part.as_of for name, part in found.parts.items() if part.as_of is not None},
        found.missing,
    )


async def _interest(database: Database, asked: str, now: datetime) -> Part:
    since = (now - timedelta(days=LEFT_DAYS)).isoformat()
    rows = await database.quick.rows(_INTEREST, asked, since, str(_LOOKS))
    return Part(rows, _newest(rows))


async def _purchases(database: Database, companions: CompanionTable, asked: str, now: datetime) -> Part:
    rows = await database.quick.rows(_BOUGHT, asked, (now - YEAR).isoformat(), str(_LINES))
    await companions.keep_fresh(database)
    newest = _newest(rows)
    brands, categories = Counter[str](), Counter[str]()
    orders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        brands[row["vendor"]] += row["units"]
        categories[row["category"]] += row["units"]
        orders[row["id"], row["at"]].append(row["sku"])
    past = [((now - datetime.fromisoformat(at)) / timedelta(days=1), skus) for (_, at), skus in orders.items()]
    learned = companions.learned
    likely = next_basket(learned.model, past, most=_NEXT) if learned else []
    taste = Taste(
        _most(brands),
        _most(categories),
        len(orders),
        sum(row["paid"] for row in rows),
        None if newest is None else (now - newest).days,
        tuple(sku for sku, _ in likely),
    )
    return Part(taste, newest)


async def _discounts(database: Database, refs: Sequence[CustomerRef], depth: ChainDepth, now: datetime) -> Part:
    """Any record of a person leads to all of them."""
    return Part((await ceilings(database.quick, refs[:1], depth, now=now)).get(refs[0]) if refs else None, None)


def _newest(rows: Sequence[Row]) -> datetime | None:
    return max((datetime.fromisoformat(row["at"]) for row in rows), default=None)


def _most(counted: Counter[str]) -> tuple[str, ...]:
    ranked: list[tuple[str, Any]] = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple(name for name, _ in ranked if name)[:_LIKED]
