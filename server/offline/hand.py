"""Offers approved beforehand, handed to a till for the hours it cannot ask: few, cheap, and settled once.

All offers of one till and day stand on one transaction, so the rules' own caps on a transaction bound what the till
may give away unseen, and nothing is handed over that would need a manager. They hold until the day ends on the shop's
own clock: then the next batch may be had, so no till is without one in between. What it used is settled by its orders,
which name the codes, as codes or as the titles of what came off by hand: told once, late or twice, each counts once
(`tools.outcomes`); a code whose money came off by hand is ended (`server.offline.spent`).
"""

import base64
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from agents.fresh_goods import fresh_goods
from agents.word_check import plain_title
from knowledge.offers.goods import Goods, goods_at
from knowledge.offers.promoted import PromotionTable
from knowledge.offers.uplift import Terms, best_terms
from knowledge.store.places import Place, Places
from knowledge.store.session import Database
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Door
from policies.vocabulary.ids import CorrelationId
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from server.offline.spent import TRANSACTION
from tools.fresh_prices import FreshPrices
from tools.proposal import Decision, Origin, Proposal

_MOST: Final = 20  # offers; a screen of them
_LOOKED_AT: Final = 60  # of the goods that sell most here
_SOLD_DAYS: Final = 28
_CHANCE: Final = 0.15  # that a customer the till knows nothing of takes what is offered: a prior, as in `uplift`
_GIVEN: Final = frozenset({"allowed", "executing", "executed"})

_SELLING: Final = """
    SELECT sku FROM daily_sale WHERE location_id = $1 AND day >= $2
    GROUP BY sku ORDER BY sum(units) DESC, sku LIMIT CAST($3 AS int)
"""
_HANDED: Final = """
    SELECT facts FROM action WHERE kind = 'discount' AND facts ->> 'transaction' = $1
      AND state IN ('allowed', 'executing', 'executed') ORDER BY facts ->> 'code'
"""


class Deciding(Protocol):
    """The guard, as far as handing over needs it."""

    async def propose_all(self, actor_and_proposals: list[tuple[Actor, Proposal]]) -> list[Decision]:
        """Decide a burst in its order."""
        ...


@dataclass(frozen=True, slots=True)
class OfflineDesk:
    """Hands batches to tills.

    Attributes:
        speaker: Who proposes: the offers specialist.
        secret: Signs batches, and makes their codes.
        promotions: What is reduced for everybody, and is in no batch.
    """

    database: Database
    places: Places
    limits: Limits
    prices: FreshPrices
    guard: Deciding
    speaker: Actor
    secret: bytes
    now: Callable[[], datetime]
    promotions: PromotionTable = field(default_factory=PromotionTable)

    async def hand(self, register: Actor, place: Place, till: str) -> dict[str, Any]:
        """A till's batch for today, signed; asked again it is the same one, whatever was sold of it meanwhile.

        Args:
            register: Whose key it is.
            place: Where the till stands.
            till: Its own name.
        """
        spoken = await self.offers(register, place, till)
        exposed = sum(one.amount.minor for one, _ in spoken)
        batch = {
            "store_id": place.id,
            "register_id": till,
            "day": _day(place, self.now()),
            "exposure": str(Money(exposed, spoken[0][0].amount.currency)) if spoken else "0",
            "offers": [_told(one, words) for one, words in spoken],
        }
        return {"batch": batch, "signature": sign(batch, self.secret)}

    async def offers(self, register: Actor, place: Place, till: str) -> list[tuple[Discount, str]]:
        """The same offers with what is said of each, as far as they still hold.

        Args:
            register: Who asks.
            place: Where the till stands.
            till: Its own name.
        """
        now = self.now()
        transaction = f"{TRANSACTION}{place.id}:{_day(place, now)}:{till}"
        handed = await self._handed(transaction)
        if not handed:
            await self._propose(register, place, transaction, now)
            handed = await self._handed(transaction)
        valid = [one for one in handed if one.valid_until > now]
        goods = await goods_at(self.database.quick, [sku for one in valid for sku in one.skus], place.stock_location)
        return [(one, _words(one, goods)) for one in valid]

    async def _handed(self, transaction: str) -> list[Discount]:
        rows = await self.database.quick.rows(_HANDED, transaction)
        actions = [read_action(row["facts"]) for row in rows]
        return [each for each in actions if isinstance(each, Discount)]

    async def _propose(self, register: Actor, place: Place, transaction: str, now: datetime) -> None:
        speaker = replace(self.speaker, door=Door.CHECKOUT, on_behalf_of=register.id, locations=frozenset({place.id}))
        proposals = [
            (speaker, self._proposal(one, terms, place, transaction, now))
            for one, terms in await self._affordable(place, now)
        ]
        await self.guard.propose_all(proposals)

    async def _affordable(self, place: Place, now: datetime) -> list[tuple[Goods, Terms]]:
        """The goods worth most to offer to anybody, as far as they stay together below what needs a manager."""
        limits = self.limits.place(place.region, place.id).discount
        since = (now - timedelta(days=_SOLD_DAYS)).date().isoformat()
        rows = await self.database.quick.rows(_SELLING, place.id, since, str(_LOOKED_AT))
        skus: Sequence[str] = [row["sku"] for row in rows]
        known = await goods_at(self.database.quick, skus, place.stock_location)
        here = {sku: one for sku, one in known.items() if one.available > 0 and one.unit_cost is not None}
        await self.promotions.keep_fresh(self.database.quick, now)
        promoted = self.promotions.at(place, now)
        here = {sku: one for sku, one in here.items() if not promoted.bars(sku, one)}
        fresh = await fresh_goods(self.prices, place.platform, here, skus, now=now, seconds=limits.price_age_s)
        worth = [
            (one, terms)
            for one in fresh.values()
            if (terms := best_terms(one.price, one.unit_cost, _CHANCE, limits)) is not None
        ]
        found: list[tuple[Goods, Terms]] = []
        exposed = 0
        for one, terms in sorted(worth, key=lambda each: (-each[1].gain, each[0].sku))[:_MOST]:
            if exposed + terms.amount <= limits.transaction_free:
                exposed += terms.amount
                found.append((one, terms))
        return found

    def _proposal(self, one: Goods, terms: Terms, place: Place, transaction: str, now: datetime) -> Proposal:
        base, percent = Money(one.price, one.currency), Percent(terms.percent_bp)
        key = f"{transaction}:{one.sku}"
        code = base64.b32encode(hmac.digest(self.secret, key.encode(), "sha256")).decode()[:10]
        discount = Discount(
            store=place.id,
            customer=None,
            transaction=transaction,
            code=f"TH{code}",
            percent=percent,
            skus=(one.sku,),
            base=base,
            amount=base.share(percent),
            valid_until=day_end(now, place.timezone),
        )
        facts = {"lines": [{"sku": one.sku, "units": 1, "price": one.price}], "expected_value": terms.gain}
        origin = Origin(CorrelationId(transaction), transaction)
        return Proposal(discount, key, origin, "For a till while it cannot ask.", facts, one.priced_at)


def day_end(now: datetime, timezone: str) -> datetime:
    """The first moment of the next day at a place, in UTC: 23 to 25 hours after the day began, as clocks are changed.

    Where a clock skips midnight, the day ends with the jump.
    """
    zone = ZoneInfo(timezone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


def sign(batch: dict[str, Any], secret: bytes) -> str:
    """The signature of a batch, so that what a till presents later is known to be ours and whole."""
    told = json.dumps(batch, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.digest(secret, f"batch\0{told}".encode(), "sha256").hex()


def _day(place: Place, now: datetime) -> str:
    return now.astimezone(ZoneInfo(place.timezone)).date().isoformat()


def _words(one: Discount, goods: dict[str, Goods]) -> str:
    sku = one.skus[0]
    title = plain_title(goods[sku].title, goods[sku].category) if sku in goods else sku
    return f"{title[:1].upper()}{title[1:]}: {one.percent} off with this code."


def _told(one: Discount, words: str) -> dict[str, Any]:
    return {
        "discount_code": one.code,
        "sku": one.skus[0],
        "message": words,
        "percent_off": str(one.percent).removesuffix("%"),
        "amount_off": str(one.amount.decimal()),
        "currency": one.amount.currency,
        "valid_until": one.valid_until.isoformat(),
    }
