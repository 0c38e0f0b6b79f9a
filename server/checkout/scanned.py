"""A scanned offer at a register: checked, then asked of the guard like any other, and good for one transaction."""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from agents.word_check import plain_title
from agents.words import personal
from knowledge.events.families import CheckoutFacts
from knowledge.offers.goods import goods_at
from knowledge.offers.promoted import PromotionTable
from knowledge.store.places import Place, Places
from knowledge.store.session import Database
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.errors import Refused
from policies.limits import Limits
from policies.vocabulary.ids import CustomerRef
from policies.vocabulary.money import Money
from server.checkout.one_offer import SCANNED, GivenOffers
from tools.proposal import Origin, Proposal
from tools.scannable.token import ScannableOffer, decision_of, read_scanned

# ids are hexadecimal, so all that begin with one's first part come before it with a "g"
_DECIDED: Final = """
    SELECT action.id FROM action JOIN outcome ON outcome.action_id = action.id
    WHERE action.id >= $1 AND action.id < $2 AND outcome.kind IN ('applied', 'redeemed', 'accepted') LIMIT 1
"""
_EARLIER: Final = "SELECT facts FROM action WHERE actor_id = $1 AND idempotency_key = $2"


@dataclass(frozen=True, slots=True)
class ScannedOffer:
    """What to propose for a scan, and the line to show once the guard has allowed it."""

    proposal: Proposal
    message: str


@dataclass(frozen=True, slots=True)
class ScanDesk:
    """Turns scans into proposals.

    Attributes:
        secret: Signs scannable offers, and makes their discount codes.
        promotions: What is reduced for everybody, and takes no scanned offer.
    """

    database: Database
    places: Places
    limits: Limits
    secret: bytes
    now: Callable[[], datetime]
    promotions: PromotionTable = field(default_factory=PromotionTable)

    async def read(
        self, text: str, checkout: CheckoutFacts, customer: CustomerRef | None, *, origin: Origin, actor: str
    ) -> ScannedOffer:
        """The proposal for a basket with what was scanned; asked again about the same transaction, the same one.

        Raises:
            Refused: `scan.unknown`, `scan.expired`, `scan.elsewhere`, `scan.not_in_basket`, `scan.promotion`, or
                `scan.used`.
        """
        offer, now = read_scanned(text, self.secret), self.now()
        place = self.places.get(checkout.location)
        key = f"{SCANNED}{offer.number}"
        earlier = await self._earlier(actor, key)
        if earlier is not None:
            if (earlier.store, earlier.transaction) != (place.id, checkout.transaction):
                raise used()
            return await self._offer(earlier, key, origin, offer, place, {})
        if offer.until <= now:
            raise Refused(
                "This offer has ended.",
                code="scan.expired",
                hint=f"It was good until {offer.until:%Y-%m-%d %H:%M} UTC.",
                field="scanned",
            )
        if offer.location and offer.location != place.id:
            raise Refused(
                "This offer is good at another location.",
                code="scan.elsewhere",
                hint=f"It is good at {offer.location}.",
                field="scanned",
            )
        line = next((line for line in checkout.lines if line.sku == offer.sku and line.quantity), None)
        if line is None:
            raise Refused(
                "What this offer is for is not in the basket.",
                code="scan.not_in_basket",
                hint=f"Add {offer.sku} and scan it again.",
                field="scanned",
            )
        if await self._taken(offer):
            raise used()
        await self._outside_promotions(line.sku, place, now)
        base = Money(line.unit_price, checkout.currency)
        valid = timedelta(seconds=self.limits.place(place.region, place.id).discount.valid_s)
        discount = Discount(
            store=place.id,
            customer=customer,
            transaction=checkout.transaction,
            code=self._code(offer),
            percent=offer.percent,
            skus=(line.sku,),  # pyright: ignore[reportArgumentType]  # a sku of the catalog by now
            base=base,
            amount=base.share(offer.percent),
            valid_until=now + valid,
            campaign=offer.campaign,
        )
        facts = {"lines": [{"sku": line.sku, "units": 1, "price": line.unit_price}], "scanned": offer.number}
        return await self._offer(discount, key, origin, offer, place, facts)

    async def only_one(self, checkout: CheckoutFacts, scan: ScannedOffer) -> None:
        """See that nothing else was given to the sale, at a register that cannot say what was applied.

        Raises:
            Refused: `scan.not_now`.
        """
        if isinstance(scan.proposal.action, Discount):
            (await self._given(checkout)).admit(scan.proposal.action)

    async def scanned_before(self, checkout: CheckoutFacts) -> bool:
        """Whether the sale was given a scanned offer that holds."""
        return bool((await self._given(checkout)).scanned)

    async def _given(self, checkout: CheckoutFacts) -> GivenOffers:
        return await GivenOffers.read(self.database.quick, checkout, self.places.get(checkout.location), self.now())

    async def _taken(self, offer: ScannableOffer) -> bool:
        """Whether the decision this offer repeats was used by its own code."""
        decision = decision_of(offer.number)
        return bool(decision and await self.database.quick.rows(_DECIDED, decision, f"{decision}g"))

    async def _outside_promotions(self, sku: str, place: Place, now: datetime) -> None:
        await self.promotions.keep_fresh(self.database.quick, now)
        promoted = self.promotions.at(place, now)
        goods = await goods_at(self.database.quick, [sku], place.stock_location)
        if sku in goods and promoted.running(sku, goods[sku]) is not None:
            raise Refused(
                "What this offer is for is in a promotion, and nothing more is taken off it.",
                code="scan.promotion",
                hint="Scan it again once the promotion is over.",
                field="scanned",
            )

    async def _earlier(self, actor: str, key: str) -> Discount | None:
        for row in await self.database.quick.rows(_EARLIER, actor, key):
            action = read_action(row["facts"])
            if isinstance(action, Discount):
                return action
        return None

    async def _offer(  # noqa: PLR0913, PLR0917  # a discount, and where it comes from
        self, discount: Discount, key: str, origin: Origin, offer: ScannableOffer, place: Place, facts: dict[str, Any]
    ) -> ScannedOffer:
        goods = await goods_at(self.database.quick, discount.skus, place.stock_location)
        title = next((plain_title(one.title, one.category) for one in goods.values()), "this")
        packs = self.limits.place(place.region, place.id).packs
        line = f"{title[:1].upper()}{title[1:]}: {discount.percent} off with this code."
        message = personal(line, packs, known=discount.customer is not None)
        rationale = f"A printed offer of {offer.percent} off was scanned."
        proposal = Proposal(discount, key, origin, rationale, {**facts, "message": message})
        return ScannedOffer(proposal, message)

    def _code(self, offer: ScannableOffer) -> str:
        digest = hmac.digest(self.secret, f"code\0{offer.number}".encode(), "sha256")
        return "TH" + base64.b32encode(digest).decode()[:10]


def used() -> Refused:
    """The answer to whoever scans what was used before."""
    return Refused(
        "This offer was used before.", code="scan.used", hint="Each one is good for one sale.", field="scanned"
    )
