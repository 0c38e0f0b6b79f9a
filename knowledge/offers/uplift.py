"""What an offer is expected to earn over saying nothing: uplift times margin, less what it costs, in minor units.

The cost is the discount given to whoever would have bought anyway, and the attention it takes to tell somebody. How
buyers answer is a `Response`: a prior until hold-outs and exploration have been counted (`learned`), a shrunken
estimate from then on. Chances are rounded once, to parts per million; from there on arithmetic is exact.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from policies.limits import DiscountLimits
from policies.vocabulary.money import round_half_even

PERCENTS: Final = (500, 1000, 1500, 2000)  # basis points; a register's signs and staff know these four
_WHOLE = 10_000
MILLION: Final = 1_000_000


BANDS: Final = (0.05, 0.1, 0.2, 0.35, 1.0)  # upper ends; predictions are corrected by the band they fall into


@dataclass(frozen=True, slots=True)
class Response:
    """How one kind of customer answers: multipliers of the chance that they buy a variant once told of it.

    Attributes:
        unaided: Without being told, at full price.
        told: With that many basis points off, 0 for at full price; a percentage that is absent is not offered.
        bands: What a predicted chance is multiplied by, for each of `BANDS`.
    """

    unaided: float
    told: Mapping[int, float]
    bands: tuple[float, ...] = (1.0,) * len(BANDS)

    def corrected(self, chance: float) -> float:
        """A predicted chance as purchases have borne it out."""
        return chance * self.bands[band_of(chance)]


def band_of(chance: float) -> int:
    """The place in `BANDS` of a predicted chance."""
    return bisect_left(BANDS, min(chance, 1.0))


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Priors about shoppers: figures somebody believed, not findings.

    Attributes:
        pull: How much likelier a purchase gets per full price taken off: 3 means 30 % likelier at 10 % off.
        unaided: Share of those buyers who would have bought it without being told, at full price.
        most_likely: No offer is believed to be accepted more often than this.
        telling: Minor units that telling somebody costs in attention.
        bar: Minor units an offer must earn to be worth making.
        cost_share: Share of the price an unrecorded unit cost is taken to be; high, so known costs win.
        told: Share of predicted buyers who buy once told, at full price; below 1 where they have to wait for it.
    """

    pull: float = 3.0
    unaided: float = 0.4
    most_likely: float = 0.6
    telling: int = 1
    bar: int = 2
    cost_share: float = 0.7
    told: float = 1.0

    def response(self) -> Response:
        """The priors as an answer to every percentage."""
        return _prior(self.unaided, self.pull, self.told)


DEFAULT: Final = Assumptions()


@dataclass(frozen=True, slots=True)
class Terms:
    """A percentage and what it is expected to earn.

    Attributes:
        percent_bp: Basis points off; 0 at full price.
        amount: Minor units off one unit.
        chance: That the offer is accepted.
        gain: Expected minor units over saying nothing, all costs taken off, rounded down.
    """

    percent_bp: int
    amount: int
    chance: float
    gain: int


def all_terms(  # noqa: PLR0913, PLR0917  # the goods, the buyer, the limits
    price: int,
    unit_cost: int | None,
    chance: float,
    limits: DiscountLimits,
    response: Response,
    assumed: Assumptions = DEFAULT,
    *,
    with_price: int = 0,
    with_cost: int = 0,
    sending: int = 0,
    at_full_price: bool = False,
) -> list[Terms]:
    """Every percentage the limits let through, whatever it earns, in the response's order.

    Args:
        price: Minor units of one unit, before the discount.
        unit_cost: Minor units, or `None` when it was never recorded.
        chance: That the customer buys it at full price once told.
        limits: Of the location.
        response: How customers like this one answer.
        assumed: What telling costs, and what is believed of an unknown cost.
        with_price: Minor units of the goods it has to be bought with, which the percentage is taken off too; they are
            bought anyway, so their margin counts for the floor and not for the gain.
        with_cost: Their unit cost.
        sending: Minor units it costs to send it.
        at_full_price: Whether telling of it with nothing off is an offer too.
    """
    cost = unit_cost if unit_cost is not None else round(price * assumed.cost_share)
    most, chance = assumed.most_likely, response.corrected(chance)
    lost = round(min(most, response.unaided * min(most, chance)) * MILLION) * (price - cost)
    found: list[Terms] = []
    for percent, multiplier in response.told.items():
        amount = round_half_even((price + with_price) * percent, _WHOLE)
        after = price + with_price - amount
        service = at_full_price and not percent
        if percent > limits.percent_bp or not (service or 0 < amount <= limits.transaction_max):
            continue
        if (after - cost - with_cost - sending) * _WHOLE < after * limits.margin_floor_bp:
            continue
        accepted = round(min(most, chance * multiplier) * MILLION)
        gain = (accepted * (price - amount - cost - sending) - lost) // MILLION - assumed.telling
        found.append(Terms(percent, amount, accepted / MILLION, gain))
    return found


def best_terms(
    price: int, unit_cost: int | None, chance: float, limits: DiscountLimits, assumed: Assumptions = DEFAULT
) -> Terms | None:
    """The percentage that earns most under the priors; `None` when none clears the bar: then say nothing.

    Args:
        price: Minor units of one unit, before the discount.
        unit_cost: Minor units, or `None` when it was never recorded.
        chance: That the customer buys it at full price once told.
        limits: Of the location.
        assumed: Priors.
    """
    return best_of(all_terms(price, unit_cost, chance, limits, assumed.response(), assumed), assumed)


def best_of(terms: list[Terms], assumed: Assumptions = DEFAULT) -> Terms | None:
    """The one that earns most and clears the bar, the smaller discount among equals."""
    best = max(terms, key=lambda one: (one.gain, -one.percent_bp), default=None)
    return best if best is not None and best.gain >= assumed.bar else None


@lru_cache(maxsize=16)
def _prior(unaided: float, pull: float, told: float) -> Response:
    return Response(unaided, {percent: told * (1 + pull * percent / _WHOLE) for percent in (0, *PERCENTS)})
