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

from knowledge.offers.candidates import Candidate, Wanted, Why, wanted
from knowledge.offers.co_purchase import MAX_BASKET
from knowledge.offers.companions import CompanionTable
from knowledge.offers.goods import Goods, goods_at
from knowledge.offers.habit import STRANGER, habits
from knowledge.offers.history import Past, pasts
from knowledge.offers.learned import Learned
from knowledge.offers.possible import Found, Sending, possible, sending_for
from knowledge.store.places import Place, Places
from knowledge.store.session import Database
from policies.actions.discount import Form
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
        within_days: By when it would be promised to arrive, of what is sent home.
    """

    kind: str
    offer: Candidate
    times: int
    within_days: int = 0


@dataclass(frozen=True, slots=True)
class _Basket:
    place: Place
    sending: Sending | None
    kind: str
    skus: tuple[str, ...]
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
    baskets = await _baskets(database, places, limits, companions, until)
    goods: dict[LocationId, dict[str, Goods]] = {}
    for stock, wanted_here in _asked(baskets).items():
        skus, goods[stock] = sorted(wanted_here), {}
        for start in range(0, len(skus), _AT_ONCE):
            goods[stock] |= await goods_at(database.quick, skus[start : start + _AT_ONCE], stock)
    return await asyncio.to_thread(_counted, baskets, goods, limits, learned)


async def _baskets(
    database: Database, places: Places, limits: Limits, companions: CompanionTable, until: datetime
) -> list[_Basket]:
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
        place = places.get(row.location_id)
        found.append(_Basket(place, sending_for(places, place, limits), kind, tuple(row.skus), tuple(wants)))
    return found


def _asked(baskets: Sequence[_Basket]) -> dict[LocationId, set[str]]:
    """Which goods are looked up at which stock."""
    found: dict[LocationId, set[str]] = {}
    for basket in baskets:
        skus = {want.sku for want in basket.wants}
        found.setdefault(basket.place.stock_location, set()).update(skus, basket.skus)
        if basket.sending is not None:
            found.setdefault(basket.sending.place.stock_location, set()).update(skus)
    return found


def _counted(
    baskets: Sequence[_Basket], goods: Mapping[LocationId, Mapping[str, Goods]], limits: Limits, learned: Learned
) -> list[Likely]:
    times: Counter[tuple[str, Form, str, str, Why]] = Counter()
    named: dict[tuple[str, Form, str, str, Why], tuple[Candidate, int]] = {}
    for basket in baskets:
        here, sending = goods[basket.place.stock_location], basket.sending
        held = {sku: here[sku] for sku in basket.skus if sku in here}
        there: Mapping[str, Goods] = goods[sending.place.stock_location] if sending else {}
        offers = possible(
            basket.wants,
            Found(here, held, there),
            limits.place(basket.place.region, basket.place.id),
            sending,
            learned,
            kind=basket.kind,
            currency=None,
            unknown_costs=False,
        )
        for best in offers[:1]:
            partner = str(best.partner.sku) if best.partner else ""
            name = (basket.kind, best.form, str(best.goods.sku), partner, best.wanted.why)
            times[name] += 1
            named[name] = best, sending.limits.home.days if sending and best.form == "home" else 0
    ranked = sorted(times.items(), key=lambda one: (-one[1], one[0]))
    return [Likely(name[0], named[name][0], count, named[name][1]) for name, count in ranked]
