"""Negative-binomial counts, for many at once: how likely, how many at most, how many beyond.

A count of mean m and dispersion d has the variance m + d m^2; without dispersion it is Poisson's.
"""

from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]
_LEAST: Final = 1e-4  # dispersion and mean below which nothing changes any more
_MOST_STEPS: Final = 400
_TABLE: Final = 64  # counts whose chances are added up one by one
_CHUNK: Final = 20_000
_scipy: Any = scipy  # reads its functions when the first is asked for: a start need not wait


def at_most(count: Array, mean: Array, dispersion: Array) -> Array:
    """P(D <= count); 0 below zero."""
    size, chance = _shape(mean, dispersion)
    whole = np.floor(count)
    return np.where(whole < 0, 0.0, _scipy.special.betainc(size, np.maximum(whole, 0.0) + 1.0, chance))


def beyond(count: Array, mean: Array, dispersion: Array) -> Array:
    """P(D > count); 1 below zero. What one unit more than `count` is worth, in sales."""
    size, chance = _shape(mean, dispersion)
    whole = np.floor(count)
    return np.where(whole < 0, 1.0, _scipy.special.betaincc(size, np.maximum(whole, 0.0) + 1.0, chance))


def quantile(share: float | Array, mean: Array, dispersion: Array) -> NDArray[np.int64]:
    """The least count with P(D <= count) >= share. Shares lie in (0, 1).

    The gamma the counts are mixed from gives the first guess, which is then moved by ones: two or three steps.
    """
    share, mean, dispersion = np.broadcast_arrays(np.asarray(share, np.float64), mean, dispersion)
    shape = mean.shape
    wanted, size_of, mean = share.ravel(), 1.0 / np.maximum(dispersion.ravel(), _LEAST), mean.ravel()
    chance = size_of / (size_of + np.maximum(mean, _LEAST))
    guess = np.floor(_scipy.special.gammaincinv(size_of, wanted) * np.maximum(mean, _LEAST) / size_of)
    reached = _scipy.special.betainc(size_of, guess + 1.0, chance) >= wanted
    for up in (True, False):
        open_ = np.flatnonzero(~reached if up else reached & (guess > 0))
        for _ in range(_MOST_STEPS):
            if not len(open_):
                break
            next_ = guess[open_] + (1.0 if up else -1.0)
            enough = _scipy.special.betainc(size_of[open_], next_ + 1.0, chance[open_]) >= wanted[open_]
            if up:
                guess[open_] = next_
                open_ = open_[~enough]
            else:
                guess[open_[enough]] = next_[enough]
                open_ = open_[enough & (next_ > 0)]
    return guess.astype(np.int64).reshape(shape)


def mean_beyond(count: Array, mean: Array, dispersion: Array) -> Array:
    """E[max(D - count, 0)]: units that would not be served from this many. `count` is not negative.

    For a negative binomial E[D; D > c] = m P(D' > c - 1), with D' of one size more.
    """
    size, chance = _shape(mean, dispersion)
    whole = np.maximum(np.floor(count), 0.0)
    of_size_more = np.where(whole < 1, 1.0, _scipy.special.betaincc(size + 1.0, np.maximum(whole, 1.0), chance))
    return np.maximum(mean * of_size_more - whole * _scipy.special.betaincc(size, whole + 1.0, chance), 0.0)


def short_by(counts: NDArray[np.int64], mean: Array, dispersion: Array) -> Array:
    """`mean_beyond` of several small counts a spot, `[spots, counts]`, by adding up chances: ten times as fast."""
    told = np.empty(counts.shape)
    small = (counts.max(1) <= _TABLE) & (mean <= _TABLE)
    for begin in range(0, len(counts), _CHUNK):
        rows = begin + np.flatnonzero(small[begin : begin + _CHUNK])
        if not len(rows):
            continue
        short = shorts(int(counts[rows].max()), mean[rows], dispersion[rows])
        told[rows] = short[counts[rows].T, np.arange(len(rows))].T
    rest = np.flatnonzero(~small)
    told[rest] = mean_beyond(counts[rest].astype(np.float64), mean[rest, None], dispersion[rest, None])
    return told


def shorts(most: int, mean: Array, dispersion: Array) -> Array:
    """`mean_beyond` of every count from 0 to `most`, `[most + 1, spots]`, for means of no more than some dozens."""
    size, chance = _shape(mean, dispersion)
    term = np.exp(size * np.log(chance))
    below = np.zeros(len(mean))
    short = np.empty((most + 1, len(mean)))
    short[0] = mean
    for count in range(most):
        below += term
        short[count + 1] = short[count] - (1 - below)
        term = term * ((count + size) / (count + 1) * (1 - chance))
    return np.maximum(short, 0.0)


def _shape(mean: Array, dispersion: Array) -> tuple[Array, Array]:
    size = 1.0 / np.maximum(dispersion, _LEAST)
    return size, size / (size + np.maximum(mean, _LEAST))
