"""Counts of demand: the library's own distribution, reached faster."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from knowledge.demand.counts import at_most, beyond, mean_beyond, quantile, short_by

MEANS = st.floats(0.01, 200)
DISPERSIONS = st.floats(0.01, 5)


def one(value: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([value])


@given(MEANS, DISPERSIONS, st.floats(0.01, 0.995))
def test_a_quantile_is_the_least_count_that_reaches_its_share(mean: float, dispersion: float, share: float):
    count = quantile(share, one(mean), one(dispersion))
    assert at_most(count.astype(float), one(mean), one(dispersion))[0] >= share
    assert count[0] == 0 or at_most((count - 1).astype(float), one(mean), one(dispersion))[0] < share


@given(MEANS, DISPERSIONS, st.integers(0, 80))
def test_what_is_short_falls_with_every_unit_by_the_chance_that_it_is_wanted(
    mean: float, dispersion: float, count: int
):
    short = mean_beyond(np.array([count, count + 1.0]), one(mean), one(dispersion))
    assert short[0] - short[1] == pytest.approx(beyond(one(count), one(mean), one(dispersion))[0], abs=1e-9)


@given(st.floats(0.01, 60), DISPERSIONS, st.integers(0, 90))
def test_adding_chances_up_gives_what_the_formula_gives(mean: float, dispersion: float, count: int):
    counts = np.array([[count, count + 3]])
    told = mean_beyond(counts.astype(float)[0], one(mean), one(dispersion))
    assert short_by(counts, one(mean), one(dispersion))[0] == pytest.approx(told, abs=1e-7)


def test_counts_below_nothing_are_surely_exceeded():
    assert beyond(one(-1), one(3), one(0.5))[0] == 1
    assert at_most(one(-1), one(3), one(0.5))[0] == 0


def test_without_dispersion_counts_are_poissons():
    poisson: Any = stats.poisson(4)
    assert at_most(one(6), one(4), one(0))[0] == pytest.approx(poisson.cdf(6), abs=1e-3)
