"""Shelves whose recent week lies outside what the coming one is expected to sell, and how far a forecast should follow.

Chosen on a real retailer's weeks before August 2011 (`python -m evals forecast_overrides`): after a week far below the
band the next one stayed below, so half of the way is proposed; to follow a week above it made the forecast worse, so
nothing is proposed then and a person is only told.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.demand.counts import at_most
from knowledge.demand.outline import Floats
from policies.actions.forecast_override import MOST

TAIL: Final = 0.01  # chance of a week so far off, either way
LEAST: Final = 5.0  # units a week; of less, no week is far off
FOLLOWED: Final = 0.5  # of the way from the forecast to a week below the band
_WHOLE: Final = 100


def strayed(sold: Floats, mean: Floats, dispersion: Floats) -> NDArray[np.int64]:
    """-1 for a week below the band, 1 for one above it, else 0.

    Args:
        sold: Units of the last seven days.
        mean: Units expected of the next seven.
        dispersion: Of those.
    """
    below = at_most(sold, mean, dispersion) < TAIL
    above = at_most(sold - 1, mean, dispersion) > 1 - TAIL
    return np.where(mean < LEAST, 0, above.astype(np.int64) - below)


def followed(sold: Floats, mean: Floats, dispersion: Floats) -> NDArray[np.int64]:
    """Percent to add to the forecast of the coming week: below 0 after a week below the band, else 0."""
    way = _WHOLE * FOLLOWED * (sold / np.maximum(mean, 1.0) - 1)
    bounded = np.clip(np.round(way), -MOST, 0).astype(np.int64)
    return np.where(strayed(sold, mean, dispersion) < 0, bounded, 0)
