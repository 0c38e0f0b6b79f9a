"""How much an attack gains over luck: its success beside that of the same attack on people who were never in the store.

Intervals are Wilson's for 95 %; the gain is scaled to what luck left to gain, as in M. Giomi et al., "A Unified
Framework for Quantifying Privacy Risk in Synthetic Data", PoPETs 2023.
"""

import math
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Risk:
    """One attack.

    Attributes:
        hits: Right guesses about people the release was made from.
        tries: Guesses about them.
        lucky: Right guesses about people who were never in the store.
        controls: Guesses about those.
    """

    hits: int
    tries: int
    lucky: int = 0
    controls: int = 0

    @property
    def value(self) -> float:
        """The gain over luck, 0 to 1."""
        return _gain(_wilson(self.hits, self.tries)[0], _wilson(self.lucky, self.controls)[0])

    @property
    def upper(self) -> float:
        """No more than this, with 95 % confidence: both shares' errors count, as independent ones."""
        hit, hit_error = _wilson(self.hits, self.tries)
        luck, luck_error = _wilson(self.lucky, self.controls)
        low = 1 - luck
        slope = (hit - 1) / low**2 if low else 0.0
        error = math.hypot(hit_error / low, slope * luck_error) if low else 1.0
        return max(0.0, min(1.0, _gain(hit, luck, floor=-1.0) + error))

    def __add__(self, other: "Risk") -> "Risk":
        """Both attacks together."""
        return Risk(
            self.hits + other.hits,
            self.tries + other.tries,
            self.lucky + other.lucky,
            self.controls + other.controls,
        )


def _gain(hit: float, luck: float, floor: float = 0.0) -> float:
    return max(floor, (hit - luck) / (1 - luck)) if luck < 1 else 0.0


def _wilson(part: int, whole: int) -> tuple[float, float]:
    """The middle of the interval and half its width."""
    if not whole:
        return 0.0, 0.0
    square = _Z**2
    middle = (part + square / 2) / (whole + square)
    half = _Z / (whole + square) * math.sqrt(part * (whole - part) / whole + square / 4)
    return middle, half
