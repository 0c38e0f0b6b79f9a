"""How far forecasts were off, in the measures of the M5 competition.

RMSSE of a series is its root mean squared error over that of a naive one-day forecast of its own past; series are
weighed by what they earned in the four weeks before. https://doi.org/10.1016/j.ijforecast.2021.07.007
"""

from dataclasses import dataclass, field

import numpy as np

from knowledge.demand.counts import at_most
from knowledge.demand.history import History
from knowledge.demand.outline import Floats

_WEIGHED_OVER = 28  # days
SHARES = (0.5, 0.8, 0.9, 0.95)


@dataclass(slots=True)
class Quality:
    """One way of forecasting, over several origins."""

    errors: list[float] = field(default_factory=list[float])
    said: float = 0.0
    sold: float = 0.0
    covered: dict[float, list[float]] = field(default_factory=dict[float, list[float]])
    covered_exactly: dict[float, list[float]] = field(default_factory=dict[float, list[float]])
    pinballs: list[float] = field(default_factory=list[float])
    biases: list[float] = field(default_factory=list[float])

    @property
    def rmsse(self) -> float:
        """Revenue-weighted, mean over origins."""
        return float(np.mean(self.errors))

    @property
    def bias(self) -> float:
        """Units said over units sold, less 1."""
        return self.said / self.sold - 1

    @property
    def pinball(self) -> float:
        """Of a week's demand, scaled by its own past changes and weighed by revenue, mean over `SHARES`."""
        return float(np.mean(self.pinballs))

    def coverage(self, share: float) -> float:
        """The share of weeks that sold no more than the quantile."""
        return float(np.mean(self.covered[share]))

    def exact(self, share: float) -> float:
        """The same, with each count spread over the levels it stands for."""
        return float(np.mean(self.covered_exactly[share]))

    @property
    def worst_bias(self) -> float:
        """Of the origin that was furthest off."""
        return max(self.biases, key=abs)

    def add_means(self, history: History, origin: int, price: Floats, mean: Floats) -> None:
        """An origin's daily forecasts, `[spots, days]`."""
        past = history.units[:, :origin].astype(np.float64)
        sold = history.units[:, origin : origin + mean.shape[1]].astype(np.float64)
        known = np.arange(1, origin) > (past > 0).argmax(1)[:, None]
        steps = (np.diff(past, axis=1) ** 2 * known).sum(1) / np.maximum(known.sum(1), 1)
        weight = past[:, -_WEIGHED_OVER:].sum(1) * price
        good = steps > 0
        weight = np.where(good, weight, 0) / weight[good].sum()
        self.errors.append(float((weight * np.sqrt(((sold - mean) ** 2).mean(1) / np.where(good, steps, 1))).sum()))
        self.said += float(mean.sum())
        self.sold += float(sold.sum())
        self.biases.append(float(mean.sum() / sold.sum()) - 1)

    def add_quantile(self, history: History, origin: int, price: Floats, share: float, told: Floats) -> None:
        """An origin's quantiles of the coming week, by spot."""
        sold = history.units[:, origin : origin + 7].sum(1, dtype=np.float64)
        self.covered.setdefault(share, []).append(float((sold <= told).mean()))
        past = history.units[:, :origin].astype(np.float64)
        weeks = past[:, origin % 7 :].reshape(len(past), -1, 7).sum(2)
        scale = np.abs(np.diff(weeks, axis=1)).mean(1)
        weight = np.where(scale > 0, past[:, -_WEIGHED_OVER:].sum(1) * price, 0)
        weight = weight / weight.sum()
        over = np.maximum(told - sold, 0)
        missed = share * np.maximum(sold - told, 0) + (1 - share) * over
        self.pinballs.append(float((weight * missed / np.where(scale > 0, scale, 1)).sum()))

    def add_exact(  # noqa: PLR0913, PLR0917  # a distribution has two parameters
        self, history: History, origin: int, level: Floats, mean: Floats, dispersion: Floats, share: float
    ) -> None:
        """An origin's distributions of the coming week, asked for this level where `share` was wanted."""
        sold = history.units[:, origin : origin + 7].sum(1, dtype=np.float64)
        high, low = at_most(sold, mean, dispersion), at_most(sold - 1, mean, dispersion)
        self.covered_exactly.setdefault(share, []).append(
            float(np.clip((level - low) / np.maximum(high - low, 1e-12), 0, 1).mean())
        )
