"""Shares of small groups, honestly: intervals that hold for few, exact tests, and no alarm from looking often.

Intervals are for 95 %, in whole basis points, rounded outwards.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054  # the normal quantile for 95 %
_WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, with Wilson's interval; all 0 to 10000 basis points."""

    part: int
    whole: int

    @property
    def value(self) -> int:
        """Rounded to the nearest basis point; 0 of 0 is 0."""
        return (2 * self.part * _WHOLE + self.whole) // (2 * self.whole) if self.whole else 0

    @property
    def interval(self) -> tuple[int, int]:
        """Low and high; of nothing anything may be said."""
        low, high = _wilson(self.part, self.whole)
        return max(0, math.floor(low * _WHOLE)), min(_WHOLE, math.ceil(high * _WHOLE))

    def facts(self) -> dict[str, int]:
        """As JSON."""
        low, high = self.interval
        return {"part": self.part, "whole": self.whole, "share_bp": self.value, "low_bp": low, "high_bp": high}


def difference(one: Share, other: Share) -> tuple[int, int]:
    """Newcombe's interval of `one` minus `other` (method 10): built from Wilson's two, so it holds for few too.

    R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890.
    """
    if not one.whole or not other.whole:
        return -_WHOLE, _WHOLE
    (low1, high1), (low2, high2) = _wilson(one.part, one.whole), _wilson(other.part, other.whole)
    p1, p2 = one.part / one.whole, other.part / other.whole
    low = p1 - p2 - math.hypot(p1 - low1, high2 - p2)
    high = p1 - p2 + math.hypot(high1 - p1, p2 - low2)
    return max(-_WHOLE, math.floor(low * _WHOLE)), min(_WHOLE, math.ceil(high * _WHOLE))


def fisher(one: Share, other: Share) -> float:
    """Fisher's exact p, two-sided: how often chance alone makes two shares differ as much as these."""
    whole, parts = one.whole + other.whole, one.part + other.part
    low, high = max(0, parts - other.whole), min(parts, one.whole)
    ways = _log_choose(whole, parts)
    odds = [
        _log_choose(one.whole, part) + _log_choose(other.whole, parts - part) - ways for part in range(low, high + 1)
    ]
    seen = odds[one.part - low] + 1e-7  # equally likely tables count as equally likely, whatever the rounding
    return min(1.0, math.fsum(math.exp(each) for each in odds if each <= seen))


def binomial(part: int, whole: int, chance: float) -> float:
    """The chance of a count as far from what is expected as `part` of `whole`, on its side, doubled."""
    logs = [
        _log_choose(whole, count) + count * math.log(chance) + (whole - count) * math.log1p(-chance)
        for count in range(whole + 1)
    ]
    below = math.fsum(math.exp(each) for each in logs[: part + 1])
    above = math.fsum(math.exp(each) for each in logs[part:])
    return min(1.0, 2 * min(below, above))


def holm(chances: Sequence[float]) -> list[float]:
    """The same p values, raised so that all of them together are wrong in at most as many cases as one was.

    Holm's step-down holds whatever the tests have to do with each other; comparing each group with all others, they do.
    """
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    adjusted = [1.0] * len(chances)
    highest = 0.0
    for step, place in enumerate(order):
        highest = max(highest, min(1.0, chances[place] * (len(chances) - step)))
        adjusted[place] = highest
    return adjusted


def written(chance: float) -> str:
    """A p value as a record keeps it: text, because records hold no floats."""
    return f"{chance:.4f}"


def nearest_rank(values: Sequence[int], percent: int) -> int | None:
    """The value that `percent` in a hundred do not exceed; `None` of none."""
    ranked = sorted(values)
    return ranked[-(-percent * len(ranked) // 100) - 1] if ranked else None


def _wilson(part: int, whole: int) -> tuple[float, float]:
    if not whole:
        return 0.0, 1.0
    p, z2 = part / whole, _Z * _Z
    middle = p + z2 / (2 * whole)
    spread = _Z * math.sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    low, high = (middle - spread) / (1 + z2 / whole), (middle + spread) / (1 + z2 / whole)
    return (0.0 if part == 0 else low), (1.0 if part == whole else high)


def _log_choose(whole: int, part: int) -> float:
    return math.lgamma(whole + 1) - math.lgamma(part + 1) - math.lgamma(whole - part + 1)
