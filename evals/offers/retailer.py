"""A retailer made up from a seed, whose customers' answers to every offer are known, and seen by no policy.

Four hidden kinds of customer: those who buy anyway, those who only need to be told, those who wait for a discount,
and those whom being spoken to puts off. How strong each is, how many there are, and how often each used discounts in
the year before differ from seed to seed, so that no policy can be made for one retailer; a policy sees that year's
habit alone. How much each kind likes a bundle, and how many wait for what is sent home, differs as well. Predicted
chances are the true ones with noise, as a model of purchases has them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.offers.habit import KINDS, STRANGER, habit_of
from knowledge.offers.uplift import PERCENTS

WEEKS: Final = 26
VISITS: Final = 1_200  # a week
CUSTOMERS: Final = 5_000
GOODS: Final = 60
WANTED: Final = 3  # goods a visitor may want beside what they hold
MADE: Final = range(3)  # forms of offers made here: it plans no promotions
SINGLE, BUNDLE, HOME = MADE  # places of `FORMS`
_OFF: Final = np.asarray((0, *PERCENTS, 0))  # basis points by arm: nothing said, then these, then at full price
AT_FULL_PRICE: Final = len(PERCENTS) + 1  # an arm
_LIKELIEST: Final = 0.9  # nobody is surer than this to buy

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Retailer:
    """Goods, customers and visits in the order in which they happen.

    Attributes:
        price: Minor units by goods, and `cost`.
        category: Of goods, 0 to 3: what a weekly promotion is about.
        answers: By hidden kind, form (`FORMS`) and arm (nothing, then `PERCENTS`, then told at full price): multiplier
            of the chance.
        hidden: By customer.
        habit: By customer, an index of `KINDS`; all that is known.
        customer: By visit.
        wanted: By visit, the goods that may be wanted.
        held: By visit, the goods in the basket.
        here: By visit and wanted goods: whether they are on the shelf, and not online alone.
        sending: Minor units a parcel costs.
        chance: By visit and wanted goods: that they are bought once told of at full price.
        predicted: The same as a model has it.
        dice: By visit and wanted goods: bought when the chance is above; the same for every policy.
    """

    price: Indices
    cost: Indices
    category: Indices
    answers: Floats
    hidden: Indices
    habit: Indices
    customer: Indices
    wanted: Indices
    chance: Floats
    predicted: Floats
    dice: Floats
    held: Indices
    here: Truths
    sending: int

    def chances(self, visits: Indices, which: Indices, arm: Indices, form: int) -> Floats:
        """The true chance that the `which`-th wanted goods of visits are bought under arms of a form."""
        # unsaid, what is not here waits for its own answer
        asked = np.where(arm > 0, form, np.where(self.here[visits, which], SINGLE, HOME))
        answers = self.answers[self.hidden[self.customer[visits]], asked, arm]
        return np.minimum(_LIKELIEST, self.chance[visits, which] * answers)

    def buys(self, visit: int, which: int, arm: int, form: int) -> bool:
        """Whether the dice of one visit fall so."""
        one = np.asarray([visit]), np.asarray([which]), np.asarray([arm])
        return bool(self.dice[visit, which] < self.chances(*one, form)[0])

    def off(self, visits: Indices, which: Indices, arm: Indices, form: int) -> Indices:
        """Money off under an arm, rounded as our money is; a bundle's is taken off the basket's goods too."""
        base = self.price[self.wanted[visits, which]]
        if form == BUNDLE:
            base = base + self.price[self.held[visits]]
        return np.rint(base * _OFF[arm] / 10_000).astype(np.intp)

    def margin(self, visits: Indices, which: Indices, arm: Indices, form: int) -> Indices:
        """What one unit earns under an arm; nothing of the basket's own goods, which are bought anyway."""
        goods = self.wanted[visits, which]
        sending = np.where(arm > 0, self.sending, 0) if form == HOME else 0
        return self.price[goods] - self.off(visits, which, arm, form) - self.cost[goods] - sending

    def can(self, visits: Indices, which: Indices, form: int) -> Truths:
        """Where an offer of a form can be made at all."""
        here = self.here[visits, which]
        return ~here if form == HOME else here

    def worth(self, visits: Indices, which: Indices, arm: Indices, form: int = SINGLE) -> Floats:
        """The true expected minor units of an offer over saying nothing, without the attention it costs."""
        nothing = np.zeros_like(arm)
        told = self.chances(visits, which, arm, form) * self.margin(visits, which, arm, form)
        unsaid = self.chances(visits, which, nothing, form) * self.margin(visits, which, nothing, form)
        return np.where(self.can(visits, which, form), told - unsaid, 0.0)


def make(seed: int) -> Retailer:
    """The retailer of a seed."""
    rng = np.random.default_rng(seed)
    price = np.rint(np.exp(rng.normal(np.log(3_500), 0.7, GOODS))).astype(np.intp)
    cost = np.rint(price * rng.uniform(0.35, 0.72, GOODS)).astype(np.intp)
    hidden, habit, often = _customers(rng)
    visits = WEEKS * VISITS
    customer = rng.choice(CUSTOMERS, visits, p=often / often.sum())
    drawn = np.argsort(rng.random((visits, GOODS)), axis=1)[:, : WANTED + 1]
    wanted, held = drawn[:, :WANTED], drawn[:, WANTED]
    chance = rng.beta(1.6, 8.0, (visits, WANTED))
    predicted = np.clip(chance * np.exp(rng.normal(-0.05, 0.35, chance.shape)), 0.001, 0.9)
    category, answers, dice = rng.integers(0, 4, GOODS), _answers(rng), rng.random((visits, WANTED))
    here = rng.random((visits, WANTED)) >= rng.uniform(0.1, 0.3)
    forms = np.stack([answers, _bundles(rng, answers), _sent(rng, answers)], axis=1)
    known = (hidden, habit, customer, wanted, chance, predicted, dice, held, here)
    return Retailer(price, cost, category, forms, *known, sending=int(rng.integers(300, 900)))


def _bundles(rng: np.random.Generator, answers: Floats) -> Floats:
    """Some like a pair at one price more than money off one of it, some less."""
    return answers * rng.uniform(0.8, 1.5, (answers.shape[0], 1))


def _sent(rng: np.random.Generator, answers: Floats) -> Floats:
    """Few come back for what was not there; told that it can be sent, some wait for it."""
    sent = answers * rng.uniform(0.3, 0.8, (answers.shape[0], 1))
    sent[:, 0] = answers[:, 0] * rng.uniform(0.02, 0.25)
    return sent


def _answers(rng: np.random.Generator) -> Floats:
    """Multipliers of the chance by hidden kind: nothing said, then each percentage, then full price."""
    off = _OFF[1:] / 10_000
    anyway = rng.uniform(0.85, 1.0)
    told = rng.uniform(0.1, 0.4)
    waits = rng.uniform(0.05, 0.25)
    put_off = rng.uniform(0.4, 0.7)
    return np.asarray(
        [
            [anyway, *(anyway + rng.uniform(0.0, 0.1) + rng.uniform(0.0, 0.6) * off)],
            [told, *(rng.uniform(0.8, 1.1) + rng.uniform(0.0, 1.5) * off)],
            [waits, *(rng.uniform(0.2, 0.4) + rng.uniform(4.0, 8.0) * off)],
            [put_off, *(put_off - rng.uniform(0.05, 0.2) + rng.uniform(0.0, 0.5) * off)],
        ]
    )


def _customers(rng: np.random.Generator) -> tuple[Indices, Indices, Floats]:
    """Hidden kinds, the habit a year of orders made of each, and how often each comes; some are never recognized."""
    hidden = rng.choice(4, CUSTOMERS, p=rng.dirichlet([4.0, 3.0, 3.0, 2.0]))
    often = rng.gamma(1.5, 1.0, CUSTOMERS)
    yearly: Floats = rng.uniform(2.0, 4.0) * often / float(often.mean())
    orders: Indices = rng.poisson(yearly).astype(np.intp)
    uses = np.asarray([rng.uniform(0.0, 0.1), rng.uniform(0.1, 0.3), rng.uniform(0.6, 0.9), rng.uniform(0.0, 0.1)])
    coded: Indices = rng.binomial(orders, uses[hidden]).astype(np.intp)
    kinds = [KINDS.index(habit_of(int(orders[one]), int(coded[one]))) for one in range(CUSTOMERS)]
    stranger = rng.random(CUSTOMERS) < rng.uniform(0.1, 0.3)
    return hidden, np.where(stranger, KINDS.index(STRANGER), np.asarray(kinds)), often
