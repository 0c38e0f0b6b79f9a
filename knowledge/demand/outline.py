"""The shape of demand: a level for each variant, its weekdays, its locations' shares, and the chain's trend.

Each is a ratio of recent sales to the days they could have been made on, weighted towards the present and drawn to what
the chain does by as much as the variant's own sales are few (empirical Bayes). Nothing is looped over: a chain's
nightly forecast is a handful of matrix products.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.demand.history import WEEK, History, Units
from knowledge.demand.tuning import Tuning

_LEAST: Final = np.float32(1e-6)
_TREND: Final = (0.6, 1.6)  # a chain does not halve or double in two weeks; a broken feed does
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outline:
    """Demand as it stands at the end of a history.

    Attributes:
        level: Units a day per sku over a plain week, all locations, trend not counted.
        exposure: Days of sales behind `level`, weighted.
        profile: Weekday factors per sku, `[skus, 7]`; their mean is 1.
        place_profile: Weekday factors per location beside the chain's, `[places, 7]`.
        share: Each spot's share of its sku.
        trend: The chain's recent sales over what the levels say.
        total: `[skus, days]`: sales at all locations.
    """

    level: Floats
    exposure: Floats
    profile: Floats
    place_profile: Floats
    share: Floats
    trend: float
    total: Units


def outline(history: History, tuning: Tuning, like: Floats | None = None) -> Outline:
    """The shape of demand at the end of this history.

    Args:
        history: The past, and nothing else.
        tuning: How it is weighed.
        like: Units a day that goods like each sku sell when they are new; NaN where nobody knows.
    """
    total = history.by_sku(history.units)
    weekdays = np.eye(WEEK, dtype=np.float32)[history.weekdays(0, history.days)]
    place_share = _place_share(history, tuning)
    open_ = _open(history, place_share)
    ages = np.arange(history.days - 1, -1, -1, dtype=np.float32)
    weights = np.stack([0.5 ** (ages / half) for half in (tuning.half_life, tuning.quick, tuning.slow)], 1)
    count = weights.shape[1]
    by_day = (weights[:, :, None] * weekdays[:, None, :]).reshape(history.days, count * WEEK)
    sold = (total @ by_day).reshape(-1, count, WEEK)
    days = (open_ @ by_day).reshape(-1, count, WEEK)
    profile = _profile(sold[:, 2], days[:, 2], tuning)
    exposure = np.einsum("sjd,sd->sj", days, profile)
    units = sold.sum(2)
    levels = units / np.maximum(exposure, _LEAST)
    trend = units[:, 1].sum() / max(float((levels[:, 0] * exposure[:, 1]).sum()), 1e-9)
    level, seen = levels[:, 0], exposure[:, 0]
    if like is not None:
        told = np.where(np.isnan(like), level, like)
        level = (units[:, 0] + tuning.likeness_days * told) / (seen + tuning.likeness_days)
    return Outline(
        level.astype(np.float64),
        seen.astype(np.float64),
        profile.astype(np.float64),
        _place_profile(history, weekdays, tuning),
        _share(history, total, weights[:, 2], place_share, tuning),
        float(np.clip(trend, *_TREND) ** tuning.reach) if np.isfinite(trend) and trend > 0 else 1.0,
        total,
    )


def promoted(history: History, first: int, count: int) -> Units | None:
    """What known events multiply sales by, `[spots, count]` from this column on; `None` when there are none."""
    factors: Units | None = None
    sku_of = {name: at for at, name in enumerate(history.skus)}
    place_of = {name: at for at, name in enumerate(history.places)}
    for event in history.events:
        begin = (event.first - history.first).days - first
        end = (event.last - history.first).days - first + 1
        if end <= 0 or begin >= count:
            continue
        rows = np.ones(len(history.sku), np.bool_)
        if event.sku:
            rows &= history.sku == sku_of.get(event.sku, -1)
        if event.place:
            rows &= history.place == place_of.get(event.place, -1)
        if factors is None:
            factors = np.ones((len(history.sku), count), np.float32)
        factors[rows, max(begin, 0) : end] *= np.float32(event.factor)
    return factors


def _open(history: History, place_share: Floats) -> Units:
    """How much of a sku's demand could be met, `[skus, days]`: less in a stockout, none when closed, more promoted."""
    known = (np.arange(history.days) >= history.known_from[:, None]) & history.units.any(0)  # nobody sold: closed
    factors = promoted(history, 0, history.days)
    if history.had is None and factors is None:
        return known.astype(np.float32)
    could = np.ones(history.units.shape, np.float32) if factors is None else factors
    if history.had is not None:
        could = np.where(history.had, could, np.float32(0))
    change = history.by_sku((could - 1) * place_share[history.place, None].astype(np.float32))
    return np.where(known, np.maximum(1 + change, 0), 0).astype(np.float32)


def _profile(sold: NDArray[np.floating], days: NDArray[np.floating], tuning: Tuning) -> Units:
    chain = sold.sum(0) / np.maximum(days.sum(0), _LEAST)
    chain = chain / max(float(chain.mean()), 1e-9)
    own = sold / np.maximum(days, _LEAST)
    own = own / np.maximum(own.mean(1, keepdims=True), _LEAST)
    units = sold.sum(1, keepdims=True)
    weight = units / (units + np.float32(tuning.weekday_units))
    return (weight * own + (1 - weight) * chain).astype(np.float32)


def _place_share(history: History, tuning: Tuning) -> Floats:
    ages = np.arange(history.days - 1, -1, -1, dtype=np.float32)
    recent = history.units @ (0.5 ** (ages / tuning.slow)).astype(np.float32)
    sums = np.bincount(history.place, recent, len(history.places))
    return sums / max(float(sums.sum()), 1e-9)


def _place_profile(history: History, weekdays: Units, tuning: Tuning) -> Floats:
    """What the weekdays of a location are beside the chain's, drawn towards 1 by few sales."""
    ages = np.arange(history.days - 1, -1, -1, dtype=np.float32)
    recent = history.units @ ((0.5 ** (ages / tuning.slow))[:, None] * weekdays).astype(np.float32)
    sums = np.zeros((len(history.places), WEEK))
    np.add.at(sums, history.place, recent)
    whole, chain = sums.sum(1, keepdims=True), sums.sum(0)
    expected = whole * chain / max(float(chain.sum()), 1e-9)
    return (sums + tuning.weekday_units) / (expected + tuning.weekday_units)


def _share(history: History, total: Units, weights: Units, place_share: Floats, tuning: Tuning) -> Floats:
    """Each spot's part of its sku, drawn towards the location's part of the chain."""
    recent = (history.units @ weights).astype(np.float64)
    whole = (total @ weights).astype(np.float64)[history.sku]
    if history.had is not None:  # what it sold while it had any, of what all sold meanwhile
        whole *= (history.had @ weights) / max(float(weights.sum()), 1e-9)
    drawn = tuning.share_units * place_share[history.place]
    return (recent + drawn) / (whole + tuning.share_units)
