"""The product's forecast on a real retailer's sales, beside what a retailer without one does.

Rolling origins a week apart; at each, everything is learned from the days before it alone. The numbers in
`knowledge.demand.tuning` were chosen on origins before August (`python -m evals.forecast.choose`); all rows here are of
August and September. Quantiles are those of the coming week. Counts are whole, so a quantile that is right covers a
little more than its share; `_exact` rows spread each count over its interval and show the levels themselves.
"""

import asyncio
from typing import Final

import numpy as np

from evals.forecast.bias import seasons
from evals.forecast.launches import launched
from evals.forecast.quality import SHARES, Quality
from evals.forecast.rivals import RIVALS, normal_week, poisson_week
from evals.forecast.stream import Stream, in_at, read_stream, reported_on
from evals.row import Row
from knowledge.demand.history import History
from knowledge.demand.model import Forecast, learn

GOAL_RMSSE: Final = 0.93
GOAL_BESIDE_SEASONAL: Final = 0.78
GOAL_COVERAGE: Final = 0.015
GOAL_BIAS: Final = 0.03
_WEEK: Final = 7
OURS: Final = "ours"


async def measure() -> list[Row]:
    """By variant, then by variant and location, then of new goods."""
    stream = await read_stream()
    return await asyncio.to_thread(_measure, stream)


def _measure(stream: Stream) -> list[Row]:
    origins = reported_on(stream)
    whole = stream.by_sku()
    kinds = followed(whole, stream.price, origins)
    ours, seasonal = kinds[OURS], kinds["seasonal_naive"]
    rows = [
        _held("forecast_rmsse", ours.rmsse, GOAL_RMSSE, seasonal.rmsse),
        _held("forecast_rmsse_beside_seasonal_naive", ours.rmsse / seasonal.rmsse, GOAL_BESIDE_SEASONAL, 1.0),
        *(Row(f"{name}_rmsse", round(kinds[name].rmsse, 3), "", "", None, None) for name in RIVALS),
        _near("forecast_bias", ours.bias, GOAL_BIAS, seasonal.bias),
        Row("forecast_bias_worst_origin", round(ours.worst_bias, 3), "", "", round(seasonal.worst_bias, 3), None),
        *seasons(stream),
    ]
    normal = kinds["normal"]
    rows += [
        *(
            _covers(f"forecast_coverage_{share:.2f}", ours.coverage(share), share, normal.coverage(share))
            for share in SHARES
        ),
        *(
            Row(f"forecast_coverage_{share:.2f}_exact", round(ours.exact(share), 3), "", "", None, None)
            for share in SHARES
        ),
        Row("forecast_week_pinball", round(ours.pinball, 3), "", "", round(kinds["normal"].pinball, 3), None),
        Row("poisson_week_pinball", round(kinds["poisson"].pinball, 3), "", "", None, None),
        *(
            Row(f"poisson_coverage_{share:.2f}", round(kinds["poisson"].coverage(share), 3), "", "", None, None)
            for share in SHARES
        ),
    ]
    by_spot = followed(stream.by_spot(), stream.price, origins[-1:])
    beside = by_spot["seasonal_naive"].rmsse
    rows.append(Row("forecast_rmsse_by_location", round(by_spot[OURS].rmsse, 3), "", "", round(beside, 3), None))
    rows += [
        Row(
            f"forecast_coverage_{share:.2f}_by_location_exact", round(by_spot[OURS].exact(share), 3), "", "", None, None
        )
        for share in SHARES
    ]
    return [*rows, *launched(stream)]


def followed(
    history: History, price: np.ndarray[tuple[int], np.dtype[np.float64]], origins: list[int]
) -> dict[str, Quality]:
    """Every way of forecasting over these origins, by name."""
    kinds = {name: Quality() for name in (OURS, *RIVALS, "normal", "poisson")}
    chosen = in_at(history, origins[0])
    asked = history.of(chosen)
    rows = np.flatnonzero(np.isin(history.sku, chosen))
    worth = price[history.sku[rows]]
    for origin in origins:
        past = history.until(origin)
        forecast = learn(past).forecast(past)
        before = asked.units[:, :origin].astype(np.float64)
        kinds[OURS].add_means(asked, origin, worth, forecast.mean[rows])
        for name, rival in RIVALS.items():
            kinds[name].add_means(asked, origin, worth, rival(before))
        expected = forecast.expected(0, _WEEK)[rows]
        for share in SHARES:
            kinds[OURS].add_quantile(asked, origin, worth, share, _quantile(forecast, share)[rows])
            kinds["normal"].add_quantile(asked, origin, worth, share, normal_week(before, share))
            kinds["poisson"].add_quantile(asked, origin, worth, share, poisson_week(expected, share))
            kinds[OURS].add_exact(
                asked, origin, forecast.spread.level(share, expected), expected, forecast.dispersion(_WEEK)[rows], share
            )
    return kinds


def _quantile(forecast: Forecast, share: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return forecast.quantile(share, 0, _WEEK).astype(np.float64)


def _held(name: str, value: float, goal: float, baseline: float) -> Row:
    return Row(name, round(value, 3), "", f"<= {goal}", round(baseline, 3), value <= goal)


def _near(name: str, value: float, goal: float, baseline: float) -> Row:
    return Row(name, round(value, 3), "", f"within {goal}", round(baseline, 3), abs(value) <= goal)


def _covers(name: str, value: float, share: float, baseline: float) -> Row:
    return Row(
        name,
        round(value, 3),
        "",
        f"{share} +- {GOAL_COVERAGE}",
        round(baseline, 3),
        abs(value - share) <= GOAL_COVERAGE,
    )
