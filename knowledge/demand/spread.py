"""How far demand strays from its forecast, learned from what forecasts of the past missed by.

The variance of a spot's demand over some days is m + d m^2. Its dispersion d is pooled over spots of like volume, and
falls with the number of days towards the part that is an error of the level and does not average out. Quantiles are
then asked for at the levels that held in the past.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import scipy

from knowledge.demand.counts import at_most
from knowledge.demand.outline import Floats

SPANS: Final = (1, 7, 14)  # days
_CLASSES: Final = 8
_LEAST_ALIKE: Final = 50  # forecasts of the past that a class is judged by
_scipy: Any = scipy  # reads its functions when the first is asked for: a start need not wait
_BOUNDS: Final = (0.02, 8.0)
_GROUPS: Final = 3
_LEVELS: Final = np.concatenate([[0.0, 0.01, 0.02], np.linspace(0.05, 0.95, 19), [0.97, 0.98, 0.99, 0.995, 1.0]])
_TRIED: Final = np.geomspace(*_BOUNDS, 25)


@dataclass(frozen=True, slots=True)
class Missed:
    """Forecasts of the past over the same number of days, and what was sold: one entry a spot and origin."""

    mean: Floats
    sold: Floats


@dataclass(frozen=True, slots=True)
class Spread:
    """Dispersions and quantile levels that held.

    Attributes:
        volumes: Mean weekly demand of each class, ascending, as logarithms.
        dispersions: Of a week, by class, as logarithms.
        lasting: The part of a week's dispersion that more days do not average out.
        edges: Mean weekly demand between groups of spots: slow, middling and fast sellers stray in different shapes.
        reached: By group, the share of the past that each quantile level covered, `[groups, levels]`.
    """

    volumes: Floats
    dispersions: Floats
    lasting: float
    edges: Floats
    reached: Floats

    def told(self) -> dict[str, Any]:
        """As JSON values, to be kept."""
        shapes = {name: getattr(self, name).tolist() for name in ("volumes", "dispersions", "edges", "reached")}
        return {**shapes, "lasting": self.lasting}

    def of(self, weekly: Floats, days: float) -> Floats:
        """The dispersion of demand over some days.

        Args:
            weekly: Mean demand of a week.
            days: How many.
        """
        week = np.exp(np.interp(np.log(np.maximum(weekly, 1e-6)), self.volumes, self.dispersions))
        return week * (self.lasting + (1 - self.lasting) * SPANS[1] / days)

    def level(self, share: float, weekly: Floats) -> Floats:
        """The quantile level that covered this share in the past, for spots of this weekly demand."""
        told = np.array([np.interp(share, reached, _LEVELS) for reached in self.reached])
        return told[np.digitize(weekly, self.edges)]


def read_spread(told: Mapping[str, Any]) -> Spread:
    """A spread from what `Spread.told` said."""
    shapes = {name: np.array(told[name]) for name in ("volumes", "dispersions", "edges", "reached")}
    return Spread(lasting=float(told["lasting"]), **shapes)


def learn_spread(missed: Mapping[int, Sequence[Missed]]) -> Spread:
    """From forecasts over each of `SPANS`, by number of days."""
    mean = np.concatenate([each.mean for each in missed[SPANS[1]]])
    sold = np.concatenate([each.sold for each in missed[SPANS[1]]])
    alike = np.array_split(np.argsort(mean, kind="stable"), max(1, min(_CLASSES, len(mean) // _LEAST_ALIKE)))
    volumes = np.array([np.log(mean[each].mean() + 1e-6) for each in alike])
    dispersions = np.array([_likeliest(mean[each], sold[each]) for each in alike])
    groups = np.array_split(np.argsort(mean, kind="stable"), max(1, min(_GROUPS, len(mean) // _LEAST_ALIKE)))
    edges = np.array([mean[each[0]] for each in groups[1:]])
    drawn = Spread(volumes, np.log(dispersions), _lasting(missed), edges, np.tile(_LEVELS, (len(groups), 1)))
    dispersion = drawn.of(mean, SPANS[1])
    return replace(drawn, reached=np.array([_reached(mean[each], sold[each], dispersion[each]) for each in groups]))


def _reached(mean: Floats, sold: Floats, dispersion: Floats) -> Floats:
    """What share each level covered. Counts are whole: each falls into an interval of levels and is spread over it."""
    high = at_most(sold, mean, dispersion)
    low = at_most(sold - 1, mean, dispersion)
    width = np.maximum(high - low, 1e-12)
    return np.maximum.accumulate([np.clip((level - low) / width, 0, 1).mean() for level in _LEVELS])


def _likeliest(mean: Floats, sold: Floats) -> float:
    """The dispersion under which what was sold was likeliest."""
    best, found = -np.inf, float(_TRIED[0])
    m = np.maximum(mean, 1e-4)
    for tried in _TRIED:
        size = 1 / tried
        known = size * np.log(size / (size + m)) + sold * np.log(m / (size + m))
        gammaln = _scipy.special.gammaln
        likelihood = float((gammaln(sold + size) - gammaln(size) + known).sum())
        if likelihood > best:
            best, found = likelihood, float(tried)
    return found


def _lasting(missed: Mapping[int, Sequence[Missed]]) -> float:
    """From how the dispersion of sums falls with their length: d(W) = d(7) (b + (1 - b) 7 / W)."""
    over = {span: _moment(told) for span, told in missed.items()}
    week = max(over[SPANS[1]], 1e-6)
    found: list[float] = []
    for span in (SPANS[0], SPANS[2]):
        fall = SPANS[1] / span
        found.append((over[span] / week - fall) / (1 - fall))
    return float(np.clip(np.mean(found), 0.0, 1.0))


def _moment(told: Sequence[Missed]) -> float:
    mean = np.concatenate([each.mean for each in told])
    sold = np.concatenate([each.sold for each in told])
    return max(float(((sold - mean) ** 2 - mean).sum() / (mean**2).sum()), 1e-6)
