"""What is learned of overrides that have ended: nothing at once, and never more than came true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.planning.track_record import Ended, came_true

TRUE = Ended(said=100, overridden=120, sold=120)
FALSE = Ended(said=100, overridden=120, sold=100)
WRONG = Ended(said=100, overridden=120, sold=80)


def test_a_maker_without_a_record_is_believed():
    assert came_true([]) == 1
    assert came_true([TRUE] * 9) == 1


def test_a_few_that_came_to_nothing_are_not_held_against_a_maker_and_many_are():
    shares = [came_true([FALSE] * count) for count in range(5)]
    assert shares == sorted(shares, reverse=True)
    assert shares[1] == pytest.approx(3 / 5)  # 20 units on a variance of 200 weigh 2, beside 3
    assert shares[1] > 0.5 > shares[2]
    assert came_true([WRONG] * 9) == 0


def test_overrides_that_could_tell_little_teach_little():
    slow = Ended(said=2, overridden=2.4, sold=2)
    assert came_true([slow] * 5) > 0.9


@given(st.lists(st.tuples(st.floats(0, 1e4), st.integers(-30, 30), st.integers(0, 20_000)), max_size=20))
def test_a_share_is_between_none_and_all(told: list[tuple[float, int, int]]):
    ended = [Ended(said, said * (1 + percent / 100), sold) for said, percent, sold in told]
    assert 0 <= came_true(ended) <= 1
