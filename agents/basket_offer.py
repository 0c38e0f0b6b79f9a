"""An offer for the basket at a register, while the customer waits: within its deadline or not at all."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from agents.basket_turn import ASKED, BasketTurns
from agents.context import Context, Source, gather
from agents.offer import Occasion, code_for, proposal_for
from agents.standing import Settled, settled_now
from agents.word_check import Said, plain_title
from agents.words import Sayable, Words, Writer, key_of, personal, said_of, template
from knowledge.anonymity.finder import audience_of
from knowledge.events.families import CheckoutFacts
from knowledge.offers.arms import Asked
from knowledge.offers.candidates import Candidate, Why, wanted
from knowledge.offers.ceiling import Ceiling, ceilings
from knowledge.offers.companions import CompanionTable
from knowledge.offers.drawing import Drawing, Withheld
from knowledge.offers.goods import goods_at
from knowledge.offers.habit import STRANGER, habits
from knowledge.offers.history import Past, pasts
from knowledge.offers.possible import sending_for
from knowledge.offers.promoted import PromotionTable
from knowledge.profile.complaints import Complaints, Hushed
from knowledge.store.places import Place, Places
from knowledge.store.session import Database
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.limits import Limits
from policies.vocabulary.ids import CustomerRef
from tools.fresh_prices import FreshPrices
from tools.proposal import Origin, Proposal

DECIDING = 0.050  # seconds before the deadline that words may not use: the guard still has to decide and record
_READING_SHARE = 0.4  # of the time left, for what is nice to know; the rest is for deciding and wording


@dataclass(frozen=True, slots=True)
class BasketOffer:
    """What to propose, and the line to show once the guard has allowed it."""

    proposal: Proposal
    message: str
    source: Words


@dataclass(frozen=True, slots=True)
class BasketDesk:
    """Makes at most one offer per state of a register's transaction and day: asking again gives the first one back.

    A register that tells changes names each state; draws are by transaction, so that a growing basket is one occasion.
    """

    database: Database
    places: Places
    limits: Limits
    companions: CompanionTable
    prices: FreshPrices
    writer: Writer
    secret: bytes
    now: Callable[[], datetime]
    campaign: str = ""
    drawing: Drawing = field(default_factory=Drawing)
    complaints: Complaints = field(default_factory=Complaints)
    promotions: PromotionTable = field(default_factory=PromotionTable)

    async def offer(  # noqa: PLR0913  # whose basket, until when, and who speaks
        self,
        checkout: CheckoutFacts,
        customer: CustomerRef | None,
        *,
        origin: Origin,
        deadline: float,
        actor: str,
        live_words: bool = True,
    ) -> BasketOffer | None:
        """An offer, or `None` when silence is worth more.

        Raises:
            NotFound: The location is not known.
        """
        now = self.now()
        place = self.places.get(checkout.location)
        day = now.astimezone(ZoneInfo(place.timezone)).date().isoformat()
        transaction = f"basket:{place.id}:{day}:{checkout.transaction}"
        key = ":".join([transaction, *filter(None, [checkout.revision])])
        context = await self._context(key, actor, checkout, customer, place, now, deadline)
        if {"earlier", "complaint"}.intersection(context.missing):
            return None  # not knowing, the same basket could be given two codes, or who complains an offer
        first: Settled | None = context.found["earlier"]
        if first is not None:
            return await self._again(first, key, origin, place, now)
        if (complaint := context.found["complaint"]) is not None:
            self.complaints.note(Hushed(complaint, origin.correlation, origin.causation, now))
            return None
        limits = self.limits.place(place.region, place.id)
        asked = Asked(transaction, customer, context.found["kind"], self.campaign, context.found["ceiling"])
        past: Past = context.found["past"]
        turn = await self.turns.draw(checkout, past, place, asked, deadline=deadline - DECIDING)
        if turn is None:
            return None
        best = turn.arm.offers
        if not best:
            silent = (place.id, checkout.transaction, self.drawing.lottery, now, origin.correlation)
            self.drawing.withhold(Withheld.of(turn, *silent))
            return None
        valid = timedelta(seconds=limits.discount.valid_s)
        sending = sending_for(self.places, place, self.limits)
        sends, days = (sending.place.id, sending.limits.home.days) if sending else (None, 0)
        told = (place.id, customer, checkout.transaction, now + valid, day, origin, self.campaign)
        occasion = Occasion(*told, sends, days, checkout.revision)
        sayable = [_sayable(one, best, occasion, self.secret, asked.kind) for one in best]
        written = await self.writer.write(
            sayable, deadline=deadline - DECIDING, audience=context.found["audience"], live=live_words
        )
        evidence: dict[str, Any] = {
            "basket": [line.sku for line in checkout.lines],
            "missing": list(context.missing),
            "words": written.source,
        }
        if written.objection:
            evidence["words_refused"] = written.objection
        chosen = best[written.choice]
        evidence["choice"] = turn.facts(self.drawing.lottery, chosen)
        packs = set(limits.packs)
        if sending and chosen.form == "home":  # bought of the online shop, told in this one: both jurisdictions hold
            packs |= set(sending.limits.packs)
        message = personal(written.text, tuple(sorted(packs)), known=customer is not None)
        proposal = proposal_for(
            chosen,
            occasion,
            key=key,
            secret=self.secret,
            message=message,
            evidence=evidence,
            model=written.model,
        )
        return BasketOffer(proposal, message, written.source)

    async def _context(  # noqa: PLR0913, PLR0917  # what is asked about, and until when
        self,
        key: str,
        actor: str,
        checkout: CheckoutFacts,
        customer: CustomerRef | None,
        place: Place,
        now: datetime,
        deadline: float,
    ) -> Context:
        within = max(0.001, (deadline - asyncio.get_running_loop().time()) * _READING_SHARE)

        async def past() -> Past:
            if customer is None:
                return Past()
            return (await pasts(self.database.quick, [customer], now=now)).get(customer, Past())

        async def kind() -> str:
            if customer is None:
                return STRANGER
            return (await habits(self.database.quick, [customer], now=now))[customer]

        async def ceiling() -> Ceiling | None:
            if customer is None:
                return None
            return (await ceilings(self.database.quick, [customer], self.drawing.depth, now=now)).get(customer)

        async def complaint() -> str | None:
            return (await self.complaints.of(self.database.quick, [customer] if customer else [])).get(
                customer or CustomerRef("")
            )

        async def audience() -> str:
            """The group the customer was counted in: a model learns of the group, and of nobody."""
            return await audience_of(self.database.quick, customer) if customer and self.writer.asks_model else ""

        async def early_prices() -> None:
            """Ask at once about what most likely will be offered, so that later nobody has to wait for it."""
            likely = wanted([line.sku for line in checkout.lines if line.quantity], Past(), self.companions)
            seconds = self.limits.place(place.region, place.id).discount.price_age_s
            skus = [want.sku for want in likely[:ASKED]]
            await self.prices.of(place.platform, skus, younger_than=seconds, within=within)

        return await gather(
            {
                "earlier": Source(partial(settled_now, self.database.quick, actor, key), within, None),
                "past": Source(past, within, Past()),
                "kind": Source(kind, within, STRANGER),
                "complaint": Source(complaint, within, None),
                "ceiling": Source(ceiling, within, None),
                "learned": Source(partial(self.drawing.learned.keep_fresh, self.database.quick), within, None),
                "audience": Source(audience, within, ""),
                "promotions": Source(partial(self.promotions.keep_fresh, self.database.quick, now), within, None),
                "companions": Source(partial(self.companions.keep_fresh, self.database), within, None),
                "prices": Source(early_prices, within, None),
            }
        )

    @property
    def turns(self) -> BasketTurns:
        """Draws for baskets, with what this desk has."""
        return BasketTurns(
            self.database,
            self.places,
            self.limits,
            self.companions,
            self.prices,
            self.drawing,
            self.promotions,
            self.now,
        )

    async def _again(self, first: Settled, key: str, origin: Origin, place: Place, now: datetime) -> BasketOffer | None:
        action = read_action(first.facts)
        if not isinstance(action, Discount) or action.valid_until <= now:
            return None
        goods = await goods_at(self.database.quick, action.skus, place.stock_location)
        proposal = Proposal(action, key, origin, "The register asked again about the same transaction.")
        titles = [plain_title(one.title, one.category) for one in goods.values()]
        said = Said(titles[0] if titles else "this", action.percent, action.code)
        message = template(Sayable("again", said, Why.COMPANION))
        packs = self.limits.place(place.region, place.id).packs
        return BasketOffer(proposal, personal(message, packs, known=action.customer is not None), "template")


def _sayable(one: Candidate, best: Sequence[Candidate], occasion: Occasion, secret: bytes, kind: str) -> Sayable:
    others = [plain_title(other.goods.title, other.goods.category) for other in best if other is not one]
    days = occasion.within_days if one.form == "home" else 0
    said = said_of(one, code_for(secret, occasion, one.goods.sku), others, within_days=days)
    return Sayable(f"offer-{best.index(one) + 1}", said, one.wanted.why, key_of(kind, one, days))
