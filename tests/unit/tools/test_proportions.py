"""Shares of small groups, against published examples and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.review.proportions import Share, binomial, difference, fisher, holm, nearest_rank

_SHARES = st.integers(0, 400).flatmap(lambda whole: st.builds(Share, st.integers(0, whole), st.just(whole)))


# E. B. Wilson's interval as R. G. Newcombe tabulates it, Statistics in Medicine 17 (1998) 857-872, table I, method 3
@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 2_553, 3_662), (15, 148, 624, 1_605), (0, 20, 0, 1_611), (1, 29, 61, 1_718)],
)
def test_the_interval_of_a_share_is_wilsons(part: int, whole: int, low: int, high: int):
    told = Share(part, whole).interval
    assert (abs(told[0] - low) <= 1, abs(told[1] - high) <= 1) == (True, True), told


# The same author on differences, 17 (1998) 873-890, table II, method 10
@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 524, 3_339),
        ((9, 10), (3, 10), 1_705, 8_090),
        ((10, 10), (0, 10), 6_075, 10_000),
        ((0, 10), (0, 20), -1_611, 2_775),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(one: tuple[int, int], other: tuple[int, int], low: int, high: int):
    told = difference(Share(*one), Share(*other))
    assert (abs(told[0] - low) <= 1, abs(told[1] - high) <= 1) == (True, True), told


def test_fishers_test_of_the_tea_tasting_lady():
    assert fisher(Share(3, 4), Share(1, 4)) == pytest.approx(34 / 70)
    assert fisher(Share(4, 4), Share(0, 4)) == pytest.approx(2 / 70)


def test_holm_multiplies_the_smallest_most_and_never_lets_a_larger_one_pass_it():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_fair_coin_is_not_suspected_and_a_false_one_is():
    assert binomial(5, 10, 0.5) == 1.0
    assert binomial(0, 10, 0.5) == pytest.approx(2 / 1024)


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (90, 4), (100, 4), (25, 1), (26, 2)])
def test_a_percentile_is_a_value_that_occurred(percent: int, value: int):
    assert nearest_rank([4, 1, 3, 2], percent) == value
    assert nearest_rank([], percent) is None


@given(share=_SHARES)
def test_an_interval_holds_its_share_and_stays_between_none_and_all(share: Share):
    low, high = share.interval
    assert 0 <= low <= high <= 10_000
    assert not share.whole or low <= share.value <= high


@given(one=_SHARES, other=_SHARES)
def test_a_difference_turned_around_is_the_same_turned_around(one: Share, other: Share):
    low, high = difference(one, other)
    back_low, back_high = difference(other, one)
    assert (abs(low + back_high) <= 1, abs(high + back_low) <= 1) == (True, True)
    assert 0 <= fisher(one, other) <= 1
    assert fisher(one, other) == pytest.approx(fisher(other, one), abs=1e-9)
