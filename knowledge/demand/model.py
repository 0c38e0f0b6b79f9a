"""The forecast: what each variant will sell at each location, each day, how sure that is, and why.

mean = level x weekday x share x trend x known events; around it a negative binomial whose spread and quantile levels
are those that held at earlier origins of the same history.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.demand.counts import at_most, quantile
from knowledge.demand.history import WEEK, History
from knowledge.demand.outline import Floats, Outline, outline, promoted
from knowledge.demand.spread import SPANS, Missed, Spread, learn_spread
from knowledge.demand.tuning import TUNED, Tuning
from policies.errors import Refused

HORIZON: Final = 2 * WEEK
LEAST_DAYS: Final = 8 * WEEK  # of the chain's history: less holds no weekday twice over and no trend
LEAST_EXPOSURE: Final = 14.0  # days of a variant's own, unless goods like it are known
_ORIGINS: Final = 10  # weeks of the past that are forecast again to learn from
_SAMPLE: Final = 20_000  # spots to learn from; more teach nothing new
_SEED: Final = 11


@dataclass(frozen=True, slots=True)
class Forecast:
    """Demand of the days after a history, by its spots.

    Attributes:
        history: What it follows from.
        mean: Units a day, `[spots, days]`.
        outline: Level, weekdays, shares and trend behind it.
        events: What known events multiplied each spot and day by; `None` when there are none.
        spread: How far demand strays.
        known: Whether there was history enough, by spot.
    """

    history: History
    mean: Floats
    outline: Outline
    events: NDArray[np.float32] | None
    spread: Spread
    known: NDArray[np.bool_]

    def expected(self, first: int, count: float) -> Floats:
        """Mean demand of each spot over some days; days beyond the horizon repeat its last week."""
        return self.mean @ _weights(self.mean.shape[1], first, count)

    def dispersion(self, days: float) -> Floats:
        """Of each spot's demand over some days."""
        return self.spread.of(self.expected(0, WEEK), days)

    def at_least(self, share: float, first: int, count: int) -> NDArray[np.int64]:
        """Units that demand of these days stays at or below with at least this chance, calibrated: for decisions."""
        return quantile(self._level(share), self.expected(first, count), self.dispersion(count))

    def quantile(self, share: float, first: int, count: int) -> NDArray[np.int64]:
        """Units that demand of these days stays at or below with nearly this chance, calibrated.

        Of whole numbers the one whose chance is nearest: always taking the next above would promise more than asked.
        """
        mean, dispersion = self.expected(first, count), self.dispersion(count)
        level = self._level(share)
        above = quantile(level, mean, dispersion)
        over = at_most(above.astype(np.float64), mean, dispersion) - level
        under = level - at_most((above - 1).astype(np.float64), mean, dispersion)
        return np.where((under < over) & (above > 0), above - 1, above)

    def _level(self, share: float) -> Floats:
        return self.spread.level(share, self.expected(0, WEEK))


@dataclass(frozen=True, slots=True)
class DemandModel:
    """What was learned from a chain's past; good for weeks, and cheap to use."""

    tuning: Tuning
    spread: Spread

    def forecast(self, history: History, days: int = HORIZON, like: Floats | None = None) -> Forecast:
        """Demand of the days after this history.

        Args:
            history: Up to now.
            days: How many to foretell.
            like: Units a day that goods like each sku sell when they are new; NaN where nobody knows.

        Raises:
            Refused: The chain's history is too short.
        """
        _enough(history)
        drawn = outline(history, self.tuning, like)
        mean, events = _means(history, drawn, days)
        known = drawn.exposure >= LEAST_EXPOSURE
        if like is not None:
            known |= ~np.isnan(like)
        return Forecast(history, mean, drawn, events, self.spread, known[history.sku])


def learn(history: History, tuning: Tuning = TUNED) -> DemandModel:
    """Learn from forecasts made again at each of the last weeks, with what was known then.

    Raises:
        Refused: The history is too short.
    """
    _enough(history)
    some = _sample(history)
    origins = list(range(some.days - HORIZON, LEAST_DAYS - 1, -WEEK))[:_ORIGINS]
    if not origins:
        raise _too_short()
    pasts = [some.until(origin) for origin in origins]
    drawn = [outline(past, tuning) for past in pasts]
    missed: dict[int, list[Missed]] = {span: [] for span in SPANS}
    for past, each in zip(pasts, drawn, strict=True):
        mean, _ = _means(past, each, HORIZON)
        seen = (each.exposure >= LEAST_EXPOSURE)[past.sku]
        sold = some.units[seen, past.days : past.days + HORIZON].astype(np.float64)
        for span in SPANS:  # every day of the first week by itself, since one may be a day the shops are closed
            for begin in range(WEEK if span == 1 else 1):
                days = slice(begin, begin + span)
                missed[span].append(Missed(mean[seen, days].sum(1), sold[:, days].sum(1)))
    if not sum(len(each.mean) for each in missed[WEEK]):
        raise _too_short()
    return DemandModel(tuning, learn_spread(missed))


def _means(history: History, drawn: Outline, days: int) -> tuple[Floats, NDArray[np.float32] | None]:
    weekdays = history.weekdays(history.days, days)
    level = (drawn.level * drawn.trend)[history.sku] * drawn.share
    shape = drawn.profile[history.sku] * drawn.place_profile[history.place]
    mean = level[:, None] * shape[:, weekdays]
    factors = promoted(history, history.days, days)
    return (mean if factors is None else mean * factors), factors


def _sample(history: History) -> History:
    if len(history.sku) <= _SAMPLE:
        return history
    each = max(1, round(_SAMPLE * len(history.skus) / len(history.sku)))
    chosen = np.random.default_rng(_SEED).choice(len(history.skus), min(each, len(history.skus)), replace=False)
    return history.of(np.sort(chosen))


def _weights(horizon: int, first: int, count: float) -> Floats:
    weights = np.zeros(horizon)
    for step in range(int(np.ceil(count))):
        day = first + step
        at = day if day < horizon else horizon - WEEK + (day - horizon) % WEEK
        weights[at] += min(1.0, count - step)
    return weights


def _enough(history: History) -> None:
    if history.days < LEAST_DAYS:
        raise _too_short()


def _too_short() -> Refused:
    return Refused(
        f"There are fewer than {LEAST_DAYS} days of sales, too few to foretell any.",
        code="forecast.thin_history",
        hint="Import older sales, or ask again later.",
    )
