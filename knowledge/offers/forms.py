"""Offers beside money off goods from the shelf: off a pair, off goods sent home, or a word of a promotion.

All are worth the same thing: what they are expected to earn beyond silence. A pair's percentage is taken off both, but
only what the basket lacks is won by it; the margin floor holds for the pair. Goods sent home cost a parcel, and
may be told of at full price: that they can be had at all is worth something. Goods in a promotion are told of at its
price and never reduced further: what the promotion costs is borne anyway, so what is won is what more is sold at it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from knowledge.offers.calendar import PlaceCalendar
from knowledge.offers.candidates import Candidate, Wanted, Why
from knowledge.offers.goods import Goods
from knowledge.offers.uplift import DEFAULT, Assumptions, Response, Terms, all_terms, best_of
from policies.actions.discount import Form
from policies.limits import DiscountLimits

FORMS: Final[tuple[Form, ...]] = ("single", "bundle", "home", "promotion")
# Of what a shop has not, fewer buy by themselves later, and fewer take what they wait for: priors, not findings.
ASSUMED: Final[Mapping[Form, Assumptions]] = MappingProxyType(
    {
        "single": DEFAULT,
        "bundle": DEFAULT,
        "home": replace(DEFAULT, unaided=0.15, told=0.5),
        "promotion": DEFAULT,
    }
)
_WORST: Final = -(10**15)
_ANY: Final = replace(DEFAULT, bar=_WORST)  # the bar is looked at once, with what was learned
NO_TERMS: Final = Terms(0, 0, 0.0, _WORST)
"""Before a percentage is found."""
_LOOKED_AT: Final = 8  # pairs, and goods sent home: tills wait


def bundles(
    singles: Sequence[Candidate], held: Mapping[str, Goods], limits: DiscountLimits, response: Response
) -> list[Candidate]:
    """Each single offer of what goes with something in the basket, as an offer on the two together.

    Args:
        singles: Most valuable first; a pair needs known costs.
        held: What is in the basket, by sku, at the price the register charges.
        limits: Of the location.
        response: How this kind of buyer answers bundles.
    """
    found: list[Candidate] = []
    for one in singles:
        partner = held.get(one.wanted.because)
        if one.wanted.why is not Why.COMPANION or partner is None or partner.currency != one.goods.currency:
            continue
        if one.goods.unit_cost is not None and partner.unit_cost is not None:
            pair = Candidate(one.wanted, one.goods, NO_TERMS, "bundle", partner)
            found += _at_best(pair, response, limits)
        if len(found) >= _LOOKED_AT:
            break
    return found


def homes(  # noqa: PLR0913  # what is wanted, what is where, and what sending costs
    wants: Iterable[Wanted],
    here: Mapping[str, Goods],
    online: Mapping[str, Goods],
    limits: DiscountLimits,
    response: Response,
    *,
    sending: int,
    currency: str | None,
) -> list[Candidate]:
    """What they may want, is not on this shelf, and can be sent from online stock; likeliest first.

    Args:
        wants: From `wanted`.
        here: By sku, at this shop's stock.
        online: By sku, at the online shop's stock.
        limits: Of the online shop, where the code is used.
        response: How this kind of buyer answers such offers.
        sending: Minor units a parcel costs us.
        currency: Of the basket; a price in another is left out. `None` when there is no basket.
    """
    found: list[Candidate] = []
    for want in wants:
        stocked, there = here.get(want.sku), online.get(want.sku)
        if (stocked is not None and stocked.available > 0) or there is None or there.available < 1:
            continue
        if there.unit_cost is None or (currency and there.currency != currency):
            continue
        one = Candidate(want, there, NO_TERMS, form="home", sending=sending, limits=limits)
        found += _at_best(one, response, limits)
        if len(found) >= _LOOKED_AT:
            break
    return found


def promotions(
    wants: Iterable[tuple[Wanted, Goods]], reduced: PlaceCalendar, limits: DiscountLimits, response: Response
) -> list[Candidate]:
    """What they may want that is on this shelf and in a promotion here, at the promotion's price; likeliest first.

    A lower price sells to more, told or not: the prediction grows with it, by the prior of `uplift`.

    Args:
        wants: With their goods, from `here_of`.
        reduced: What is in a promotion here.
        limits: Of the location; the margin floor holds for the promotion's price.
        response: How this kind of buyer answers such offers.
    """
    found: list[Candidate] = []
    for want, goods in wants:
        one = reduced.running(goods.sku, goods)
        if one is None or one.why is not None or goods.unit_cost is None:
            continue
        chance = min(1.0, want.chance * (1 + DEFAULT.pull * (goods.price - one.charged) / goods.price))
        told = Candidate(replace(want, chance=chance), goods, NO_TERMS, "promotion", charged=one.charged)
        found += _at_best(told, response, limits)
        if len(found) >= _LOOKED_AT:
            break
    return found


def terms_of(one: Candidate, response: Response, limits: DiscountLimits) -> list[Terms]:
    """Every percentage an offer may be made at, whatever it earns.

    Args:
        one: The offer, at whatever percentage.
        response: How this kind of buyer answers offers of its form.
        limits: Of the location; an offer good elsewhere brings that place's own.
    """
    goods, partner = one.goods, one.partner
    found = all_terms(
        goods.price if one.charged is None else one.charged,
        goods.unit_cost,
        one.wanted.chance,
        one.limits or limits,
        response,
        DEFAULT,
        with_price=partner.price if partner else 0,
        with_cost=(partner.unit_cost or 0) if partner else 0,
        sending=one.sending,
        at_full_price=one.form in {"home", "promotion"},
    )
    return found if one.charged is None else [terms for terms in found if not terms.percent_bp]


def ranked(offers: Iterable[Candidate]) -> list[Candidate]:
    """Most valuable first, known costs before unknown ones, and the same every time."""
    return sorted(
        offers, key=lambda one: (one.goods.unit_cost is None, -one.terms.gain, FORMS.index(one.form), one.goods.sku)
    )


def _at_best(one: Candidate, response: Response, limits: DiscountLimits) -> list[Candidate]:
    best = best_of(terms_of(one, response, limits), _ANY)
    return [one.at(best)] if best is not None else []
