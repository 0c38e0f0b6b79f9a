"""How small an effect could be seen at all, told before anybody waits for it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge.measure.experiment import LEAST, LEAST_HELD_OUT
from knowledge.measure.sequence import ALPHA, half_width

_Z80: Final = 0.8416212335729143  # the normal quantile for a power of 80 %
_Z95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Power:
    """What a measurement of this size sees in four cases of five, in minor units per customer.

    Attributes:
        always_valid: When it may be looked at as often as anybody likes.
        one_look: When it is looked at once, at the end; the price of looking is the difference.
        enough: Whether there will be enough customers for any statement.
    """

    customers: int
    always_valid: float
    one_look: float
    enough: bool


def power(customers: int, *, share: float, deviation: float, alpha: float = ALPHA) -> Power:
    """The minimum detectable effect.

    Args:
        customers: Expected by the end.
        share: Held out.
        deviation: Of the capped outcome after adjusting, in minor units.
        alpha: Chance of a false alarm.
    """
    customers = max(customers, 1)
    per_value = deviation * float(np.sqrt(1 / share + 1 / (1 - share)))
    error = per_value / float(np.sqrt(customers))
    half = float(half_width(np.asarray([float(customers)]), planned=customers, alpha=alpha)[0]) * per_value
    enough = customers >= LEAST and customers * share >= LEAST_HELD_OUT
    return Power(customers, half + _Z80 * error, (_Z95 + _Z80) * error, enough)
