"""How long a night's forecast takes for a quarter of a million series, and in how much memory, on one core."""

import asyncio
import resource
import time
from datetime import date
from typing import Final

import numpy as np

from evals.row import Row
from knowledge.demand.history import History
from knowledge.demand.model import learn

PLACES: Final = 50
VARIANTS: Final = 5_000
GOAL_S: Final = 10.0
GOAL_MIB: Final = 2_048.0
_DAYS: Final = 182
_SHARES: Final = (0.5, 0.8, 0.9, 0.95)
_SEED: Final = 3


async def measure() -> list[Row]:
    """Learning, two weeks of daily means and a week's quantiles of every series; CPU seconds of this process."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Row]:
    history = _history()
    begun = time.process_time()
    model = learn(history)
    learned = time.process_time() - begun
    forecast = model.forecast(history)
    for share in _SHARES:
        forecast.quantile(share, 0, 7)
    took = time.process_time() - begun
    begun = time.process_time()
    history.units[:, -56:].mean(1)
    floor = time.process_time() - begun
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row("forecast_250k_cpu_s", round(took, 2), "s", f"<= {GOAL_S:.0f}", round(floor, 2), took <= GOAL_S),
        Row("forecast_250k_learning_cpu_s", round(learned, 2), "s", "", None, None),
        Row("forecast_250k_peak_mib", round(mib), "MiB", f"<= {GOAL_MIB:.0f}", None, mib <= GOAL_MIB),
    ]


def _history() -> History:
    chance = np.random.default_rng(_SEED)
    mean = chance.gamma(0.6, 0.5, VARIANTS * PLACES)
    units = np.empty((VARIANTS * PLACES, _DAYS), np.float32)
    for begin in range(0, len(units), 10_000):  # a block at a time: the counts themselves are eight bytes each
        units[begin : begin + 10_000] = chance.poisson(mean[begin : begin + 10_000, None], (10_000, _DAYS))
    return History(
        units,
        np.repeat(np.arange(VARIANTS, dtype=np.int32), PLACES),
        np.tile(np.arange(PLACES, dtype=np.int32), VARIANTS),
        [str(at) for at in range(VARIANTS)],
        [str(at) for at in range(PLACES)],
        date(2026, 1, 1),
        np.zeros(VARIANTS, np.int32),
    )
