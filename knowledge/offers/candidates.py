"""What could be offered to somebody, best first: a pure function of what they hold, what they did and what is here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from knowledge.offers.companions import CompanionTable
from knowledge.offers.goods import Goods
from knowledge.offers.history import Past
from knowledge.offers.uplift import DEFAULT, Assumptions, Terms, best_terms
from policies.actions.discount import Form
from policies.limits import DiscountLimits

# Priors, as in `uplift`: how often somebody who carted, wished for or looked at a variant buys it when reminded within
# a week.
_CARTED = 0.10
_WISHED = 0.05
_VIEWED = 0.03
_ANOTHER = 0.01  # who looked at a variant and takes another size or color of it, such as where theirs is gone
_LEAST_ANOTHER = 0.001  # less is not worth a row and a price at the register
_OTHERS = 16  # other sizes and colors in all
_SEEDS = 12  # variants whose company is looked up; a long basket's tail adds cost, not better offers
_LACKING = 16  # variants the model names: some are out of stock, and each more costs the register a row and a price


class Why(StrEnum):
    """The reason code of an offer; the words are made from it."""

    COMPANION = "companion"  # often bought with something they hold
    AKIN = "akin"  # called like something they hold; bought too seldom to say more
    ANOTHER = "another"  # another size or color of something they hold or looked at
    CARTED = "carted"
    WISHED = "wished"  # on their wishlist
    VIEWED = "viewed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A variant somebody may want, before price and stock are looked at.

    Attributes:
        because: The variant it goes with, or is another size or color of; "" when they looked at it themselves.
    """

    sku: str
    chance: float
    why: Why
    because: str = ""
    together: int = 0
    lift: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that may be made.

    Attributes:
        form: On goods from the shelf, on a pair, or on goods sent home; see `forms`.
        partner: What is in the basket and has to be bought with it, of a bundle.
        sending: Minor units it costs to send it home.
        limits: Of the place where it is good, when that is not where it is made.
        charged: Minor units of one unit in the retailer's promotion; `None` where none runs.
    """

    wanted: Wanted
    goods: Goods
    terms: Terms
    form: Form = "single"
    partner: Goods | None = None
    sending: int = 0
    limits: DiscountLimits | None = None
    charged: int | None = None

    def at(self, terms: Terms) -> "Candidate":
        """The same offer on other terms; `dataclasses.replace` takes five times as long, and tills wait."""
        return Candidate(
            self.wanted, self.goods, terms, self.form, self.partner, self.sending, self.limits, self.charged
        )


def wanted(
    holding: Sequence[str], past: Past, companions: CompanionTable, *, drawn_to: Sequence[str] = ()
) -> list[Wanted]:
    """Variants they may want, each once under its likeliest reason, likeliest first.

    Args:
        holding: In the basket or cart: not offered again, but what goes with it is.
        past: Of the customer; empty for a stranger. What was bought lately is not offered again.
        companions: What goes with what: as learned, or while nothing is, as counted.
        drawn_to: Variants that are not held but tell of taste, newest first.
    """
    found: dict[str, Wanted] = {}
    kept = {*holding, *past.bought}

    def take(one: Wanted) -> None:
        known = found.get(one.sku)
        if one.sku not in kept and (known is None or one.chance > known.chance):
            found[one.sku] = one

    seeds = list(dict.fromkeys((*holding, *drawn_to)))[:_SEEDS]
    lacking = companions.lacking(seeds, _LACKING)
    for one in lacking:
        why = Why.COMPANION if one.together else Why.AKIN
        take(Wanted(one.sku, one.chance, why, one.because, one.together, one.lift))
    for sku in () if lacking else seeds:
        for companion in companions.of(sku):
            take(Wanted(companion.sku, companion.chance, Why.COMPANION, sku, companion.together, companion.lift))
    for one in _others(holding, past, companions):
        take(one)
    for sku in past.carted:
        take(Wanted(sku, max(_CARTED, companions.share(sku)), Why.CARTED))
    for sku in past.wished:
        take(Wanted(sku, max(_WISHED, companions.share(sku)), Why.WISHED))
    for sku in past.viewed:
        take(Wanted(sku, max(_VIEWED, companions.share(sku)), Why.VIEWED))
    return sorted(found.values(), key=lambda one: (-one.chance, one.sku))


def _others(holding: Sequence[str], past: Past, companions: CompanionTable) -> list[Wanted]:
    """Other sizes and colors of what they hold, and of what they put by, wished for or looked at, newest first."""
    looked = (*past.carted, *past.wished, *past.viewed)
    beside = holding if companions.another >= _LEAST_ANOTHER else ()
    told = [
        Wanted(other, chance, Why.ANOTHER, sku)
        for skus, chance in ((looked, _ANOTHER), (beside, companions.another))
        for sku in skus[:_SEEDS]
        for other in companions.siblings(sku)
    ]
    return told[:_OTHERS]


def rank(  # noqa: PLR0913
    wants: Iterable[Wanted],
    goods: Mapping[str, Goods],
    limits: DiscountLimits,
    *,
    currency: str | None,
    unknown_costs: bool,
    assumed: Assumptions = DEFAULT,
) -> list[Candidate]:
    """Those in stock and worth more than silence; most valuable first, the same every time.

    How old a price may be is for whoever proposes one of them to see to.

    Args:
        wants: From `wanted`.
        goods: By sku, at the location's stock.
        limits: Of the location.
        currency: Of the basket; a price in another is left out. `None` when there is no basket.
        unknown_costs: Whether goods without a recorded cost may be offered, which takes a manager; ranked last.
        assumed: Priors.
    """
    found: list[Candidate] = []
    for want, here in here_of(wants, goods, currency=currency, unknown_costs=unknown_costs):
        terms = best_terms(here.price, here.unit_cost, want.chance, limits, assumed)
        if terms is not None:
            found.append(Candidate(want, here, terms))
    return sorted(found, key=lambda one: (one.goods.unit_cost is None, -one.terms.gain, one.goods.sku))


def here_of(
    wants: Iterable[Wanted], goods: Mapping[str, Goods], *, currency: str | None, unknown_costs: bool
) -> list[tuple[Wanted, Goods]]:
    """Those in stock, in the basket's currency and of a cost that may be offered; parameters as for `rank`."""
    return [
        (want, here)
        for want in wants
        if (here := goods.get(want.sku)) is not None
        and here.available > 0
        and (not currency or here.currency == currency)
        and (here.unit_cost is not None or unknown_costs)
    ]
