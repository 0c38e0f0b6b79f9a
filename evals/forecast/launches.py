"""New goods: what they sell in the two weeks after their first, foretold with and without goods like them."""

from typing import Final

import numpy as np

from evals.forecast.stream import HORIZON, Stream, reported_on
from evals.row import Row
from knowledge.demand.likeness import Likeness
from knowledge.demand.model import learn

_OWN_DAYS: Final = 7  # at most: a forecast by likeness is of use before there are sales


def launched(stream: Stream) -> list[Row]:
    """WAPE of a fortnight's sales of goods first sold within the last week, over all reported origins."""
    history = stream.by_sku()
    likeness = Likeness(stream.titles, [""] * len(stream.skus))
    missed = {"like": 0.0, "usual": 0.0, "own": 0.0}
    sold = count = 0.0
    for origin in reported_on(stream):
        past = history.until(origin)
        model = learn(past)
        alone = model.forecast(past)
        age = origin - history.known_from
        fresh = np.flatnonzero((age >= 1) & (age <= _OWN_DAYS))
        if not len(fresh):
            continue
        like = likeness.like(past, alone.outline.profile)
        ours = model.forecast(past, like=like)
        actual = history.units[fresh, origin : origin + HORIZON].sum(1, dtype=np.float64)
        usual = np.full(len(fresh), float(np.nanmean(like)) * HORIZON)
        told = {"like": ours.mean[fresh].sum(1), "own": alone.mean[fresh].sum(1), "usual": usual}
        for name, mean in told.items():
            missed[name] += float(np.abs(actual - mean).sum())
        sold += float(actual.sum())
        count += len(fresh)
    wape = {name: round(value / max(sold, 1.0), 3) for name, value in missed.items()}
    return [
        Row("forecast_new_goods_wape", wape["like"], "", "", wape["own"], None),
        Row("new_goods_usual_wape", wape["usual"], "", "", None, None),
        Row("new_goods", count, "", "", None, None),
    ]
