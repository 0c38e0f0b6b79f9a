"""The offers specialist: what goes with what, who showed interest, what the margin allows; often it says nothing."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from agents.basket_offer import BasketDesk, BasketOffer
from agents.fresh_goods import fresh_goods
from agents.offer import Occasion, code_for, proposal_for
from agents.routing import OFFERS, topics_of
from agents.specialist import Finding
from agents.standing import settled
from agents.visits import Visit, inside_shops, visit_key, visits
from agents.words import Sayable, Writer, Written, key_of, personal, said_of, template
from knowledge.events.event import Event
from knowledge.events.families import CheckoutFacts
from knowledge.offers.arms import Asked, Turn, turn_of
from knowledge.offers.candidates import Candidate, Wanted, Why, wanted
from knowledge.offers.ceiling import Ceiling, ceilings, under
from knowledge.offers.companions import CompanionTable
from knowledge.offers.drawing import Drawing, Withheld
from knowledge.offers.goods import Goods, goods_at
from knowledge.offers.habit import habits
from knowledge.offers.history import Past, pasts
from knowledge.offers.possible import Found, Sending, possible, sending_for
from knowledge.offers.promoted import PromotionTable
from knowledge.profile.complaints import Complaints, hushed
from knowledge.store.places import SHOP, Place, Places
from knowledge.store.session import Database, utc_now
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CustomerRef, LocationId
from tools.fresh_prices import FreshPrices
from tools.proposal import REGISTER_AT, Origin, Proposal

_ASKED = 3  # goods whose price is asked of the platform for one visit
_RECALLED_WITHIN = 0.5  # seconds for kept lines of a whole burst
Shelves = dict[LocationId, dict[str, Goods]]  # by stock location, then by sku
_RECENT = 6  # past looks and purchases whose companions tell of taste


@dataclass(frozen=True, slots=True)
class Buyer:
    """What offers look at of a customer beside what they did lately."""

    kind: str
    ceiling: Ceiling | None


class OffersSpecialist:
    """Proposes discounts: to a basket at a register while it waits, and to known customers who show interest.

    Nobody is offered anything twice a day by events, and nobody who is not there now.

    Args:
        database: The unified store.
        places: Where stock and limits are looked up.
        limits: The retailer's numbers.
        secret: Makes discount codes that cannot be guessed.
        companions: What goes with what.
        writer: Finds the words; template text by default.
        prices: Asks platforms what goods cost now; without it a price the catalog has not just heard is not used.
        campaign: The name its offers count under; "" for none.
        drawing: Who is held out, what is tried beside the best, and what was learned; nobody and nothing by default.
        complaints: Who waits for an answer to one is offered nothing.
        promotions: What the retailer's calendar reduces for everybody: told of, and never reduced further.
        now: The present.
        present: When an event is looked at: now, unless a burst is handed over long after it could have been.
    """

    name = OFFERS
    actor = Actor("specialist:offers", Role.OFFERS_SPECIALIST, None, Door.EVENT)
    topics = topics_of(OFFERS)

    def __init__(  # noqa: PLR0913
        self,
        database: Database,
        places: Places,
        limits: Limits,
        *,
        secret: bytes,
        companions: CompanionTable | None = None,
        writer: Writer | None = None,
        prices: FreshPrices | None = None,
        campaign: str = "",
        drawing: Drawing | None = None,
        complaints: Complaints | None = None,
        promotions: PromotionTable | None = None,
        now: Callable[[], datetime] = utc_now,
        present: Callable[[Event], datetime] | None = None,
    ) -> None:
        self.companions = companions or CompanionTable()
        self._database = database
        self._places = places
        self._limits = limits
        self._secret = secret
        self._now = now
        self._present: Callable[[Event], datetime] = present or (lambda _: now())
        self._prices = prices or FreshPrices({}, now)
        self._writer = writer or Writer()
        self._campaign = campaign
        self._drawing = drawing or Drawing()
        self._complaints = complaints or Complaints()
        self._promotions = promotions or PromotionTable()
        self._desk = BasketDesk(
            database,
            places,
            limits,
            self.companions,
            self._prices,
            self._writer,
            secret,
            now,
            campaign,
            self._drawing,
            self._complaints,
            self._promotions,
        )

    async def for_basket(  # noqa: PLR0913  # whose basket, until when, and who speaks
        self,
        checkout: CheckoutFacts,
        customer: CustomerRef | None,
        *,
        origin: Origin,
        deadline: float,
        actor_id: str = "",
        live_words: bool = True,
    ) -> BasketOffer | None:
        """The best offer for a basket at a register, in words; `None` when silence is worth more.

        Args:
            checkout: The basket.
            customer: Who buys; `None` for a stranger, who is offered what goes with the basket.
            origin: The checkout call.
            deadline: A moment of the running event loop's clock, in seconds, by which the guard must have decided too.
                A late model costs only its words.
            actor_id: Who will propose it to the guard; this specialist's own actor unless told otherwise.
            live_words: A model may be asked for its line now; else a kept line or the template is said, at once.

        Raises:
            NotFound: The location is not known.
        """
        return await self._desk.offer(
            checkout,
            customer,
            origin=origin,
            deadline=deadline,
            actor=actor_id or self.actor.id,
            live_words=live_words,
        )

    async def consider(self, events: Sequence[Event], customers: Mapping[str, CustomerRef]) -> Finding:
        """Offers for known customers who are looking around now."""
        now = self._now()
        inside = await inside_shops(self._database.quick, events, customers, self._places, self._present)
        present, passed = visits(events, customers, self._places, self._limits, self._present, inside=inside)
        if not present:
            return Finding((), (), passed)
        keys = {visit.customer: self._key(visit) for visit in present}
        async with self._database.reading() as connection:
            await self.companions.refresh(connection)
            asked = await settled(connection, self.actor.id, keys.values())
        fresh = [visit for visit in present if keys[visit.customer] not in asked]
        passed["offered_today"] += len(present) - len(fresh)
        quick = self._database.quick
        complaints = await self._complaints.of(quick, [visit.customer for visit in fresh])
        notes = [
            (visit.event.id, hushed(complaints[visit.customer])) for visit in fresh if visit.customer in complaints
        ]
        fresh = [visit for visit in fresh if visit.customer not in complaints]
        passed["complaint"] += len(notes)
        await self._drawing.learned.keep_fresh(quick)
        await self._promotions.keep_fresh(quick, now)
        refs = [visit.customer for visit in fresh]
        past, kinds = await pasts(quick, refs, now=now), await habits(quick, refs, now=now)
        ceiling = await ceilings(quick, refs, self._drawing.depth, now=now)
        buyers = {ref: Buyer(kinds[ref], ceiling.get(ref)) for ref in refs}
        wants = {visit.customer: self._wants(visit, past.get(visit.customer, Past())) for visit in fresh}
        goods: Shelves = {}
        for stock, skus in self._looked_up(fresh, wants).items():
            goods[stock] = await goods_at(quick, sorted(skus), stock) if skus else {}
        likely = {
            visit.customer: self._likely(visit, wants[visit.customer], goods, buyers[visit.customer]) for visit in fresh
        }
        priced = await self._priced(fresh, likely, goods)
        made: list[tuple[Visit, Turn]] = []
        for visit in fresh:
            buyer, far = buyers[visit.customer], {one.goods.sku for one in likely[visit.customer] if one.form == "home"}
            offers = self._offerable(visit, wants[visit.customer], priced, buyer, far)
            turn = self._turn(visit, offers, buyer) if offers else None
            if turn is None:
                passed["price_unknown" if likely[visit.customer] else "not_worth_it"] += 1
            elif turn.arm.offers:
                made.append((visit, turn))
            else:
                passed["withheld"] += 1
                told = (self._drawing.lottery, now, visit.event.correlation)
                self._drawing.withhold(Withheld.of(turn, visit.place.id, _transaction(visit, turn), *told))
        said = [self._sayable(visit, turn) for visit, turn in made]
        kept = await self._writer.recalled(said, deadline=asyncio.get_running_loop().time() + _RECALLED_WITHIN)
        proposals = [
            self._propose(visit, turn, keys[visit.customer], words or Written(0, template(sayable), "template"))
            for (visit, turn), sayable, words in zip(made, said, kept, strict=True)
        ]
        return Finding(tuple(proposals), tuple(notes), +passed)

    def _looked_up(
        self, fresh: Sequence[Visit], wants: Mapping[CustomerRef, Sequence[Wanted]]
    ) -> dict[LocationId, set[str]]:
        """Which goods are looked up at which stock: that of the visit's place, and that of whoever sends home."""
        found: dict[LocationId, set[str]] = {}
        for visit in fresh:
            skus = {want.sku for want in wants[visit.customer]}
            found.setdefault(visit.place.stock_location, set()).update(skus, visit.holding)
            if sending := self._sending(visit):
                found.setdefault(sending.place.stock_location, set()).update(skus)
        return dict(sorted(found.items()))

    async def _priced(
        self, fresh: Sequence[Visit], likely: Mapping[CustomerRef, Sequence[Candidate]], goods: Shelves
    ) -> Shelves:
        """What could be offered, at the prices of now, by stock location; one question per platform and stock."""
        skus: dict[Place, list[str]] = {}
        seconds: dict[LocationId, int] = {}
        for visit in fresh:
            sending = self._sending(visit)
            for one in likely[visit.customer][:_ASKED]:
                place = sending.place if sending and one.form == "home" else visit.place
                asked = skus.setdefault(self._places.get(place.stock_location), [])
                asked += [one.goods.sku, *([one.partner.sku] if one.partner else [])]
                allowed = self._limits.place(place.region, place.id).discount.price_age_s
                seconds[place.stock_location] = min(allowed, seconds.get(place.stock_location, allowed))
        return {
            place.id: await fresh_goods(
                self._prices, place.platform, goods[place.id], asked, now=self._now(), seconds=seconds[place.id]
            )
            for place, asked in skus.items()
        }

    def _wants(self, visit: Visit, past: Past) -> list[Wanted]:
        drawn_to = (*visit.viewed, *past.carted[:_RECENT], *past.viewed[:_RECENT], *past.bought[:_RECENT])
        return wanted(visit.holding, past, self.companions, drawn_to=drawn_to)

    def _sending(self, visit: Visit) -> Sending | None:
        return sending_for(self._places, visit.place, self._limits)

    def _offerable(
        self, visit: Visit, wants: Sequence[Wanted], goods: Shelves, buyer: Buyer, far: Collection[str] | None = None
    ) -> list[Candidate]:
        """Offers of every form; `far` are the goods that may be sent home, all that are not on the shelf by default."""
        sending = sending_for(self._places, visit.place, self._limits, buyer.ceiling)
        here = goods.get(visit.place.stock_location, {})
        online = goods.get(sending.place.stock_location, {}) if sending else {}
        if far is not None:  # what was not asked about must not look as if it were not on the shelf
            online = {sku: one for sku, one in online.items() if sku in far}
        held = {sku: here[sku] for sku in visit.holding if sku in here}
        limits = under(self._limits.place(visit.place.region, visit.place.id), buyer.ceiling)
        promoted = self._promotions.at(visit.place, self._now())
        promoted_online = self._promotions.at(sending.place, self._now()) if sending else None
        found = Found(here, held, online, promoted, promoted_online)
        learned, kind = self._drawing.learned.now, buyer.kind
        return possible(wants, found, limits, sending, learned, kind=kind, currency=None, unknown_costs=False)

    def _likely(self, visit: Visit, wants: Sequence[Wanted], goods: Shelves, buyer: Buyer) -> list[Candidate]:
        """What may be worth an offer at the prices the catalog remembers; only of that is the platform asked."""
        offers = self._offerable(visit, wants, goods, buyer)
        return offers if self._turn(visit, offers, buyer) is not None else []

    def _turn(self, visit: Visit, offers: Sequence[Candidate], buyer: Buyer) -> Turn | None:
        limits = under(self._limits.place(visit.place.region, visit.place.id), buyer.ceiling).discount
        # the occasion is written into evidence, where the key's customer has no place
        occasion = f"visit-{sha256(self._key(visit).encode()).hexdigest()[:20]}"
        asked = Asked(occasion, visit.customer, buyer.kind, self._campaign, buyer.ceiling)
        return turn_of(offers, self._drawing.learned.now, limits, self._drawing.lottery, asked)

    def _occasion(self, visit: Visit, turn: Turn) -> Occasion:
        event, sending = visit.event, self._sending(visit)
        valid = timedelta(seconds=self._limits.place(visit.place.region, visit.place.id).discount.valid_s)
        return Occasion(
            visit.place.id,
            visit.customer,
            _transaction(visit, turn),
            event.occurred_at + valid,
            self._day(visit),
            Origin(event.correlation, event.id, event.occurred_at),
            self._campaign,
            sends=sending.place.id if sending else None,
            within_days=sending.limits.home.days if sending else 0,
        )

    def _sayable(self, visit: Visit, turn: Turn) -> Sayable:
        best = turn.arm.offers[0]
        occasion = self._occasion(visit, turn)
        days = occasion.within_days if best.form == "home" else 0
        said = said_of(best, code_for(self._secret, occasion, best.goods.sku), within_days=days)
        why = best.wanted.why
        if why is Why.COMPANION and not visit.holding:
            why = Why.AKIN  # it goes with their taste: nobody is told of a basket they have not got
        return Sayable("event", said, why, key_of(turn.asked.kind, best, days))

    def _propose(self, visit: Visit, turn: Turn, key: str, words: Written) -> Proposal:
        best = turn.arm.offers[0]
        packs = set(self._limits.place(visit.place.region, visit.place.id).packs)
        if best.form == "home" and (sending := self._sending(visit)):
            packs |= set(sending.limits.packs)
        message = personal(words.text, tuple(sorted(packs)), known=True)
        evidence = {"choice": turn.facts(self._drawing.lottery, best), "words": words.source}
        if best.form == "home" and visit.place.kind == SHOP:
            evidence[REGISTER_AT] = visit.place.id  # bought of the online shop, and told in this one
        occasion = self._occasion(visit, turn)
        return proposal_for(
            best, occasion, key=key, secret=self._secret, message=message, evidence=evidence, model=words.model
        )

    def _key(self, visit: Visit) -> str:
        return visit_key(visit.customer, visit.place, visit.event.occurred_at)

    def _day(self, visit: Visit) -> str:
        return visit.event.occurred_at.astimezone(ZoneInfo(visit.place.timezone)).date().isoformat()


def _transaction(visit: Visit, turn: Turn) -> str:
    return visit.cart or turn.asked.occasion
