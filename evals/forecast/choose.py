"""`python -m evals.forecast.choose`: the numbers of a forecast, chosen on origins before August, one after the other.

The price of a set is its RMSSE, its pinball loss, on which orders rest, and a quarter of its bias. Each number is tried
at some values while the others stay; what is printed is what was tried.
"""

import asyncio
from dataclasses import replace
from typing import Final

import numpy as np
from rich.console import Console

from evals.forecast.quality import SHARES, Quality
from evals.forecast.stream import Stream, chosen_on, in_at, read_stream
from knowledge.demand.history import History
from knowledge.demand.model import learn
from knowledge.demand.tuning import TUNED, Tuning

_TRIED: Final = {
    "half_life": (28.0, 42.0, 84.0),
    "quick": (7.0, 14.0, 21.0),
    "reach": (0.0, 0.5, 1.0, 1.25),
    "slow": (80.0, 120.0, 200.0),
    "weekday_units": (140.0, 2_000.0, 8_000.0),
}
_BIAS_COUNTS: Final = 0.25


def price(stream: Stream, history: History, tuning: Tuning) -> tuple[float, Quality]:
    """What a set of numbers costs over every other origin to choose on."""
    origins = chosen_on(stream)[::2]
    chosen = in_at(history, origins[0])
    asked = history.of(chosen)
    worth = stream.price[chosen]
    quality = Quality()
    for origin in origins:
        past = history.until(origin)
        forecast = learn(past, tuning).forecast(past)
        quality.add_means(asked, origin, worth, forecast.mean[chosen])
        for share in SHARES:
            quality.add_quantile(asked, origin, worth, share, forecast.quantile(share, 0, 7)[chosen].astype(np.float64))
    return quality.rmsse + quality.pinball + _BIAS_COUNTS * abs(quality.bias), quality


def choose(stream: Stream, out: Console) -> Tuning:
    """The cheapest set found."""
    history = stream.by_sku()
    best, tuning = price(stream, history, TUNED)[0], TUNED
    for name, values in _TRIED.items():
        for value in values:
            tried = replace(tuning, **{name: value})
            cost, quality = price(stream, history, tried)
            out.print(
                f"{name} {value:g}: rmsse {quality.rmsse:.4f}, pinball {quality.pinball:.4f}, bias {quality.bias:+.3f}"
            )
            if cost < best - 1e-6:
                best, tuning = cost, tried
    return tuning


if __name__ == "__main__":
    console = Console()
    console.print(choose(asyncio.run(read_stream()), console))
