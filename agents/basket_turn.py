"""What is drawn for a basket at a register: offers of every form, at prices of this moment."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agents.fresh_goods import fresh_goods
from knowledge.events.families import CheckoutFacts
from knowledge.offers.arms import Asked, Turn, turn_of
from knowledge.offers.candidates import Candidate, wanted
from knowledge.offers.ceiling import under
from knowledge.offers.companions import CompanionTable
from knowledge.offers.drawing import Drawing
from knowledge.offers.forms import FORMS
from knowledge.offers.goods import Goods, goods_at
from knowledge.offers.history import Past
from knowledge.offers.possible import Found, Sending, possible, sending_for
from knowledge.offers.promoted import PromotionTable
from knowledge.store.places import Place, Places
from knowledge.store.session import Database
from policies.limits import Limits
from tools.fresh_prices import FreshPrices

ASKED = 4  # goods whose price is asked of the platform for one basket


@dataclass(frozen=True, slots=True)
class BasketTurns:
    """Draws for baskets."""

    database: Database
    places: Places
    limits: Limits
    companions: CompanionTable
    prices: FreshPrices
    drawing: Drawing
    promotions: PromotionTable
    now: Callable[[], datetime]

    async def draw(
        self, checkout: CheckoutFacts, past: Past, place: Place, asked: Asked, *, deadline: float
    ) -> Turn | None:
        """What is drawn; `None` where nothing is worth drawing for.

        Args:
            checkout: The basket.
            past: Of whoever buys.
            place: Of the register.
            asked: For whom, and on which occasion.
            deadline: Of asking for prices: a moment of the running event loop's clock, in seconds.
        """
        charged = {line.sku: line.unit_price for line in checkout.lines if line.quantity}
        wants = wanted(list(charged), past, self.companions)
        if not wants:
            return None
        sending = sending_for(self.places, place, self.limits, asked.ceiling)
        quick, skus = self.database.quick, [want.sku for want in wants]
        here, online = await asyncio.gather(
            goods_at(quick, [*skus, *charged], place.stock_location),
            goods_at(quick, skus, sending.place.stock_location) if sending else _nothing(),
        )
        # a pair is priced as the register charges it, or not at all
        held = {sku: here[sku] for sku, price in charged.items() if sku in here and here[sku].price == price}
        limits = under(self.limits.place(place.region, place.id), asked.ceiling)
        learned = self.drawing.learned.now

        def offers(found: Found) -> list[Candidate]:
            told = checkout.currency
            return possible(wants, found, limits, sending, learned, kind=asked.kind, currency=told, unknown_costs=True)

        def drawn(among: Sequence[Candidate]) -> Turn | None:
            return turn_of(among, learned, limits.discount, self.drawing.lottery, asked)

        promoted = self.promotions.at(place, self.now())
        promoted_online = self.promotions.at(sending.place, self.now()) if sending else None
        known = Found(here, held, online, promoted, promoted_online)
        likely = offers(known)
        if drawn(likely) is None:
            return None  # at the prices the catalog remembers it is not worth asking the platform
        return drawn(offers(await self._fresh(likely, known, place, sending, deadline)))

    async def _fresh(
        self, likely: Sequence[Candidate], found: Found, place: Place, sending: Sending | None, deadline: float
    ) -> Found:
        """What is most likely offered, at the prices of now; online only what was not on the shelf before."""
        first = _first(likely)
        near = [str(one.goods.sku) for one in first if one.form != "home"]
        near += [str(one.partner.sku) for one in first if one.partner]
        far = [str(one.goods.sku) for one in first if one.form == "home"]
        within = deadline - asyncio.get_running_loop().time()
        seconds = self.limits.place(place.region, place.id).discount.price_age_s

        async def fresh(platform: str, goods: dict[str, Goods], skus: Sequence[str], age: int) -> dict[str, Goods]:
            if not skus:
                return {}
            return await fresh_goods(self.prices, platform, goods, skus, now=self.now(), seconds=age, within=within)

        here, online = await asyncio.gather(
            fresh(place.platform, dict(found.here), near, seconds),
            fresh(sending.place.platform, dict(found.online), far, sending.limits.discount.price_age_s)
            if sending
            else _nothing(),
        )
        held = {sku: here[sku] for sku in found.held if sku in here and here[sku].price == found.held[sku].price}
        return replace(found, here=here, held=held, online=online)


def _first(likely: Sequence[Candidate]) -> list[Candidate]:
    """The most valuable, and the best of every form: a form that is never priced is never drawn."""
    found = list(likely[:ASKED])
    for form in FORMS:
        found += [one for one in likely if one.form == form][:1]
    return found


async def _nothing() -> dict[str, Goods]:
    return {}
