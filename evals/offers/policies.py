"""Ways to make offers at the simulated retailer: ours, as it is shipped, and what it has to beat."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.offers.retailer import (
    AT_FULL_PRICE,
    BUNDLE,
    HOME,
    MADE,
    SINGLE,
    VISITS,
    WANTED,
    WEEKS,
    Floats,
    Indices,
    Retailer,
)
from knowledge.offers import learned as learning
from knowledge.offers.arms import Asked, Turn, turn_of
from knowledge.offers.candidates import Wanted, Why
from knowledge.offers.forms import FORMS
from knowledge.offers.goods import Goods
from knowledge.offers.habit import KINDS, STRANGER
from knowledge.offers.learned import PRIORS, Cell, Learned, learned_of
from knowledge.offers.lottery import Lottery
from knowledge.offers.possible import Found, Sending, possible
from knowledge.offers.uplift import DEFAULT, PERCENTS, band_of
from knowledge.store.places import Place
from policies.actions.discount import Form
from policies.limits import HomeLimits, Limits
from policies.vocabulary.ids import CustomerRef, LocationId, Sku

_LIMITS: Final = Limits.read().place("", "")
LIMITS: Final = _LIMITS.discount
_ONLINE: Final = Place(LocationId("ONLINE"), "Online", "paper", "1", "online", "", "UTC", LocationId("ONLINE"))
FEATURED: Final = PERCENTS.index(1000) + 1  # a week's promotion is 10 % off one category
_AT: Final = datetime(2026, 1, 5, tzinfo=UTC)
_ARM: Final = {percent: place + 1 for place, percent in enumerate(PERCENTS)}


@dataclass(frozen=True, slots=True)
class Run:
    """What a policy did on each visit.

    Attributes:
        which: Of the wanted goods, the one offered or, in silence, the one it would have been; -1 where nothing was
            worth drawing for.
        arm: 0 for silence, then an index of `PERCENTS` plus 1, then `AT_FULL_PRICE`.
        form: A place of `FORMS`.
        held_out: By customer.
        turns: One for each visit on which something was drawn.
    """

    which: Indices
    arm: Indices
    form: Indices
    held_out: NDArray[np.bool_]
    turns: dict[int, Turn]


def earned(retailer: Retailer, run: Run) -> float:
    """True expected minor units over never saying anything, each telling's attention taken off."""
    total = 0.0
    for form in MADE:
        said = np.flatnonzero((run.arm > 0) & (run.form == form))
        total += float(retailer.worth(said, run.which[said], run.arm[said], form).sum()) - DEFAULT.telling * said.size
    return total


def ours(retailer: Retailer, seed: int, *, learns: bool = True, draws: bool = True, forms: bool = True) -> Run:
    """The product's own arms, lottery and learning, over its own log; the truth is only met when the dice fall.

    Args:
        retailer: See there.
        seed: Makes the lottery's secret.
        learns: Whether answers are counted each week; else the priors stay.
        draws: Whether customers are held out and arms explored.
        forms: Whether bundles are offered, and goods to be sent home; else money off the shelf alone.
    """
    lottery = Lottery(seed.to_bytes(8), 500, 500) if draws else Lottery(seed.to_bytes(8))
    goods = [_goods(retailer, place) for place in range(retailer.price.size)]
    learned = PRIORS
    counted: dict[Form, dict[tuple[str, int, int], Cell]] = {form: defaultdict(Cell) for form in FORMS}
    visits = retailer.customer.size
    which, arm, form = np.full(visits, -1), np.zeros(visits, dtype=np.intp), np.zeros(visits, dtype=np.intp)
    turns: dict[int, Turn] = {}
    for visit in range(visits):
        if learns and visit and visit % VISITS == 0:
            learned = learned_of(counted, _AT)
        turn = _turn(retailer, visit, goods, learned, lottery, forms=forms)
        if turn is None:
            continue
        turns[visit] = turn
        target = (turn.arm.offers or turn.arms[-1].offers)[0]
        place = list(retailer.wanted[visit]).index(int(target.goods.sku[1:]))
        percent = target.terms.percent_bp if turn.arm.offers else 0
        said = _arm(percent) if turn.arm.offers else 0
        which[visit], arm[visit], form[visit] = place, said, FORMS.index(target.form)
        bought = retailer.buys(visit, place, int(arm[visit]), int(form[visit]))
        chance = target.wanted.chance
        cell = (percent or learning.AT_FULL_PRICE) if turn.arm.offers else learning.SAID_NOTHING
        if cell != learning.AT_FULL_PRICE or turn.asked.customer is not None:
            counted[target.form][turn.asked.kind, cell, band_of(chance)] += Cell(1, chance, int(bought))
    held_out = np.asarray([lottery.holds_out("", _ref(one)) for one in range(retailer.hidden.size)])
    return Run(which, arm, form, held_out, turns)


def weekly_promotion(retailer: Retailer) -> float:
    """10 % off a category a week, for everybody, told by a sign: what a retailer without any of this does."""
    week = np.repeat(np.arange(WEEKS), VISITS) % 4
    total = 0.0
    for which in range(WANTED):
        visits = np.flatnonzero(retailer.category[retailer.wanted[:, which]] == week)
        arm, place = np.full(visits.size, FEATURED), np.full(visits.size, which)
        allowed = _allowed(retailer, visits, place, arm)
        total += float(retailer.worth(visits, place, arm)[allowed].sum())
    return total


def best_single_offer(retailer: Retailer) -> float:
    """One percentage off one variant, told to everybody who comes; which, the truth says afterwards."""
    visits, best = np.arange(retailer.customer.size), 0.0
    for percent in PERCENTS:
        totals = np.zeros(retailer.price.size)
        for which in range(WANTED):
            place, arm = np.full(visits.size, which), np.full(visits.size, _ARM[percent])
            goods = retailer.wanted[:, which]
            worth = np.where(_allowed(retailer, visits, place, arm), retailer.worth(visits, place, arm), 0.0)
            totals += np.bincount(goods, weights=worth, minlength=totals.size)
        best = max(best, float(totals.max()) - DEFAULT.telling * visits.size)
    return best


def best_to_everyone(retailer: Retailer) -> float:
    """One percentage for everybody on whatever they most likely earn us most with; which one, the truth says.

    Kinder to this rival than any retailer can be: it picks goods by our own predictions, and nobody knows the best
    percentage beforehand.
    """
    visits = np.arange(retailer.customer.size)
    expected = retailer.predicted * (retailer.price - retailer.cost)[retailer.wanted]
    which = np.where(retailer.here, expected, -1.0).argmax(axis=1)
    totals: list[float] = []
    for percent in PERCENTS:
        arm = np.full(visits.size, _ARM[percent])
        allowed = _allowed(retailer, visits, which, arm)
        worth = retailer.worth(visits, which, arm)[allowed]
        totals.append(float(worth.sum()) - DEFAULT.telling * worth.size)
    return max(totals)


def offered_share(retailer: Retailer, run: Run) -> float:
    """Share of the visits of customers who are not held out on which something was offered."""
    drawn = ~run.held_out[retailer.customer]
    return float((run.arm[drawn] > 0).mean())


def knowing_all(retailer: Retailer) -> Floats:
    """What could be earned on each visit by knowing every customer's true answer; 0 where silence is best.

    Nobody can, and it shows how much is left.
    """
    visits = np.arange(retailer.customer.size)
    best = np.zeros(visits.size)
    for which in range(WANTED):
        for arm, form in product(range(1, AT_FULL_PRICE + 1), MADE):
            if arm == AT_FULL_PRICE and form != HOME:  # what is on the shelf is told of with something off, or not
                continue
            place, arms = np.full(visits.size, which), np.full(visits.size, arm)
            worth = retailer.worth(visits, place, arms, form) - DEFAULT.telling
            best = np.maximum(best, np.where(_allowed(retailer, visits, place, arms, form), worth, 0.0))
    return best


def _turn(  # noqa: PLR0913  # what there is, what is known, and how it is drawn
    retailer: Retailer, visit: int, goods: list[Goods], learned: Learned, lottery: Lottery, *, forms: bool
) -> Turn | None:
    wanted = [int(each) for each in retailer.wanted[visit]]
    held = goods[int(retailer.held[visit])]
    wants = [
        Wanted(goods[one].sku, float(retailer.predicted[visit, place]), Why.COMPANION, held.sku)
        for place, one in enumerate(wanted)
    ]
    shelf = {str(goods[one].sku): goods[one] for place, one in enumerate(wanted) if retailer.here[visit, place]}
    found = (
        Found(shelf, {held.sku: held}, {str(goods[one].sku): goods[one] for one in wanted}) if forms else Found(shelf)
    )
    customer = int(retailer.customer[visit])
    kind = KINDS[int(retailer.habit[customer])]
    limits = replace(_LIMITS, home=HomeLimits(shipping=retailer.sending, days=4))
    offers = possible(
        wants, found, limits, Sending(_ONLINE, limits), learned, kind=kind, currency="USD", unknown_costs=False
    )
    asked = Asked(f"visit-{visit}", None if kind == STRANGER else _ref(customer), kind)
    return turn_of(offers, learned, LIMITS, lottery, asked)


def _arm(percent: int) -> int:
    return _ARM[percent] if percent else AT_FULL_PRICE


def _goods(retailer: Retailer, place: int) -> Goods:
    price, cost = int(retailer.price[place]), int(retailer.cost[place])
    return Goods(Sku(f"G{place}"), f"Goods {place}", "", price, "USD", cost, 1_000, _AT)


def _allowed(
    retailer: Retailer, visits: Indices, which: Indices, arm: Indices, form: int = SINGLE
) -> NDArray[np.bool_]:
    """Where the margin floor and the cap on a transaction let an offer through; rivals keep them too."""
    margin, off = retailer.margin(visits, which, arm, form), retailer.off(visits, which, arm, form)
    after = retailer.price[retailer.wanted[visits, which]] - off
    if form == BUNDLE:
        partner = retailer.held[visits]
        margin, after = margin + retailer.price[partner] - retailer.cost[partner], after + retailer.price[partner]
    kept = (margin * 10_000 >= after * LIMITS.margin_floor_bp) & (off <= LIMITS.transaction_max)
    return kept & retailer.can(visits, which, form)


def _ref(customer: int) -> CustomerRef:
    return CustomerRef(f"c_{customer}")
