"""What an offer is expected to earn over saying nothing, and the percentage that earns most.

Nobody has measured these shoppers yet, so the figures in `Assumptions` are priors, not findings. They are one frozen
object: measured ones replace them in one place.
"""

from dataclasses import dataclass
from typing import Final

from policies.limits import DiscountLimits
from policies.vocabulary.money import round_half_even

PERCENTS: Final = (500, 1000, 1500, 2000)  # basis points; a register's signs and staff know these four
_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Priors about shoppers.

    Attributes:
        pull: How much likelier a purchase gets per full price taken off: 3 means 30 % likelier at 10 % off.
        unaided: Share of those buyers who would have bought it without being told, at full price.
        most_likely: No offer is believed to be accepted more often than this.
        telling: Minor units that telling somebody costs in attention.
        bar: Minor units an offer must earn to be worth making.
        cost_share: Share of the price an unrecorded unit cost is taken to be; high, so known costs win.
    """

    pull: float = 3.0
    unaided: float = 0.4
    most_likely: float = 0.6
    telling: int = 1
    bar: int = 2
    cost_share: float = 0.7


DEFAULT: Final = Assumptions()


@dataclass(frozen=True, slots=True)
class Terms:
    """The best percentage and what it is expected to earn.

    Attributes:
        percent_bp: Basis points off.
        amount: Minor units off one unit.
        chance: That the offer is accepted.
        gain: Expected minor units over saying nothing, all costs taken off.
    """

    percent_bp: int
    amount: int
    chance: float
    gain: int


def best_terms(
    price: int, unit_cost: int | None, chance: float, limits: DiscountLimits, assumed: Assumptions = DEFAULT
) -> Terms | None:
    """The percentage that earns most within the limits; `None` when none clears the bar: then say nothing.

    Args:
        price: Minor units of one unit, before the discount.
        unit_cost: Minor units, or `None` when it was never recorded.
        chance: That the customer buys it at full price once told.
        limits: Of the location.
        assumed: Priors.
    """
    cost = unit_cost if unit_cost is not None else round(price * assumed.cost_share)
    best: Terms | None = None
    for percent in PERCENTS:
        amount = round_half_even(price * percent, _WHOLE)
        after = price - amount
        if percent > limits.percent_bp or not 0 < amount <= limits.transaction_max:
            continue
        if (after - cost) * _WHOLE < after * limits.margin_floor_bp:
            continue
        accepted = min(assumed.most_likely, chance * (1 + assumed.pull * percent / _WHOLE))
        lost = assumed.unaided * min(assumed.most_likely, chance) * (price - cost)
        gain = int(accepted * (after - cost) - lost) - assumed.telling
        if gain >= assumed.bar and (best is None or gain > best.gain):
            best = Terms(percent, amount, accepted, gain)
    return best
