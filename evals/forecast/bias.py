"""Where a forecast's bias comes from: how it fell by season, and how far a few fortnights can tell it from none.

A chain's sales move together, so a bias over thousands of variants rests on as many facts as there are fortnights.
"""

from datetime import date
from typing import Final

import numpy as np

from evals.forecast.stream import HORIZON, Stream, chosen_on, in_at, reported_on
from evals.row import Row
from knowledge.demand.model import learn

_AUTUMN: Final = date(2011, 9, 1)


def seasons(stream: Stream) -> list[Row]:
    """Bias before August, in August and in September, and the standard error of the reported one."""
    before = _fortnights(stream, chosen_on(stream))
    origins = reported_on(stream)
    after = _fortnights(stream, origins)
    autumn = np.array(origins) >= stream.origin(_AUTUMN)
    each = after[:, 0] / after[:, 1] - 1
    apart = HORIZON // (origins[1] - origins[0])  # so many origins in a row share days
    error = each.std(ddof=1) / np.ceil(len(each) / apart) ** 0.5
    told = {
        "forecast_bias_before_august": _bias(before),
        "forecast_bias_august": _bias(after[~autumn]),
        "forecast_bias_september": _bias(after[autumn]),
        "forecast_bias_standard_error": float(error),
    }
    return [Row(name, round(value, 3), "", "", None, None) for name, value in told.items()]


def _fortnights(stream: Stream, origins: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Units said and sold from each origin on, `[origins, 2]`. What is learned does not change means."""
    history = stream.by_sku()
    chosen = in_at(history, origins[0])
    model = learn(history.until(origins[0]))
    rows: list[tuple[float, float]] = []
    for origin in origins:
        said = model.forecast(history.until(origin), HORIZON).mean[chosen].sum()
        sold = history.units[chosen, origin : origin + HORIZON].sum(dtype=np.float64)
        rows.append((float(said), float(sold)))
    return np.array(rows)


def _bias(fortnights: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    said, sold = fortnights.sum(0)
    return float(said / sold - 1)
