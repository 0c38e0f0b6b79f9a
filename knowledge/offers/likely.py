"""Which offers will most likely be made soon: what the core would have offered for the baskets of late, counted.

Nothing is drawn and nothing is asked of platforms: it is a guess at what words will be needed for, and a wrong guess
costs a line nobody says.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.offers.arms import offerable
from knowledge.offers.candidates import Wanted, Why, wanted
from knowledge.offers.co_purchase import MAX_BASKET
from knowledge.offers.companions import CompanionTable
from knowledge.offers.goods import Goods, goods_at
from knowledge.offers.habit import STRANGER, habits
from knowledge.offers.history import Past, pasts
from knowledge.offers.learned import Learned
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.limits import Limits
from policies.vocabulary.ids import CustomerRef, LocationId

DAYS: Final = 28  # baskets older than this are of another season
BASKETS: Final = 3_000  # the newest; more change the order of offers nobody will see
_AT_ONCE: Final = 500  # customers and goods asked of the store in one question

_BASKETS: Final = text(
    """
    SELECT purchase.location_id, purchase.customer_ref, array_agg(line.sku ORDER BY line.sku) AS skus
    FROM purchase JOIN purchase_line AS line ON line.purchase_id = purchase.id
    WHERE purchase.occurred_at >= :since AND purchase.occurred_at < :until AND NOT purchase.cancelled
      AND line.quantity > 0
    GROUP BY purchase.id HAVING count(*) <= :most
    ORDER BY purchase.occurred_at DESC, purchase.id LIMIT :baskets
    """
)


@dataclass(frozen=True, slots=True)
class Likely:
    """An offer that may be made soon.

    Attributes:
        kind: Of buyer it would be made to.
        times: How many of the newest baskets would have led to it.
    """

    kind: str
    goods: Goods
    why: Why
    times: int


@dataclass(frozen=True, slots=True)
class _Basket:
    location: LocationId
    stock: LocationId
    kind: str
    wants: tuple[Wanted, ...]


async def likely_offers(  # noqa: PLR0913  # the store, and what offers are made of
    database: Database,
    places: Places,
    limits: Limits,
    companions: CompanionTable,
    learned: Learned,
    *,
    until: datetime,
) -> list[Likely]:
    """The likeliest offers first, the same every time.

    Args:
        database: The unified store.
        places: Where each basket was bought; one bought nowhere we know is passed over.
        limits: The retailer's numbers.
        companions: What goes with what, fresh.
        learned: How buyers answer.
        until: The present.
    """
    baskets = await _baskets(database, places, companions, until)
    goods: dict[LocationId, dict[str, Goods]] = {}
    for stock in sorted({basket.stock for basket in baskets}):
        skus = sorted({want.sku for basket in baskets if basket.stock == stock for want in basket.wants})
        goods[stock] = {}
        for start in range(0, len(skus), _AT_ONCE):
            goods[stock] |= await goods_at(database.quick, skus[start : start + _AT_ONCE], stock)
    return await asyncio.to_thread(_counted, baskets, goods, places, limits, learned)


async def _baskets(database: Database, places: Places, companions: CompanionTable, until: datetime) -> list[_Basket]:
    window = {"since": until - timedelta(days=DAYS), "until": until, "most": MAX_BASKET, "baskets": BASKETS}
    known = {place.id for place in places}
    async with database.reading() as connection:
        rows = [row for row in (await connection.execute(_BASKETS, window)).all() if row.location_id in known]
    refs = sorted({CustomerRef(row.customer_ref) for row in rows if row.customer_ref})
    past: dict[str, Past] = {}
    kinds: dict[str, str] = {}
    for start in range(0, len(refs), _AT_ONCE):
        part = refs[start : start + _AT_ONCE]
        past |= await pasts(database.quick, part, now=until)
        kinds |= await habits(database.quick, part, now=until)
    found: list[_Basket] = []
    for row in rows:
        did = past.get(row.customer_ref or "", Past())
        # what they bought is what they may buy again one day: the basket itself says what is not offered with it
        wants = wanted(row.skus, Past(did.viewed, did.carted), companions)
        kind = kinds[row.customer_ref] if row.customer_ref else STRANGER
        found.append(_Basket(row.location_id, places.get(row.location_id).stock_location, kind, tuple(wants)))
    return found


def _counted(
    baskets: Sequence[_Basket],
    goods: Mapping[LocationId, Mapping[str, Goods]],
    places: Places,
    limits: Limits,
    learned: Learned,
) -> list[Likely]:
    times: Counter[tuple[str, str, Why]] = Counter()
    named: dict[str, Goods] = {}
    for basket in baskets:
        place = places.get(basket.location)
        offers = offerable(
            basket.wants,
            goods[basket.stock],
            limits.place(place.region, place.id).discount,
            learned.response(basket.kind),
            currency=None,
            unknown_costs=False,
        )
        for best in offers[:1]:
            times[basket.kind, best.goods.sku, best.wanted.why] += 1
            named[best.goods.sku] = best.goods
    ranked = sorted(times.items(), key=lambda one: (-one[1], one[0]))
    return [Likely(kind, named[sku], why, count) for (kind, sku, why), count in ranked]
