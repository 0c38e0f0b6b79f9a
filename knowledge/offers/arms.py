"""What could be done on one occasion, with which chance each: silence, the best offer, and what is tried beside it.

A pure function of candidates, of how buyers like this one answer, and of one drawn number; what it was given and what
came out is written into the evidence, so that whoever has the secret draws the same again (`same_again`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from knowledge.offers.candidates import Candidate, Wanted, here_of, rank
from knowledge.offers.ceiling import Ceiling
from knowledge.offers.forms import FORMS, NO_TERMS, terms_of
from knowledge.offers.goods import Goods
from knowledge.offers.learned import Learned
from knowledge.offers.lottery import WHOLE, Lottery
from knowledge.offers.uplift import DEFAULT, MILLION, Response, best_of
from policies.limits import DiscountLimits
from policies.vocabulary.ids import CustomerRef

SILENCE: Final = "silence"
LEAD: Final = "lead"  # what is believed best
BESIDE: Final = "beside"  # its next best percentage, so that what is believed of percentages can turn out wrong
ANOTHER: Final = "another"  # the best of another form, so that what is believed of forms can turn out wrong
TRIED: Final = "tried"  # not believed worth it, but it may be: without it, silence would never learn that it errs
_TOP = 3  # offers a model may choose among,
_NEAR = 0.9  # each worth at least this share of the best
_LOOKED_AT: Final = 24  # by the priors' order; learning moves kinds of buyer more than it moves goods, and tills wait
_WHATEVER_IT_EARNS: Final = replace(DEFAULT, bar=-(10**15))  # the bar is looked at once, with what was learned


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is drawn for, and on which occasion.

    Attributes:
        occasion: Names it for ever; the same one draws the same arm.
        kind: Of buyer, as `habit` tells it.
        campaign: "" for none.
        ceiling: What bounds their percentages beneath the limits; `None` where nothing does.
    """

    occasion: str
    customer: CustomerRef | None
    kind: str
    campaign: str = ""
    ceiling: Ceiling | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One thing that could be done.

    Attributes:
        bp: Basis points of such occasions that get it, of customers who are not held out.
        offers: Equally good ones, best first; none for silence. Among them words may choose.
    """

    name: str
    bp: int
    offers: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """An occasion on which an offer was, or might be, worth making, and what was drawn.

    Attributes:
        arms: Everything that could have been drawn: silence first, the offer that most likely would be made last.
        number: What was drawn, 0 to 9999; arms lie one after the other in their order.
        held_out: The customer is held out of the campaign, so it is silence whatever the number.
    """

    asked: Asked
    arms: tuple[Arm, ...]
    number: int
    held_out: bool

    @property
    def arm(self) -> Arm:
        """What is done."""
        return _drawn(self.arms, self.number, held_out=self.held_out)

    def facts(self, lottery: Lottery, chosen: Candidate | None = None) -> dict[str, Any]:
        """As evidence: exact JSON without personal data.

        Args:
            lottery: That drew.
            chosen: Which of the arm's offers was made; `None` for its first, or for silence. Of silence the best offer
                is told: whether that is bought all the same says what silence costs.
        """
        arm = self.arm
        target = chosen or (arm.offers or self.arms[-1].offers)[0]
        return {
            "occasion": self.asked.occasion,
            "campaign": self.asked.campaign,
            "kind": self.asked.kind,
            "holdout_bp": lottery.holdout_bp if self.asked.customer is not None else 0,
            "held_out": self.held_out,
            **({"ceiling": self.asked.ceiling.facts()} if self.asked.ceiling else {}),
            "number": self.number,
            "arm": arm.name,
            "sku": target.goods.sku,
            "form": target.form,
            "percent_bp": target.terms.percent_bp if arm.offers else 0,
            "chance_ppm": round(target.wanted.chance * MILLION),
            "arms": [
                {"arm": each.name, "bp": each.bp, "offers": [_offer_facts(one) for one in each.offers]}
                for each in self.arms
            ],
        }


def offerable(  # noqa: PLR0913  # what, where, to whom
    wants: Iterable[Wanted],
    goods: Mapping[str, Goods],
    limits: DiscountLimits,
    response: Response,
    *,
    currency: str | None,
    unknown_costs: bool,
) -> list[Candidate]:
    """Every offer the limits let through, each at its best percentage, most valuable first, whatever it earns.

    Known costs come before unknown ones, and equals by sku, so that the order is the same every time.

    Args:
        wants: What they may want.
        goods: By sku, at the location's stock.
        limits: Of the location.
        response: How this kind of buyer answers.
        currency: As for `rank`.
        unknown_costs: As for `rank`.
    """
    here = here_of(wants, goods, currency=currency, unknown_costs=unknown_costs)
    if len(here) > _LOOKED_AT:
        told = {want.sku: goods for want, goods in here}
        best_first = rank(
            [want for want, _ in here], told, limits, currency=None, unknown_costs=True, assumed=_WHATEVER_IT_EARNS
        )
        here = [(one.wanted, one.goods) for one in best_first[:_LOOKED_AT]]
    found: list[Candidate] = []
    for want, stocked in here:
        one = Candidate(want, stocked, NO_TERMS)
        best = best_of(terms_of(one, response, limits), _WHATEVER_IT_EARNS)
        if best is not None:
            found.append(one.at(best))
    return sorted(found, key=lambda one: (one.goods.unit_cost is None, -one.terms.gain, one.goods.sku))


def turn_of(
    offers: Sequence[Candidate], learned: Learned, limits: DiscountLimits, lottery: Lottery, asked: Asked
) -> Turn | None:
    """Draw for one occasion; `None` when nothing is worth saying and nothing worth finding out.

    Args:
        offers: From `offerable` and `forms`, ranked together, at prices that still hold.
        learned: How buyers answer.
        limits: Of the location.
        lottery: Draws.
        asked: For whom and when.
    """
    floor = lottery.floor_bp
    if offers and offers[0].terms.gain >= DEFAULT.bar:
        # held-out customers are this campaign's silence; those nobody knows again get theirs by the occasion
        silence = 0 if asked.customer is not None and lottery.holdout_bp else floor
        beside = _beside(offers[0], learned.of(offers[0].form).response(asked.kind), limits) if floor else ()
        others = [one for one in offers if one.form != offers[0].form][:_TOP]
        another = _tried(others, learned, asked.kind, limits) if floor else ()
        explored = (
            *(Arm(BESIDE, floor, (one,)) for one in beside),
            *(Arm(ANOTHER, floor, (one,)) for one in another),
        )
        lead = WHOLE - silence - floor * len(explored)
        arms = (Arm(SILENCE, silence), *explored, Arm(LEAD, lead, _near(offers)))
    elif tried := _tried(offers, learned, asked.kind, limits) if floor else ():
        arms = (Arm(SILENCE, WHOLE - floor), Arm(TRIED, floor, tried))
    else:
        return None
    held_out = lottery.holds_out(asked.campaign, asked.customer)
    return Turn(asked, arms, lottery.number(asked.occasion), held_out)


def same_again(facts: Mapping[str, Any], lottery: Lottery, customer: CustomerRef | None) -> bool:
    """Whether the lottery draws again what a record says was drawn, and the record's arms lead to its arm."""
    held_out = lottery.holds_out(facts["campaign"], customer)
    if (lottery.number(facts["occasion"]), held_out) != (facts["number"], facts["held_out"]):
        return False
    arms = tuple(Arm(each["arm"], each["bp"]) for each in facts["arms"])
    return _drawn(arms, facts["number"], held_out=held_out).name == facts["arm"]


def _drawn(arms: Sequence[Arm], number: int, *, held_out: bool) -> Arm:
    if held_out:
        return arms[0]
    for arm in arms:
        if number < arm.bp:
            return arm
        number -= arm.bp
    return arms[-1]


def _beside(best: Candidate, response: Response, limits: DiscountLimits) -> tuple[Candidate, ...]:
    others = [terms for terms in terms_of(best, response, limits) if terms.percent_bp != best.terms.percent_bp]
    second = best_of(others)
    return () if second is None else (best.at(second),)


def _tried(offers: Sequence[Candidate], learned: Learned, kind: str, limits: DiscountLimits) -> tuple[Candidate, ...]:
    """The best offer of a known cost if what is hoped of this kind of buyer were true; none when not even then."""
    hopeful = {form: learned.of(form).hopeful(kind) for form in FORMS}
    found = [
        one.at(best)
        for one in offers
        if one.goods.unit_cost is not None and (best := best_of(terms_of(one, hopeful[one.form], limits))) is not None
    ]
    return (max(found, key=lambda one: one.terms.gain),) if found else ()


def _near(offers: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The best and those nearly as good; where the best's cost is known, only others whose cost is."""
    first = offers[0]
    return tuple(
        one
        for one in offers[:_TOP]
        if one.form == first.form
        and one.terms.gain >= max(first.terms.gain * _NEAR, DEFAULT.bar)
        and (one.goods.unit_cost is None) == (first.goods.unit_cost is None)
    )


def _offer_facts(one: Candidate) -> dict[str, Any]:
    return {
        "sku": one.goods.sku,
        "form": one.form,
        "percent_bp": one.terms.percent_bp,
        "chance_ppm": round(one.wanted.chance * MILLION),
        "margin_gain": one.terms.gain,  # by its name told to those alone who may see costs
    }
