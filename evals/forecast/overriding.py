"""Whether the changes of a forecast that a night proposes bring it nearer to what sold, on a real retailer's sales.

Rolling origins a week apart, by variant. At each, the forecast learns from the days before alone; a week outside its
band leads to a change as `knowledge.planning.strayed` makes it, and what then sold in seven days is compared with the
forecast alone and with the change. `chosen` rows are of origins before August, on which band and part were chosen;
the others are of August and September. `above` rows are what following a week above the band would have come to: it is
not proposed. Errors are squared over the variance foretold, or absolute; 1.0 is the forecast alone.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.forecast.stream import Stream, chosen_on, in_at, read_stream, reported_on
from evals.row import Row
from knowledge.demand.model import learn
from knowledge.demand.outline import Floats
from knowledge.planning.strayed import FOLLOWED, followed, strayed
from policies.actions.forecast_override import MOST

_WEEK: Final = 7
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Weeks:
    """Spots and origins, one after the other: units of the week before and after, and what was foretold of it."""

    before: Floats
    after: Floats
    mean: Floats
    dispersion: Floats

    def beside_alone(self, percent: NDArray[np.int64], which: NDArray[np.bool_]) -> tuple[float, float]:
        """Squared and absolute error of some weeks with these changes, over those of the forecast alone."""
        mean, after = self.mean[which], self.after[which]
        changed = mean * (1 + percent[which] / _WHOLE)
        variance = mean * (1 + self.dispersion[which] * mean)
        squared = ((changed - after) ** 2 / variance).sum() / ((mean - after) ** 2 / variance).sum()
        return float(squared), float(np.abs(changed - after).sum() / np.abs(mean - after).sum())


async def measure() -> list[Row]:
    """Weeks below the band, then those above."""
    stream = await read_stream()
    return await asyncio.to_thread(_measure, stream)


def weeks(stream: Stream, origins: list[int]) -> Weeks:
    """Every variant that is in at the first of these origins, at all of them."""
    history = stream.by_sku()
    rows = in_at(history, origins[0])
    before: list[Floats] = []
    after: list[Floats] = []
    mean: list[Floats] = []
    dispersion: list[Floats] = []
    for origin in origins:
        past = history.until(origin)
        forecast = learn(past).forecast(past)
        mean.append(forecast.expected(0, _WEEK)[rows])
        dispersion.append(forecast.dispersion(_WEEK)[rows])
        before.append(history.units[rows, origin - _WEEK : origin].sum(1, dtype=np.float64))
        after.append(history.units[rows, origin : origin + _WEEK].sum(1, dtype=np.float64))
    return Weeks(np.concatenate(before), np.concatenate(after), np.concatenate(mean), np.concatenate(dispersion))


def _measure(stream: Stream) -> list[Row]:
    rows: list[Row] = []
    for name, origins in (("chosen_", chosen_on(stream)), ("", reported_on(stream))):
        told = weeks(stream, origins)
        side = strayed(told.before, told.mean, told.dispersion)
        changes = followed(told.before, told.mean, told.dispersion)
        squared, absolute = told.beside_alone(changes, changes < 0)
        goal = "" if name else "< 1"
        rows += [
            Row(f"{name}overrides_below", float((changes < 0).sum()), "weeks", "", float(len(told.mean)), None),
            Row(f"{name}override_below_squared_error", round(squared, 3), "", goal, 1.0, squared < 1 if goal else None),
            Row(
                f"{name}override_below_absolute_error",
                round(absolute, 3),
                "",
                goal,
                1.0,
                absolute < 1 if goal else None,
            ),
        ]
        up = np.round(_WHOLE * FOLLOWED * (told.before / np.maximum(told.mean, 1) - 1)).astype(np.int64)
        squared, absolute = told.beside_alone(np.minimum(up, MOST), side > 0)
        rows += [
            Row(f"{name}weeks_above", float((side > 0).sum()), "weeks", "", float(len(told.mean)), None),
            Row(f"{name}above_if_followed_squared_error", round(squared, 3), "", "", 1.0, None),
            Row(f"{name}above_if_followed_absolute_error", round(absolute, 3), "", "", 1.0, None),
        ]
    return rows
