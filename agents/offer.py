"""From one of the core's candidates to a proposal: the discount, its code, its evidence and its sentence."""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.offers.candidates import Candidate, Why
from policies.actions.discount import Discount, Form
from policies.vocabulary.ids import CustomerRef, LocationId
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tools.proposal import Origin, Proposal

_REASONS = {
    Why.COMPANION: "{title} is often bought with {because}",
    Why.AKIN: "{title} is called like {because}",
    Why.ANOTHER: "{title} is another size or color of {because}",
    Why.CARTED: "{title} was put in a cart and not bought",
    Why.WISHED: "{title} is on their wishlist",
    Why.VIEWED: "{title} was looked at and not bought",
}
_FORMS: dict[Form, str] = {
    "single": "",
    "bundle": ", so both together",
    "home": ", and is sent home from online stock",
    "promotion": ", and is in a promotion",
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where and for whom an offer would be made.

    Attributes:
        transaction: The register's transaction, the online cart, or the visit.
        valid_until: When the code stops.
        day: ISO date at the store; registers count their transactions anew.
        campaign: The campaign it is made under; "" for none.
        sends: The online shop that sends home what this one has not; `None` where nobody does.
        within_days: By when what it sends is promised to arrive.
        revision: Of the basket, where each of its states has a decision of its own; "" where one is all there is.
    """

    store: LocationId
    customer: CustomerRef | None
    transaction: str
    valid_until: datetime
    day: str
    origin: Origin
    campaign: str = ""
    sends: LocationId | None = None
    within_days: int = 0
    revision: str = ""


def code_for(secret: bytes, occasion: Occasion, sku: str) -> str:
    """A discount code: the same for the same basket and variant, and not to be guessed without the secret."""
    parts = (occasion.store, occasion.day, occasion.transaction, sku, *filter(None, [occasion.revision]))
    digest = hmac.digest(secret, "\0".join(parts).encode(), "sha256")
    return "TH" + base64.b32encode(digest).decode()[:10]


def proposal_for(  # noqa: PLR0913
    candidate: Candidate,
    occasion: Occasion,
    *,
    key: str,
    secret: bytes,
    message: str,
    evidence: dict[str, Any] | None = None,
    model: str = "",
) -> Proposal:
    """The proposal of a discount on one unit of the candidate.

    Args:
        candidate: From `knowledge.offers.candidates.rank`.
        occasion: Where and for whom.
        key: The idempotency key.
        secret: Makes the code.
        message: What the customer reads; the guard compares it with the discount.
        evidence: What else it rests on.
        model: Name and prompt of the model that chose or worded it; "" when none did.
    """
    goods, terms, wanted = candidate.goods, candidate.terms, candidate.wanted
    partner, home = candidate.partner, candidate.form == "home"
    priced = (goods, partner) if partner else (goods,)  # what is won first: answers are counted by it
    percent, base = Percent(terms.percent_bp), Money(sum(one.price for one in priced), goods.currency)
    discount = Discount(
        store=occasion.sends if home and occasion.sends else occasion.store,
        customer=occasion.customer,
        transaction=occasion.transaction,
        code=code_for(secret, occasion, goods.sku),
        percent=percent,
        skus=tuple(one.sku for one in priced),
        base=base,
        amount=base.share(percent),
        valid_until=occasion.valid_until,
        campaign=occasion.campaign,
        form=candidate.form,
        within_days=occasion.within_days if home else 0,
    )
    facts: dict[str, Any] = {
        "lines": [{"sku": one.sku, "units": 1, "price": one.price} for one in priced],
        "reason": wanted.why.value,
        "because": wanted.because,
        "together": wanted.together,
        "lift_bp": wanted.lift,
        "chance_bp": round(terms.chance * 10_000),
        "expected_value": terms.gain,
        "message": message,
        **({} if candidate.charged is None else {"promotion_price": candidate.charged}),
        **(evidence or {}),
    }
    gain = Money(terms.gain, goods.currency)
    reason = _REASONS[wanted.why].format(title=goods.title, because=wanted.because) + _FORMS[candidate.form]
    told = f"{percent} off"
    if discount.at_full_price:
        told = "to tell of it" if candidate.form == "promotion" else "to tell of it at full price"
    return Proposal(
        discount,
        key,
        occasion.origin,
        f"{reason}; {told} is expected to earn {gain} more than saying nothing.",
        facts,
        min(one.priced_at for one in priced),
        model,
    )
